"""The routes that read what was written at publish: Tonight, a player, the record. They ask the warehouse nothing.

With `as_of` each answers as it would have at that instant. The rows behind the record alone are the warehouse's.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime
from difflib import get_close_matches
from functools import cached_property
from http import HTTPStatus
from typing import Final

from services.coordinator.api.answers import PlayerFound, RecordRows
from services.coordinator.api.queries import PlayersQuery, PublishedQuery, RecordQuery, RowsQuery, SlateQuery
from services.coordinator.api.route import Asked, Route
from services.coordinator.documents.measuring import Cut, Recorded
from services.coordinator.documents.reading import Published, Slate, tonight
from services.coordinator.documents.record_shapes import Record
from services.coordinator.documents.shapes import PlayerCard, PlayerShown, Tonight
from services.coordinator.runs.engine import Engine
from services.coordinator.runs.run import key_for
from services.coordinator.sql import sql
from services.coordinator.watch.outputs import due_at
from shared.basketball.identity import is_part_of, player_key
from shared.basketball.slate import Mode, eastern_date
from shared.ports import Params, Ports
from shared.registries.keys import Role
from shared.runtime.answers import Refusal

_People = Mapping[int, tuple[str, PlayerCard]]
"""Player -> his game and what is said of him in short."""
SlateOf = Callable[[SlateQuery], Awaitable[tuple[date, Mode] | None]]
_FEW: Final = 5
"""Suggestions."""


class PublishedRoutes:
    """The routes."""

    def __init__(self, engine: Engine, ports: Ports, slate_of: SlateOf) -> None:
        self._engine = engine
        self._ports = ports
        self._slate_of = slate_of

    @cached_property
    def _published(self) -> Published:
        return Published(self._ports.archive)

    @cached_property
    def _recorded(self) -> Recorded:
        return Recorded(self._ports.archive)

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route("GET", "/v1/tonight", Role.VIEWER, self.tonight, Tonight, PublishedQuery, absent=True),
            Route("GET", "/v1/players", Role.VIEWER, self.players, list[PlayerFound], PlayersQuery),
            Route("GET", "/v1/players/{player_id}", Role.VIEWER, self.player, PlayerShown, PublishedQuery),
            Route("GET", "/v1/record", Role.VIEWER, self.record, Record, RecordQuery),
            Route("GET", "/v1/record/rows", Role.VIEWER, self.rows, RecordRows, RowsQuery),
        ]

    async def tonight(self, asked: Asked) -> Tonight:
        """A slate at a glance: its games, the best edges, what changed and what is missing."""
        slate, as_of = await self._asked_for(asked.query)
        mode = Mode(slate.mode)
        run = await self._engine.run(key_for(slate.game_date, mode))
        if run is not None and (run.beginning.at > as_of or "publish" not in run.steps):
            run = None  # nobody had asked for it, or for its predictions
        if run is None and not slate.cards and asked.query.game_date is not None:
            raise await self._unpublished(slate, as_of)
        return tonight(slate, as_of, due_at(mode, slate.game_date), run)

    async def players(self, asked: Asked) -> list[PlayerFound]:
        """The players of a slate whose name has the words in it; the nearest names where none has."""
        query: PlayersQuery = asked.query
        slate, _ = await self._asked_for(query)
        people = _people(slate)
        named = _named(query.query, people)
        found = named or _near(query.query, people)
        return [_found(slate, *people[number], is_near=not named) for number in found]

    async def player(self, asked: Asked) -> PlayerShown:
        """Everything that was published of a player, by his NBA id."""
        slate, as_of = await self._asked_for(asked.query)
        if not slate.cards:
            raise await self._unpublished(slate, as_of)
        people, who = _people(slate), asked.path["player_id"]
        number = int(who) if who.isascii() and who.isdecimal() else -1
        if number not in people:
            names = [
                f"{people[near][1]['player_name']} is {near}"
                for near in (_named(who, people) or _near(who, people))[:_FEW]
            ]
            remedy = f"nearest: {', '.join(names)}" if names else "GET /v1/players?query= finds players by name"
            raise Refusal(
                HTTPStatus.NOT_FOUND, f"no player {who} in the {slate.mode} slate of {slate.game_date}", remedy
            )
        document, player = await self._published.player(slate, people[number][0], number)
        header = {name: value for name, value in document.items() if name not in ("players", "out", "moves")}
        return PlayerShown(
            as_of=as_of.isoformat(),
            game=header,  # type: ignore[typeddict-item]  # a document without what is left out is its header
            player=player,
            out=document["out"],
            moves=document["moves"],
        )

    async def record(self, asked: Asked) -> Record:
        """How good the predictions were: hit rate, units at the real price, CLV, errors and calibration, by one cut."""
        query: RecordQuery = asked.query
        cut = Cut(
            mode="" if query.mode is None else query.mode.value,
            system=query.system or "",
            market=query.market or "",
            tier=query.tier or "",
            first=query.first,
            last=query.last,
            by=query.by,
        )
        return await self._recorded.record(cut, self._as_of(query.as_of))

    async def rows(self, asked: Asked) -> RecordRows:
        """The graded predictions behind the record, row by row, the newest slate first."""
        query: RowsQuery = asked.query
        params: Params = {
            "first": query.first,
            "last": query.last,
            "mode": query.mode.value,
            "system": query.system or "",
            "market": query.market or "",
            "tier": query.tier or "",
            "lined": False,
            "by": "all",
            "picks": query.picks,
            "first_row": query.offset + 1,
            "last_row": query.offset + query.limit,
        }
        rows = await self._ports.warehouse.query(sql("record_rows"), params)
        total = int(rows[0]["total"]) if rows else 0
        end = query.offset + len(rows)
        return RecordRows(
            total=total,
            next_offset=end if end < total else None,
            rows=[{name: value for name, value in row.items() if name != "total"} for row in rows],
        )

    def _as_of(self, asked: datetime | None) -> datetime:
        now = self._ports.clock.now()
        return now if asked is None else min(asked, now)

    async def _asked_for(self, query: PublishedQuery) -> tuple[Slate, datetime]:
        """The slate that is meant, as of the instant that is meant.

        Without a date it is today's; where that has neither a publication nor a run, the latest run's. Without a mode
        it is the one that was published last.
        """
        as_of = self._as_of(query.as_of)
        day, mode = query.game_date or eastern_date(as_of), query.mode
        if mode is None:
            modes = await self._published.modes(day, as_of)
            mode = Mode(max(modes, key=modes.__getitem__)) if modes else None
        slate = None if mode is None else await self._published.slate(day, mode.value, as_of)
        if slate is not None and (slate.cards or query.game_date is not None):
            return slate, as_of
        latest = await self._slate_of(SlateQuery(game_date=query.game_date, mode=query.mode))
        if latest is None or query.as_of is not None:
            return slate or Slate(day, (mode or Mode.OVERNIGHT).value, {}, None, None), as_of
        return await self._published.slate(latest[0], latest[1].value, as_of), as_of

    async def _unpublished(self, slate: Slate, as_of: datetime) -> Refusal:
        """Nothing is published there: what else is."""
        words = f"no {slate.mode} slate of {slate.game_date} was published by {as_of:%Y-%m-%d %H:%M:%S} UTC"
        modes = await self._published.modes(slate.game_date, as_of)
        if modes:
            return Refusal(HTTPStatus.NOT_FOUND, words, f"published are {', '.join(sorted(modes))}")
        dates = await self._published.dates(as_of)
        near = sorted(dates, key=lambda day: abs((day - slate.game_date).days))[:_FEW]
        remedy = f"nearest: {', '.join(str(day) for day in sorted(near))}" if near else "nothing is published yet"
        return Refusal(HTTPStatus.NOT_FOUND, words, remedy)


def _people(slate: Slate) -> _People:
    return {
        player["player_id"]: (game_id, player)
        for game_id, card in slate.cards.items()
        for player in card["game"]["players"]
    }


def _named(words: str, people: _People) -> list[int]:
    """Who has that id, or those words in his name; by name."""
    if words.isascii() and words.isdecimal() and int(words) in people:
        return [int(words)]
    return _by_name(
        [number for number, (_, player) in people.items() if is_part_of(words, player["player_name"])], people
    )


def _near(words: str, people: _People) -> list[int]:
    """Whose name, or last name, is like the words; by name."""
    names = {number: player_key(player["player_name"]) for number, (_, player) in people.items()}
    last = {number: player_key(player["player_name"].split()[-1]) for number, (_, player) in people.items()}
    near, near_last = (get_close_matches(player_key(words), [*keys.values()], _FEW) for keys in (names, last))
    return _by_name([number for number in names if names[number] in near or last[number] in near_last], people)


def _by_name(numbers: list[int], people: _People) -> list[int]:
    return sorted(numbers, key=lambda number: (people[number][1]["player_name"], number))


def _found(slate: Slate, game_id: str, player: PlayerCard, *, is_near: bool) -> PlayerFound:
    return PlayerFound(
        player_id=player["player_id"],
        player_name=player["player_name"],
        team=player["team"],
        game_id=game_id,
        game_date=str(slate.game_date),
        mode=slate.mode,
        is_near=is_near,
    )
