"""What is learned from: each row's features with its own outcome, and the split by slates."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from services.worker.domain.training.frame import Frame, assemble, split
from shared.errors import Permanent
from shared.registries.features import FEATURES
from shared.registries.markets import MARKETS, STATISTICS

FIRST = date(2024, 3, 1)


def served(*rows: tuple[str, int, date]) -> dict[str, list[Any]]:
    """Served features of (game, player, slate): every feature is the place of its row; others have their own."""
    columns: dict[str, list[Any]] = {
        "game_id": [row[0] for row in rows], "player_id": [row[1] for row in rows],
        "game_date": [row[2] for row in rows],
    }  # fmt: skip
    return columns | {name: [float(n) for n in range(len(rows))] for name in FEATURES}


def played(*rows: tuple[str, int, float]) -> dict[str, list[Any]]:
    """Outcomes of (game, player, minutes): points are twice the minutes, rebounds three times, and so on."""
    columns: dict[str, list[Any]] = {
        "game_id": [row[0] for row in rows], "player_id": [row[1] for row in rows], "minutes": [row[2] for row in rows],
    }  # fmt: skip
    return columns | {stat: [row[2] * times for row in rows] for times, stat in enumerate(STATISTICS, 2)}


def test_each_row_gets_its_own_outcome() -> None:
    """By game and player: the same player in two games, another player of the same game, whatever order they are in."""
    found = assemble(
        served(("0022300001", 7, FIRST), ("0022300001", 8, FIRST), ("0022300002", 7, FIRST + timedelta(days=1))),
        played(("0022300002", 7, 30.0), ("0022300001", 8, 20.0), ("0022300001", 7, 10.0), ("0022300003", 7, 40.0)),
    )
    assert found.minutes.tolist() == [10.0, 20.0, 30.0]
    by_hand = {
        "points": [20.0, 40.0, 60.0], "rebounds": [30.0, 60.0, 90.0], "assists": [40.0, 80.0, 120.0],
        "threes": [50.0, 100.0, 150.0], "pra": [90.0, 180.0, 270.0],
    }  # fmt: skip
    assert {market: found.outcomes[market].tolist() for market in by_hand} == by_hand
    assert found.outcomes.keys() == MARKETS.keys()
    assert found.player_id.tolist() == [7, 8, 7]
    assert [str(day) for day in found.day] == ["2024-03-01", "2024-03-01", "2024-03-02"]
    assert all(values.tolist() == [0.0, 1.0, 2.0] for values in found.features.values())
    assert set(found.features) == set(FEATURES)


def test_who_did_not_play_has_no_outcome() -> None:
    """Null, not zero; he is a row of the attendance that is learned."""
    found = assemble(served(("0022300001", 7, FIRST), ("0022300001", 8, FIRST)), played(("0022300001", 8, 20.0)))
    assert found.minutes == pytest.approx([np.nan, 20.0], nan_ok=True)
    assert found.outcomes["points"] == pytest.approx([np.nan, 40.0], nan_ok=True)
    assert found.played.tolist() == [False, True]


def test_a_game_without_any_box_score_is_left_out() -> None:
    """It is not final, or was never played; the rows of other games keep their own features and ids."""
    rows = (("0022300001", 7, FIRST), ("0022300002", 8, FIRST), ("0022300003", 9, FIRST + timedelta(days=1)))
    found = assemble(served(*rows), played(("0022300001", 7, 10.0), ("0022300003", 9, 30.0)))
    assert len(found) == 2
    assert (found.player_id.tolist(), found.features["is_home"].tolist()) == ([7, 9], [0.0, 2.0])
    assert found.minutes.tolist() == [10.0, 30.0]
    assert [str(day) for day in found.day] == ["2024-03-01", "2024-03-02"]


def test_only_games_of_the_regular_season_are_regular() -> None:
    """As their ids say."""
    rows = (("0022300001", 7, FIRST), ("0042300001", 7, FIRST), ("0052300001", 7, FIRST), ("0012300001", 7, FIRST))
    outcomes = played(*((game, 7, 10.0) for game, _, _ in rows))
    assert assemble(served(*rows), outcomes).regular.tolist() == [True, False, False, False]


def test_a_feature_that_is_not_served_is_named() -> None:
    """The schema lags behind the contract."""
    columns = served(("0022300001", 7, FIRST))
    del columns["fatigue"]
    with pytest.raises(Permanent, match="training lacks feature fatigue"):
        assemble(columns, played(("0022300001", 7, 10.0)))


def test_rows_from_before_a_feature_are_left_out() -> None:
    """A feature without nulls is null in them; if too few slates are left that is said. Other nulls are as they are."""
    rows = (("0022300001", 7, FIRST), ("0022300002", 8, FIRST + timedelta(days=1)))
    columns, outcomes = served(*rows), played(("0022300001", 7, 10.0), ("0022300002", 8, 30.0))
    columns["zone_mismatch"] = [None, None]
    assert len(assemble(columns, outcomes, 3)) == 2
    columns["points_last_5"] = [None, 1.0]
    found = assemble(columns, outcomes, 1)
    assert (found.player_id.tolist(), found.minutes.tolist()) == ([8], [30.0])
    with pytest.raises(Permanent, match=r"1 slates were served under feature contract .*, training needs 2: .*phase 4"):
        assemble(columns, outcomes, 2)


def frame(*slates: int) -> Frame:
    """One row per number: the slate so many days after the first; the player is the place."""
    n = len(slates)
    days = (np.datetime64(FIRST) + np.array(slates, dtype=np.int64)).astype("datetime64[D]")
    place = np.arange(n, dtype=np.float64)
    return Frame(
        {"fatigue": place}, days, np.arange(n), dict.fromkeys(MARKETS, place + 100.0),
        np.where(place == 1, np.nan, place), np.array([n % 2 == 0 for n in range(n)]),
    )  # fmt: skip


def test_some_rows_keep_all_their_columns() -> None:
    """By index or mask."""
    found = frame(0, 0, 1, 2)
    for rows in (np.array([1, 3]), np.array([False, True, False, True])):
        taken = found.take(rows)
        assert (taken.features["fatigue"].tolist(), taken.player_id.tolist()) == ([1.0, 3.0], [1, 3])
        assert [str(day) for day in taken.day] == ["2024-03-01", "2024-03-03"]
        assert taken.outcomes["pra"].tolist() == [101.0, 103.0]
        assert taken.minutes == pytest.approx([np.nan, 3.0], nan_ok=True)
        assert taken.regular.tolist() == [False, False]
        assert taken.played.tolist() == [False, True]


@pytest.mark.parametrize(
    ("slates", "newest", "earlier_slates"),
    [
        (20, 40, 15),  # at most a quarter
        (20, 3, 17),
        (23, 40, 18),  # a quarter of 23 is 5
        (4, 40, 3),
        (3, 40, 2),  # at least one
        (100, 25, 75),
        (100, 26, 75),
    ],
)
def test_the_newest_slates_are_put_aside(slates: int, newest: int, earlier_slates: int) -> None:
    """Whole slates, two rows each: nothing of a slate is on both sides, nothing is lost."""
    parts = split(frame(*(n // 2 for n in range(2 * slates))), newest)
    assert parts.earlier.player_id.tolist() == list(range(2 * earlier_slates))
    assert parts.newest.player_id.tolist() == list(range(2 * earlier_slates, 2 * slates))


def test_slates_are_days_with_rows_not_days_of_the_calendar() -> None:
    """Of slates on days 0, 1, 50 and 90 the newest one is that of day 90."""
    parts = split(frame(0, 1, 50, 90), 1)
    assert (parts.earlier.player_id.tolist(), parts.newest.player_id.tolist()) == ([0, 1, 2], [3])
