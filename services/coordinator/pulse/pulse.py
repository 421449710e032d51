"""The pulse of a living slate: asked often, it looks for news, and has the games predicted again that the news touches.

A look is a run of its own (part `pulse`), so is each pass of games (part of these games): passes of different games
neither cancel nor wait for each other. Everything else stands on the slate's own run. See ADR 0027.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from services.coordinator.pulse.news import changes, reason
from services.coordinator.pulse.plan import EVERY, QUIET, SOON, Game, Needs, line_looks, looks_passed, needs
from services.coordinator.runs.engine import Engine
from services.coordinator.runs.events import RunRequested
from services.coordinator.runs.run import LOOK, Run, RunStatus, StepStatus, key_for
from services.coordinator.sql import sql
from services.coordinator.watch.announce import made_good
from shared.basketball.slate import Mode, eastern_date
from shared.errors import AlreadyExists, Conflict
from shared.ports import Document, Ports
from shared.registries.pipeline import PREDICTING, STEPS, plan
from shared.registries.schedules import due
from shared.runtime.metering import Reason, charged_to

MODE: Final = Mode.SAME_DAY
SOURCE: Final = "pulse"
PULSES: Final = "pulses"
"""A document for each day: when to ask again, what was looked at, what was asked for."""
_TARGETS: Final = ("export",)
STANDING: Final = tuple(step.name for step in plan(_TARGETS) if not step.of_the_day)
"""What a pass takes from the slate's own run."""
_NEWS: Final = tuple(step.name for step in plan(_TARGETS) if step.of_the_day and step.phase == 1)
"""What a look collects."""
_REQUIRED: Final = tuple(name for name in (*STANDING, *STEPS[PREDICTING].needs) if STEPS[name].required)
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Beat:
    """What a pulse did, a line each, and when to ask again."""

    next_at: datetime
    did: list[str]


class Known(BaseModel):
    """What is known of a day's pulses."""

    model_config = ConfigDict(frozen=True)
    next_at: datetime | None = None
    """When to ask again; before that nothing is due."""
    looked_at: datetime | None = None
    looks: tuple[timedelta, ...] | None = None
    """The day's looks at the lines, planned once: how long before a game's cutoff."""
    lines: dict[str, int] = Field(default_factory=dict)
    """Game -> looks at its lines so far."""
    finals: dict[str, int] = Field(default_factory=dict)
    """Game -> times that its final pass was asked for."""
    final_parts: tuple[str, ...] = ()
    passes: tuple[str, ...] = ()
    """Parts that were asked for because something had changed."""
    judged: str = ""
    """The last look whose news was acted on."""


