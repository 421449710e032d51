"""A batch in, rows out: each number with its own player, whatever the order, the split or the company."""

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.worker.domain.batch import predict
from services.worker.domain.distribution import Distributions
from services.worker.domain.evaluate import columns, evaluate
from services.worker.domain.spread import Spread
from services.worker.domain.systems import boosted, ensemble, market_residual, similarity
from shared.basketball.slate import Mode
from shared.contract import BatchRequested, LineQuote, PredictionTask
from shared.errors import Permanent
from shared.ports import Row
from shared.registries.markets import MARKETS
from shared.registries.systems import HAND_MADE, LEARNED, SYSTEMS
from shared.tables import QUANTILE_COLUMNS, TABLES
from tests.unit.worker.forest import boosted_parts, model, stump

RUN_ID = "2024-03-04.overnight.7"
AT = "2024-03-04T12:00:00+00:00"
QUOTED = ("line", "line_books", "line_at", "book", "p_over", "p_push", "p_market", "edge")
POSTED = "2024-03-04T09:00:00+00:00"


def features(rate: float = 0.6, minutes: float = 30.0, line: float | None = 19.5) -> dict[str, float | None]:
    """What a system reads, one thing that none does, and a line of every market."""
    per_market = {
        f"{market}_{what}": value
        for market in MARKETS
        for what, value in (("per_minute", rate), ("line", line), ("line_p_over", None), ("season_mean", None))
    }
    opponent = {f"opponent_{what}_factor": 1.1 for what in ("points", "rebounds", "assists", "threes")}
    others = {"zone_mismatch": None, "pace_factor": 1.0, "fatigue": 0.0, "days_rest": None, "is_home": 1.0}
    return {**per_market, **opponent, **others, "minutes_ewma": minutes}


def task(player: int, game: str = "0022300900", at: str = AT, **values: float | None) -> PredictionTask:
    """A player's task; his lines are quoted at -110 both ways by two books."""
    known = features() | values
    lines = {
        market: LineQuote(
            line=line, books=2, at=POSTED, book="fanduel", over_price=-110, under_price=-105, p_market=0.5
        )
        for market in MARKETS
        if (line := known[f"{market}_line"]) is not None
    }
    return PredictionTask(
        game_id=game, player_id=player, team="BOS", opponent="NYK", predicted_at=at, features=known, lines=lines
    )


def batch(*tasks: PredictionTask, **values: Any) -> BatchRequested:  # noqa: ANN401 - any field of the message
    """A batch of the hand-made systems."""
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


def learned() -> dict[str, Any]:
    """A model of every learned system: of trees at home one count more, of similarity none, half the form's weight."""
    texts, arrays = boosted_parts(numbers=(0.9, 9.0, 0.0, 0.5, 0.0, 1.0))
    texts["minutes"] = model(1, stump(0, 29.0, 20.0, 40.0, root=30.0))  # reads minutes_ewma
    for market in MARKETS:
        texts[f"{market}.centre0"] = texts[f"{market}.centre1"] = model(2, stump(0, 0.5, 0.0, 1.0, root=0.0))
    return {
        "similarity": similarity.Model(
            ("minutes_ewma",), np.array([30.0]), np.array([1.0]), np.zeros((1, 1), dtype=np.float32), np.array([7]),
            np.array(["2024-01-01"], dtype="datetime64[D]"), {market: np.array([361.0]) for market in MARKETS},
            {market: Spread(0.9, 0.0, 4.0, 0.0) for market in MARKETS},
        ),
        "boosted": boosted.of(texts, arrays),
        "market_residual": market_residual.Model({market: np.array([0.5, 0.0, 0.0]) for market in MARKETS}),
        "ensemble": ensemble.Model({market: np.array([0.5, 0.5, 0.0]) for market in MARKETS}),
    }  # fmt: skip


DIGESTS = {name: f"{n}" * 64 for n, name in enumerate(LEARNED)}


