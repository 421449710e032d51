"""Every SQL statement of the project on DuckDB and, through BigQuery's own client, on bqemulator: equal rows."""

import json
import math
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

import services
from services.analytics.processors import PROCESSORS, of_games, oldest_missing
from services.coordinator.grid.count import COUNTED_IN
from services.coordinator.grid.unloaded import _ACCOUNTED
from services.coordinator.record import rows as record
from services.coordinator.record.regrade import regrade
from services.coordinator.sql import sql
from services.coordinator.steps.evidence import together
from services.coordinator.steps.feature_health import health_query, limits
from services.scraper.fetch_log import _SCOPE
from shared.basketball.slate import RETROSPECT, Mode, eastern_instant
from shared.contract import StepRequested
from shared.embedded.warehouse import DuckDBWarehouse
from shared.ports import Params, Row, Warehouse
from shared.registries.expansion import expanded
from shared.registries.pipeline import STEPS
from shared.registries.schedules import SCHEDULED
from shared.tables import TABLES
from tests.integration import bigquery_world as world
from tests.integration.bigquery import bigquery

on_both_engines = pytest.mark.asyncio(loop_scope="module")
pytestmark = pytest.mark.network

SERVICES = Path(services.__file__).parent
FILES = {path.relative_to(SERVICES).as_posix() for path in SERVICES.rglob("*.sql")}
TRANSFORMS = [name for name in STEPS if name in PROCESSORS]
"""Every SQL file with a header, in the pipeline's order: a new one runs here without being named."""
SLATE_ONLY = [name for name in TRANSFORMS if not PROCESSORS[name].header.of_the_past]
PASSED = [name for name in TRANSFORMS if STEPS[name].of_the_day]
"""What a pass makes again for its games."""
GRADING = [name for name in TRANSFORMS if PROCESSORS[name].table.startswith("predictions.")]
NIGHTS = [
    (world.EVE, Mode.OVERNIGHT, [name for name in TRANSFORMS if name not in GRADING]),
    (world.SLATE, Mode.OVERNIGHT, TRANSFORMS),
    (world.SLATE, Mode.SAME_DAY, SLATE_ONLY),
]
COMPARED = (world.SLATE, Mode.OVERNIGHT)
"""The night whose transforms run on both engines; the others' rows are copied: bqemulator takes a second each."""
PUBLISHED = "predictions.player_prop_predictions"

_DAY: Params = {"game_date": world.SLATE}
_SLATE: Params = {**_DAY, "mode": "overnight"}
_WINDOW: Params = {"first": world.PLAYED[0], "last": world.SLATE, "mode": "overnight"}
_RUN: Params = {**_DAY, "run_id": world.RUN}
_SEALED: Params = {"first": world.PLAYED[0], "last": world.SLATE}
_GAMES = [row["game_id"] for row in world.tables()["raw.games"] if row["game_date"] == world.SLATE]
_NOON = datetime(2024, 3, 10, 16, tzinfo=UTC)
_EVENING = datetime(2024, 3, 10, 23, 30, tzinfo=UTC)
"""Between the tip-offs."""

_MORNING = datetime(2024, 3, 9, 12, tzinfo=UTC)
"""After the games of the eve's eve, before those of the eve."""
_LAST_GAMES = [row["game_id"] for row in world.tables()["raw.games"] if row["game_date"] == world.EVE]
_TRAINING: Params = {"first_date": world.PLAYED[0], "as_of": world.SLATE, "mode": "overnight"}

