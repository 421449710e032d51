"""A week of injury news - listed, edited, withdrawn, back - through the step, then through the features' context.

Every look of the week is scripted; what each cutoff may know is written beside it by hand. The context is made when the
whole week is in the warehouse: what was seen later must not reach back.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.analytics.processors import PROCESSORS
from services.scraper.sources.endpoint import INJURIES
from services.scraper.steps import injuries
from shared.basketball.slate import RETROSPECT, Mode
from shared.contract import StepRequested
from shared.ports import Row
from tests.unit.scraper import wire
from tests.unit.scraper.conftest import Rig
from tests.unit.scraper.lists import endpoint, written

LIST = endpoint("espn", INJURIES, 1, lambda _: ("injuries",))
DAYS = [date(2024, 3, day) for day in (4, 5, 7, 8)]
"""NYK plays on each of them, at 19:30 ET: cutoffs are 07:00 ET and 19:10 ET."""
ASH, BIRCH, CEDAR, DOUM = (wire.player("NYK", number)[1] for number in range(4))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """UTC; 07:00 ET is 12:00 UTC, and 19:10 ET ten past midnight of the next day."""
    return datetime(2024, 3, day, hour, minute, tzinfo=UTC)


@dataclass(frozen=True)
class Look:
    """A list as it was seen at an instant, for a slate: (player, status, the date it bears)."""

    slate: date
    mode: Mode
    seen_at: datetime
    entries: tuple[tuple[str, str, datetime], ...]


MORNING_MODE, EVENING_MODE = Mode.OVERNIGHT, Mode.SAME_DAY
LOOKS = (
    # Monday: the first look of all believes its dates. Birch is listed during the day; Cedar is dated back to
    # before the morning's look, which did not show him.
    Look(DAYS[0], MORNING_MODE, at(4, 11), ((ASH, "Out", at(3, 20)), (DOUM, "Out", at(4, 10)))),
    Look(
        DAYS[0], EVENING_MODE, at(4, 23),
        (
            (ASH, "Out", at(3, 20)), (BIRCH, "Questionable", at(4, 18)), (CEDAR, "Out", at(4, 8)),
            (DOUM, "Out", at(4, 10)),
        ),
    ),
    # Tuesday: Ash is edited under his old date. By the evening so is Cedar, Ash is dated anew, and Birch
    # is off the list.
    Look(
        DAYS[1], MORNING_MODE, at(5, 11),
        (
            (ASH, "Doubtful", at(3, 20)), (BIRCH, "Questionable", at(4, 18)), (CEDAR, "Out", at(4, 8)),
            (DOUM, "Out", at(4, 10)),
        ),
    ),
    Look(
        DAYS[1], EVENING_MODE, at(5, 23),
        ((ASH, "Out", at(5, 20)), (CEDAR, "Questionable", at(4, 8)), (DOUM, "Out", at(4, 10))),
    ),
    # Thursday: Doum left between the slates. In the evening he is back as he was, and Birch under a new date; Cedar is
    # edited under a date to come.
    Look(DAYS[2], MORNING_MODE, at(7, 11), ((ASH, "Out", at(5, 20)), (CEDAR, "Questionable", at(4, 8)))),
    Look(
        DAYS[2], EVENING_MODE, at(7, 23),
        ((BIRCH, "Out", at(7, 15)), (CEDAR, "Out", at(8, 20)), (DOUM, "Out", at(4, 10))),
    ),
    # Friday: only a look in the evening, after the morning's cutoff: what it dates after Thursday's look counts.
    Look(
        DAYS[3], EVENING_MODE, at(8, 23),
        ((ASH, "Out", at(8, 9)), (BIRCH, "Doubtful", at(8, 13)), (DOUM, "Questionable", at(7, 20))),
    ),
)  # fmt: skip
PUBLIC = {
    (DAYS[0], MORNING_MODE): {ASH: "Out", DOUM: "Out"},
    (DAYS[0], EVENING_MODE): {ASH: "Out", BIRCH: "Questionable", CEDAR: "Out", DOUM: "Out"},
    (DAYS[1], MORNING_MODE): {ASH: "Doubtful", BIRCH: "Questionable", CEDAR: "Out", DOUM: "Out"},
    (DAYS[1], EVENING_MODE): {ASH: "Out", BIRCH: "Available", CEDAR: "Questionable", DOUM: "Out"},
    (DAYS[2], MORNING_MODE): {ASH: "Out", CEDAR: "Questionable", DOUM: "Available"},
    (DAYS[2], EVENING_MODE): {ASH: "Available", BIRCH: "Out", CEDAR: "Out", DOUM: "Out"},
    # Birch and Doum were Out at Thursday's look. Nothing later was known of them on Friday morning, but it was seen for
    # Friday's slate in the evening only; Ash came back on the list in the morning.
    (DAYS[3], MORNING_MODE): {ASH: "Out"},
    (DAYS[3], EVENING_MODE): {ASH: "Out", BIRCH: "Doubtful", CEDAR: "Available", DOUM: "Questionable"},
}
"""Statuses by slate and cutoff; whoever is not in it has none."""


async def look(rig: Rig, one: Look) -> None:
    """Through the service, at its instant; an answer comes two seconds after the step has begun."""
    rig.clock.set(one.seen_at - timedelta(seconds=2), force=True)
    rig.upstreams.now = one.seen_at
    entries = (
        {"player_name": name, "team": "NYK", "status": status, "reported_at": since}
        for name, status, since in one.entries
    )
    rig.upstreams.bodies["espn", "injuries"] = written(*entries)
    report = await rig.run("injuries", one.slate, one.mode)
    assert report.outcome == "done", report.reason


async def statuses(rig: Rig, day: date, mode: Mode) -> dict[str, str]:
    """Of the slate's players, as their features have it."""
    step = PROCESSORS["upcoming_player_game_context"]
    request = StepRequested(run_id="r1", game_date=day, mode=mode, step=step.step, attempt=1)
    await step.run(request, rig.ports.warehouse, regrade_days=7, now=RETROSPECT)
    rows = await rig.rows(step.table)
    found = [row for row in rows if row["game_date"] == day and row["mode"] == mode.value]
    assert len(found) == 8
    return {row["player_name"]: row["injury_status"] for row in found if row["injury_status"] is not None}


