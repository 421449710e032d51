"""Team summaries of a game with the box scores of one team."""

from shared.ports import Warehouse
from tests.unit.analytics.conftest import Process
from tests.unit.shared.rows import YESTERDAY, box, load


async def test_f01_half_a_game_is_no_game(warehouse: Warehouse, process: Process) -> None:
    """With one team's box score missing there is no summary of either team: half a game says nothing of pace."""
    await load(warehouse, raw__player_box_scores=[box("0022300900", 1, YESTERDAY, opponent="GSW")])
    assert await process("team_offense_game_summary") == []
    assert await process("team_defense_game_summary") == []