_SLATES = [
    {"game_date": str(day), "season": season, **owed}
    for day, season, owed in (
        (world.PLAYED[0], "1999-00", {}),
        (world.EVE, "2023-24", {}),
        (
            world.SLATE,
            "2023-24",
            {
                "run_id": world.RUN,
                "systems": "moving_average market_residual",
                "per_player": 5,
                "per_line": 1,
                "not_tipped_after": _EVENING.isoformat(),
                "games": "",
            },
        ),
    )
]
"""One of a season that is not there, one without a run, and that of the run."""
_COMPLETE: Params = {**_WINDOW, "slates": [json.dumps(slate) for slate in _SLATES]}
_ACCURACY: Params = {"first": world.EVE, "last": world.SLATE, "mode": "", "system": ""}
_CUTS: Sequence[Params] = [
    {**_ACCURACY, "market": "", "tier": "", "lined": lined, "by": by}
    for by, lined in (("all", False), ("tier", True), ("edge", False), ("month", False))
]
_GAMES_AT: Params = {**_SLATE, "games": " ".join(_GAMES)}
CASES: Mapping[str, Sequence[Params]] = {
    "coordinator/sql/changes.sql": [
        {**_DAY, "mode": mode, "now": now} for mode in ("overnight", "same_day") for now in (_NOON, _EVENING)
    ],
    "coordinator/sql/champions.sql": [_SLATE, {**_DAY, "mode": "same_day"}],
    "coordinator/sql/costs.sql": [{"first": world.EVE, "last": world.SLATE}],
    "coordinator/sql/accuracy.sql": _CUTS,
    "coordinator/sql/accuracy_bins.sql": _CUTS,
    "coordinator/sql/accuracy_leaks.sql": [_ACCURACY, {**_ACCURACY, "mode": "same_day"}],
    "coordinator/sql/documents/books.sql": [{**_GAMES_AT, "published_at": at} for at in (_MORNING, _EVENING)],
    "coordinator/sql/documents/forecasts.sql": [{**_RUN, "mode": "overnight"}, {**_RUN, "mode": "same_day"}],
    "coordinator/sql/documents/past.sql": [
        {**_GAMES_AT, "published_at": at, "systems": " ensemble moving_average "} for at in (_NOON, _EVENING)
    ],
    "coordinator/sql/documents/players.sql": [_GAMES_AT, {**_SLATE, "games": _GAMES[0]}],
    **{
        f"coordinator/sql/documents/record_{name}.sql": [{**_CUTS[2], "mode": "overnight"}]
        for name in ("bins", "picks", "sums")
    },
    "coordinator/sql/record_rows.sql": [
        {**_CUTS[0], "mode": "overnight", "picks": picks, "first_row": first, "last_row": last}
        for picks, first, last in ((False, 1, 1000), (True, 1, 1000), (False, 6, 15))
    ],
    "coordinator/sql/game_lines.sql": [_DAY, {"game_date": world.EVE}],
    "coordinator/sql/games_of_slate.sql": [_DAY, {"game_date": date(2024, 7, 1)}],
    "coordinator/sql/grades.sql": [
        {"first": world.EVE, "last": world.SLATE, "mode": "overnight"},
        {"first": world.SLATE, "last": world.SLATE, "mode": "same_day"},
    ],
    **{
        f"coordinator/sql/{kind}/{path.name}": [params, {**params, "mode": "same_day"}]
        for kind, params in (("complete", _COMPLETE), ("monitor", _WINDOW))
        for path in sorted((SERVICES / "coordinator" / "sql" / kind).glob("*.sql"))
    },
    "coordinator/sql/load_features.sql": [
        {**_SLATE, "not_tipped_after": at, "games": games} for at in (_NOON, _EVENING) for games in ("", _GAMES[0])
    ],
    "coordinator/sql/load_quotes.sql": [_SLATE],
    "coordinator/sql/models.sql": [{"mode": "overnight"}],
    "coordinator/sql/moves.sql": [
        {**_SLATE, "systems": systems, "games": games}
        for systems, games in ((["moving_average", "ensemble"], ""), (["moving_average"], _GAMES[0]))
    ],
    "coordinator/sql/names.sql": [{"first": world.EVE, "last": world.SLATE}],
    "coordinator/sql/names_waiting.sql": [{"first": world.EVE, "last": world.SLATE, "modes": ["overnight", "manual"]}],
    "coordinator/sql/player.sql": [{"since": world.EVE, "player_id": player} for player in (100, 7)],
    "coordinator/sql/predictions.sql": [
        {
            "game_date": day,
            "mode": "overnight",
            "market": market,
            "games": games,
            "system": system,
            "best_first": "ensemble moving_average",
        }
        for day in (world.EVE, world.SLATE)
        for market, games, system in (("", "", ""), ("points", _GAMES[0], "moving_average"), ("", "", "best"))
    ],
    "coordinator/sql/published.sql": [_RUN, {**_RUN, "run_id": "none"}],
    "coordinator/sql/quarantine.sql": [
        {**_SLATE, "step": step, "source": source} for step, source in (("", ""), ("box_scores", ""), ("", "espn"))
    ],
    "coordinator/sql/record.sql": [_SEALED, {"first": world.SLATE, "last": world.SLATE}],
    "coordinator/sql/record_begun.sql": [{}],
    "coordinator/sql/record_instants.sql": [_SEALED],
    "coordinator/sql/record_slates.sql": [_SEALED],
    "coordinator/sql/record_tail.sql": [{**_SEALED, "mode": "same_day"}, {**_SEALED, "mode": "overnight"}],
    "coordinator/sql/sealed_predictions.sql": [{**_SEALED, "run_id": run_id} for run_id in ("", world.RUN)],
    "coordinator/sql/sealed_grades.sql": [{**_SEALED, "mode": mode} for mode in ("", "overnight")],
    "coordinator/sql/sealed_games.sql": [_SEALED],
    "coordinator/sql/sealed_box_scores.sql": [_SEALED],
    "coordinator/sql/sealed_lines.sql": [_SEALED],
    "coordinator/sql/unsealed.sql": [_SLATE, {"game_date": world.EVE, "mode": "overnight"}],
    "coordinator/sql/slates.sql": [{"first": world.PLAYED[0], "last": world.SLATE, "mode": "overnight"}],
    "scraper/sql/corrections_known.sql": [{"game_ids": ids} for ids in (_LAST_GAMES, ["none"])],
    "scraper/sql/failed_lately.sql": [{"since": at} for at in (datetime(2024, 1, 1, tzinfo=UTC), _EVENING)],
    "scraper/sql/games_between.sql": [{"first": world.EVE, "last": world.SLATE}],
    "scraper/sql/inactive_lists.sql": [{"game_date": world.PLAYED[-1]}],
    "scraper/sql/injuries_known.sql": [{**_DAY, "seen_at": at} for at in (_NOON, _EVENING)],
    "scraper/sql/known_players.sql": [_DAY],
    "scraper/sql/last_listed.sql": [_DAY, {"game_date": world.PLAYED[1]}],
    "scraper/sql/last_look.sql": [
        {**_DAY, "seen_at": _NOON, "archive_keys": keys} for keys in ([], [f"raw/injuries/{world.SLATE}"])
    ],
    "scraper/sql/loaded_from.sql": [
        {**_DAY, "step": "schedule", "units": ["2023-24", "none"]},
        {**_DAY, "step": "lines", "units": ["none"]},
    ],
    "scraper/sql/played_games.sql": [
        {**_DAY, "tipped_before": _NOON, "again": again, "corrected_since": since}
        for again, since in ((False, world.SLATE), (False, world.EVE), (True, world.SLATE))
    ],
    "scraper/sql/results.sql": [{"season": "2023-24"}],
    "scraper/sql/roster.sql": [_DAY],
    "scraper/sql/roster_in_time.sql": [{**_DAY, "known_by": at, "fetched_by": at} for at in (_NOON, _EVENING)],
    "scraper/sql/season_settled.sql": [{**_DAY, "season": season} for season in ("2023-24", "none")],
    "scraper/sql/seasons.sql": [{}],
    "scraper/sql/settled_names.sql": [{}],
    "scraper/sql/slate_games.sql": [_DAY, {"game_date": date(2024, 7, 1)}],
    "scraper/sql/stored_boxes.sql": [{"game_ids": _LAST_GAMES}],
    "worker/sql/newest_models.sql": [{"as_of": world.SLATE, "mode": "overnight"}],
    **{f"worker/sql/{name}.sql": [_TRAINING] for name in ("served_slates", "training_features")},
    "worker/sql/training_outcomes.sql": [
        {**_TRAINING, "known_at": known_at} for known_at in (eastern_instant(world.SLATE, time(7)), _MORNING)
    ],
}
"""Queries by file, and the parameters each is asked with."""
RUN_BY_TESTS = {f"analytics/sql/{name}.sql" for name in TRANSFORMS if name != "grade"} | {"coordinator/sql/publish.sql"}
"""Files whose SELECT is published: `worlds` runs them, and `test_writes_write_as_many_rows` wants rows of each."""
INLINE: Mapping[str, tuple[str, Params]] = {
    **{
        f"oldest missing in {processor.table}": (
            oldest_missing(processor.table),
            {"game_date": world.SLATE + timedelta(days=1), "since": world.SLATE - timedelta(days=800)},
        )
        for processor in PROCESSORS.values()
        if not processor.header.per_mode
    },
    "fetch log of games": (
        f"SELECT * FROM raw.fetches WHERE {_SCOPE} AND unit IN UNNEST(@units)",  # noqa: S608 - a constant
        {**_SLATE, "step": "lines", "units": [*_GAMES, "events"]},
    ),
    **{
        f"{name} of games": (
            f"SELECT * FROM (\n{PROCESSORS[name].select}\n) AS made\nWHERE {of_games(PROCESSORS[name].table)}",  # noqa: S608 - the registry's
            {
                "mode": "same_day",
                "asked_at": RETROSPECT,
                "first_date": world.SLATE,
                "last_date": world.SLATE,
                "games": _GAMES[:1],
            },
        )
        for name in PASSED
    },
    "fetch log fetches": (f"SELECT * FROM raw.fetches WHERE {_SCOPE}", {**_SLATE, "step": "lines"}),  # noqa: S608 - a constant
    "fetch log quarantine": (f"SELECT * FROM raw.quarantine WHERE {_SCOPE}", {**_SLATE, "step": "box_scores"}),  # noqa: S608 - a constant
    "unloaded": (_ACCOUNTED, {**_WINDOW, "modes": ["overnight", "same_day"]}),
    **{
        f"phase {phase} counted together": (
            together(tuple((step, mode) for step in steps for mode in SCHEDULED)),
            {
                **_WINDOW,
                **{f"mode_{step}_{mode}": mode.value for step in steps for mode in SCHEDULED},
                **{f"slates_{step}_{mode}": _COMPLETE["slates"] for step in steps for mode in SCHEDULED},
            },
        )
        for phase, steps in COUNTED_IN.items()
    },
    "graded again": (regrade(), {"first_date": world.PLAYED[0], "last_date": world.SLATE, "mode": "overnight"}),
    "feature health": (health_query(limits()), _SLATE),
    "ping": ("SELECT 1 AS one", {}),
}


