"""Evidence and grid are one: whatever state a warehouse is in, a run's evidence is the grid's cell."""

# ruff: noqa: S311, S608 - a seeded state need not be secret; names are the registry's

import random
from collections import Counter
from collections.abc import Iterable
from datetime import date
from functools import partial

from services.coordinator.grid.count import owed_of
from services.coordinator.runs.run import NOTHING, Batches, Evidence, Run, StepState, StepStatus
from services.coordinator.sql import sql
from services.coordinator.steps.evidence import count_together
from services.coordinator.steps.ways import COUNTED
from shared.basketball.slate import Mode, days
from shared.embedded.clock import VirtualClock
from shared.embedded.duck import Connection
from shared.embedded.warehouse import DuckDBWarehouse
from shared.ports import Row
from shared.registries.pipeline import STEPS
from shared.tables import TABLES
from tests.unit.coordinator.memory import memory_ports
from tests.unit.coordinator.sql_rows import (
    TEAM_STEPS,
    ago,
    context,
    daily,
    featured,
    fetched,
    graded,
    history,
    played,
    predicted,
    quarantined,
    record,
    served,
    staged,
    summary,
    team_context,
    team_summary,
    zones,
)
from tests.unit.coordinator.test_verify import evidence
from tests.unit.shared.rows import SLATE, game, roster, row, tip

STATES = 200
SYSTEMS = ("moving_average", "boosted", "market_residual")
"""The last one speaks of lines."""
RANGE = days(ago(2), SLATE)
PAST = (810, 400, 366, 12, 9, 8, 7, 3, 2, 1, 0)
"""Days before the slate on which games are played: around every bound of a window, and on the range."""
NOON = tip(SLATE, 12)


def world() -> dict[str, list[Row]]:
    """Complete tables: every step of the range's slates is done, by the runs 1 and 2 of each."""
    dates = [ago(days) for days in PAST]
    games = {str(day): day for day in dates}
    tables = {
        "raw.games": [game(id_, day) for id_, day in games.items()],
        "raw.game_results": [
            row("raw.game_results", game_id=id_, home_points=90, away_points=80) for id_ in games
        ],
        "raw.player_box_scores": [one for id_, day in games.items() for one in played(id_, day)],
        "analytics.player_game_summary": [
            summary(id_, player, day) for id_, day in games.items() for player in (100, 101, 200, 201)
        ],
        "predictions.prediction_grades": [graded(id_, 100, day) for id_, day in games.items()],
        "predictions.prediction_grades_history": [history(id_, 100, day) for id_, day in games.items()],
        "predictions.system_daily_performance": [daily(day) for day in dates],
        "predictions.player_prop_predictions": [predicted(id_, 100, day) for id_, day in games.items()],
    } | {
        f"analytics.{step}": [
            team_summary(step, id_, team, day) | ({"possessions_allowed": 0.5} if "defense" in step else {})
            for id_, day in games.items()
            for team in ("BOS", "GSW")
        ]
        for step in TEAM_STEPS
    }  # fmt: skip
    for table, rows in [one for day in RANGE for one in of_slate(day).items()]:
        tables.setdefault(table, []).extend(rows)
    return tables


def of_slate(day: date) -> dict[str, list[Row]]:
    """Rows of one slate."""
    on = {"game_date": day}
    teams = (("BOS", range(100, 106)), ("GSW", range(200, 206)))
    players = [player for _, team in teams for player in team]
    known = [player for player in players if player % 100 < 2]
    runs = [f"{day}.overnight.{generation}" for generation in (1, 2)]
    made = [
        staged(player, market, system, **on, game_id=str(day), run_id=run_id, line=20.5 if market == "points" else None)
        for run_id in runs
        for player in known
        for market in ("points", "threes")
        for system in SYSTEMS
        if system != "market_residual" or market == "points"
    ]
    published = [
        predicted(str(day), one["player_id"], day, **{name: one[name] for name in ("market", "system", "run_id")})
        for one in made
    ]
    return {
        "raw.rosters": [roster(player, team, day) for team, players in teams for player in players],
        "raw.fetches": [
            fetched("injuries", "feed", "loaded", **on),
            fetched("lines", str(day), "loaded", **on),
            fetched("box_scores", "season", "failed", reason="403", **on),
        ],
        "raw.quarantine": [quarantined(str(ago(past))) | on for past in (1, 3, 8, 12)],
        "analytics.upcoming_player_game_context": [context(player, **on) for player in players],
        "analytics.upcoming_team_game_context": [team_context(team, **on) for team, _ in teams],
        "analytics.team_daily_record": [record(team, **on) for team, _ in teams],
        "features.team_defense_zone_analysis": [zones(team, **on) for team, _ in teams],
        "features.ml_feature_store": [
            served(player, tip(day, 13 if player < 200 else 19), game_id=str(day), **on) for player in known
        ],
        "predictions.staging": made,
        "predictions.player_prop_predictions": published,
    } | {
        f"features.{step}": [featured(step, player, **on) for player in known]
        for step in ("player_daily_cache", "player_shot_zone_analysis", "player_composite_factors")
    }


