"""Phase 4 against its oracle: every column of every row, both modes."""

from collections.abc import Iterator

import pytest

from tests.oracle.compare import assert_same
from tests.oracle.edges import edges
from tests.oracle.factors import player_composite_factors
from tests.oracle.form import player_daily_cache
from tests.oracle.store import ml_feature_store
from tests.oracle.world import PerSlate, World, per_slate
from tests.oracle.zones import player_shot_zone_analysis, team_defense_zone_analysis

ORACLES: dict[str, PerSlate] = {
    "features.player_shot_zone_analysis": player_shot_zone_analysis,
    "features.team_defense_zone_analysis": team_defense_zone_analysis,
    "features.player_daily_cache": player_daily_cache,
    "features.player_composite_factors": player_composite_factors,
    "features.ml_feature_store": ml_feature_store,
}


@pytest.fixture(scope="module")
def corners() -> Iterator[World]:
    made = edges()
    yield made
    made.close()


@pytest.mark.parametrize("table", ORACLES)
def test_edge_cases_are_served_as_defined(corners: World, table: str) -> None:
    """On nights made of edge cases the pipeline serves what the definitions say."""
    assert_same(table, per_slate(corners, table, ORACLES[table]), corners[table])


@pytest.mark.parametrize("table", ORACLES)
def test_nights_are_served_as_defined(world: World, table: str) -> None:
    """On ordinary nights the pipeline serves what the definitions say."""
    assert_same(table, per_slate(world, table, ORACLES[table]), world[table])