class Pulse:
    """Keeps today's slate current."""

    def __init__(self, engine: Engine, ports: Ports) -> None:
        self._engine = engine
        self._ports = ports

    async def beat(self) -> Beat:
        """Look after today's slate. What is to be done is noted before it is asked for, so that it is done once."""
        now = self._ports.clock.now()
        day = eastern_date(now)
        document = await self._ports.state.get(PULSES, str(day))
        known = Known() if document is None else Known.model_validate(document.data)
        if known.next_at is not None and known.next_at > now:
            return Beat(known.next_at, [])
        await self._engine.recover()  # what an earlier pulse asked for and the bus did not take: it cannot wait an hour
        with charged_to(Reason("pulse")):
            rows = await self._ports.warehouse.query(sql("games_of_slate"), {"game_date": day})
            games = [Game(row["game_id"], row["tip_utc"]) for row in rows]
            slate = await self._engine.run(key_for(day, MODE))
            if slate is None or not _ready(slate):
                return await self._wait_for(slate, games, document, known, now)
            begun = await self._begun_finals(day, known)
            finals = [run for run in begun if run.status is not RunStatus.FAILED]
            whole = {game for run in finals if run.status is RunStatus.COMPLETE for game in run.games}
            if games and whole >= {game.game_id for game in games}:
                await made_good(slate, self._ports)
            looks = known.looks if known.looks is not None else _line_looks(slate)
            wanted = needs(
                games,
                now,
                looked_at=known.looked_at,
                looks=looks,
                looked=known.lines,
                finals={game: known.finals.get(game, 0) for run in begun for game in run.games},
                settled={game: run.status is not RunStatus.RUNNING for run in finals for game in run.games},
            )
            had = {game.game_id: looks_passed(game, looks, now) for game in games if game.game_id in wanted.lines}
            part = part_of(wanted.finals, "final")
            noted = await self._note(
                day,
                document,
                Known(
                    next_at=wanted.next_at,
                    looked_at=now if wanted.look else known.looked_at,
                    looks=tuple(looks),
                    lines={**known.lines, **had},
                    finals={**known.finals, **{game: known.finals.get(game, 0) + 1 for game in wanted.finals}},
                    final_parts=_with(known.final_parts, part) if wanted.finals else known.final_parts,
                    passes=known.passes,
                    judged=known.judged,
                ),
            )
            did = await self._do(day, wanted, part) if noted else []
        return Beat(wanted.next_at, did)

    async def news(self, look: Run) -> None:
        """A look has ended: have the games predicted again that its news touches.

        News is what differs from what was served, so that nothing is lost where this is cut short: the next look finds
        it again.

        Raises:
            Conflict: it met other pulses too often.
        """
        now, day = self._ports.clock.now(), look.game_date
        for _ in range(_TRIES):
            document = await self._ports.state.get(PULSES, str(day))
            known = Known() if document is None else Known.model_validate(document.data)
            if known.judged == look.run_id:
                return
            with charged_to(Reason("pulse")):
                found = await changes(self._ports, day, MODE, now)
                newest = await self._newest_passes(day, known)
                found = [row for row in found if not _under_way(newest.get(row["game_id"]), row["seen_at"])]
                failed = await self._failed(day, newest, now)
                games = tuple(sorted({*(row["game_id"] for row in found), *failed}))
                part = part_of(games)
                update = {"judged": look.run_id, "passes": _with(known.passes, part) if games else known.passes}
                if await self._note(day, document, known.model_copy(update=update)):
                    if games:
                        why = ", ".join(dict.fromkeys([*([reason(found)] if found else []), *failed.values()]))
                        await self._begin(day, part, games, _TARGETS, why=why, stands_on=(*STANDING, *_NEWS))
                    return
        raise Conflict(f"the pulse of {day} is being written by too many at once")

    async def _wait_for(
        self, slate: Run | None, games: Sequence[Game], document: Document | None, known: Known, now: datetime
    ) -> Beat:
        """Nothing is there yet that a pass could stand on: see that the slate's own run gets there."""
        day, did = eastern_date(now), []
        cutoffs = [game.cutoff for game in games if game.tip_utc > now]
        begins = min(due(MODE, day), *cutoffs) if cutoffs else now + QUIET
        wanted = begins <= now and not _at_work(slate)
        next_at = min(begins, now + QUIET) if begins > now else now + (EVERY if wanted else SOON)
        if await self._note(day, document, known.model_copy(update={"next_at": next_at})) and wanted:
            await self._engine.apply(RunRequested(day, MODE, SOURCE, _TARGETS))
            did.append(f"asked for {key_for(day, MODE)}")
        return Beat(next_at, did)

    async def _begun_finals(self, day: date, known: Known) -> list[Run]:
        """The final passes that were begun: one that was noted, and cut off before that, is asked for again."""
        runs = [await self._engine.run(key_for(day, MODE, part)) for part in known.final_parts]
        return [run for run in runs if run is not None and run.final]

    async def _newest_passes(self, day: date, known: Known) -> dict[str, Run]:
        """Game -> the newest pass of it that news was the reason of."""
        newest: dict[str, Run] = {}
        for part in known.passes:
            run = await self._engine.run(key_for(day, MODE, part))
            if run is not None:
                newest |= {game: max(run, newest.get(game, run), key=_began) for game in run.games}
        return newest

    async def _failed(self, day: date, newest: Mapping[str, Run], now: datetime) -> dict[str, str]:
        """Game -> why it was to be predicted again, of those where that failed: its news counts as served by now."""
        failed = {game: run.why for game, run in newest.items() if run.status is RunStatus.FAILED}
        if not failed:
            return {}
        rows = await self._ports.warehouse.query(sql("games_of_slate"), {"game_date": day})
        ahead = {row["game_id"] for row in rows if Game(row["game_id"], row["tip_utc"]).cutoff > now}
        return {game: why for game, why in failed.items() if game in ahead}

    async def _do(self, day: date, wanted: Needs, part: str) -> list[str]:
        did = []
        if wanted.finals:
            await self._begin(day, part, wanted.finals, _TARGETS, stands_on=STANDING, final=True)
            did.append(f"began the final pass of {', '.join(wanted.finals)}")
        look = await self._engine.run(key_for(day, MODE, LOOK)) if wanted.look else None
        if wanted.look and not _at_work(look):
            await self._begin(day, LOOK, wanted.lines, _NEWS if wanted.lines else _NEWS[:1], stands_on=STANDING)
            did.append(f"looked for news, and at the lines of {len(wanted.lines)} games")
        return did

    async def _begin(self, day: date, part: str, games: Sequence[str], targets: Sequence[str], **wish: Any) -> None:  # noqa: ANN401 - fields of the request
        """Ask for a part anew; of two who ask at the same time one begins it."""
        before = await self._engine.run(key_for(day, MODE, part))
        seen = 0 if before is None else before.generation
        request = RunRequested(day, MODE, SOURCE, tuple(targets), part=part, games=tuple(games), seen=seen, **wish)
        await self._engine.apply(request)

    async def _note(self, day: date, document: Document | None, known: Known) -> bool:
        """Whether nobody else has written it meanwhile."""
        data = known.model_dump(mode="json")
        try:
            if document is None:
                await self._ports.state.create(PULSES, str(day), data)
            else:
                await self._ports.state.compare_and_set(PULSES, str(day), data, version=document.version)
        except (AlreadyExists, Conflict):
            return False
        return True


def part_of(games: Sequence[str], kind: str = "news") -> str:
    """What the pass of some games is called: short, the same for the same games, and a final pass by another name."""
    if len(games) == 1:
        return f"{kind}-{games[0]}"
    return f"{kind}-{len(games)}-{sha256(' '.join(sorted(games)).encode()).hexdigest()[:10]}"


def _ready(slate: Run) -> bool:
    """Whether a pass can stand on it: it has served features, of which the pass replaces those of its games."""
    return all(name in slate.steps and slate.steps[name].status.usable for name in _REQUIRED)


def _began(run: Run) -> datetime:
    return run.created_at


def _under_way(newest: Run | None, seen_at: datetime) -> bool:
    """Whether what was seen then is what a pass at work was asked for."""
    return newest is not None and newest.status is RunStatus.RUNNING and seen_at <= newest.created_at


def _at_work(run: Run | None) -> bool:
    return run is not None and any(step.status is StepStatus.RUNNING for step in run.steps.values())


def _line_looks(slate: Run) -> tuple[timedelta, ...]:
    """The day's looks at the lines, by what the slate's own run found to be left."""
    counts = slate.steps["lines"].counts if "lines" in slate.steps else {}
    return line_looks(counts.get("credits_left"), counts.get("credits_needed", 0))


def _with(parts: tuple[str, ...], part: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*parts, part)))