def keep(connection: Connection, tables: Iterable[str]) -> None:
    """Put a copy of these tables aside."""
    connection.execute("CREATE SCHEMA whole")
    for table in tables:
        connection.execute(f"CREATE TABLE whole.{table.replace('.', '_')} AS SELECT * FROM {table}")


def disturb(connection: Connection, table: str, seed: int) -> None:
    """Rows of a table as they were, or some of them doubled, some deleted, some of another run or mode."""
    connection.execute(f"DELETE FROM {table}")
    connection.execute(f"INSERT INTO {table} SELECT * FROM whole.{table.replace('.', '_')}")
    if seed % 4 == 0:
        return
    connection.execute(f"INSERT INTO {table} SELECT * FROM {table} WHERE hash(rowid + {seed}) % 10 = 0")
    connection.execute(f"DELETE FROM {table} WHERE hash(rowid + {seed + 1}) % 5 = 0")
    for column, value in (("run_id", "another"), ("mode", "same_day")):
        if column in {column.name for column in TABLES[table].columns}:
            where = f"hash(rowid + {seed + len(column)}) % 8 = 0"
            connection.execute(f"UPDATE {table} SET {column} = '{value}' WHERE {where}")


def run_of(day: date, dice: random.Random) -> Run:
    """A current run, whose steps were settled when it was made: before, between or after the tip-offs."""
    generation, at = dice.choice((1, 2)), tip(day, dice.choice((12, 15, 22)))
    state = StepState(status=StepStatus.DONE, attempt=1, generation=generation, ended_at=at)
    return Run(
        game_date=day, mode=Mode.OVERNIGHT, generation=generation, source="test", retrospective=dice.random() < 0.2,
        targets=("export",), steps=dict.fromkeys(STEPS, state), created_at=at,
        batches=Batches(systems=SYSTEMS[: dice.choice((2, 3, 3))]),
    )  # fmt: skip


async def test_f09_evidence_and_grid_give_equal_counts_in_every_state() -> None:
    """Rows deleted, doubled, of another run: what a run would be told of a step is its cell, also in its words.

    Each state differs from the one before in one table: of the steps that do not read it nothing has changed.
    """
    warehouse, dice, whole = DuckDBWarehouse(None), random.Random(1), world()
    for table, rows in whole.items():
        assert await warehouse.append(table, rows) == len(rows), table
    await warehouse._duck.run(partial(keep, tables=whole), "keep")
    states: set[tuple[str, Evidence]] = set()
    for seed in range(STATES):
        table = dice.choice(tuple(whole))
        await warehouse._duck.run(partial(disturb, table=table, seed=seed), "disturb")
        day = dice.choice(RANGE)
        run = run_of(day, dice)
        ports = memory_ports(warehouse=warehouse, clock=VirtualClock(run.created_at))
        steps = [step for step in COUNTED if table in sql(f"complete/{step}")]
        owes = {(step, run.mode): owed_of({day: run}, step, NOON) for step in steps}
        cells = await count_together(warehouse, RANGE, owes)
        for step in steps:
            found = await evidence(run, step, ports)
            assert cells[step, run.mode].get(day, NOTHING) == found, f"{step} of {day} in state {seed}"
            states.add((step, found))
    await warehouse.close()
    seen = Counter(step for step, _ in states)
    assert set(seen) == set(COUNTED)
    assert sum(seen.values()) > STATES, "the states are much alike"
