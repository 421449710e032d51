"""The world's tables: what a night's services have written, and truthful answers to the coordinator's queries."""

import json
import math
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import cache
from importlib.resources import files
from typing import Any

from services.coordinator.documents.shapes import Forecast
from services.coordinator.grid import unloaded
from services.coordinator.record.schemas import GRADED, PUBLISHED, STATEMENTS
from services.coordinator.runs.run import Evidence
from services.coordinator.sql import sql
from shared.basketball.slate import Mode
from shared.contract import BatchRequested
from shared.ports import Params, Row
from shared.registries.features import FEATURES
from shared.tables import TABLES

Prediction = tuple[int, int, str, str]
"""Game, player, market, system."""
_UNPUBLISHED: tuple[int, str, frozenset[Prediction]] = (0, "", frozenset())
_SQL = files("services.coordinator.sql")
_HEALTH = "\nSELECT period, COUNT(*) AS players"
_LEDGER = "SELECT DISTINCT run_id, run_ended_at FROM ops.step_runs"
_TEAM = 2
"""Players per game."""


TOGETHER = "-- Counted together: "
_PART = re.compile(r"^SELECT '(\w+)' AS step, '(\w+)' AS mode,", re.MULTILINE)


@cache
def _names() -> dict[str, str]:
    """Text of each of the coordinator's statements -> its name."""
    found = {}
    for folder in ("", "complete", "documents", "monitor"):
        for file in (_SQL / folder if folder else _SQL).iterdir():
            if file.name.endswith(".sql"):
                name = f"{folder}/{file.name[:-4]}".lstrip("/")
                found[sql(name)] = name
    return found


def name_of(statement: str) -> str:
    """The name of a statement of the coordinator's."""
    if statement.startswith(_HEALTH):
        return "health"
    if statement.startswith(_LEDGER):
        return "ledger"
    if statement == unloaded._ACCOUNTED:
        return "accounted"
    return _names()[statement]


def parts_of(statement: str, params: Params) -> list[tuple[str, str, Params]]:
    """(step, mode, parameters as the step's own query has them) of each query that a statement counts together."""
    return [
        (
            step,
            mode,
            {
                "first": params["first"], "last": params["last"],
                "mode": params[f"mode_{step}_{mode}"], "slates": params[f"slates_{step}_{mode}"],
            },
        )
        for step, mode in _PART.findall(statement)
    ]  # fmt: skip


