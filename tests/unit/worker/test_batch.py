"""Batches: the same rows whatever the order, the split or the number of deliveries."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.worker.app import build
from services.worker.domain.batch import predict
from services.worker.domain.systems.moving_average import SPREADS
from services.worker.handlers import on_task
from services.worker.models import Models
from services.worker.settings import WorkerSettings
from shared.contract import BatchReported, BatchRequested, LineQuote, Message, PredictionTask, StepReported
from shared.errors import Permanent
from shared.markets import MARKETS
from shared.ports import Ports, Row
from shared.service import HEALTH
from shared.settings import load
from shared.slate import Mode
from shared.systems import HAND_MADE
from shared.tables import QUANTILE_COLUMNS, TABLES
from tests.unit.shared.places import drain, embedded_ports

RUN_ID = "2024-03-04.overnight.7"
AT = "2024-03-04T12:00:00+00:00"
QUOTED = ("line", "line_books", "line_at", "book", "p_over", "p_push", "p_market", "edge")
POSTED = "2024-03-04T09:00:00+00:00"


def features(rate: float = 0.6, minutes: float = 30.0, line: float | None = 19.5) -> dict[str, float | None]:
    """What a system reads, one thing that none does, and a line of every market."""
    per_market = {f"{market}_per_minute": rate for market in MARKETS} | {f"{market}_line": line for market in MARKETS}
    opponent = {f"opponent_{what}_factor": 1.1 for what in ("points", "rebounds", "assists", "threes")}
    others = {"zone_mismatch": None, "pace_factor": 1.02, "fatigue": 0.2, "days_rest": None}
    return {**per_market, **opponent, **others, "minutes_ewma": minutes}


def task(player: int, **values: float | None) -> PredictionTask:
    """A player's task; his lines are quoted at -110 both ways by two books."""
    known = features() | values
    lines = {
        market: LineQuote(
            line=line, books=2, at=POSTED, book="fanduel", over_price=-110, under_price=-110, p_market=0.5
        )
        for market in MARKETS
        if (line := known[f"{market}_line"]) is not None
    }
    return PredictionTask(
        game_id="0022300900",
        player_id=player,
        team="BOS",
        opponent="NYK",
        predicted_at=AT,
        features=known,
        lines=lines,
    )


def batch(*tasks: PredictionTask, **values: Any) -> BatchRequested:  # noqa: ANN401 - any field of the message
    """A batch of the `moving_average` system."""
    known = {"run_id": RUN_ID, "game_date": date(2024, 3, 4), "mode": Mode.OVERNIGHT, "attempt": 1, "batch": 3}
    return BatchRequested.model_validate({**known, "systems": HAND_MADE, "tasks": tasks, **values})


def predicted(asked: BatchRequested) -> list[Row]:
    """The rows of a batch; nothing is absent."""
    result = predict(asked)
    assert result.absent == {}
    return result.rows


def by_key(rows: list[Row]) -> dict[tuple[Any, ...], Row]:
    """Rows by (player, market, system), without the batch they were predicted in."""
    keyed = {(row["player_id"], row["market"], row["system"]): {**row, "batch": None} for row in rows}
    assert len(keyed) == len(rows)
    return keyed


players = st.lists(
    st.builds(
        features,
        rate=st.floats(0.0, 1.2),
        minutes=st.floats(1.0, 42.0),
        line=st.one_of(st.none(), st.integers(0, 20).map(lambda n: n / 2)),
    ),
    min_size=1,
    max_size=8,
).map(lambda known: [task(n + 1, **values) for n, values in enumerate(known)])


@given(players, st.randoms())
def test_the_order_of_a_batch_does_not_matter(tasks: list[PredictionTask], dice: Any) -> None:  # noqa: ANN401 - hypothesis' random
    """A player's prediction is the same wherever he stands in the batch."""
    shuffled = list(tasks)
    dice.shuffle(shuffled)
    assert by_key(predicted(batch(*shuffled))) == by_key(predicted(batch(*tasks)))


@given(players, st.integers(1, 8))
def test_splitting_a_batch_does_not_change_a_row(tasks: list[PredictionTask], size: int) -> None:
    """A player's prediction does not depend on the company he is predicted in."""
    parts = [predicted(batch(*tasks[start : start + size])) for start in range(0, len(tasks), size)]
    assert by_key([row for part in parts for row in part]) == by_key(predicted(batch(*tasks)))


@given(players)
def test_f24_every_player_and_market_gets_one_row(tasks: list[PredictionTask]) -> None:
    """Nobody is lost and nobody is there twice; the columns are those of the table."""
    rows = predicted(batch(*tasks))
    assert by_key(rows).keys() == {(one.player_id, market, s) for one in tasks for market in MARKETS for s in HAND_MADE}
    assert all(row.keys() == {column.name for column in TABLES["predictions.staging"].columns} for row in rows)


@given(players)
def test_f14_p_over_is_null_exactly_without_a_line(tasks: list[PredictionTask]) -> None:
    """No placeholder, and no probability out of thin air."""
    for row in predicted(batch(*tasks)):
        quoted = {name: row[name] is not None for name in QUOTED}
        assert set(quoted.values()) == {row["line"] is not None}
        assert (row["recommendation"] == "no_line") == (row["line"] is None)
        assert (row["pass_reason"] is not None) == (row["recommendation"] == "pass")
        if row["p_over"] is not None:
            assert 0 <= row["p_over"] <= row["p_over"] + row["p_push"] <= 1 + 1e-9
        quantiles = [row[name] for name in QUANTILE_COLUMNS]
        assert quantiles == sorted(quantiles)


