"""A new install's history, features of past slates and models, so that tonight is predicted by the learned systems.

Nothing here touches tonight's own runs: the history is collected by a run of mode `backfill`, and models are trained as
of the last past slate. What is done stands, so the same call resumes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from client.answers import Run
from client.api import Client
from client.backfill import backfill, missing
from client.runs import Observer, follow, summary
from shared.basketball.slate import Mode, days, season_of
from shared.errors import Transient
from shared.registries.api import MAX_WINDOW_DAYS
from shared.registries.systems import SYSTEMS

MODES = (Mode.SAME_DAY, Mode.OVERNIGHT)
"""What is scheduled, and learned from."""
CONCURRENCY = 2
"""Slates at once: more are no faster, and nightly runs have to wait for each."""
HISTORY, FEATURES, TRAINING = ("box_scores",), ("ml_feature_store",), ("train",)
FIRST_DAYS = 7
"""Days of the first season whose slates are left out: no box score before them lists anybody."""
PATIENCE = 16
"""Times fifteen minutes in which the history has to come."""

Progress = Callable[[str, int], AbstractContextManager[Observer]]
"""(what is done, how many runs it takes) -> what is shown meanwhile."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What to bootstrap."""

    seasons: int
    modes: Sequence[Mode] = MODES
    until: date | None = None
    """The last slate; None: yesterday's, by the coordinator's clock."""
    concurrency: int = CONCURRENCY
    every: float = 0.2
    """Seconds between looks."""


@dataclass(frozen=True, slots=True)
class Slates:
    """What the history has."""

    dates: Sequence[date]
    """With games whose features can be made."""
    holes: Mapping[date, int] = field(default_factory=dict)
    """Dates -> games without a box score."""


async def today(client: Client) -> date:
    """The Eastern date, by the coordinator's clock."""
    shown: Mapping[str, Any] = await client.would_start(None, Mode.BACKFILL.value, targets=list(HISTORY))
    return date.fromisoformat(shown["run"]["game_date"])


def first_day(until: date, seasons: int) -> date:
    """When the earliest of so many seasons begins."""
    return date(int(season_of(until)[:4]) - seasons + 1, 8, 1)


async def slates(client: Client, first: date, last: date) -> Slates:
    """The dates with games between two, and which of their box scores are missing."""
    rows = await client.get("slates", first=str(first), last=str(last), mode=Mode.OVERNIGHT.value)
    found = {date.fromisoformat(row["game_date"]): row for row in rows}
    begun = min((day for day, row in found.items() if row["games_collected"]), default=last) + timedelta(FIRST_DAYS)
    lost = {day: row["games_expected"] - row["games_collected"] for day, row in sorted(found.items())}
    return Slates([day for day in sorted(found) if day >= begun], {day: n for day, n in lost.items() if n})


async def unmade(client: Client, dates: Sequence[date], mode: Mode) -> list[date]:
    """The slates whose features are not there yet."""
    runs: dict[date, Run] = {}
    every = days(dates[0], dates[-1]) if dates else []
    for start in range(0, len(every), MAX_WINDOW_DAYS):
        window = every[start : start + MAX_WINDOW_DAYS]
        for run in await client.runs(first=str(window[0]), last=str(window[-1]), mode=mode.value):
            runs[date.fromisoformat(run["game_date"])] = run
    return sorted({cell.game_date for cell in missing(runs, dates, FEATURES)})


async def bootstrap(client: Client, wish: Wish, progress: Progress) -> dict[str, Any]:
    """All of it; the report.

    Raises:
        Transient: the coordinator does not answer, or the history does not come for hours.
    """
    now = await today(client)
    until = wish.until if wish.until is not None else now - timedelta(days=1)
    spent: dict[str, int] = {}
    history = await _history(client, now, wish.every, _counting(progress, spent))
    report: dict[str, Any] = {"until": str(until), "seasons": wish.seasons, "history": history, "modes": []}
    if history["status"] == "failed":
        return {**report, **_total([history], spent)}
    known = await slates(client, first_day(until, wish.seasons), until)
    report["holes"] = {str(day): games for day, games in known.holes.items()}
    nights = [history]
    for mode in wish.modes:
        made = await unmade(client, known.dates, mode)
        with _counting(progress, spent)(f"features {mode.value}", len(made)) as observe:
            done = await backfill(
                client, made, mode, FEATURES, observe=observe, concurrency=wish.concurrency, every=wish.every
            )
        failed = {night["game_date"]: night["reasons"] for night in done if night["status"] == "failed"}
        ready = [day for day in known.dates if str(day) not in failed]
        again = bool(made) and len(failed) < len(made)
        trained = await _train(client, ready[-1], mode, wish.every, progress, again=again) if ready else {}
        report["modes"].append(
            {
                "mode": mode.value,
                "slates": len(known.dates),
                "made": len(done) - len(failed),
                "failed": failed,
                **trained,
            }
        )
        nights += done
    return {**report, **_total(nights, spent)}


def _counting(progress: Progress, spent: dict[str, int]) -> Progress:
    """The same progress; of every run that is seen, what it takes of credits is kept under its name."""

    @contextmanager
    def shown(title: str, total: int) -> Iterator[Observer]:
        with progress(title, total) as observe:

            def seen(run: Run) -> None:
                spent[run["id"]] = sum(step["counts"].get("credits_needed", 0) for step in run["steps"].values())
                observe(run)

            yield seen

    return shown


async def _history(client: Client, day: date, every: float, progress: Progress) -> dict[str, Any]:
    """Schedules and box scores of all seasons, by one run; it may take hours where they come one by one."""
    run = await client.start_run(day, Mode.BACKFILL.value, retrospective=True, targets=list(HISTORY))
    with progress("history", 1) as observe:
        for left in reversed(range(PATIENCE)):
            try:
                run = await follow(client, run, observe, every=every)
                break
            except Transient:
                if not left:
                    raise
                run = await client.run(run["id"])
    return summary(run)


async def _train(
    client: Client, day: date, mode: Mode, every: float, progress: Progress, *, again: bool
) -> dict[str, Any]:
    """Models as of the last past slate, due or not, and which systems go without.

    Unless `again`, those that there are for it stand.
    """
    note = ""
    if again or not await _models(client, day, mode):
        run = await client.start_run(day, mode.value, retrospective=True, targets=list(TRAINING), retrain=True)
        with progress(f"training {mode.value}", 1) as observe:
            run = await follow(client, run, observe, every=every)
        note = run["steps"][TRAINING[0]]["reason"]
    learned = await _models(client, day, mode)
    without = [name for name, system in SYSTEMS.items() if system.learned and name not in learned]
    return {"as_of": str(day), "trained": learned, "without": without, "note": note}


async def _models(client: Client, day: date, mode: Mode) -> dict[str, str]:
    """System -> status of the models as of a day."""
    rows = await client.get("models", mode=mode.value)
    return {row["system"]: row["status"] for row in rows if row["game_date"] == str(day)}


def _total(nights: Sequence[Mapping[str, Any]], spent: Mapping[str, int]) -> dict[str, Any]:
    """What it cost, and how it went: failed without a history, degraded where something is missing."""
    lost = any(night["status"] == "failed" for night in nights)
    return {
        "status": "failed" if nights[0]["status"] == "failed" else "degraded" if lost else "complete",
        "requests": sum(night["requests"] for night in nights),
        "retries": sum(night["retries"] for night in nights),
        "credits": sum(spent.values()),
    }