class Tables:
    """Everything durable outside the state store. One slate, in several modes."""

    def __init__(self, day: date, games: int) -> None:
        self.day = day
        self.games = games
        self.expected: dict[str, int] = {}
        """Step -> units that its source has."""
        self.units: defaultdict[str, set[int]] = defaultdict(set)
        """Step -> units that are there."""
        self.refused: set[str] = set()
        """Steps of which one unit is quarantined."""
        self.models: dict[tuple[str, str], str] = {}
        """(mode, system) -> digest of its champion."""
        self.archive: dict[str, bytes] = {}
        self.loaded: set[str] = set()
        """Archive keys that the fetch log knows."""
        self.staging: dict[tuple[str, int], set[Prediction]] = {}
        """(run, game) -> its predictions."""
        self.published: dict[str, tuple[int, str, frozenset[Prediction]]] = {}
        """Run -> generation, mode, predictions."""
        self.rows: defaultdict[str, dict[tuple[Any, ...], Row]] = defaultdict(dict)
        """Table -> key -> row, of the tables that are written row by row."""

    def players(self) -> list[tuple[int, int]]:
        """(game, player) of the served features."""
        served = len(self.units["ml_feature_store"])
        return [(player // _TEAM, player) for player in range(served)]

    def append(self, table: str, rows: Sequence[Row]) -> int:
        """Insert the rows whose key is not there yet."""
        known, key = self.rows[table], TABLES[table].key
        new = {tuple(row[column] for column in key): row for row in reversed(rows)}
        missing = {key_: row for key_, row in new.items() if key_ not in known}
        known.update(missing)
        return len(missing)

    def stage(self, batch: BatchRequested, rows: set[Prediction]) -> None:
        """Stage the rows of a batch: of each game the newest staging counts, whole."""
        games = {int(task.game_id[-5:]) for task in batch.tasks}
        self.staging.update({(batch.run_id, game): {row for row in rows if row[0] == game} for game in games})

    def publish(self, run_id: str, mode: str) -> int:
        """Publish what a run has staged, all at once."""
        rows = frozenset(row for (of, _), staged in self.staging.items() if of == run_id for row in staged)
        self.published[run_id] = (int(run_id.rpartition(".")[2]), mode, rows)
        return len(rows)

    def current(self, mode: str) -> list[tuple[str, Prediction]]:
        """(run, prediction) of the current view: of every game and system the latest generation's."""
        latest: dict[tuple[int, str], int] = {}
        for generation, of, rows in self.published.values():
            for game, _, _, system in rows if of == mode else ():
                latest[game, system] = max(generation, latest.get((game, system), 0))
        return [
            (run_id, row)
            for run_id, (generation, of, rows) in self.published.items()
            for row in sorted(rows)
            if of == mode and latest[row[0], row[3]] == generation
        ]

    def query(self, statement: str, params: Params) -> list[Row]:
        """The answer to one of the coordinator's statements."""
        if statement.startswith(TOGETHER):
            return [
                {"step": step, "mode": mode, "game_date": self.day, **self._counted(step, its).model_dump()}
                for step, mode, its in parts_of(statement, params)
            ]
        folder, _, name = name_of(statement).rpartition("/")
        if folder == "complete":
            return [{"game_date": self.day, **self._counted(name, params).model_dump()}]
        answer: Callable[[Params], list[Row]] = getattr(self, f"_{name}")
        return answer(params)

    def columns(self, statement: str, params: Params) -> Mapping[str, Sequence[Any]]:
        """What is sealed, by column. Grades are one row for each unit; nothing of what they are made of is there."""
        name = name_of(statement)
        [table] = [table for table, its in STATEMENTS.items() if its == name]
        rows: list[tuple[str, Prediction]] = []
        if table == PUBLISHED:
            run_id = str(params["run_id"])
            rows = [(run_id, row) for row in sorted(self.published.get(run_id, _UNPUBLISHED)[2])]
        elif table == GRADED:
            rows = [("", (unit, unit, "points", "")) for unit in sorted(self.units["grade"])]
        values: Mapping[str, Callable[[tuple[str, Prediction]], object]] = {
            "game_date": lambda _: self.day,
            "mode": lambda _: params.get("mode", ""),
            "run_id": lambda row: row[0],
            "game_id": lambda row: f"{row[1][0]}",
            "player_id": lambda row: float(row[1][1]),
            "market": lambda row: row[1][2],
            "system": lambda row: row[1][3],
        }
        kinds = {column.name: column.type for column in TABLES[table].columns}
        blank = {"STRING": "", "DATE": self.day}
        return {
            column: [values[column](row) if column in values else blank.get(kind, math.nan) for row in rows]
            for column, kind in kinds.items()
        }

    def _record_tail(self, params: Params) -> list[Row]:
        rows = sorted(self.rows["ops.record"].values(), key=lambda row: row["seq"])
        return [row for row in rows if row["mode"] == params["mode"] or row is rows[-1]]

    def _unsealed(self, params: Params) -> list[Row]:
        sealed = {row["run_id"] for row in self.rows["ops.record"].values() if row["kind"] == "publish"}
        runs = sorted(run for run, (_, mode, rows) in self.published.items() if mode == params["mode"] and rows)
        return [{"run_id": run} for run in runs if run not in sealed]

    def _health(self, _: Params) -> list[Row]:
        return []

    _freshness = _accuracy_leaks = _books = _past = _moves = _record_sums = _health

    def _ledger(self, _: Params) -> list[Row]:
        ends = {(row["run_id"], row["run_ended_at"]): None for row in self.rows["ops.step_runs"].values()}
        return [{"run_id": run_id, "run_ended_at": instant} for run_id, instant in ends]

    def _accounted(self, _: Params) -> list[Row]:
        return [{"archive_key": key} for key in sorted(self.loaded)]

    def _names_waiting(self, _: Params) -> list[Row]:
        return []  # nobody settles names here

    def _champions(self, params: Params) -> list[Row]:
        found = sorted((system, digest) for (mode, system), digest in self.models.items() if mode == params["mode"])
        return [{"system": system, "digest": digest} for system, digest in found]

    def _load_quotes(self, _: Params) -> list[Row]:
        return []

    def _load_features(self, _: Params) -> list[Row]:
        return [served(game, player) for game, player in self.players()]

    def _published(self, params: Params) -> list[Row]:
        _, _, rows = self.published.get(str(params["run_id"]), _UNPUBLISHED)
        return [{"published": len(rows)}]

    def _predictions(self, params: Params) -> list[Row]:
        return [
            {"run_id": run_id, "game_id": game_id(row[0]), "row": list(row)}
            for run_id, row in self.current(str(params["mode"]))
        ]

    def _forecasts(self, params: Params) -> list[Row]:
        _, _, rows = self.published.get(str(params["run_id"]), _UNPUBLISHED)
        return [forecast(str(params["run_id"]), row) for row in sorted(rows)]

    def _players(self, params: Params) -> list[Row]:
        games = str(params["games"]).split()
        return [on_roster(game, player) for game, player in self.players() if game_id(game) in games]

    def _predictions_present(self, params: Params) -> list[Row]:
        predicted = len({row[0] for _, row in self.current(str(params["mode"]))})
        tip_off = datetime.combine(self.day, time(23), UTC)
        found = {"present": predicted == self.games, "predicted_games": predicted, "games": self.games}
        return [{"game_date": self.day, "first_tip": tip_off, **found}]

    def _counted(self, step: str, params: Params) -> Evidence:
        slates = params["slates"]
        assert isinstance(slates, list)
        [slate] = [json.loads(row) for row in slates]
        run_id = str(slate.get("run_id", ""))
        if step == "predict":
            return self._staged_of(slate)
        if step != "publish":
            return self.evidence(step)
        if run_id:
            staged = {row for (of, _), rows in self.staging.items() if of == run_id for row in rows}
            _, _, published = self.published.get(run_id, _UNPUBLISHED)
            return Evidence(expected=len(staged), verified=len(staged & published))
        predicted = {row[0] for _, of, rows in self.published.values() if of == params["mode"] for row in rows}
        games = {game for game, _ in self.players()}
        return Evidence(expected=len(games), verified=len(games & predicted))

    def evidence(self, step: str) -> Evidence:
        """What is there of a step that makes rows by unit."""
        present = len(self.units[step])
        refused = int(step in self.refused and present > 0)
        return Evidence(expected=self.expected[step], verified=present - refused, quarantined=refused)

    def served_of(self, slate: Mapping[str, Any]) -> list[tuple[int, int]]:
        """(game, player) of the served features that a run predicts from: here all of them."""
        del slate
        return self.players()

    def _staged_of(self, slate: Mapping[str, Any]) -> Evidence:
        wanted, systems = set(self.served_of(slate)), slate.get("systems", "").split()
        rows = {row for (of, _), staged in self.staging.items() if of == slate.get("run_id", "") for row in staged}
        rows = {row for row in rows if row[:2] in wanted and row[3] in systems}
        return Evidence(expected=len(wanted) * slate.get("per_player", 0), verified=len(rows))


def game_id(game: int) -> str:
    """The id of a game by its number."""
    return f"00223{game:05d}"


def on_roster(game: int, player: int) -> Row:
    """A row of `documents/players`."""
    return {
        "game_id": game_id(game), "home_team": "BOS", "away_team": "NYK", "tip_utc": "2024-03-05T00:30:00Z",
        "player_id": player, "player_name": f"P{player}", "team_abbr": "BOS", "opponent_team_abbr": "NYK",
        "is_home": True, "injury_status": None,
    }  # fmt: skip


def forecast(run_id: str, row: Prediction) -> Row:
    """A row of `documents/forecasts`."""
    game, player, market, system = row
    known = {"game_id": game_id(game), "player_id": player, "market": market, "system": system, "run_id": run_id}
    numbers: Row = dict.fromkeys(Forecast.__annotations__)
    return {**numbers, **known, "mean": 1.0, "recommendation": "no_line", "edge_size": "no price"}


@cache
def _features() -> Row:
    return dict.fromkeys(FEATURES, 1.0)


def served(game: int, player: int) -> Row:
    """A row of `load_features`."""
    return {
        **_features(),
        "game_id": game_id(game),
        "player_id": player,
        "team_abbr": "BOS",
        "opponent_team_abbr": "NYK",
        "cutoff_at": datetime.fromisoformat("2024-03-04T12:00:00+00:00"),
    }


def export_of(mode: Mode, day: date) -> str:
    """The archive key of a slate's export."""
    return f"exports/{day}/{mode.value}/predictions.json"