def test_f36_more_minutes_and_a_higher_rate_mean_more() -> None:
    """The forecast goes in the direction of what it is made of; a line does not move it."""
    [low, high, often, lined] = [
        predicted(batch(task(1, **values)))[0]
        for values in ({}, {"minutes_ewma": 36.0}, {"points_per_minute": 0.8}, {"points_line": 30.5})
    ]
    assert low["mean"] < high["mean"]
    assert low["mean"] < often["mean"]
    assert low["q50"] < high["q50"]
    assert (lined["mean"], lined["q50"]) == (low["mean"], low["q50"])
    assert lined["p_over"] < low["p_over"]


@pytest.mark.parametrize(
    ("name", "value", "sign"),
    [("opponent_rebounds_factor", 1.3, 1), ("pace_factor", 1.1, 1), ("fatigue", 0.9, -1), ("zone_mismatch", 0.2, 1)],
)
def test_f36_matchups_go_the_way_the_literature_says(name: str, value: float, sign: int) -> None:
    """A weaker defence and a faster game never lower a forecast, tired legs never raise it; form does not look."""
    before, after = by_key(predicted(batch(task(1)))), by_key(predicted(batch(task(1, **{name: value}))))
    for key, row in after.items():
        change = row["mean"] - before[key]["mean"]
        assert change * sign >= 0
        assert key[2] == "zone_matchup" or change == 0
    assert any(row["mean"] != before[key]["mean"] for key, row in after.items())


def test_a_row_says_where_it_comes_from() -> None:
    """Run, generation, batch, mode and the instant that the coordinator gave."""
    row = predicted(batch(task(1)))[0]
    assert (row["run_id"], row["generation"], row["batch"], row["mode"]) == (RUN_ID, 7, 3, "overnight")
    assert row["predicted_at"] == datetime(2024, 3, 4, 12, tzinfo=UTC)
    assert row["mean"] == pytest.approx(18.0, rel=0.05)


def test_a_player_who_never_scored_may_score_once() -> None:
    """A rate of zero is a rate, and its forecast is small and positive."""
    row = predicted(batch(task(1, points_per_minute=0.0)))[0]
    assert 0 < row["mean"] < 0.6
    assert row["q50"] < 0.6


def test_every_market_has_a_spread() -> None:
    """The fitted spreads cover the registry of markets."""
    assert SPREADS.keys() >= MARKETS.keys()


def test_f15_an_unknown_system_is_refused_by_name() -> None:
    """Nothing stands in for a system that is not there."""
    with pytest.raises(Permanent, match="unknown system 'oracle'"):
        predicted(batch(task(1), systems=("moving_average", "oracle")))


def test_a_missing_feature_is_refused_by_name() -> None:
    """The coordinator and the worker disagree about features: say which."""
    bare = {name: value for name, value in features().items() if name != "minutes_ewma"}
    lacking = PredictionTask(game_id="g", player_id=1, team="BOS", opponent="NYK", predicted_at=AT, features=bare)
    with pytest.raises(Permanent, match="'minutes_ewma'"):
        predicted(batch(lacking))
    with pytest.raises(Permanent, match="'minutes_ewma'"):
        predicted(batch(task(2), lacking))


def test_a_null_that_a_system_needs_is_refused_by_name() -> None:
    """One null rate is one clear line, not a crash somewhere in the arithmetic of the whole batch."""
    with pytest.raises(Permanent, match="points_per_minute"):
        predicted(batch(task(1), task(2, points_per_minute=None)))


@pytest.fixture
async def ports(tmp_path: Path) -> AsyncIterator[Ports]:
    async with embedded_ports(tmp_path) as ports:
        yield ports


async def handle(message: Message, ports: Ports) -> None:
    """A worker without a past takes a message."""
    await on_task(message, ports, Models(ports.archive), load(WorkerSettings))


async def staged(ports: Ports) -> list[Row]:
    """All staged rows."""
    return await ports.warehouse.query("SELECT * FROM predictions.staging ORDER BY player_id, market")


async def test_a_batch_is_staged_then_reported(ports: Ports) -> None:
    """The rows are there when the coordinator hears of them."""
    await handle(batch(task(1), task(2)), ports)
    assert len(await staged(ports)) == 2 * len(MARKETS) * len(HAND_MADE)
    [report] = await drain(ports, "coordinator-events")
    assert isinstance(report, BatchReported)
    assert (report.run_id, report.attempt, report.batch, report.rows) == (
        RUN_ID,
        1,
        3,
        2 * len(MARKETS) * len(HAND_MADE),
    )


async def test_f03_handling_a_batch_twice_leaves_the_same_rows(ports: Ports) -> None:
    """A redelivery replaces the batch by itself and leaves other batches alone."""
    await handle(batch(task(1)), ports)
    await handle(batch(task(2), batch=4), ports)
    once = await staged(ports)
    await handle(batch(task(1)), ports)
    assert await staged(ports) == once
    assert [report.key for report in await drain(ports, "coordinator-events")] == [
        f"{RUN_ID}/batch/{number}/1/reported" for number in (3, 4, 3)
    ]


async def test_the_worker_takes_batches_only(ports: Ports) -> None:
    """Anything else was sent to the wrong topic."""
    with pytest.raises(Permanent, match="takes no step_reported"):
        await handle(StepReported(run_id=RUN_ID, step="predict", attempt=1, outcome="done"), ports)


async def test_the_worker_is_wired(ports: Ports) -> None:
    """The application names itself."""
    app = build(load(WorkerSettings, revision="r1"), ports)
    assert (app[HEALTH].service, app[HEALTH].revision) == ("worker", "r1")