@dataclass(frozen=True, slots=True)
class Worlds:
    """The same rows on both engines, and how many rows each write said it wrote."""

    duckdb: Warehouse
    bigquery: Warehouse
    written: list[tuple[str, int, int]]

    async def both(self, text: str, params: Params) -> tuple[list[Row], list[Row]]:
        """The statement's rows on DuckDB and on BigQuery."""
        return await self.duckdb.query(text, params), await self.bigquery.query(text, params)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worlds() -> AsyncIterator[Worlds]:
    """Both engines with the rows of `NIGHTS`: raw rows loaded, transforms run in order, predictions published."""
    duckdb = DuckDBWarehouse(None)
    async with bigquery(TABLES) as cloud:
        written = []
        for table, rows in world.tables().items():
            written.append((table, await duckdb.append(table, rows), await cloud.append(table, rows)))
        for day, mode, steps in NIGHTS:
            for step in steps:
                request = StepRequested(run_id=world.RUN, game_date=day, mode=mode, step=step, attempt=1)
                one = await PROCESSORS[step].run(request, duckdb, regrade_days=20)
                if (day, mode) == COMPARED:
                    other = await PROCESSORS[step].run(request, cloud, regrade_days=20)
                else:
                    table, other = PROCESSORS[step].table, one
                    await cloud.append(table, await duckdb.query(f"SELECT * FROM {table}"))  # noqa: S608 - the registry's name
                written.append((f"{step} {day} {mode.value}", one, other))
        scope = "game_date = @game_date AND run_id = @run_id"
        one, other = [
            await warehouse.transform(PUBLISHED, sql("publish"), scope=scope, params={**_RUN, "why": ""})
            for warehouse in (duckdb, cloud)
        ]
        written.append(("publish", one, other))
        yield Worlds(duckdb, cloud, written)
    await duckdb.close()


