"""The fetch log of one step."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from services.scraper.domain.wire import Parsed, Refusal
from services.scraper.fetch import Failed
from services.scraper.fetch_log import FetchLog, Unit
from services.scraper.payloads import Collected
from services.scraper.sources.nba_cdn.boxscore import boxscore
from shared.basketball.slate import Mode
from shared.contract import StepRequested
from shared.ports import Row
from tests.unit.scraper.fakes import StubWarehouse

DAY = date(2024, 3, 5)
NOW = datetime(2024, 3, 5, 12, tzinfo=UTC)
BOX = boxscore("a")
GOT: Collected[int] = Collected(Parsed((1, 2)), "nba_cdn", "raw/key", NOW, None, 1)
STAMP = {"game_date": DAY, "mode": "same_day", "step": "lines", "fetched_at": NOW}
SCOPE = "game_date = @game_date AND mode = @mode AND step = @step"
PARAMS = {"game_date": DAY, "mode": "same_day", "step": "lines"}
FETCHES = f"SELECT * FROM raw.fetches WHERE {SCOPE}"  # noqa: S608 - a constant
QUARANTINE = f"SELECT * FROM raw.quarantine WHERE {SCOPE}"  # noqa: S608 - a constant


@pytest.fixture
def log() -> FetchLog:
    request = StepRequested(run_id="r1", game_date=DAY, mode=Mode.SAME_DAY, step="lines", attempt=1)
    return FetchLog(request, NOW)


def test_what_became_of_a_unit(log: FetchLog) -> None:
    """Loaded, empty because it brought nothing, empty for a reason, quarantined or failed."""
    log.loaded("a", GOT, 7)
    log.loaded("b", GOT, 0)
    log.empty("c", GOT, "no event in the list")
    log.quarantined("d", GOT, "4 players of NYK")
    log.failed("e", "espn", Failed("HTTP 403", 2))
    assert log.units == {
        "a": Unit("loaded", "nba_cdn", 7, None, "raw/key"),
        "b": Unit("empty", "nba_cdn", 0, None, "raw/key"),
        "c": Unit("empty", "nba_cdn", 0, "no event in the list", "raw/key"),
        "d": Unit("quarantined", "nba_cdn", 0, "4 players of NYK", "raw/key"),
        "e": Unit("failed", "espn", 0, "HTTP 403", None),
    }
    log.loaded("f", GOT, 1)
    assert log.units["f"].outcome == "loaded"
    assert log.counts() == {
        "units": 6, "units_loaded": 2, "units_empty": 2, "units_quarantined": 1, "units_failed": 1, "quarantined": 0,
    }  # fmt: skip


def test_f11_two_records_of_one_name_are_both_kept(log: FetchLog) -> None:
    """Told apart by their reasons: a repeated one is one. Another unit's record of the same name is another record."""
    reasons = ("first", "second", "first", "second", "fifth")
    log.refuse("a", "espn", [*(Refusal("Jo Doe", reason) for reason in reasons), Refusal("Al Roe", "third")])
    log.refuse("b", "nba_cdn", [Refusal("Jo Doe", "fourth")])
    assert log.refusals == {
        ("a", "Jo Doe"): ("first", "espn"),
        ("a", "Jo Doe (2)"): ("second", "espn"),
        ("a", "Jo Doe (3)"): ("fifth", "espn"),
        ("a", "Al Roe"): ("third", "espn"),
        ("b", "Jo Doe"): ("fourth", "nba_cdn"),
    }
    assert log.counts() == {"units": 0, "quarantined": 5}


def test_a_step_fails_when_all_its_units_fail(log: FetchLog) -> None:
    """With the first reason; one unit that did not fail saves it, and a step without units has not failed."""
    assert log.verdict() is None
    log.failed("a", "espn", Failed("HTTP 403", 1))
    log.failed("b", "espn", Failed("HTTP 500", 6))
    assert log.verdict() == "HTTP 403"
    log.quarantined("c", GOT, "4 players of NYK")
    assert log.verdict() is None


def test_f18_a_game_under_way_is_no_failure_of_the_step(log: FetchLog) -> None:
    """Not even when it is the only one, nor beside one that failed."""
    log.failed("a", "nba_cdn", Failed("not final", 1))
    assert log.verdict() is None
    log.failed("b", "nba_cdn", Failed("HTTP 403", 1))
    assert log.verdict() is None


def test_what_stands_of_earlier_nights_saves_a_step(log: FetchLog) -> None:
    """But not from a failure of the step as a whole."""
    log.failed("a", "espn", Failed("HTTP 403", 1))
    log.stands_on_earlier = True
    assert log.verdict() is None
    log.failure = "the schedule is empty"
    assert log.verdict() == "the schedule is empty"