def everything(*tasks: PredictionTask, models: Mapping[str, Any] | None = None) -> list[Row]:
    """The rows of all six systems."""
    asked = batch(*tasks, systems=tuple(SYSTEMS), artifacts=DIGESTS)
    result = predict(asked, learned() if models is None else models)
    assert result.absent == {}
    return result.rows


def to(power: float, value: float) -> float:
    """A count's middle to a power."""
    return float((value + 0.5) ** power)


THREE = (
    task(11, points_line=None, game="0022300901"),
    task(12, points_per_minute=0.3, minutes_ewma=20.0, points_line=10.5, is_home=0.0),
    task(13, points_per_minute=1.0, points_line=30.5, at="2024-03-04T12:30:00+00:00"),
)
"""A player without a line on points, and two with one."""


def points(rows: list[Row], system: str, column: str = "centre") -> dict[int, Any]:
    """Player -> a column of a system's points."""
    return {row["player_id"]: row[column] for row in rows if (row["system"], row["market"]) == (system, "points")}


def test_every_system_says_its_own_of_every_player() -> None:
    """Three players' points by hand, in the space of the power 0.9.

    Form: 18, 6 and 30 points. `similarity` adds 361 / 361 = 1. The trees expect 40, 20 and 40 minutes and add 1 at
    home, to the power. The market says the line and half a scale of 3. `ensemble` is half of trees, half of form, and
    where there is a line 0.85 of the market.
    """
    rows = everything(*THREE)
    form = points(rows, "moving_average")  # checked on its own elsewhere
    trees = {11: to(0.9, 24.0) + 1.0, 12: to(0.9, 6.0), 13: to(0.9, 40.0) + 1.0}
    market = {12: to(0.9, 10.5) + 1.5, 13: to(0.9, 30.5) + 1.5}
    pool = {player: 0.5 * trees[player] + 0.5 * form[player] for player in trees}
    lined = {player: 0.85 * market[player] + 0.15 * pool[player] for player in market}
    assert points(rows, "similarity") == pytest.approx({11: to(0.9, 19.0), 12: to(0.9, 7.0), 13: to(0.9, 31.0)})
    assert points(rows, "boosted") == pytest.approx(trees)
    assert points(rows, "market_residual") == pytest.approx(market)
    assert points(rows, "ensemble") == pytest.approx(pool | lined)
    assert points(rows, "boosted", "minutes") == {11: 40.0, 12: 20.0, 13: 40.0}
    assert points(rows, "market_residual", "minutes") == {12: 20.0, 13: 40.0}


def test_a_reversed_batch_moves_no_number_to_another_player() -> None:
    """All six systems: the same rows of the same players, in reverse order within a system and market."""
    forwards, backwards = everything(*THREE), everything(*reversed(THREE))
    assert by_key(backwards) == by_key(forwards)
    first = [row["player_id"] for row in forwards if (row["system"], row["market"]) == ("ensemble", "points")]
    last = [row["player_id"] for row in backwards if (row["system"], row["market"]) == ("ensemble", "points")]
    assert (first, last) == ([11, 12, 13], [13, 12, 11])


def test_rows_come_by_system_market_and_player() -> None:
    """In the order of the registries and of the tasks, whatever order the batch names the systems in."""
    asked = batch(task(2), task(1), systems=("zone_matchup", "moving_average"))
    found = [(row["system"], row["market"], row["player_id"]) for row in predicted(asked)]
    assert found == [
        (system, market, player)
        for system in ("moving_average", "zone_matchup")
        for market in MARKETS
        for player in (2, 1)
    ]


def test_only_players_with_a_line_have_rows_of_the_market() -> None:
    """Each with his own quote, game and instant."""
    rows = [row for row in everything(*THREE) if (row["system"], row["market"]) == ("market_residual", "points")]
    assert [(row["player_id"], row["line"], row["game_id"]) for row in rows] == [
        (12, 10.5, "0022300900"), (13, 30.5, "0022300900"),
    ]  # fmt: skip
    assert [row["predicted_at"].minute for row in rows] == [0, 30]


