"""The HTTP face of API keys: admins list, make and revoke them. A key is shown once, when made; its hash never."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from pydantic import Field

from services.coordinator.api.answers import KeyMade, KeyShown
from services.coordinator.api.route import Asked, Body, Listing, Route
from services.coordinator.keys import Key, KeyStore, new_key
from shared.ports import Clock
from shared.registries.keys import Role
from shared.runtime.answers import Refusal

_DAY = 86_400


class KeyBody(Body):
    """Body of POST /v1/keys."""

    name: str = Field(max_length=40)
    role: Role
    expires_in_seconds: int | None = Field(None, ge=60, le=3660 * _DAY, description="default: never")
    replaces: str | None = Field(None, max_length=40, description="id of the key that expires instead")
    overlap_seconds: int = Field(_DAY, ge=0, le=90 * _DAY, description="for how long the replaced key still counts")


class KeyRoutes:
    """The routes."""

    def __init__(self, keys: KeyStore, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    def routes(self) -> list[Route]:
        """All of them."""
        made = HTTPStatus.CREATED
        return [
            Route("GET", "/v1/keys", Role.ADMIN, self.keys, list[KeyShown], Listing, once=False),
            Route("POST", "/v1/keys", Role.ADMIN, self.create, KeyMade, body=KeyBody, status=made, once=False),
            Route("DELETE", "/v1/keys/{id}", Role.ADMIN, self.revoke, KeyShown),
        ]

    async def keys(self, _: Asked) -> list[dict[str, Any]]:
        """Every API key there is or was, by name."""
        now = self._clock.now()
        return [shown(key, now) for key in await self._keys.list()]

    async def create(self, asked: Asked) -> dict[str, Any]:
        """A new API key, shown this once; it may let another one expire."""
        caller, body = asked.caller, asked.body
        now = self._clock.now()
        expires = None if body.expires_in_seconds is None else now + timedelta(seconds=body.expires_in_seconds)
        key, text = new_key(body.name, body.role, created_at=now, created_by=caller.actor, expires_at=expires)
        if body.replaces is None:
            await self._keys.create(key)
        else:
            await self._keys.replace(body.replaces, key, at=now + timedelta(seconds=body.overlap_seconds))
        return shown(key, now) | {"key": text}

    async def revoke(self, asked: Asked) -> dict[str, Any]:
        """Revoke an API key: it counts no longer, within half a minute everywhere."""
        id_ = asked.path["id"]
        if await self._keys.get(id_) is None:
            raise Refusal(HTTPStatus.NOT_FOUND, f"no API key has the id {id_!r}", "GET /v1/keys lists them")
        now = self._clock.now()
        return shown(await self._keys.end(id_, revoke=True, at=now), now)


def shown(key: Key, now: datetime) -> dict[str, Any]:
    """A key as the API shows it."""
    return key.model_dump(mode="json", exclude={"hash"}) | {"status": key.status(now)}
