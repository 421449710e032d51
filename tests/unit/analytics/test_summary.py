"""`analytics.player_game_summary`: the rates, by hand."""

import pytest

from shared.ports import Row, Warehouse
from tests.unit.analytics.conftest import Process
from tests.unit.shared.rows import SLATE, YESTERDAY, box, load

GAME = "0022300900"


def used(player: int, fga: int, fta: int, tov: int, **values: object) -> Row:
    """A box score by what usage is made of."""
    shots = {"field_goals_attempted": fga, "free_throws_attempted": fta, "turnovers": tov}
    return box(GAME, player, YESTERDAY) | shots | values


async def test_true_shooting_and_usage_by_hand(warehouse: Warehouse, process: Process) -> None:
    """Oliver's formulas, on a team of two."""
    await load(
        warehouse,
        raw__player_box_scores=[
            used(1, fga=18, fta=5, tov=3, points=25, minutes=36.0),
            used(2, fga=70, fta=15, tov=9, points=8, minutes=204.0),
            box(GAME, 3, YESTERDAY, "GSW", points=9, minutes=240.0, field_goals_attempted=9),
        ],
    )  # fmt: skip
    one, two, three = await process("player_game_summary")
    assert one["true_shooting"] == pytest.approx(25 / (2 * (18 + 0.44 * 5)), abs=1e-12)
    mine, team = 18 + 0.44 * 5 + 3, (18 + 70) + 0.44 * (5 + 15) + (3 + 9)
    assert one["usage_rate"] == pytest.approx(100 * mine * (240 / 5) / (36 * team), abs=1e-12)
    shares = one["usage_rate"] * 36 + two["usage_rate"] * 204
    assert shares == pytest.approx(100 * 240 / 5)
    assert (one["team_abbr"], three["team_abbr"], three["points"]) == ("BOS", "GSW", 9)


async def test_the_slates_own_games_are_not_summarised(warehouse: Warehouse, process: Process) -> None:
    """Box scores of the slate's date are the future."""
    await load(warehouse, raw__player_box_scores=[box(GAME, 1, SLATE), box("0022300901", 1, YESTERDAY)])
    assert [row["game_date"] for row in await process("player_game_summary")] == [YESTERDAY]


async def test_summarising_twice_leaves_the_same_rows(warehouse: Warehouse, process: Process) -> None:
    """A redelivered request changes nothing."""
    await load(warehouse, raw__player_box_scores=[box(GAME, player, YESTERDAY) for player in range(1, 6)])
    assert await process("player_game_summary") == await process("player_game_summary")


async def test_a_day_without_box_scores_writes_nothing(process: Process) -> None:
    """Opening night: no earlier game, no row, no error."""
    assert await process("player_game_summary") == []
