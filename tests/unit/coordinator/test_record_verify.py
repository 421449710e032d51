"""Verifying by hand: what holds, what was changed, what was never sealed, and what came late."""

import random
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.analytics.processors import PROCESSORS
from services.coordinator.record.seal import HEAD, RECORD, head_document, seal_grades, seal_published
from services.coordinator.record.verify import EVER, check_chain, check_slates
from services.coordinator.runs.run import Run
from shared.basketball.slate import MAX_REGRADED_DAYS, Mode
from shared.contract import StepReported, StepRequested
from shared.embedded.duck import Connection
from shared.embedded.warehouse import DuckDBWarehouse
from shared.ports import Ports, Row
from tests import tampering
from tests.unit.shared.places import embedded_ports, set_clock
from tests.unit.shared.rows import SLATE, YESTERDAY, box, game, load, prediction, prop, tip

DAYS = (YESTERDAY - timedelta(days=1), YESTERDAY)
"""Two slates that were published and graded."""
GRADE = StepReported(run_id=f"{SLATE}.overnight.1", step="grade", attempt=1, outcome="done", seconds=0.0, counts={})


def run_of(day: date, mode: Mode = Mode.OVERNIGHT) -> Run:
    """The first run of a slate."""
    return Run(
        game_date=day,
        mode=mode,
        generation=1,
        source="test",
        retrospective=False,
        targets=("export",),
        steps={},
        created_at=tip(day),
    )


def slate_rows(number: int, day: date) -> dict[str, list[Row]]:
    """A game, its box score and lines, and predictions for it."""
    id_ = f"002230090{number}"
    players = {1: "BOS", 2: "BOS", 3: "GSW", 4: "GSW"}
    lines = [
        prop(
            id_, player, 19.5 + player, book, tip(day) - timedelta(hours=hours), game_date=day, fetched_at=tip(day, 18)
        )
        for player in (1, 3)
        for book, hours in (("draftkings", 2), ("fanduel", 1), ("fanduel", 3))
    ]
    return {
        "raw__games": [game(id_, day)],
        "raw__player_box_scores": [box(id_, player, day, team, points=20 + player) for player, team in players.items()],
        "raw__prop_lines": lines,
        "predictions__player_prop_predictions": [
            prediction(id_, player, day, shadow=False, line=20.5, p_over=0.6, p_market=0.5, edge=0.1, system=system)
            for player in (*players, 5)
            for system in ("moving_average", "boxed")
        ],
    }


async def grade(ports: Ports, slate: date = SLATE, mode: Mode = Mode.OVERNIGHT) -> None:
    """Grade the slates before this one, as the analytics service does, and seal the grades."""
    request = StepRequested(run_id=f"{slate}.{mode}.1", game_date=slate, mode=mode, step="grade", attempt=1)
    for step in ("player_game_summary", "grade"):
        await PROCESSORS[step].run(request, ports.warehouse, regrade_days=MAX_REGRADED_DAYS)
    set_clock(ports, tip(slate, 7))
    await seal_grades(run_of(slate, mode), GRADE, ports)


@pytest.fixture
async def ports(tmp_path: Path) -> AsyncIterator[Ports]:
    """Two slates, published, played, graded and sealed."""
    async with embedded_ports(tmp_path) as ports:
        for number, day in enumerate(DAYS):
            await load(ports.warehouse, **slate_rows(number, day))
            set_clock(ports, tip(day, 12))
            await seal_published(run_of(day), ports)
        await grade(ports)
        yield ports


async def verified(ports: Ports) -> list[Any]:
    """Everything that does not hold."""
    chain = await check_chain(ports, *EVER)
    return [*chain["problems"], *(await check_slates(ports, DAYS[0], SLATE))["problems"]]


async def execute(ports: Ports, text: str, *values: object) -> None:
    """Change the warehouse behind everybody's back."""
    assert isinstance(ports.warehouse, DuckDBWarehouse)

    def work(connection: Connection) -> None:
        connection.execute(text, list(values))

    await ports.warehouse._duck.run(work, text)