def test_a_failure_of_the_step_as_a_whole_counts_whatever_was_loaded(log: FetchLog) -> None:
    """An earlier season that was loaded does not save the slate's own."""
    log.loaded("a", GOT, 7)
    log.failure = "the schedule is empty"
    assert log.verdict() == "the schedule is empty"


async def test_the_account_of_a_step_is_written(log: FetchLog) -> None:
    """A row for each unit and for each refused record, in place of those of the step's earlier runs."""
    log.loaded("a", GOT, 7)
    log.failed("b", "espn", Failed("HTTP 403", 2))
    log.refuse("a", "nba_cdn", [Refusal("Jo Doe", "has no name")])
    warehouse = StubWarehouse()
    await log.write(warehouse)  # type: ignore[arg-type]  # a fake of the port
    loaded = {"unit": "a", "outcome": "loaded", "source": "nba_cdn", "records": 7, "reason": None}
    failed = {"unit": "b", "outcome": "failed", "source": "espn", "records": 0, "reason": "HTTP 403"}
    refused = {"unit": "a", "record": "Jo Doe", "reason": "has no name", "source": "nba_cdn"}
    refused["archive_key"] = "raw/key"
    assert warehouse.asked == [(FETCHES, PARAMS), (QUARANTINE, PARAMS)]
    assert warehouse.replaced == [
        (
            "raw.fetches",
            [STAMP | loaded | {"archive_key": "raw/key"}, STAMP | failed | {"archive_key": None}],
            SCOPE,
            PARAMS,
        ),
        ("raw.quarantine", [STAMP | refused], SCOPE, PARAMS),
    ]
    assert log.accounted == {"raw/key"}


def _fetch(unit: str, outcome: str, key: str) -> Row:
    return {"unit": unit, "outcome": outcome, "archive_key": key}


def _refused(unit: str, record: str) -> Row:
    return {"unit": unit, "record": record, "archive_key": None}


async def test_what_an_earlier_run_has_loaded_keeps_its_account(log: FetchLog) -> None:
    """With its refused records; what this run had to do with, or what was not loaded, does not."""
    answers = {
        FETCHES: [_fetch("old", "loaded", "k1"), _fetch("again", "loaded", "k2"), _fetch("lost", "failed", "k3")],
        QUARANTINE: [_refused("old", "x"), _refused("old", "now"), _refused("again", "y"), _refused("lost", "z")],
    }
    warehouse = StubWarehouse(answers)
    log.units["again"] = Unit("failed", "espn")
    log.units["now"] = Unit("loaded", "espn")
    await log.write(warehouse)  # type: ignore[arg-type]  # a fake of the port
    [(fetches, _, _)] = warehouse.written("raw.fetches")
    assert [row["unit"] for row in fetches] == ["old", "again", "now"]
    assert fetches[0] == _fetch("old", "loaded", "k1")
    [(quarantine, _, _)] = warehouse.written("raw.quarantine")
    assert quarantine == [_refused("old", "x")]
    assert log.accounted == {"k1"}


async def test_a_pass_of_some_games_leaves_the_accounts_of_others(log: FetchLog) -> None:
    """What it reads and replaces is of its own units: those that it accounts for, refuses records of, or was handed."""
    request = StepRequested(run_id="r1", game_date=DAY, mode=Mode.SAME_DAY, step="lines", attempt=1, games=("g1",))
    log = FetchLog(request, NOW)
    log.loaded("g1", GOT, 7)
    log.refuse("names", "espn", [Refusal("Jo Doe", "has no name")])
    log.handed(BOX, "k1")
    scope, params = f"{SCOPE} AND unit IN UNNEST(@units)", {**PARAMS, "units": ["a", "g1", "names"]}
    fetches, refused = (f"SELECT * FROM raw.{table} WHERE {scope}" for table in ("fetches", "quarantine"))  # noqa: S608 - constants
    warehouse = StubWarehouse({fetches: [_fetch("a", "loaded", "old")]})
    await log.write(warehouse)  # type: ignore[arg-type]  # a fake of the port
    assert warehouse.asked == [(fetches, params), (refused, params)]
    assert [(table, where, known) for table, _, where, known in warehouse.replaced] == [
        ("raw.fetches", scope, params), ("raw.quarantine", scope, params)
    ]  # fmt: skip
    assert [row["unit"] for row in warehouse.replaced[0][1]] == ["a", "g1"]


