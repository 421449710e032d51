"""Some games of a slate are made again: their rows are those that the whole slate makes, and others' stay."""

from datetime import timedelta

from services.analytics.processors import PROCESSORS, of_games
from shared.basketball.slate import RETROSPECT, Mode, cutoff
from shared.contract import StepRequested
from shared.embedded.warehouse import DuckDBWarehouse
from shared.ports import Row
from shared.registries.pipeline import STEPS
from shared.tables import TABLES
from tests.unit.analytics import night
from tests.unit.analytics.conftest import NIGHT, rows_of
from tests.unit.analytics.night import EARLY, LATE
from tests.unit.analytics.test_point_in_time import built, of_game
from tests.unit.shared.rows import SLATE, injury

MODE = Mode.SAME_DAY
MADE = [name for name in NIGHT if STEPS[name].of_the_day]
"""What a pass makes, in order."""


async def run(warehouse: DuckDBWarehouse, *games: str) -> None:
    """Make what a pass makes, for some games or for all."""
    for step in MADE:
        request = StepRequested(run_id="r", game_date=SLATE, mode=MODE, step=step, attempt=1, games=games)
        await PROCESSORS[step].run(request, warehouse, regrade_days=7, now=RETROSPECT)


async def news(warehouse: DuckDBWarehouse) -> None:
    """Of a player of each game something has become known in time."""
    for game_id in (EARLY, LATE):
        at = cutoff(MODE, SLATE, night.TIPS[game_id])
        players = [player for team in night.SIDES[game_id] for player in night.TEAMS[team]]
        rows = [injury(player, "Doubtful", at - timedelta(seconds=player % 2)) for player in players]
        await warehouse.append("raw.injuries", rows)


async def all_of(warehouse: DuckDBWarehouse) -> dict[str, list[Row]]:
    """The rows of every table that a pass makes."""
    return {step: await rows_of(warehouse, PROCESSORS[step].table) for step in MADE}


def test_a_pass_makes_tables_of_both_kinds() -> None:
    """Those whose rows name their game, and those whose rows name a player."""
    kinds = {step: "game_id" in {column.name for column in TABLES[PROCESSORS[step].table].columns} for step in MADE}
    assert set(kinds.values()) == {True, False}
    assert {step: of_games(PROCESSORS[step].table).startswith("game_id IN") for step in MADE} == kinds


async def test_a_pass_makes_the_rows_that_the_whole_slate_makes() -> None:
    """Bit for bit; the rows of other games stay as they were, and those of other slates, too."""
    warehouse = await built(night.a_night(MODE), [(night.EVE, SLATE)], MODE)
    before = await all_of(warehouse)
    await news(warehouse)
    await run(warehouse, "0022300999")
    assert await all_of(warehouse) == before, "a game that is not of the slate has no rows"
    await run(warehouse, EARLY)
    passed = await all_of(warehouse)
    await run(warehouse)
    whole = await all_of(warehouse)
    await warehouse.close()
    for step in MADE:
        mine = of_game(whole[step], EARLY)
        assert of_game(passed[step], EARLY) == mine
        assert mine
        assert of_game(passed[step], LATE) == of_game(before[step], LATE)
        assert [each for each in passed[step] if each["game_date"] != SLATE] == [
            each for each in before[step] if each["game_date"] != SLATE
        ]
        assert len(passed[step]) == len(whole[step])
    changed = [step for step in MADE if of_game(before[step], EARLY) != of_game(passed[step], EARLY)]
    assert "upcoming_player_game_context" in changed, "the news changed nothing: nothing was compared"
    assert "ml_feature_store" in changed
