"""The HTTP face of API keys: admins list, make and revoke them. A key is shown once, when made; its hash never."""

from datetime import datetime, timedelta
from http import HTTPStatus

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from services.coordinator.keys import Key, KeyStore, new_key
from shared.ports import Clock, Row
from shared.registries.keys import Role
from shared.runtime.access import ACCESS, Untrusted
from shared.runtime.answers import json_response, refuse

_DAY = 86_400


class KeyBody(BaseModel):
    """Body of POST /v1/keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    role: Role
    expires_in_seconds: int | None = Field(None, ge=60, le=3660 * _DAY, description="default: never")
    replaces: str | None = Field(None, description="id of the key that expires instead")
    overlap_seconds: int = Field(_DAY, ge=0, le=90 * _DAY, description="for how long the replaced key still counts")


class KeyRoutes:
    """The routes."""

    def __init__(self, keys: KeyStore, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""
        app.router.add_get("/v1/keys", self.list)
        app.router.add_post("/v1/keys", self.create)
        app.router.add_delete("/v1/keys/{id}", self.revoke)

    async def list(self, request: web.Request) -> web.Response:
        """GET /v1/keys: every key there is or was, by name."""
        await request.app[ACCESS].require(request, Role.ADMIN)
        now = self._clock.now()
        return json_response([shown(key, now) for key in await self._keys.list()])

    async def create(self, request: web.Request) -> web.Response:
        """POST /v1/keys {"name", "role"}: the new key, shown this once; it may let another one expire."""
        caller = await request.app[ACCESS].require(request, Role.ADMIN)
        body = KeyBody.model_validate_json(await request.read())
        if not caller.role.covers(body.role):
            raise Untrusted(
                HTTPStatus.FORBIDDEN, f"{caller.actor} is {caller.role}: no {body.role} can be made of that"
            )
        now = self._clock.now()
        expires = None if body.expires_in_seconds is None else now + timedelta(seconds=body.expires_in_seconds)
        key, text = new_key(body.name, body.role, created_at=now, created_by=caller.actor, expires_at=expires)
        if body.replaces is None:
            await self._keys.create(key)
        else:
            await self._keys.replace(body.replaces, key, at=now + timedelta(seconds=body.overlap_seconds))
        headers = {"Cache-Control": "no-store"}
        return json_response(shown(key, now) | {"key": text}, HTTPStatus.CREATED, headers)

    async def revoke(self, request: web.Request) -> web.Response:
        """DELETE /v1/keys/{id}: it counts no longer, within half a minute everywhere."""
        await request.app[ACCESS].require(request, Role.ADMIN)
        id_ = request.match_info["id"]
        if await self._keys.get(id_) is None:
            return refuse(HTTPStatus.NOT_FOUND, f"no API key has the id {id_!r}", "GET /v1/keys lists them")
        now = self._clock.now()
        return json_response(shown(await self._keys.end(id_, revoke=True, at=now), now))


def shown(key: Key, now: datetime) -> Row:
    """A key as the API shows it."""
    return key.model_dump(mode="json", exclude={"hash"}) | {"status": key.status(now)}
