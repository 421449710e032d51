"""The HTTP face of names that fit nobody: who they may be, and who a person says they are."""

import json
from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from services.coordinator.api.answers import NameSettled, UnresolvedName
from services.coordinator.api.queries import EARLIEST, LATEST, NamesQuery, Team, Text, among
from services.coordinator.api.route import Asked, Body, Route
from services.coordinator.grid.settled import load_settled
from services.coordinator.runs.engine import Engine
from services.coordinator.sql import sql
from shared.basketball.identity import player_key
from shared.basketball.slate import eastern_date
from shared.errors import Permanent
from shared.ports import Params, Ports
from shared.registries.keys import Role
from shared.registries.sources import SOURCES

TABLE = "ops.player_names"
_SCOPE = "name_key = @name_key AND team = @team AND source = @source"


SourceName = Annotated[str, among(SOURCES, "is no source"), WithJsonSchema({"type": "string", "enum": list(SOURCES)})]


class NameBody(Body):
    """Body of POST /v1/names."""

    name: Text = Field(description="as the source writes it; case, accents and punctuation do not matter")
    player_id: int = Field(ge=1, lt=2**63, description="NBA player id")
    team: Team | None = Field(None, description="default: of whatever team")
    source: SourceName | None = Field(None, description="default: whoever writes him so")
    note: str | None = Field(None, max_length=500, description="why, in a person's words")


class NameRoutes:
    """The routes."""

    def __init__(self, engine: Engine, ports: Ports) -> None:
        self._engine = engine
        self._ports = ports

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route("GET", "/v1/names", Role.VIEWER, self.names, list[UnresolvedName], NamesQuery),
            Route("POST", "/v1/names", Role.OPERATOR, self.settle, NameSettled, body=NameBody),
        ]

    async def names(self, asked: Asked) -> list[dict[str, Any]]:
        """Names that fit nobody or several, and who they may be; those of the last 30 days, the newest first."""
        query: NamesQuery = asked.query
        first, last = query.window(eastern_date(self._ports.clock.now()))
        rows = await self._ports.warehouse.query(sql("names"), {"first": first, "last": last})
        return [row | {"candidates": json.loads(row["candidates"]), "teams": row["teams"].split()} for row in rows]

    async def settle(self, asked: Asked) -> dict[str, Any]:
        """Say which player a name is. What waited for it is loaded from the archive."""
        body: NameBody = asked.body
        now = self._ports.clock.now()
        known = await self._ports.warehouse.query(sql("player"), {"since": EARLIEST, "player_id": body.player_id})
        if not known:
            raise Permanent(f"no player has the id {body.player_id}", remedy="GET /v1/names shows candidates")
        scope: Params = {
            "name_key": player_key(body.name),
            "team": body.team if body.team is not None else "",
            "source": body.source if body.source is not None else "",
        }
        row = {
            **scope,
            "player_name": body.name,
            "player_id": body.player_id,
            "settled_by": asked.caller.actor,
            "settled_at": now,
            "note": body.note,
        }
        await self._ports.warehouse.replace(TABLE, [row], scope=_SCOPE, params=scope)
        loading = await load_settled(self._engine, self._ports, EARLIEST, LATEST, asked.caller.actor)
        return {
            "name": body.name, "player_id": body.player_id, "player_name": known[0]["player_name"], "team": body.team,
            "source": body.source, "runs": loading.begun, "left": loading.left,
        }  # fmt: skip