async def test_what_is_as_it_was_sealed_holds(ports: Ports) -> None:
    """Chain, rows, instants and grades; what was sealed before tip-off is counted."""
    chain = await check_chain(ports, *EVER)
    assert (chain["entries"], chain["slates"], chain["problems"]) == (4, [*DAYS], [])
    assert chain["head"] == {key: value for key, value in (await head_document(ports) or {}).items() if key != "writes"}
    assert await check_slates(ports, DAYS[0], SLATE) == {
        "predictions": 20,
        "grades": 20,
        "before_tip": 20,
        "unsealed": 0,
        "unsettled": 0,
        "problems": [],
    }


async def test_sealing_again_adds_nothing(ports: Ports) -> None:
    """A second delivery of the step, or a report that comes twice."""
    for day in DAYS:
        await seal_published(run_of(day), ports)
    await grade(ports)
    assert (await check_chain(ports, *EVER))["entries"] == 4


@pytest.mark.parametrize("seed", range(3))
async def test_one_changed_field_is_seen(ports: Ports, seed: int) -> None:
    """Of a prediction, line, price, instant, box score or grade: its slate is named, and holds once it is back."""
    assert isinstance(ports.warehouse, DuckDBWarehouse)
    dice = random.Random(seed)  # noqa: S311 - a seed to replay, not a secret
    for _ in range(10):
        change = await tampering.drawn(ports.warehouse, DAYS, dice)
        await change.apply(ports.warehouse)
        found = await verified(ports)
        assert change.slate in {problem["game_date"] for problem in found}, f"nobody sees that {change}: {found}"
        await change.undo(ports.warehouse)
    assert await verified(ports) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("DELETE FROM ops.record WHERE seq = 2", "entry 2 is missing before it"),
        ("UPDATE ops.record SET row_count = 11 WHERE seq = 1", "was changed: its hash is not that of what it says"),
        ("INSERT INTO ops.record SELECT * REPLACE (5 AS seq) FROM ops.record WHERE seq = 4", "was changed"),
        (
            "DELETE FROM predictions.player_prop_predictions WHERE player_id = 5",
            "8 predictions of 2024-03-03.overnight.1 are",
        ),
        ("DELETE FROM predictions.prediction_grades WHERE player_id = 5", "8 grades of overnight are there and 10"),
        ("DELETE FROM raw.prop_lines WHERE bookmaker = 'fanduel'", "7 games, box scores or lines that"),
        ("UPDATE raw.games SET tip_utc = tip_utc - INTERVAL 13 HOURS", "after the tip-off"),
        ("UPDATE raw.player_box_scores SET points = 60 WHERE player_id = 1", "do not follow from raw rows"),
        ("UPDATE analytics.player_game_summary SET points = 60", ""),
    ],
)
async def test_the_reason_is_said(ports: Ports, text: str, reason: str) -> None:
    """In words, with what to do; what nothing was graded from may change."""
    await execute(ports, text)
    found = await verified(ports)
    assert any(reason in problem["reason"] for problem in found) if reason else found == []
    assert all(problem["remedy"] for problem in found)


async def test_the_newest_entry_may_be_in_the_state_store_alone(ports: Ports) -> None:
    """Whoever made it died before he had written it down: that is not tampering, and the next sealer mends it."""
    await execute(ports, "DELETE FROM ops.record WHERE seq = 4")
    assert await verified(ports) == []
    await load(ports.warehouse, predictions__player_prop_predictions=[prediction("0022300909", 1, SLATE, shadow=False)])
    await seal_published(run_of(SLATE), ports)
    assert (await check_chain(ports, *EVER))["entries"] == 5
    assert await verified(ports) == []


