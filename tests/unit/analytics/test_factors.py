"""Failure 36: every hand-made adjustment has the sign that the literature says, and opportunity follows who is out."""

from datetime import date, timedelta

import pytest

from shared.arenas import ARENAS
from shared.embedded.warehouse import DuckDBWarehouse
from shared.identity import TEAMS
from shared.ports import Row, Warehouse
from tests.unit.analytics.conftest import NIGHT, Process, rows_of
from tests.unit.shared.rows import SLATE, box, game, injury, load, roster, tip

GAME = "0022300900"
SHOTS = {"field_goals_attempted": 14, "field_goals_made": 7, "free_throws_attempted": 4, "free_throws_made": 3}


def played(number: int, day: date, points: int = 20, allowed: int = 20) -> list[Row]:
    """A finished game of Boston (two players) against Utah (one)."""
    game_id = f"00223001{number:02d}"
    return [
        box(game_id, 1, day, "BOS", opponent="UTA", points=points, **SHOTS),
        box(game_id, 2, day, "BOS", opponent="UTA", points=points, **SHOTS),
        box(game_id, 9, day, "UTA", opponent="BOS", points=allowed, **SHOTS),
    ]


async def factors(process: Process, warehouse: Warehouse, days_ago: list[int], **raw: list[Row]) -> dict[int, Row]:
    """The composite factors of a slate Boston - Golden State by player, after Boston's games so many days ago."""
    earlier = [SLATE - timedelta(days=days) for days in days_ago]
    defended = [
        row
        for number, day in enumerate(earlier)
        for row in (
            box(f"00223002{number:02d}", 8, day, "GSW", opponent="UTA", **SHOTS),
            box(f"00223002{number:02d}", 9, day, "UTA", opponent="GSW", **SHOTS),
        )
    ]
    rows: dict[str, list[Row]] = {
        "raw__games": [
            game(GAME),
            *(game(f"00223001{n:02d}", day, "BOS", "UTA") for n, day in enumerate(earlier)),
        ],
        "raw__rosters": [roster(1), roster(2), roster(8, "GSW")],
        "raw__player_box_scores": [row for n, day in enumerate(earlier) for row in played(n, day)] + defended,
    }
    await load(warehouse, **rows, **raw)
    return {row["player_id"]: row for row in await process(*NIGHT[:-1])}


@pytest.mark.parametrize(("rested", "tired"), [([3, 5], [1, 3]), ([2, 4], [1, 2]), ([6, 9], [5, 6])])
async def test_f36_more_rest_is_never_more_tired(rested: list[int], tired: list[int]) -> None:
    """The same games longer ago leave less fatigue."""
    found = []
    for days in (rested, tired):
        fresh = DuckDBWarehouse(None)
        try:
            await load(fresh)
            found.append((await _factors_on(fresh, days))[1]["fatigue"])
        finally:
            await fresh.close()
    assert 0 <= found[0] <= found[1] <= 1


async def _factors_on(warehouse: DuckDBWarehouse, days: list[int]) -> dict[int, Row]:
    from services.analytics.processors import PROCESSORS  # noqa: PLC0415 - beside the warehouse it runs on
    from shared.contract import StepRequested  # noqa: PLC0415 - as above
    from shared.slate import Mode  # noqa: PLC0415 - as above

    async def run(*steps: str) -> list[Row]:
        for step in steps:
            request = StepRequested(run_id="x", game_date=SLATE, mode=Mode.OVERNIGHT, step=step, attempt=1)
            await PROCESSORS[step].run(request, warehouse, regrade_days=7)
        return await rows_of(warehouse, PROCESSORS[steps[-1]].table)

    return await factors(run, warehouse, days)


async def test_f36_a_better_defence_never_raises_the_mismatch(warehouse: Warehouse, process: Process) -> None:
    """Against a team that allows more where he scores the mismatch is larger, and against an average one it is none."""
    weak = [
        row | {"points": 40, "field_goals_made": 14, "free_throws_made": 4}
        for n in range(3)
        for row in [box(f"00223003{n:02d}", 9, SLATE - timedelta(days=20 + n), "UTA", opponent="LAL", **SHOTS)]
    ]
    weak += [
        box(f"00223003{n:02d}", 7, SLATE - timedelta(days=20 + n), "LAL", opponent="UTA", **SHOTS) for n in range(3)
    ]
    await load(
        warehouse,
        raw__games=[game("0022300901", home="CHI", away="LAL", tip_utc=tip(SLATE, 21))],
        raw__rosters=[roster(5, "CHI"), roster(7, "LAL")],
        raw__player_box_scores=[
            *weak,
            box("0022300400", 5, SLATE - timedelta(days=9), "CHI", opponent="UTA", **SHOTS),
            box("0022300400", 9, SLATE - timedelta(days=9), "UTA", opponent="CHI", **SHOTS),
        ],
    )
    found = await factors(process, warehouse, [2, 4])
    against_weak, against_usual = found[5]["zone_mismatch"], found[1]["zone_mismatch"]
    assert against_weak > against_usual


async def test_an_absent_teammate_leaves_opportunity(warehouse: Warehouse, process: Process) -> None:
    """With the other man out there are minutes, shots, rebounds and assists to be had that used to be his."""
    at = tip(SLATE) - timedelta(hours=14)
    out = await factors(process, warehouse, [2, 4, 6], raw__injuries=[injury(2, "Out", at)])
    assert out[2]["play_likelihood"] < 0.05
    assert out[1]["play_likelihood"] > 0.9
    for name in ("vacated_minutes", "vacated_possessions", "vacated_rebounds", "vacated_assists"):
        assert out[1][name] > out[2][name]
        assert out[1][name] > 0
    assert out[1]["teammates_minutes"] < out[2]["teammates_minutes"]
    assert out[1]["vacated_minutes"] == pytest.approx(30 * 0.99, rel=1e-9)


def test_the_arenas_of_sql_are_those_of_the_registry() -> None:
    """SQL cannot import: its coordinates are held to the registry's, which has every team."""
    from services.analytics.processors import PROCESSORS  # noqa: PLC0415 - its SQL is what is under test

    text = PROCESSORS["upcoming_team_game_context"].select
    assert ARENAS.keys() == TEAMS.keys()
    for team, arena in ARENAS.items():
        row = f"SELECT '{team}' AS team, {arena.latitude:.3f} AS latitude, {arena.longitude:.3f} AS longitude, "
        assert f"{row}{arena.clock} AS clock" in text


async def test_travel_rest_and_density_by_hand(warehouse: Warehouse, process: Process) -> None:
    """Boston to Los Angeles is 4,170 km and three time zones westward; games are counted by days."""
    await load(
        warehouse,
        raw__games=[
            game(GAME, home="LAL", away="BOS"),
            game("0022300101", SLATE - timedelta(days=2), "BOS", "NYK"),
            game("0022300102", SLATE - timedelta(days=6), "MIA", "BOS"),
        ],
    )
    away, home = await process("upcoming_team_game_context")
    assert (away["team_abbr"], away["days_rest"], away["opponent_days_rest"]) == ("BOS", 2, None)
    assert (away["games_last_4_days"], away["games_last_7_days"], away["games_last_14_days"]) == (1, 2, 2)
    assert away["travel_km"] == pytest.approx(4170, abs=15)
    assert away["clock_shift"] == -3
    assert (home["team_abbr"], home["travel_km"], home["clock_shift"]) == ("LAL", None, None)
