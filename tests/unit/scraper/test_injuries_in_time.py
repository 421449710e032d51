"""Step `injuries` in time: what several lists tell together, who left them, and that rows come before the log."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from services.scraper.domain.injury_news import NO_LONGER_LISTED
from services.scraper.sources.endpoint import INJURIES
from services.scraper.steps import injuries
from shared.errors import Transient
from shared.ports import Row
from tests.unit.scraper import wire
from tests.unit.scraper.bench import BOS_ELM, GAMES, MORNING, NYK_ASH, ROSTER, SLATE, Bench, bench, loaded
from tests.unit.scraper.conftest import Rig
from tests.unit.scraper.lists import endpoint, written

FIRST, SECOND, THIRD = (
    endpoint(source, INJURIES, rank, lambda _, source=source: (f"of {source}",))  # type: ignore[misc]  # a default
    for rank, source in enumerate(("nba_stats", "espn", "balldontlie"), 1)
)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def three_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of which the better two are asked."""
    monkeypatch.setattr(injuries, "ranked", lambda _: (FIRST, SECOND, THIRD))


def entry(name: str, status: str = "Out", **changes: object) -> dict[str, Any]:
    return {"player_name": name, "team": name[:3].upper(), "status": status, **changes}


def known(player_id: int, team: str = "NYK", status: str = "Out", day: date = SLATE, **changes: object) -> Row:
    """A row of injuries_known.sql."""
    row: Row = {
        "game_date": day, "player_id": player_id, "player_lookup": f"player{player_id}", "team": team, "status": status,
        "reason": "Ankle", "return_date": SLATE, "comment": "Sore.", "available_at": MORNING - 10 * HOUR,
        "source": "espn",
    }  # fmt: skip
    return row | changes


def looking(*rows: Row, last_look: datetime | None = MORNING - 2 * HOUR, **bodies: bytes) -> Bench:
    """The step with what was known, and what each source's list holds."""
    answers = {"slate_games": GAMES, "roster": ROSTER, "injuries_known": rows, "last_look": [{"seen_at": last_look}]}
    b = bench("injuries", answers)
    b.payloads.bodies = {(source, f"of {source}"): body for source, body in bodies.items()}
    return b


def written_statuses(b: Bench) -> list[tuple[Any, ...]]:
    """(player, status, public since, source) of the appended rows."""
    rows = [row for table, rows in b.warehouse.appended if table == "raw.injuries" for row in rows]
    return [(row["player_id"], row["status"], row["available_at"], row["source"]) for row in rows]


async def test_the_better_list_stands_and_where_they_disagree_both_are_kept() -> None:
    """A third is not asked. What both say keeps the date of the second, and the list's own counts for the rest."""
    first = written(entry("Nyk Ash", "Questionable"), entry("Bos Elm"), entry("Nyk Fir"), stamp=MORNING - HOUR)
    elm = entry("Bos Elm", reported_at=MORNING - 3 * HOUR / 2, comment="Sore.")
    second = written(entry("Nyk Ash"), elm, entry("Den Ash", "Doubtful"))
    b = looking(nba_stats=first, espn=second)
    assert await injuries.run(b.task) == 3
    assert b.payloads.units() == [("nba_stats", "of nba_stats"), ("espn", "of espn")]
    assert written_statuses(b) == [
        (NYK_ASH, "Questionable", MORNING - HOUR, "nba_stats"),
        (BOS_ELM, "Out", MORNING - 3 * HOUR / 2, "nba_stats"),
        (wire.player("NYK", 5)[0], "Out", MORNING - HOUR, "nba_stats"),
    ]
    common = {"game_date": SLATE, "field": "status", "source": "nba_stats", "other_source": "espn"}
    common |= {"fetched_at": MORNING}
    ash = {"subject": "Nyk Ash (5200)", "value": "Questionable", "other_value": "Out"}
    den = {"subject": "Den Ash (4300)", "value": "Available", "other_value": "Doubtful"}
    assert b.warehouse.appended[0] == ("raw.disagreements", [common | ash, common | den])
    assert b.fetches.counts()["disagreements"] == 2
    assert b.fetches.units == {
        "of nba_stats": loaded("nba_stats", 3, "of nba_stats"), "of espn": loaded("espn", 3, "of espn"),
    }  # fmt: skip


async def test_a_list_that_fails_is_replaced_by_the_next_one() -> None:
    """It is a failure of its unit, not of the step; where none answers there is nothing to tell."""
    b = looking(espn=written(entry("Nyk Ash")), balldontlie=written(entry("Bos Elm")))
    assert await injuries.run(b.task) == 1
    assert written_statuses(b) == [(NYK_ASH, "Out", MORNING, "espn")]
    assert [unit.outcome for unit in b.fetches.units.values()] == ["failed", "loaded"]
    b = looking(balldontlie=written(entry("Bos Elm")))
    assert await injuries.run(b.task) == 1
    assert written_statuses(b) == [(BOS_ELM, "Out", MORNING, "balldontlie")]
    assert b.fetches.verdict() is None
    b = looking(known(NYK_ASH))
    assert await injuries.run(b.task) == 0
    assert (b.warehouse.appended, b.fetches.verdict()) == ([], "nba_stats is down")


