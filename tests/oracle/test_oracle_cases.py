"""The worlds hold every named case, and the comparison finds every kind of difference."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from shared.basketball.slate import Mode
from shared.ports import Row
from shared.tables import TABLES
from tests.oracle.compare import assert_same
from tests.oracle.world import World

MARKET = "analytics.player_market_context"
WEEKS = timedelta(days=18)
"""A long absence: with the team's games of three weekends missed."""


def season_start(world: World) -> bool:
    """A slate on which a team plays its first game of a season, with games of an earlier one known."""
    firsts = [row for row in world["analytics.upcoming_team_game_context"] if row["days_rest"] is None]
    boxes = world["raw.player_box_scores"]
    return any(box["team"] == row["team_abbr"] and box["season"] < row["season"] for row in firsts for box in boxes)


def trade(world: World) -> bool:
    """A player of a slate who has played for another team this season."""
    players = {(row["player_id"], row["season"], row["team_abbr"]): row for row in contexts(world)}
    before = defaultdict(set)
    for box in world["raw.player_box_scores"]:
        before[box["player_id"], box["season"]].add((box["team"], box["game_date"]))
    return any(
        other != team and day < row["game_date"]
        for (player, season, team), row in players.items()
        for other, day in before[player, season]
    )


def back_to_back(world: World) -> bool:
    """A team that played the day before."""
    return any(row["days_rest"] == 1 for row in world["analytics.upcoming_team_game_context"])


def overtime(world: World) -> bool:
    """A finished game in which a team's players have more than 240 minutes."""
    minutes: defaultdict[tuple[str, str], float] = defaultdict(float)
    for box in world["raw.player_box_scores"]:
        minutes[box["game_id"], box["team"]] += box["minutes"]
    return any(total > 241 for total in minutes.values())


def neutral_site(world: World) -> bool:
    """A game of a slate at neither team's arena."""
    return any(row["neutral_site"] for row in world["analytics.upcoming_team_game_context"])


def long_absence(world: World) -> bool:
    """A player who plays on a slate, for the first time in weeks in which his team played, and earlier this season."""
    dates = defaultdict(list)
    for box in world["raw.player_box_scores"]:
        dates[box["player_id"], box["season"]].append(box["game_date"])
    rested = {(row["game_date"], row["team_abbr"]): row for row in world["analytics.upcoming_team_game_context"]}
    for row in contexts(world):
        played = dates[row["player_id"], row["season"]]
        before = [day for day in played if day < row["game_date"]]
        team = rested[row["game_date"], row["team_abbr"]]
        plays = row["game_date"] in played and before and team["games_last_14_days"] > 3
        if plays and row["game_date"] - max(before) > WEEKS:
            return True
    return False


def late_rows(world: World) -> bool:
    """Reports and lines of a slate that a cutoff keeps out of one mode and not of the other."""
    of_mode: dict[str, set[tuple[object, object]]] = {mode: set() for mode in Mode}
    for row in contexts(world):
        of_mode[row["mode"]].add((row["game_date"], row["player_id"]))
    twice = of_mode[Mode.OVERNIGHT] & of_mode[Mode.SAME_DAY]

    def moved(rows: Sequence[Row], name: str) -> bool:
        seen: dict[str, set[tuple[object, ...]]] = {mode: set() for mode in Mode}
        for row in rows:
            key = row["game_date"], row["player_id"]
            if key in twice:
                seen[row["mode"]].add((*key, row.get("market"), row[name]))
        return seen[Mode.OVERNIGHT] != seen[Mode.SAME_DAY]

    return moved(contexts(world), "injury_status") and moved(world[MARKET], "line_at")


def no_line(world: World) -> bool:
    """A game of a slate that no book has a line on, at a cutoff."""
    lines: defaultdict[tuple[str, str], int] = defaultdict(int)
    for row in (*contexts(world), *world[MARKET]):
        lines[row["game_id"], row["mode"]] += "line" in row
    return 0 in lines.values()


def two_sided_prices(world: World) -> bool:
    """A line with a chance that the market gives it."""
    return any(row["p_market"] is not None for row in world[MARKET])


def cup_final(world: World) -> bool:
    """A cup final among the games that are over, or on a slate."""
    return any(row["season_type"] == "cup_final" for row in world["raw.games"])


def ruled_out(world: World) -> bool:
    """A player on an inactive list."""
    return any(row["ruled_out"] for row in contexts(world))


def contexts(world: World) -> list[Row]:
    return list(world["analytics.upcoming_player_game_context"])


CASES: dict[str, Callable[[World], bool]] = {
    case.__name__: case
    for case in (
        season_start,
        trade,
        back_to_back,
        overtime,
        neutral_site,
        long_absence,
        late_rows,
        no_line,
        two_sided_prices,
        cup_final,
        ruled_out,
    )
}


@pytest.mark.parametrize("case", CASES)
def test_the_nights_hold_every_case(world: World, case: str) -> None:
    """A history without one of the cases is reported as such, by its name."""
    assert CASES[case](world), f"this history has no case of: {case}"


def test_every_slate_is_compared_in_both_modes(world: World) -> None:
    """Overnight and same day have the same slates, and no other mode has more."""
    slates = defaultdict(set)
    for span in world.spans:
        slates[span.mode].update(span.slates)
    every = set().union(*slates.values())
    assert every
    assert slates[Mode.OVERNIGHT] == slates[Mode.SAME_DAY] == every


TABLE = "features.player_composite_factors"


def row(player: int = 1, **values: object) -> Row:
    """A row of a table, of which only the key and one number matter."""
    return {column.name: 0.5 for column in TABLES[TABLE].columns} | {"player_id": player, **values}


@pytest.mark.parametrize(
    ("expected", "found", "message"),
    [
        ([row()], [], "player_id=1.*missing"),
        ([row()], [row(), row(2)], "player_id=2.*not expected"),
        ([row()], [row(), row()], "1 keys are served twice"),
        ([row(), row()], [row()], "1 keys are expected twice"),
        ([row(fatigue=0.5)], [row(fatigue=0.5 + 2e-9)], "fatigue: expected 0.5, found 0.500000002"),
        ([row(fatigue=None)], [row(fatigue=0.0)], "fatigue: expected None, found 0.0"),
        ([row(fatigue=0.0)], [row(fatigue=None)], "fatigue: expected 0.0, found None"),
        ([row(fatigue=1)], [row(fatigue=True)], "fatigue: expected 1, found True"),
        ([row(mode="overnight")], [row(mode="same_day")], "overnight.*missing"),
        ([{"game_date": 0.5, "mode": 0.5, "player_id": 1}], [row()], "disagree about the columns .*zone_mismatch"),
        ([], [], "nothing to compare"),
    ],
)
def test_a_difference_is_found(expected: list[Row], found: list[Row], message: str) -> None:
    """Missing, doubled and unexpected rows and every column that differs fail, with table, key and values."""
    with pytest.raises(AssertionError, match=message):
        assert_same(TABLE, expected, found)


def test_numbers_within_the_tolerance_are_the_same() -> None:
    """1e-9, relative or absolute."""
    assert_same(TABLE, [row(fatigue=1e6, rotation_rank=2)], [row(fatigue=1e6 + 5e-4, rotation_rank=2.0)])


def test_of_many_differences_ten_are_shown() -> None:
    """And the number of the others."""
    with pytest.raises(AssertionError, match=r"12 differences(.|\n)*and 2 more"):
        assert_same(TABLE, [row(n) for n in range(12)], [])