QUERIES = [
    *(
        pytest.param(expanded((SERVICES / file).read_text(), file), params, id=f"{file.removesuffix('.sql')}-{number}")
        for file, cases in CASES.items()
        for number, params in enumerate(cases)
    ),
    *(pytest.param(text, params, id=name) for name, (text, params) in INLINE.items()),
]


def test_f06_every_file_has_a_case() -> None:
    """A statement that was never run on both engines cannot be forgotten, nor first fail in production."""
    assert CASES.keys() | RUN_BY_TESTS == FILES


@on_both_engines
async def test_writes_write_as_many_rows(worlds: Worlds) -> None:
    """Appends, transforms and the publication say the same numbers, and none of them zero."""
    for what, one, other in worlds.written:
        assert (what, one) == (what, other)
        assert one > 0, what


@on_both_engines
@pytest.mark.parametrize("table", [table for table in TABLES if table != "ops.migrations"])
async def test_tables_are_equal(worlds: Worlds, table: str) -> None:
    """What was loaded and what the transforms made of it."""
    key = ", ".join(TABLES[table].key)
    columns = ", ".join(column.name for column in TABLES[table].columns)
    text = f"SELECT {columns} FROM {table} ORDER BY {key}"  # noqa: S608 - the registry's names
    rows = await worlds.both(text, {})
    assert rows[0], f"{table} is empty: nothing was compared"
    assert_equal(*rows)


