"""The routes of the quarantine."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.coordinator.api.quarantine import EXCERPT, excerpt, id_of
from services.coordinator.runs.run import StepState, StepStatus
from shared.ports import Row
from shared.raw_archive import FetchRecord
from tests.unit.coordinator.routes import DAY, RUN_KEY, World
from tests.unit.shared.places import VIEWER_KEY

KEY = "raw/fetches/odds_api/x.json"
BODY = b'{"name": "Jo Doe"}'
ROW: Row = {
    "game_date": DAY, "mode": "overnight", "step": "lines", "unit": "g1", "record": "Jo Doe", "reason": "nobody's name",
    "fetched_at": datetime(2024, 3, 4, 11, tzinfo=UTC), "source": "odds_api", "archive_key": KEY,
}  # fmt: skip
ID = id_of(ROW)
ALL = {"game_date": DAY, "mode": "overnight", "step": "", "source": ""}
DONE = {name: StepState(status=StepStatus.DONE, attempt=1) for name in ("schedule", "box_scores", "rosters", "lines")}


def world(row: Row = ROW, **archived: bytes) -> World:
    made = World(quarantine=[row | {"record": "another"}, row])
    record = FetchRecord(
        source="odds_api", endpoint="event_odds", unit="g1", path="/v4/odds", status=200,
        fetched_at=row["fetched_at"], digest="ab", size=len(BODY), body="raw/bodies/ab",
    )  # fmt: skip
    made.ports.archive.objects.update({KEY: record.model_dump_json().encode(), "raw/bodies/ab": BODY} | archived)  # type: ignore[attr-defined]  # in memory
    return made


@pytest.mark.parametrize(
    ("query", "asked"), [("", {}), ("?step=lines", {"step": "lines"}), ("?source=espn", {"source": "espn"})]
)
async def test_refusals_are_listed_by_slate_step_and_source(query: str, asked: dict[str, str]) -> None:
    """Each under an id that says which slate and step it is of; two records of a unit have two."""
    made = world()
    made.put()
    status, rows = await made.call("GET", f"/v1/quarantine{query}")
    assert made.warehouse.asked == [("quarantine", ALL | asked)]
    assert (status, [row["record"] for row in rows]) == (200, ["another", "Jo Doe"])
    assert [row["id"].rpartition(".")[0] for row in rows] == [f"{DAY}.overnight.lines"] * 2
    assert rows[0]["id"] != rows[1]["id"] == ID


async def test_a_refusal_is_shown_with_the_payload_it_came_in() -> None:
    """What was asked, what came, and the part of it that names the record."""
    made = world()
    status, shown = await made.call("GET", f"/v1/quarantine/{ID}", headers={"X-API-Key": VIEWER_KEY})
    assert made.warehouse.asked == [("quarantine", ALL | {"step": "lines"})]
    assert (status, shown["id"], shown["reason"], shown["archive_key"]) == (200, ID, "nobody's name", KEY)
    assert (shown["fetch"]["path"], shown["fetch"]["status"], shown["fetch"]["body"]) == (
        "/v4/odds",
        200,
        "raw/bodies/ab",
    )
    assert shown["excerpt"] == BODY.decode()


@pytest.mark.parametrize(
    ("key", "words"),
    [(None, None), ("raw/fetches/gone", "no object raw/fetches/gone"), (KEY, "is no record of a fetch")],
)
async def test_a_payload_that_is_not_there_is_said_so(key: str | None, words: str | None) -> None:
    """Nothing was fetched, it is gone, or it is something else; the refusal is shown all the same."""
    made = world(ROW | {"archive_key": key}, **({KEY: b"{}"} if key == KEY else {}))
    status, shown = await made.call("GET", f"/v1/quarantine/{ID}")
    assert (status, shown["record"], shown["fetch"]) == (200, "Jo Doe", None)
    assert shown["excerpt"] is None if words is None else words in shown["excerpt"]


def test_an_excerpt_is_of_the_place_that_names_the_record() -> None:
    """Else of the beginning; what is no text is no reason to fail."""
    body = b"a" * 5000 + b"Jo Doe" + b"z" * 5000
    assert excerpt(body, "Jo Doe") == "a" * (EXCERPT // 2) + "Jo Doe" + "z" * (EXCERPT // 2 - 6)
    assert excerpt(body, "payload espn/injuries") == "a" * EXCERPT
    assert excerpt(b"\xff%PDF", "x") == "\ufffd%PDF"
    assert excerpt(b"", "x") == ""


@pytest.mark.parametrize(
    "id_", [f"{ID}x", "x", "a.b.c.d", f"{DAY}.overnight.dance.{ID[-10:]}", f"{DAY}.yesterday.lines.{ID[-10:]}"]
)
async def test_what_is_not_there_is_not_found(id_: str) -> None:
    """To look at or to try again."""
    for method, path in (("GET", f"/v1/quarantine/{id_}"), ("POST", f"/v1/quarantine/{id_}/retry")):
        status, answer = await world().call(method, path, {})
        assert (status, answer["error"]) == (404, f"nothing in quarantine has the id {id_!r}")


@pytest.mark.parametrize(
    ("body", "archive"), [({}, True), ({"anew": True}, False), ({"anew": False, "dry_run": True}, True)]
)
async def test_another_try_does_the_step_and_what_stands_on_it_again(body: dict[str, Any], *, archive: bool) -> None:
    """From the archive unless it is to be anew, as whoever asked, in a new generation; the other steps stand."""
    made = world()
    made.put(steps=DONE, targets=("lines", "box_scores"))
    status, run = await made.call("POST", f"/v1/quarantine/{ID}/retry", body)
    if body.get("dry_run"):
        assert (status, run["starts"]) == (200, [f"{RUN_KEY}.2/lines/1"])
        assert (await made.call("GET", f"/v1/runs/{RUN_KEY}"))[1]["generation"] == 1
        return
    assert (status, run["generation"], run["from_archive"], run["source"]) == (202, 2, archive, "tests")
    assert (run["targets"], run["retrospective"]) == (["lines", "box_scores"], False)
    assert {name: step["status"] for name, step in run["steps"].items()} == {
        "schedule": "done", "box_scores": "done", "rosters": "done", "lines": "running",
    }  # fmt: skip


async def test_another_try_of_a_slate_of_the_past_is_retrospective() -> None:
    """Its predictions count as made at their cutoffs."""
    past = ROW | {"game_date": date(2024, 3, 3)}
    made = world(past)
    _, run = await made.call("POST", f"/v1/quarantine/{id_of(past)}/retry", {})
    assert (run["game_date"], run["retrospective"], run["targets"]) == ("2024-03-03", True, ["lines"])


async def test_another_try_is_for_operators() -> None:
    """And nothing else may be in the body."""
    made = world()
    path = f"/v1/quarantine/{ID}/retry"
    assert (await made.call("POST", path, {}, {"X-API-Key": VIEWER_KEY}))[0] == 403
    assert (await made.call("POST", path, {"force": True}))[0] == 400
