"""Replayed nights, generated and real: complete, predicted before tip-off, graded, and accounted for."""

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from shared.basketball.slate import OVERNIGHT_CUTOFF, SAME_DAY_LEAD, eastern_instant
from shared.registries.markets import MARKETS
from shared.tables import QUANTILE_COLUMNS
from tests.e2e.command import DONE
from tests.e2e.nights import LAST, Replayed, key_of, missing, query, replay, rows_of, tips

pytestmark = pytest.mark.network

REAL = (date(2024, 3, 6), date(2024, 3, 6))
WEEK = (date(2024, 3, 4), date(2024, 3, 10))


@pytest.fixture(
    scope="module",
    params=[
        "league same_day",
        pytest.param("league overnight", marks=pytest.mark.proof),  # so is the demo's night
        "real same_day",
        pytest.param("real overnight", marks=pytest.mark.proof),
        pytest.param("week same_day", marks=pytest.mark.proof),
        pytest.param("week overnight", marks=pytest.mark.proof),
    ],
)
def night(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    """A replay: of which history, in which mode."""
    history, mode = request.param.split()
    if history == "league" and mode == "same_day":
        undisturbed: Replayed = request.getfixturevalue("undisturbed")
        return undisturbed
    folder: Path = request.getfixturevalue("league_folder" if history == "league" else "shared_data")
    dates = {"league": (LAST, LAST), "real": REAL, "week": WEEK}[history]
    return replay(tmp_path_factory.mktemp(f"{history}-{mode}"), folder, *dates, mode=mode)


def test_replay_succeeds_without_a_word_on_stderr(night: Replayed) -> None:
    """A replay in which nothing goes wrong exits 0, complete, and leaves stderr empty."""
    assert (night.done.code, night.done.err, night.report["status"]) == (DONE, "", "complete")


def test_f01_every_scheduled_game_is_collected(night: Replayed) -> None:
    """Completeness is counted per game against the schedule, and it is 100 %."""
    games = rows_of(night.history, "schedule", night.first, night.last)
    scheduled = Counter(game["game_date"].isoformat() for game in games)
    counted = {n["game_date"]: n["games"] for n in night.report["nights"]}
    assert counted == {day: {"expected": n, "collected": n} for day, n in scheduled.items()}
    collected = query(night.home, "SELECT game_date, COUNT(DISTINCT game_id) FROM raw.player_box_scores GROUP BY ALL")
    assert scheduled.items() <= {day.isoformat(): n for day, n in collected}.items()


@pytest.mark.parametrize("market", MARKETS)
def test_everyone_due_is_predicted(night: Replayed, market: str) -> None:
    """At least 99 % of those who played, or sat as `dnp_*`, with five earlier games are predicted."""
    lacking, wanted = missing(night, market)
    assert wanted > 80
    assert lacking <= 0.01 * wanted


def test_predictions_are_made_at_the_cutoff(night: Replayed) -> None:
    """`predicted_at` is the game's cutoff, which is before its tip-off."""
    tip = tips(night.history)
    for row in night.predictions:
        before = eastern_instant(row["game_date"], OVERNIGHT_CUTOFF)
        cutoff = before if night.mode == "overnight" else tip[row["game_id"]] - SAME_DAY_LEAD
        assert row["predicted_at"] == cutoff < tip[row["game_id"]]


def test_f16_f24_one_prediction_per_game_player_market_and_system(night: Replayed) -> None:
    """No (game, player, market, system) is predicted, published or graded twice, and none is lost on the way."""
    keys = Counter(key_of(row) for row in night.predictions)
    assert set(keys.values()) == {1}
    assert Counter(market for *_, market, _ in keys) == dict.fromkeys(MARKETS, len(keys) // len(MARKETS))
    for table in ("player_prop_predictions", "prediction_grades"):
        stored = query(night.home, f"SELECT game_id, player_id, market, system FROM predictions.{table}")  # noqa: S608 - names of the registry
        assert Counter(stored) == keys


def test_f17_every_prediction_is_graded_with_what_happened(night: Replayed) -> None:
    """A prediction is void exactly when the player did not play, and else graded with his real statistic."""
    stats = {"points": "pts", "rebounds": "reb", "assists": "ast", "threes": "fg3m", "steals": "stl", "blocks": "blk"}
    actual = {
        (row["game_id"], row["player_id"], market.name): sum(row[stats[one]] for one in market.statistics)
        for row in rows_of(night.history, "player_games", night.first, night.last)
        for market in MARKETS.values()
    }
    graded = query(night.home, "SELECT game_id, player_id, market, voided, actual FROM predictions.prediction_grades")
    for *key, voided, outcome in graded:
        assert (voided, outcome) == ((False, actual[*key]) if (*key,) in actual else (True, None))
    counted = [(n["predictions"], n["graded"] + n["voided"]) for n in night.report["nights"]]
    assert all(predictions == settled > 0 for predictions, settled in counted)
    assert sum(predictions for predictions, _ in counted) == len(night.predictions) == len(graded)


def test_f13_f14_a_line_is_a_posted_one_or_null(night: Replayed) -> None:
    """A line lies among those that bookmakers posted for that player's game; without one `p_over` is null, too."""
    posted: dict[tuple[str, int, str], list[float]] = {}
    for row in rows_of(night.history, "prop_lines", night.first, night.last):
        posted.setdefault((row["game_id"], row["player_id"], row["market"]), []).append(row["line"])
    for row in night.predictions:
        assert (row["line"] is None) == (row["p_over"] is None)
        if row["line"] is not None:
            offered = posted[row["game_id"], row["player_id"], row["market"]]
            assert min(offered) <= row["line"] <= max(offered)
            assert 0 < row["p_over"] < 1
    if night.mode == "same_day":  # by 07:00 ET of a real date few lines are up, if any
        assert any(row["line"] is not None for row in night.predictions)


def test_predictions_are_distributions(night: Replayed) -> None:
    """Quantiles do not cross, none is lower than -1/2 (below every count), and the mean lies within the outer ones."""
    for row in night.predictions:
        quantiles = [row[column] for column in QUANTILE_COLUMNS]
        assert all(low <= high for low, high in pairwise([-0.5, *quantiles]))
        assert 0 <= row["mean"] <= row["q95"] + 1


def test_report_accounts_for_every_night(night: Replayed) -> None:
    """Per night: rows expected and verified, accuracy beside the baseline, seconds per phase, requests, retries."""
    nights = night.report["nights"]
    span = (night.last - night.first).days + 1
    assert [n["game_date"] for n in nights] == [str(night.first + timedelta(days=n)) for n in range(span)]
    for n in nights:
        assert n["status"] == "complete"
        assert n["mode"] == night.mode
        assert {"raw.games", "raw.player_box_scores", "predictions.player_prop_predictions"} < n["tables"].keys()
        for counts in n["tables"].values():
            assert counts["verified"] + counts["quarantined"] == counts["expected"]
        assert set(n["accuracy"]) == set(MARKETS)
        for accuracy in n["accuracy"].values():
            assert accuracy["n"] > 0
            assert 0 < accuracy["mae"] < 1.25 * accuracy["season_to_date_mae"]
        assert set(n["seconds"]) == {"scrape", "load", "analytics", "features", "predict, grade", "publish"}
        assert n["requests"] > 0
        assert n["faults"].keys() <= {"timeout"}  # what a starved machine does to itself
        assert n["wall_seconds"] > 0
    assert night.report["grading"]["status"] == "complete"
    upstream = night.report["upstream"]["totals"]
    assert (upstream["faults"], upstream["rate_limit_violations"]) == ({}, 0)


def test_f29_an_error_far_below_the_baseline_would_be_a_leak(night: Replayed) -> None:
    """Simple averages are not a fifth better than the season-to-date mean: that would be the future leaking in."""
    for accuracy in night.report["totals"]["accuracy"].values():
        assert accuracy["mae_where_baseline"] > 0.8 * accuracy["season_to_date_mae"]
