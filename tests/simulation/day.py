"""A day in mode `same_day`: news at any instant, pulses that look for it, passes that overlap, final passes."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from shared.basketball.slate import SAME_DAY_LEAD, Mode
from shared.contract import StepRequested
from shared.ports import Row
from shared.registries.pipeline import STEPS, plan
from tests.simulation.chaos import SERVICES
from tests.simulation.end_of_day import check_day
from tests.simulation.living import LivingTables, News, Seen, number_of
from tests.simulation.night import Night
from tests.simulation.passes import Passes
from tests.simulation.ports import START
from tests.simulation.process import Coordinator, Process
from tests.simulation.services import Service

OPENS = 36_000.0
"""15:00 Eastern, in seconds of the night's clock."""
HANGING = ("upcoming_player_game_context", "player_market_context", "ml_feature_store", "injuries")
MADE = ("upcoming_player_game_context", "player_market_context", "ml_feature_store")
"""Steps whose rows news changes, of those that matter here."""
_FETCHED = ("injuries", "lines")
MINUTE = 60.0


class LivingService(Service):
    """The scraper, the analytics or the worker, game by game where the news of the day matters."""

    night: "Day"

    async def _step(self, request: StepRequested) -> None:
        if self.night.hangs(request):
            return  # nobody will ever hear of it
        await super()._step(request)

    async def _write(self, request: StepRequested, fate: str) -> None:
        await super()._write(request, fate)
        tables, step = self.night.tables, request.step
        if request.games and self.night.pause:
            await asyncio.sleep(self.night.dice.expovariate(1 / self.night.pause))
        asked = [number_of(id_) for id_ in request.games]
        games = asked or list(range(tables.games))
        if step in _FETCHED:
            everybody = list(range(tables.games)) if step == "injuries" else games
            rows = list(tables.fetch(step, everybody, self.ports.clock.now(), self.night.now()).items())
            for some in (rows[: len(rows) // 2], rows):  # in two writes: a process may die in between
                await self.warehouse.write(self._loading(dict(some)))
        elif step in MADE:
            await self.warehouse.write(lambda: tables.make(step, games, self.night.now()))

    def _loading(self, rows: dict[tuple[int, int], Seen]) -> Callable[[], None]:
        return lambda: self.night.tables.load(rows, self.night.now())


class Day(Night):
    """One afternoon. `mild`: nobody dies, nothing fails by itself and nothing hangs."""

    tables: LivingTables

    def __init__(self, seed: int | str, tell: Callable[[str], None] | None = None, *, mild: bool = False) -> None:
        super().__init__(seed, tell)
        dice, chaos = self.dice, self.chaos
        self.loop.elapsed = OPENS
        self.mode, self.targets, self.retrospective = Mode.SAME_DAY, ("export",), False
        chaos.stall_seconds = (30.0, 120.0)
        self.mild = mild
        self.exact = mild or dice.random() < 0.6
        """Whether all clocks are right."""
        if self.exact:
            chaos.exact()
        if mild:
            chaos.mild()
        if self.mortal:
            chaos.of_one_machine()
        first = [dice.choice((40, 45, 50)) for _ in range(dice.choice((1, 1, 2)))]
        later = [dice.choice((50, 60, 75, 90)) for _ in range(dice.choice((0, 1, 2, 3)))]
        self.tables = LivingTables([self.at(OPENS + 60.0 * after) + SAME_DAY_LEAD for after in (*first, *later)])
        self.tables.expected = dict.fromkeys(STEPS, 2) | {"ml_feature_store": 2 * self.tables.games}
        self.witness.expected = {
            name: units
            for name, units in self.tables.expected.items()
            if STEPS[name].service in SERVICES and name != "train"
        }
        names = [step.name for step in plan(self.targets) if step.service in SERVICES]
        fate = dice.choice(("slow", "flaky"))
        self.fates = {dice.choice(names): fate} if not mild and dice.random() < 0.3 else {}
        self._hanging = dice.choice(HANGING) if not mild and dice.random() < 0.3 else ""
        self.pause = dice.choice((0.0, 0.0, 20.0, 50.0))
        """Seconds that a step of a pass takes, on average."""
        self.hung: set[str] = set()
        """Passes of which a step is never heard of again."""
        self.tables.news = [self._news(number) for number in range(dice.choice((0, 1, 3, 6, 10, 15)))]
        self.passes = Passes(self)
        seen = self.witness.written

        def written(key: str, before: Row | None, after: Row, asked: bool) -> None:  # noqa: FBT001 - a callback
            seen(key, before, after, asked)
            self.passes.written(before, after)

        self.documents.on_write = written

    def at(self, elapsed: float) -> datetime:
        """An instant, by seconds of the night's clock."""
        return START + timedelta(seconds=round(elapsed, 6))

    def now(self) -> datetime:
        """What a right clock shows."""
        return self.at(self.loop.elapsed)

    def _news(self, number: int) -> News:
        dice, games = self.dice, range(self.tables.games)
        touched = tuple(sorted(dice.sample(games, dice.randint(1, min(3, len(games))))))
        instant = self.at(OPENS + dice.uniform(0.0, 6000.0))
        if dice.random() < 0.4:  # at the very instant of a cutoff, or around it
            instant = self.tables.cutoff(touched[0]) + timedelta(seconds=dice.choice((0, 0, 1, -1, -60, -50, 30)))
        return News(number, dice.choice(_FETCHED), touched, instant, dice.random() < 0.8)

    def hangs(self, request: StepRequested) -> bool:
        """Whether this step of a pass is never heard of again."""
        if request.run_id in self.hung:
            return request.step == self._hanging
        run = self.documents.of("runs").get(request.run_id.rpartition(".")[0])
        if run is None or self.hung or request.step != self._hanging or not run["games"] or run["final"]:
            return False
        if run["part"] == "pulse":
            return False
        self.hung.add(request.run_id)
        self.chaos.count("a pass hangs", "")
        return True

    def _service(self, name: str, service: str) -> Process:
        return LivingService(name, service, self)

    def _start(self, name: str) -> None:
        super()._start(name)
        if self.exact:
            self.processes[-1].skew = 0.0

    def _restart(self, names: list[str]) -> None:
        for name in names:
            self._start(name)
        self._at(0.0, self._resend)

    async def _resend(self) -> None:
        """What a coordinator does at its start whose bus has ended with it."""
        for process in self.processes:
            if isinstance(process, Coordinator):
                process.spawn(process.engine.resend(), "asked")

    def _begin(self) -> None:
        for name in ("coordinator-a", *SERVICES) if self.mortal else ("coordinator-a", "coordinator-b", *SERVICES):
            self._start(name)
        if self.dice.random() < 0.8:  # else the pulse sees that there is no run
            self._at(self.dice.choice((0.0, 1.0)), lambda: self.asking.ask("schedule:same-day"))

    async def _night(self) -> None:
        self._begin()
        if self.dice.random() < 0.3:
            self._at(self.dice.uniform(0.0, 5000.0), lambda: self.asking.ask("schedule:same-day-fallback"))
        for _ in range(self.dice.choice((0, 1, 3))):
            self._at(self.dice.uniform(0.0, 6000.0), self.asking.pulse)
        if self.dice.random() < 0.3:
            self._at(self.dice.uniform(0.0, 6000.0), self.asking.reconcile)
        await self._pulses()
        await self._quiet()
        self.chaos.calm = True
        if self.refused:  # whoever had asked is gone: the next hour sees to it
            await self.asking.reconcile()
            await self._quiet()
        check_day(self)

    async def _pulses(self) -> None:
        """The schedule: every minute but before it is of use; now and then late, now and then twice at once."""
        over = max(self.tables.tips)
        while self.now() < over:
            answers = await asyncio.gather(*(self.asking.pulse() for _ in range(self.dice.choice((1, 1, 1, 2)))))
            beats = [beat.next_at for beat in answers if beat is not None]
            wait = max(0.0, (min(beats) - self.now()).total_seconds()) if beats else 0.0
            if self.dice.random() < 0.1:
                self.chaos.count("a late pulse", "")
                wait += self.dice.uniform(0.0, 480.0)
            minute = MINUTE * (1 + (self.loop.elapsed + max(0.0, wait - 0.001)) // MINUTE)
            await asyncio.sleep(min(minute, (over - START).total_seconds()) - self.loop.elapsed)