@pytest.fixture
async def week(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Rig:
    """Games and rosters of the week, nobody listed yet."""
    monkeypatch.setattr(injuries, "ranked", lambda _: (LIST,))
    rig.clock.set(at(4, 10), force=True)
    rig.upstreams.now = at(4, 10)
    games = [
        wire.game(f"002230090{n}", day=day, tip=f"{day + timedelta(days=1)}T00:30:00Z") for n, day in enumerate(DAYS)
    ]
    await rig.know_schedule(*games)
    common = {"available_at": at(4, 5), "fetched_at": at(4, 5), "source": "nba_stats", "position": None, "team": "NYK"}
    players: list[Row] = [
        {"game_date": day, "player_id": id_, "player_name": name, "player_lookup": name, **common}
        for day in DAYS
        for id_, name in (wire.player("NYK", number) for number in range(8))
    ]
    await rig.ports.warehouse.append("raw.rosters", players)
    return rig


async def test_f29_every_cutoff_of_a_week_shows_what_was_public_then(week: Rig) -> None:
    """When all is known, for both cutoffs of each slate; so does each look loaded twice, as after a crash."""
    for one in LOOKS:
        await look(week, one)
    rows = await week.everything("raw.injuries")
    found = {key: await statuses(week, *key) for key in PUBLIC}
    assert found == PUBLIC
    await look(week, LOOKS[-1])
    assert await week.everything("raw.injuries") == rows


async def test_f29_at_each_look_its_own_cutoff_shows_what_it_does_in_the_end(week: Rig) -> None:
    """What a night served is what is made of the same night again a week later: training sees no more than it did."""
    served: dict[Any, dict[str, str]] = {}
    for one in LOOKS:
        await look(week, one)
        served[one.slate, one.mode] = await statuses(week, one.slate, one.mode)
    assert served == {key: PUBLIC[key] for key in served}


async def test_the_history_of_a_player_is_kept(week: Rig) -> None:
    """Every status since when it was public, what he was listed under in the end beside it."""
    for one in LOOKS:
        await look(week, one)
    rows = [row for row in await week.everything("raw.injuries") if row["player_id"] == wire.player("NYK", 0)[0]]
    history = {(row["available_at"], row["status"]) for row in rows}
    assert sorted(history) == [
        (at(3, 20), "Out"), (at(5, 11), "Doubtful"), (at(5, 20), "Out"), (at(7, 23), "Available"), (at(8, 9), "Out"),
    ]  # fmt: skip