def test_a_row_by_hand() -> None:
    """18 points by form against 19.5: centre 13.61030, scale 4.94063, power 0.9, see the tests of form.

    P(over) = 1 - Phi((20^0.9 - centre) / scale) = 1 - Phi((14.82269 - 13.61030) / 4.94063) = 1 - Phi(0.245392) =
    0.403076; an edge of 0.403076 - 0.5; 100 x 0.596924 / 0.403076 = 148.092.
    """
    row = predicted(batch(task(1)))[0]
    close = {
        "centre": 13.61030, "scale": 4.94063, "p_over": 0.403076, "p_push": 0.0, "edge": -0.096924,
        "fair_over": 148.092, "fair_under": -148.092,
    }  # fmt: skip
    assert {name: row[name] for name in close} == pytest.approx(close, rel=2e-5)
    assert {name: value for name, value in row.items() if name not in {*close, "mean", *QUANTILE_COLUMNS}} == {
        "game_date": date(2024, 3, 4), "mode": "overnight", "game_id": "0022300900", "player_id": 1,
        "market": "points", "system": "moving_average", "run_id": RUN_ID, "generation": 7, "attempt": 1, "batch": 3,
        "predicted_at": datetime(2024, 3, 4, 12, tzinfo=UTC), "shadow": False, "artifact": None, "line": 19.5,
        "line_books": 2, "p_market": 0.5, "book": "fanduel", "over_price": -110.0, "under_price": -105.0,
        "line_at": datetime(2024, 3, 4, 9, tzinfo=UTC), "power": 0.9, "minutes": None, "p_play": None, "drivers": None,
        "recommendation": "under", "pass_reason": None,
    }  # fmt: skip
    # P(at most 17) = 0.489619, P(17) = 0.054300, P(18) = 0.054193: between the plateaus of 17 and 18, which ends at
    # 0.489619 - 0.054300 / 4 = 0.476044 and begins at 0.489619 + 0.054193 / 4 = 0.503167, 0.023956 / 0.027123 up.
    assert row["q50"] == pytest.approx(17.8832, abs=0.001)
    # A tail: between the middles of 27 and 28, 0.892225 and 0.914458.
    assert row["q90"] == pytest.approx(27.3497, abs=0.001)
    assert row["mean"] == pytest.approx(17.8567, abs=0.001)  # the sum of P(count > k)


def test_quantiles_mean_and_probabilities_are_those_of_the_stored_numbers() -> None:
    """Every row of every system can be worked out again from its centre, scale and power."""
    for row in everything(*THREE):
        stored = Distributions(np.array([row["centre"]]), np.array([row["scale"]]), row["power"])
        assert [row[name] for name in QUANTILE_COLUMNS] == stored.quantiles()[0].tolist()
        assert row["mean"] == stored.mean[0]
        if row["line"] is not None:
            assert row["p_over"] == stored.over(np.array([row["line"]]))[0]


def test_what_a_learned_row_says_beside_the_count() -> None:
    """Minutes, probability to play, what moved it as JSON, and the digest of the artifact it came from."""
    rows = {row["system"]: row for row in everything(task(1)) if row["market"] == "points"}
    boosted_ = rows["boosted"]
    assert (boosted_["minutes"], boosted_["p_play"]) == (40.0, pytest.approx(0.75))
    # 24 points by rate and expected minutes; at home 1, to the power: slope z^(1/9) / 0.9 of z = 24.5^0.9 + 1.
    moves = json.loads(boosted_["drivers"])
    assert moves[0] == ["rate_x_minutes", 24.0]
    assert moves[1] == ["is_home", 1.539]
    assert json.loads(rows["similarity"]["drivers"]) == [["7 on 2024-01-01", 361.0]]
    assert (rows["market_residual"]["drivers"], rows["market_residual"]["p_play"]) == (None, pytest.approx(0.75))
    assert rows["ensemble"]["drivers"] == boosted_["drivers"]
    assert {name: row["artifact"] for name, row in rows.items()} == dict.fromkeys(HAND_MADE) | DIGESTS