async def test_who_left_the_list_is_available_since_it_was_seen() -> None:
    """Of this slate and of the one before; only of teams that play, and once."""
    yesterday = SLATE - timedelta(days=1)
    rows = [
        known(NYK_ASH),
        known(BOS_ELM, "BOS", "Doubtful", yesterday),
        known(7, "UTA"),
        known(8, status="Available"),
        known(wire.player("NYK", 5)[0]),
    ]
    b = looking(*rows, espn=written(entry("Nyk Fir", reported_at=MORNING - HOUR)))
    assert await injuries.run(b.task) == 3
    assert written_statuses(b) == [
        (wire.player("NYK", 5)[0], "Out", MORNING - HOUR, "espn"),
        (BOS_ELM, "Available", MORNING, "espn"),
        (NYK_ASH, "Available", MORNING, "espn"),
    ]
    healed = b.warehouse.appended[0][1][2]
    assert healed == {
        "game_date": SLATE, "player_id": NYK_ASH, "player_lookup": "player5200", "team": "NYK", "status": "Available",
        "reason": None, "return_date": None, "comment": NO_LONGER_LISTED, "available_at": MORNING,
        "fetched_at": MORNING, "source": "espn",
    }  # fmt: skip


async def test_an_empty_list_heals_nobody() -> None:
    """Nor does one of which an entry could not be read: who is missing may be that one."""
    for body in (written(), written(entry("Den Fir"), refused=["x"])):
        b = looking(known(NYK_ASH), known(BOS_ELM, "BOS"), espn=body)
        await injuries.run(b.task)
        assert "Available" not in [status for _, status, *_ in written_statuses(b)]


async def test_a_name_that_fits_nobody_heals_nobody_of_its_team() -> None:
    """The other teams are spoken for."""
    b = looking(known(NYK_ASH), known(BOS_ELM, "BOS"), espn=written(entry("Nyk Nobody")))
    assert await injuries.run(b.task) == 1
    assert written_statuses(b) == [(BOS_ELM, "Available", MORNING, "espn")]
    reason = "no known player of NYK is called 'Nyk Nobody'"
    assert b.fetches.refusals == {("of espn", "Nyk Nobody"): (reason, "espn")}


async def test_what_is_known_is_asked_as_of_the_look() -> None:
    """And the last look is another than this one, whose payloads the log may have."""
    b = looking(nba_stats=written(entry("Nyk Ash")), espn=written(entry("Nyk Ash")))
    b.payloads.fetched_at = MORNING + HOUR
    await injuries.run(b.task)
    seen = {"seen_at": MORNING + HOUR, "game_date": SLATE}
    assert b.warehouse.asked[-2:] == [
        ("injuries_known", seen),
        ("last_look", {**seen, "archive_keys": ["nba_stats/of nba_stats", "espn/of espn"]}),
    ]


async def test_rows_are_written_before_the_log() -> None:
    """The log says when a list was last seen: what that look has shown must be there."""
    b = looking(espn=written(entry("Nyk Ash")))
    await injuries.run(b.task)
    assert [table for table, _ in b.warehouse.appended] == ["raw.injuries"]
    assert b.warehouse.replaced == []


class _Closed:
    """Reads work, appending does not."""

    def __init__(self, warehouse: Any) -> None:  # noqa: ANN401 - any adapter
        self._warehouse = warehouse

    async def append(self, table: str, rows: object) -> int:  # noqa: ARG002 - as the port
        raise Transient(f"{table} cannot be written")

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - the other methods of the port
        return getattr(self._warehouse, name)


async def test_a_look_whose_rows_were_lost_was_none(slate: Rig) -> None:
    """After a crash the entry keeps the date that lies after the last look that is logged."""
    body = written(entry("Nyk Ash", reported_at=MORNING - HOUR))
    slate.upstreams.bodies["espn", "of espn"] = body
    with pytest.raises(Transient, match="cannot be written"):
        await slate.run("injuries", SLATE, warehouse=_Closed(slate.ports.warehouse))
    assert await slate.fetches() == []
    slate.upstreams.now += HOUR
    slate.clock.set(slate.upstreams.now, force=True)
    await slate.run("injuries", SLATE)
    [row] = await slate.rows("raw.injuries")
    assert (row["available_at"], row["fetched_at"]) == (MORNING - HOUR, MORNING + HOUR)


async def test_what_is_loaded_again_from_the_archive_is_dated_as_it_was(slate: Rig) -> None:
    """Its own look is not the last one before it, neither while the log still has it nor when it is logged anew."""
    slate.upstreams.bodies["espn", "of espn"] = written(entry("Nyk Ash", reported_at=MORNING - HOUR))
    slate.upstreams.now = MORNING + timedelta(seconds=5)  # an answer comes after the step has begun
    await slate.run("injuries", SLATE)
    before = await slate.rows("raw.injuries")
    assert [row["available_at"] for row in before] == [MORNING - HOUR]
    slate.clock.set(MORNING + 9 * HOUR, force=True)
    for _ in range(2):
        await slate.ports.warehouse.replace("raw.injuries", [], scope="TRUE")
        await slate.run("injuries", SLATE, from_archive=True)
        assert await slate.rows("raw.injuries") == before