async def test_what_was_published_before_the_record_is_said_and_no_failure(ports: Ports) -> None:
    """An old slate; what is published since then without a seal is a failure."""
    old = DAYS[0] - timedelta(days=30)
    await load(ports.warehouse, predictions__player_prop_predictions=[prediction("0022300001", 1, old, shadow=False)])
    found = await check_slates(ports, old, old)
    assert (found["unsealed"], found["problems"]) == (1, [])
    await load(ports.warehouse, predictions__player_prop_predictions=[prediction("0022300901", 1, SLATE, shadow=False)])
    [problem] = (await check_slates(ports, SLATE, SLATE))["problems"]
    assert "is not sealed" in problem["reason"]


async def test_a_correction_is_sealed_with_the_grades_it_changes(ports: Ports) -> None:
    """A box score corrected within the week: the slate is graded again, one more entry, and everything holds."""
    await execute(ports, "UPDATE raw.player_box_scores SET points = 31 WHERE player_id = 1 AND game_date = ?", DAYS[1])
    assert await verified(ports)
    await grade(ports)
    assert (await check_chain(ports, *EVER))["entries"] == 5
    assert await verified(ports) == []


async def test_a_late_correction_is_sealed_as_far_back_as_grades_are_made_again(ports: Ports) -> None:
    """On the last day on which a setting allows it."""
    await execute(ports, "UPDATE raw.player_box_scores SET points = 31 WHERE player_id = 1 AND game_date = ?", DAYS[0])
    await grade(ports, DAYS[0] + timedelta(days=MAX_REGRADED_DAYS))
    assert await verified(ports) == []


async def test_lines_of_another_mode_are_no_tampering(ports: Ports) -> None:
    """What a later run of another mode adds: the sources are sealed anew with its grades, the first mode's stand."""
    later = prop("0022300901", 1, 30.5, "betmgm", tip(DAYS[1], 18), game_date=DAYS[1], fetched_at=tip(DAYS[1], 18))
    mine = [row | {"mode": "same_day", "run_id": f"{DAYS[1]}.same_day.1"} for row in slate_rows(1, DAYS[1])[PREDICTED]]
    await load(ports.warehouse, raw__prop_lines=[later], predictions__player_prop_predictions=mine)
    await seal_published(run_of(DAYS[1], Mode.SAME_DAY), ports)
    assert await verified(ports), "the overnight grades stand on other lines until the new ones are sealed"
    await grade(ports, mode=Mode.SAME_DAY)
    found = await check_slates(ports, DAYS[0], SLATE)
    assert (found["unsettled"], found["problems"]) == (1, [])


async def test_a_slate_that_is_published_again_waits_for_its_grades(ports: Ports) -> None:
    """Those that are there hold as sealed, and are not those of what counts now, until it is graded again."""
    again = f"{DAYS[1]}.overnight.2"
    mine = [row | {"run_id": again, "generation": 2} for row in slate_rows(1, DAYS[1])[PREDICTED]]
    await load(ports.warehouse, predictions__player_prop_predictions=mine)
    await seal_published(run_of(DAYS[1]).model_copy(update={"generation": 2}), ports)
    found = await check_slates(ports, DAYS[0], SLATE)
    assert (found["unsettled"], found["problems"]) == (1, [])
    await grade(ports)
    found = await check_slates(ports, DAYS[0], SLATE)
    assert (found["unsettled"], found["problems"]) == (0, [])


async def test_an_entry_of_a_later_release_is_not_guessed_at(ports: Ports) -> None:
    """Its schema is not known here."""
    await execute(ports, "UPDATE ops.record SET schema_version = 99 WHERE seq = 1")
    found = await verified(ports)
    assert any("has schema 99, which this release does not know" in problem["reason"] for problem in found)


async def test_a_lost_state_is_found_again(ports: Ports) -> None:
    """The chain is verified by the table alone, and goes on from there."""
    await ports.state.delete(RECORD, HEAD)
    assert await verified(ports) == []
    await load(ports.warehouse, predictions__player_prop_predictions=[prediction("0022300909", 1, SLATE, shadow=False)])
    await seal_published(run_of(SLATE), ports)
    assert (await check_chain(ports, *EVER))["entries"] == 5
    assert await verified(ports) == []


PREDICTED = "predictions__player_prop_predictions"
