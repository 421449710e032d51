"""Replayed nights, with everything that is to be checked of them."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from shared.registries.markets import MARKETS
from tests.e2e.command import Done, tipoff

Key = tuple[str, int, str, str]
"""(game, player, market, system)."""
FIRST, LAST, IDLE = date(2024, 11, 15), date(2024, 11, 16), date(2024, 11, 5)
"""The last two slates of the tests' league (eleven and six games), and a date on which nobody plays."""
VOLATILE = frozenset({"run_id", "fetched_at"})
"""Columns that say which run wrote a row, and when."""
MEASURED = frozenset(
    {"work_seconds", "seconds", "slot_ms", "started_at", "ended_at", "run_started_at", "run_ended_at", "decided_at"}
    | {"recorded_at", "applied_at", "number", "bytes_processed", "bytes_billed", "usd", "row_count"}
    | {"seq", "sealed_at", "prev", "sha256", "rows_sha256", "source_sha256"}
)
"""Columns of the dataset `ops` that say how long something took, when, in which order, and over how large tables; and
hashes of what says which run wrote it."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """`tipoff replay` and what it left."""

    home: Path
    history: Path
    first: date
    last: date
    mode: str
    done: Done
    report: dict[str, Any]
    predictions: list[dict[str, Any]]

    def keyed(self) -> dict[Key, dict[str, Any]]:
        """The predictions by key, without the instant they were made at."""
        return {key_of(row): {k: v for k, v in row.items() if k != "predicted_at"} for row in self.predictions}


def key_of(row: dict[str, Any]) -> Key:
    """A prediction's key."""
    return row["game_id"], row["player_id"], row["market"], row["system"]


def arguments(history: Path, first: date, last: date, folder: Path) -> tuple[str | Path, ...]:
    """Of `tipoff replay`, with both of its files in `folder`."""
    return (
        "replay", "--history", history, "--from", str(first), "--to", str(last),
        "--report", folder / "report.json", "--predictions", folder / "predictions.parquet",
    )  # fmt: skip


def replay(
    folder: Path,
    history: Path,
    first: date,
    last: date,
    *,
    mode: str = "same_day",
    faults: str = "none",
    command: Callable[..., Done] = tipoff,
) -> Replayed:
    """Replay nights in `folder`, by default in a process of its own."""
    given = arguments(history, first, last, folder)
    done = command(folder / "home", *given, "--mode", mode, "--faults", faults)
    assert (folder / "report.json").exists(), done
    report = json.loads((folder / "report.json").read_text())
    rows = pq.read_table(folder / "predictions.parquet").to_pylist()
    return Replayed(folder / "home", history, first, last, mode, done, report, rows)


def warehouse(home: Path) -> duckdb.DuckDBPyConnection:
    """The warehouse of the one workspace in `home`, after its process has ended."""
    [file] = home.glob("*/warehouse.duckdb")
    return duckdb.connect(str(file), read_only=True)


def query(home: Path, sql: str) -> list[tuple[Any, ...]]:
    """Rows of a query on it."""
    with warehouse(home) as connection:
        return connection.execute(sql).fetchall()


def tables(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every table's rows, sorted, without run ids and times of writing.

    But for the cost of statements: it depends on how often somebody looked, and a killed process loses what it had.
    """
    with warehouse(home) as connection:
        found = dict(_columns(connection))
        del found["ops.query_costs"]
        return {name: _rows(connection, name, columns) for name, columns in found.items()}


def _columns(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, list[str]]]:
    found = connection.execute(
        "SELECT table_schema || '.' || table_name AS name, list(column_name ORDER BY ordinal_position)"
        " FROM information_schema.columns GROUP BY name ORDER BY name"
    ).fetchall()
    for name, columns in found:
        left_out = VOLATILE | MEASURED if name.startswith("ops.") else VOLATILE
        yield name, [column for column in columns if column not in left_out]


def _rows(connection: duckdb.DuckDBPyConnection, name: str, columns: list[str]) -> list[tuple[Any, ...]]:
    listed = ", ".join(f'"{column}"' for column in columns)
    if name == "ops.step_costs":  # what a killed process did again has cost again
        listed = f"DISTINCT {listed}"
    return connection.execute(f"SELECT {listed} FROM {name} ORDER BY ALL").fetchall()  # noqa: S608 - names of its own


def rows_of(folder: Path, table: str, first: date, last: date) -> list[dict[str, Any]]:
    """Rows of a history's table, for games from `first` to `last`."""
    dates = {row["game_id"]: row["game_date"] for row in _read(folder, "schedule", "game_id", "game_date")}
    wanted = [game_id for game_id, day in dates.items() if first <= day <= last]
    rows = pq.read_table(folder / f"{table}.parquet", filters=[("game_id", "in", wanted)]).to_pylist()
    return [row | {"game_date": dates[row["game_id"]]} for row in rows]


def due(replayed: Replayed) -> set[tuple[str, int]]:
    """(game, player) who have to be predicted: played, or `dnp_*`, with five earlier games in the season."""
    folder = replayed.history
    schedule = _read(folder, "schedule", "game_id", "season", "game_date")
    season = {row["game_id"]: (row["season"], row["game_date"]) for row in schedule}
    [current] = {label for label, day in season.values() if replayed.first <= day <= replayed.last}
    played: dict[int, list[tuple[date, str]]] = {}
    for row in _read(folder, "player_games", "game_id", "player_id"):
        label, day = season[row["game_id"]]
        if label == current:
            played.setdefault(row["player_id"], []).append((day, row["game_id"]))
    sat = [
        (season[row["game_id"]][1], row["game_id"], row["player_id"])
        for row in rows_of(folder, "availability", replayed.first, replayed.last)
        if row["status"].startswith("dnp") and row["player_id"] is not None
    ]
    listed = [(day, game, player) for player, games in played.items() for day, game in games] + sat
    return {
        (game, player)
        for day, game, player in listed
        if replayed.first <= day <= replayed.last and sum(earlier < day for earlier, _ in played.get(player, ())) >= 5
    }


def missing(replayed: Replayed, market: str) -> tuple[int, int]:
    """(how many of those due lack a prediction of `market`, how many are due)."""
    assert market in MARKETS
    predicted = {(row["game_id"], row["player_id"]) for row in replayed.predictions if row["market"] == market}
    wanted = due(replayed)
    return len(wanted - predicted), len(wanted)


def tips(history: Path) -> dict[str, datetime]:
    """Tip-offs by game."""
    return {row["game_id"]: row["tip_utc"] for row in _read(history, "schedule", "game_id", "tip_utc")}


def _read(folder: Path, table: str, *columns: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder / f"{table}.parquet", columns=list(columns)).to_pylist()
    return rows
