"""The summaries of teams: totals reconcile, and what one team did is what the other allowed."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.embedded.warehouse import DuckDBWarehouse
from shared.ports import Row, Warehouse
from tests.unit.analytics.conftest import Process, rows_of
from tests.unit.shared.rows import YESTERDAY, box, load

GAME = "0022300900"
COUNTED = (
    "points",
    "rebounds",
    "offensive_rebounds",
    "assists",
    "field_goals_made",
    "field_goals_attempted",
    "threes",
    "threes_attempted",
    "free_throws_made",
    "free_throws_attempted",
    "turnovers",
)
LINES = st.lists(st.tuples(*(st.integers(0, 30) for _ in COUNTED)), min_size=1, max_size=5)


def side(lines: list[tuple[int, ...]], team: str, other: str, first: int) -> list[Row]:
    """Box scores of one team's players."""
    return [
        box(GAME, first + number, YESTERDAY, team, opponent=other, is_home=team == "BOS", minutes=10.0 + number)
        | dict(zip(COUNTED, line, strict=True))
        for number, line in enumerate(lines)
    ]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(home=LINES, away=LINES)
async def test_players_add_up_to_teams_and_offence_is_the_others_defence(
    home: list[tuple[int, ...]], away: list[tuple[int, ...]]
) -> None:
    """Every total is the sum over players, possessions are FGA + TOV + 0.44 FTA - OREB, and both sides mirror."""
    from services.analytics.processors import PROCESSORS  # noqa: PLC0415 - beside the warehouse it runs on

    warehouse = DuckDBWarehouse(None)
    try:
        boxes = [*side(home, "BOS", "GSW", 1), *side(away, "GSW", "BOS", 11)]
        await load(warehouse, raw__player_box_scores=boxes)
        for step in ("team_offense_game_summary", "team_defense_game_summary"):
            dates = {"first_date": YESTERDAY, "last_date": YESTERDAY}
            processor = PROCESSORS[step]
            await warehouse.transform(processor.table, processor.select, scope=processor.scope, params=dates)
        offense = {row["team_abbr"]: row for row in await rows_of(warehouse, "analytics.team_offense_game_summary")}
        defense = {row["team_abbr"]: row for row in await rows_of(warehouse, "analytics.team_defense_game_summary")}
    finally:
        await warehouse.close()
    assert offense.keys() == defense.keys() == {"BOS", "GSW"}
    for team, other in (("BOS", "GSW"), ("GSW", "BOS")):
        did, allowed = offense[team], defense[other]
        for name in COUNTED:
            assert did[name] == sum(row[name] for row in boxes if row["team"] == team)
        assert did["possessions"] == pytest.approx(
            did["field_goals_attempted"]
            + did["turnovers"]
            + 0.44 * did["free_throws_attempted"]
            - did["offensive_rebounds"]
        )
        assert (allowed["points_allowed"], allowed["rebounds_allowed"]) == (did["points"], did["rebounds"])
        assert (allowed["assists_allowed"], allowed["threes_allowed"]) == (did["assists"], did["threes"])
        assert allowed["twos_allowed"] == did["field_goals_made"] - did["threes"]
        assert allowed["possessions_allowed"] == did["possessions"]
        assert allowed["defensive_rating"] == did["offensive_rating"]
    assert offense["BOS"]["seconds"] == sum(row["minutes"] * 60 for row in boxes if row["team"] == "BOS")


async def test_f01_half_a_game_is_no_game(warehouse: Warehouse, process: Process) -> None:
    """With one team's box score missing there is no summary of either team: half a game says nothing of pace."""
    await load(warehouse, raw__player_box_scores=[box(GAME, 1, YESTERDAY, opponent="GSW")])
    assert await process("team_offense_game_summary") == []
    assert await process("team_defense_game_summary") == []


async def test_f09_old_games_that_arrive_late_are_summarised(warehouse: Warehouse, process: Process) -> None:
    """A game of last autumn whose box score comes tonight gets its teams' rows tonight."""
    old = YESTERDAY - timedelta(days=100)
    sides = [box(GAME, 1, old, "BOS", opponent="GSW"), box(GAME, 2, old, "GSW", opponent="BOS")]
    await load(warehouse, raw__player_box_scores=sides)
    assert [row["game_date"] for row in await process("team_offense_game_summary")] == [old, old]
