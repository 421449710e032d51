"""Phase 3 against its oracle: every column of every row."""

from collections.abc import Callable
from datetime import date

import pytest

from shared.ports import Row
from tests.oracle.compare import assert_same
from tests.oracle.contexts import (
    player_market_context,
    team_daily_record,
    upcoming_player_game_context,
    upcoming_team_game_context,
)
from tests.oracle.known import Tables
from tests.oracle.summaries import player_game_summary, team_defense_game_summary, team_offense_game_summary
from tests.oracle.world import World

FACTS: dict[str, Callable[[Tables, date, date], list[Row]]] = {
    "analytics.player_game_summary": player_game_summary,
    "analytics.team_offense_game_summary": team_offense_game_summary,
    "analytics.team_defense_game_summary": team_defense_game_summary,
}
CONTEXTS = {
    "analytics.upcoming_team_game_context": upcoming_team_game_context,
    "analytics.team_daily_record": team_daily_record,
    "analytics.upcoming_player_game_context": upcoming_player_game_context,
    "analytics.player_market_context": player_market_context,
}


@pytest.mark.parametrize("table", FACTS)
def test_facts_of_finished_games_are_served_as_defined(world: World, table: str) -> None:
    """Every column of every game of the history."""
    assert_same(table, FACTS[table](world.inputs(table), world.first, world.last), world[table])


@pytest.mark.parametrize("table", CONTEXTS)
def test_contexts_are_served_as_defined(world: World, table: str) -> None:
    """Every column of every team and player of the nights, as known at each game's cutoff."""
    inputs = world.inputs(table)
    expected = [
        row
        for span in world.spans
        for slate in span.slates
        for row in CONTEXTS[table](inputs, slate, span.mode, span.asked_at)
    ]
    assert_same(table, expected, world[table])