@on_both_engines
@pytest.mark.parametrize(("text", "params"), QUERIES)
async def test_queries_give_equal_rows(worlds: Worlds, text: str, params: Params) -> None:
    """Values, types and, where the statement orders, order."""
    rows = await worlds.both(text, params)
    assert_equal(*rows, ordered="ORDER BY" in text.rpartition(")")[2])


@on_both_engines
@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("training_features", _TRAINING),
        ("training_outcomes", {**_TRAINING, "known_at": eastern_instant(world.SLATE, time(7))}),
    ],
)
async def test_a_training_reads_equal_columns(worlds: Worlds, name: str, params: Params) -> None:
    """What is read by column, as arrays, is equal too: names, order, numbers and nulls."""
    text = (SERVICES / f"worker/sql/{name}.sql").read_text()
    wanted = {key: value for key, value in params.items() if key != "mode" or "@mode" in text}
    one, other = [await warehouse.columns(text, wanted) for warehouse in (worlds.duckdb, worlds.bigquery)]
    assert list(one) == list(other)
    assert len(one["game_id"]) > 20
    for column in one:
        np.testing.assert_equal(np.asarray(one[column]), np.asarray(other[column]), column)


@on_both_engines
async def test_the_same_rows_are_sealed_by_the_same_hash(worlds: Worlds) -> None:
    """Whatever engine holds them, to the last digit: a record can move from one to the other."""
    engines, window = (worlds.duckdb, worlds.bigquery), (world.PLAYED[0], world.SLATE)
    one, other = [await record.published(warehouse, *window) for warehouse in engines]
    assert one == other
    one, other = [await record.graded(warehouse, *window) for warehouse in engines]
    assert one.keys() == other.keys()  # graded by each engine: their logarithms may differ in the last digit
    these, those = [await record.sources(warehouse, *window) for warehouse in engines]
    assert len(one) > 0
    for slate in world.PLAYED:
        assert these.lines(slate, _EVENING) == those.lines(slate, _EVENING)


def assert_equal(one: list[Row], other: list[Row], *, ordered: bool = True) -> None:
    if not ordered:
        one, other = sorted(one, key=_exact), sorted(other, key=_exact)
    assert len(one) == len(other)
    for left, right in zip(one, other, strict=True):
        assert list(left) == list(right)
        for name in left:
            assert _equal(left[name], right[name]), f"{name}: {left[name]!r} and {right[name]!r} in {left}"


def _exact(row: Row) -> str:
    return repr([value for value in row.values() if not isinstance(value, float)])


def _equal(left: object, right: object) -> bool:
    if type(left) is not type(right):
        return False
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-9)
    return left == right