def test_a_player_in_doubt_is_no_pick_where_a_system_knows_it() -> None:
    """Even odds to play: `boosted` passes, `moving_average`, which has no opinion, does not."""
    texts, arrays = boosted_parts(numbers=(0.9, 9.0, 0.0, 0.5, 0.0, 1.0))
    texts["play"] = model(1, stump(0, 0.0, 0.0, 0.0, root=0.0))
    models = {"boosted": boosted.of(texts, arrays)}
    asked = batch(task(1), systems=("boosted", "moving_average"), artifacts={"boosted": "1" * 64})
    rows = {row["system"]: row for row in predict(asked, models).rows if row["market"] == "points"}
    assert (rows["boosted"]["recommendation"], rows["boosted"]["pass_reason"]) == ("pass", "may not play")
    assert rows["moving_average"]["recommendation"] == "under"


def test_a_shadow_system_recommends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is marked and passes its lines; the others are not touched."""
    monkeypatch.setitem(SYSTEMS, "zone_matchup", replace(SYSTEMS["zone_matchup"], stage="shadow"))
    rows = {row["system"]: row for row in predicted(batch(task(1))) if row["market"] == "points"}
    assert (rows["zone_matchup"]["shadow"], rows["zone_matchup"]["pass_reason"]) == (True, "shadow system")
    assert (rows["moving_average"]["shadow"], rows["moving_average"]["pass_reason"]) == (False, None)


def test_f15_what_cannot_predict_is_absent_with_its_reason() -> None:
    """Refused, without an artifact, or without a member; the rest predicts."""
    models = learned()
    asked = batch(task(1), systems=tuple(SYSTEMS), artifacts=DIGESTS)
    one = predict(asked, {"similarity": models["similarity"]}, {"boosted": "its bytes were changed"})
    assert one.absent == {
        "boosted": "its bytes were changed",
        "market_residual": "the batch names no artifact",
        "ensemble": "the batch names no artifact",
    }
    assert {row["system"] for row in one.rows} == {"moving_average", "zone_matchup", "similarity"}
    del models["boosted"]
    two = predict(asked, models)
    assert two.absent == {
        "boosted": "the batch names no artifact",
        "market_residual": "its member boosted is absent",
        "ensemble": "its member boosted is absent",
    }
    assert predict(asked, learned(), {"similarity": "spoilt"}).absent == {"similarity": "spoilt"}


def test_the_ensemble_does_without_the_market_but_not_without_its_members() -> None:
    """`market_residual` may be absent, `zone_matchup` may not."""
    models = learned()
    del models["market_residual"]
    found = predict(batch(task(1), systems=tuple(SYSTEMS), artifacts=DIGESTS), models)
    assert set(found.absent) == {"market_residual"}
    known = points(found.rows, "boosted")[1], points(found.rows, "moving_average")[1]
    assert points(found.rows, "ensemble") == pytest.approx({1: 0.5 * known[0] + 0.5 * known[1]})
    systems = tuple(name for name in SYSTEMS if name != "zone_matchup")
    found = predict(batch(task(1), systems=systems, artifacts=DIGESTS), learned())
    assert found.absent == {"ensemble": "its member zone_matchup is absent"}


def test_a_system_is_only_predicted_where_it_is_asked_for() -> None:
    """A model that is at hand is no request."""
    found = evaluate(batch(task(1), systems=("boosted",)), learned(), {"similarity": "spoilt"})
    assert (list(found.forecasts), found.absent) == (["boosted"], {})


def test_features_become_columns() -> None:
    """By name, a row per task in its order; null is NaN."""
    first = task(1).model_copy(update={"features": {"a": 1.0, "b": None}})
    second = task(2).model_copy(update={"features": {"b": 4.0, "a": 3.0}})
    found = columns(batch(first, second))
    assert list(found) == ["a", "b"]
    assert found["a"].tolist() == [1.0, 3.0]
    assert found["b"] == pytest.approx([np.nan, 4.0], nan_ok=True)
    assert columns(batch()) == {}


def test_a_task_that_lacks_a_feature_is_refused_by_name() -> None:
    """The coordinator and the worker disagree about features: say which, and in which batch."""
    bare = {name: value for name, value in features().items() if name != "minutes_ewma"}
    incomplete = task(1).model_copy(update={"features": bare})
    with pytest.raises(Permanent, match="a task lacks feature 'minutes_ewma'") as refused:
        predicted(batch(task(2), incomplete))
    assert f"batch {RUN_ID}/batch/3" in str(refused.value)
    with pytest.raises(Permanent, match="moving_average needs feature 'minutes_ewma'"):
        predicted(batch(incomplete))


def test_a_feature_that_only_the_arithmetic_reads_is_refused_by_name() -> None:
    """`zone_matchup` may do with a null pace, not without the column; `boosted` not without what its trees read."""
    without = {name: value for name, value in features().items() if name not in {"pace_factor", "is_home"}}
    incomplete = task(1).model_copy(update={"features": without})
    with pytest.raises(Permanent, match="zone_matchup needs feature 'pace_factor'"):
        predicted(batch(incomplete))
    with pytest.raises(Permanent, match="boosted needs feature 'is_home'"):
        predict(batch(incomplete, systems=("boosted",)), learned())


def test_a_null_that_a_system_needs_is_refused_by_name() -> None:
    """One null rate is one clear line, with the first player it is null for."""
    with pytest.raises(Permanent, match="moving_average needs points_per_minute, which is null for player 2"):
        predicted(batch(task(1), task(2, points_per_minute=None), task(3, points_per_minute=None)))
    with pytest.raises(Permanent, match="zone_matchup needs fatigue, which is null for player 1"):
        predicted(batch(task(1, fatigue=None)))


def test_f15_an_unknown_system_is_refused_by_name() -> None:
    """Nothing stands in for a system that is not there."""
    with pytest.raises(Permanent, match="unknown system 'oracle'"):
        predicted(batch(task(1), systems=("moving_average", "oracle")))


def test_an_empty_batch_is_refused() -> None:
    """Features are named by the first task: without one there are none."""
    with pytest.raises(Permanent, match="moving_average needs feature"):
        predict(batch())


players = st.lists(
    st.builds(
        features,
        rate=st.floats(0.0, 1.2),
        minutes=st.floats(1.0, 42.0),
        line=st.one_of(st.none(), st.integers(0, 20).map(lambda n: n / 2)),
    ),
    min_size=1,
    max_size=5,
).map(lambda known: [task(n + 1, "0022300900", AT, **values) for n, values in enumerate(known)])


@settings(max_examples=20)
@given(players, st.integers(1, 5), st.integers(0, 99))
def test_order_and_split_of_a_batch_do_not_matter(tasks: list[PredictionTask], size: int, seed: int) -> None:
    """A player's prediction is the same wherever he stands and in whatever company; the columns are the table's."""
    whole = predicted(batch(*tasks))
    shuffled = random.Random(seed).sample(tasks, len(tasks))  # noqa: S311 - test data
    parts = [predicted(batch(*shuffled[start : start + size])) for start in range(0, len(tasks), size)]
    assert by_key([row for part in parts for row in part]) == by_key(whole)
    assert all(row.keys() == {column.name for column in TABLES["predictions.staging"].columns} for row in whole)


@settings(max_examples=20)
@given(players)
def test_f14_p_over_is_null_exactly_without_a_line(tasks: list[PredictionTask]) -> None:
    """No placeholder, and no probability out of thin air; every player, market and system has one row."""
    rows = predicted(batch(*tasks))
    assert by_key(rows).keys() == {(one.player_id, market, s) for one in tasks for market in MARKETS for s in HAND_MADE}
    for row in rows:
        assert {row[name] is not None for name in QUOTED} == {row["line"] is not None}
        assert (row["recommendation"] == "no_line") == (row["line"] is None)
        assert (row["pass_reason"] is not None) == (row["recommendation"] == "pass")