async def test_f12_what_is_over_keeps_the_account_of_a_payload_that_came(log: FetchLog) -> None:
    """Whatever came of it, with its refused records: else nobody would have looked at the payload."""
    answers = {
        FETCHES: [
            _fetch("loaded", "loaded", "k1"), _fetch("empty", "empty", "k2"),
            {"unit": "failed", "outcome": "failed", "archive_key": None},
        ],
        QUARANTINE: [_refused("loaded", "x"), _refused("failed", "y")],
    }  # fmt: skip
    warehouse = StubWarehouse(answers)
    for unit in ("loaded", "empty", "failed", "new"):
        log.unasked(unit, "odds_api", "its cutoff is over")
    await log.write(warehouse)  # type: ignore[arg-type]  # a fake of the port
    [(fetches, _, _)] = warehouse.written("raw.fetches")
    assert [(row["unit"], row["outcome"], row["archive_key"], row.get("reason")) for row in fetches] == [
        ("loaded", "loaded", "k1", None), ("empty", "empty", "k2", None),
        ("failed", "empty", None, "its cutoff is over"), ("new", "empty", None, "its cutoff is over"),
    ]  # fmt: skip
    [(quarantine, _, _)] = warehouse.written("raw.quarantine")
    assert quarantine == [_refused("loaded", "x")]
    assert log.accounted == {"k1", "k2"}
    assert log.counts() == {"units": 4, "units_empty": 4, "quarantined": 0}


async def test_a_unit_that_failed_although_its_payload_came_says_where_that_is(log: FetchLog) -> None:
    """As a game's that is not final; of the source that it was to be made of."""
    log.handed(BOX, "k1")
    log.failed("a", "nba_cdn", Failed("not final", 1))
    log.failed("b", "nba_cdn", Failed("HTTP 403", 1))
    log.refuse("a", "nba_cdn", [Refusal("Jo Doe", "has no name")])
    warehouse = StubWarehouse()
    await log.write(warehouse, ended=True)  # type: ignore[arg-type]  # a fake of the port
    [(fetches, _, _)] = warehouse.written("raw.fetches")
    assert [(row["unit"], row["archive_key"]) for row in fetches] == [("a", "k1"), ("b", None)]
    [(quarantine, _, _)] = warehouse.written("raw.quarantine")
    assert [(row["record"], row["archive_key"]) for row in quarantine] == [("Jo Doe", "k1")]


async def test_payloads_are_accounted_for(log: FetchLog) -> None:
    """A refused one at once, of several the newest; one of no use when the step has ended."""
    log.handed(BOX, "k1")
    log.unusable(replace(BOX, unit="b"), "k3", "HTML instead of JSON")
    log.unusable(replace(BOX, unit="b"), "k2", "older")
    assert log.counts() == {"units": 0, "quarantined": 1}
    warehouse = StubWarehouse()
    await log.write(warehouse)  # type: ignore[arg-type]  # a fake of the port
    assert log.accounted == {"k3"}
    await log.write(warehouse, ended=True)  # type: ignore[arg-type]  # a fake of the port
    assert log.accounted == {"k1", "k3"}
    rows = warehouse.written("raw.quarantine")[-1][0]
    refused, unused = ({**STAMP, "source": "nba_cdn", "record": "payload nba_cdn/boxscore"} for _ in range(2))
    assert rows == [
        refused | {"unit": "b", "reason": "HTML instead of JSON", "archive_key": "k3"},
        unused | {"unit": "a", "reason": "the step had no use for it", "archive_key": "k1"},
    ]


async def test_a_refused_payload_stays_in_quarantine_until_its_like_is_parsed(log: FetchLog) -> None:
    """Whatever else becomes of its unit."""
    names = ("a", "b", "c")
    rows = [{"unit": name, "record": "payload nba_cdn/boxscore", "archive_key": f"old {name}"} for name in names]
    warehouse = StubWarehouse({QUARANTINE: rows})
    log.handed(BOX, "k1")
    log.unusable(replace(BOX, unit="b"), "k2", "worse")
    log.failed("c", "nba_cdn", Failed("HTTP 503", 8))
    await log.write(warehouse)  # type: ignore[arg-type]  # a fake of the port
    [(quarantine, _, _)] = warehouse.written("raw.quarantine")
    assert [row["archive_key"] for row in quarantine] == ["old c", "k2"]


def test_credits_that_end_meanwhile_are_counted(log: FetchLog) -> None:
    """What the refusal says is left goes over what was known before."""
    log.failed("g1", "odds_api", Failed("no", 1))
    assert "credits_left" not in log.counts()
    log.credits = {"credits_left": 30, "credits_needed": 20}
    log.failed("g2", "odds_api", Failed("credits used up", 1, credits_left=0))
    assert (log.counts()["credits_left"], log.counts()["credits_needed"]) == (0, 20)
