"""Answers by `Accept`, and by the tag of what the caller has already."""

import csv
import io
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

import pyarrow.parquet as pq
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from services.coordinator.api.formats import JSON, chosen, formats, tag
from services.coordinator.api.openapi import described, document
from services.coordinator.api.route import PAGE
from shared.ports import Row
from shared.registries.api import CSV, PARQUET
from shared.runtime.answers import Refusal
from tests.unit.coordinator.routes import KEY, World

MODELS: list[Row] = [{"n": n, "name": f"m{n}", "day": date(2024, 3, n + 1)} for n in range(5)]
RECORD: list[Row] = [{"n": n, "total": 3} for n in range(2)]
TABLES = {
    "/v1/predictions", "/v1/predictions/over", "/v1/game-lines", "/v1/players", "/v1/record/rows", "/v1/grades",
    "/v1/slates", "/v1/models", "/v1/costs", "/v1/keys", "/v1/quarantine",
}  # fmt: skip
"""What people read with other programs must be among the tables."""


async def ask(world: World, path: str, **headers: str) -> web.Response:
    """The answer to a request with a key and these headers."""
    given_ = {name.replace("_", "-"): value for name, value in headers.items()}
    return await world.respond("GET", path, headers=KEY | given_)


def body(response: web.Response) -> bytes:
    assert isinstance(response.body, bytes)
    return response.body


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("text/csv", CSV),
        ("text/*", CSV),
        ("application/vnd.apache.parquet", PARQUET),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", JSON),
        ("application/json;q=0.5, text/csv", CSV),
        ("text/csv;q=0, */*", JSON),
    ],
    ids=["nothing", "anything", "csv", "any-text", "parquet", "browser", "better", "not-csv"],
)
def test_a_table_comes_in_the_format_that_is_wanted_most(accept: str, media: str) -> None:
    """RFC 9110; JSON where all are as welcome."""
    assert chosen(accept, (PARQUET, CSV, JSON)) == media


@pytest.mark.parametrize("accept", ["image/png", "text/csv;q=0", "csv", "a/b/c"])
def test_a_format_that_there_is_not_is_refused_with_those_there_are(accept: str) -> None:
    """406, also for what is no media type."""
    with pytest.raises(Refusal, match="Accept") as caught:
        chosen(accept, (CSV, JSON))
    assert (caught.value.status, caught.value.remedy) == (406, "ask for application/json or text/csv")


@given(st.text(max_size=30))
def test_whatever_accept_holds_is_answered_or_refused(accept: str) -> None:
    """Never a traceback."""
    with suppress(Refusal):
        assert chosen(accept, (PARQUET, CSV, JSON)) in (PARQUET, CSV, JSON)


def test_lists_of_flat_rows_are_tables_and_nothing_else_is() -> None:
    """Runs have steps in them, dead letters anything."""
    routes = [route for route in World().routes if route.method == "GET"]
    tables = {route.path for route in routes if len(route.formats) > 1}
    assert tables >= TABLES
    assert not tables & {"/v1/runs", "/v1/dead-letters", "/v1/tonight", "/v1/record", "/v1/accuracy", "/v1/names"}
    assert formats(dict[str, str]) == (JSON,)


async def test_a_list_comes_as_csv_and_parquet_part_by_part() -> None:
    """Each part is a file of its own, and says where the next one is."""
    world = World(models=MODELS)
    lines: list[dict[str, str]] = []
    path: str | None = "/v1/models?limit=2"
    while path is not None:
        response = await ask(world, path, Accept="text/csv")
        assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
        lines += csv.DictReader(io.StringIO(body(response).decode(), newline=""))
        path = response.headers["Link"].split(">")[0][1:] if "Link" in response.headers else None
    assert lines == [{"n": str(row["n"]), "name": row["name"], "day": str(row["day"])} for row in MODELS]
    whole = await ask(world, "/v1/models", Accept=PARQUET)
    assert whole.headers["Content-Type"] == PARQUET
    assert pq.read_table(io.BytesIO(body(whole))).to_pylist() == MODELS


async def test_a_file_is_whole_unless_a_limit_is_asked_for() -> None:
    """Its readers follow no link; how many rows are in it is in a header."""
    world = World(models=[{"n": n} for n in range(PAGE + 2)])
    whole, rest, some = [
        await ask(world, f"/v1/models?{query}", Accept=CSV) for query in ("", "offset=20001", "limit=5")
    ]
    assert [each.headers["X-Rows"] for each in (whole, rest, some)] == [str(PAGE + 2), "1", "5"]
    assert ["Link" in each.headers for each in (whole, rest, some)] == [False, False, True]
    assert body(rest) == b"n\r\n20001\r\n"
    as_json = await ask(world, "/v1/models")
    assert ("Link" in as_json.headers, "X-Rows" in as_json.headers) == (True, False)


async def test_rows_of_the_record_are_a_table_too() -> None:
    """Without what is around them in JSON; the next part is a link."""
    world = World(record_rows=RECORD)
    path = "/v1/record/rows?first=2024-03-01&last=2024-03-04&limit=2"
    response = await ask(world, path, Accept="text/csv")
    assert (body(response), response.headers["Link"]) == (b"n\r\n0\r\n1\r\n", f'<{path}&offset=2>; rel="next"')
    assert response.headers["X-Rows"] == "2"
    assert "Link" not in (await ask(world, path)).headers, "a client would put objects together"


async def test_what_is_no_table_comes_as_json_alone() -> None:
    """406 in JSON, before anything is read."""
    world = World()
    world.put()
    assert await world.call("GET", "/v1/runs", headers=KEY | {"Accept": "text/csv"}) == (
        406,
        {"error": "this cannot be had in what Accept asks for", "remedy": "ask for application/json"},
    )


@pytest.mark.parametrize("accept", [JSON, CSV, PARQUET], ids=["json", "csv", "parquet"])
async def test_who_has_an_answer_gets_it_once(accept: str) -> None:
    """304 without a body while it is the same, and the whole when it is another."""
    world = World(models=MODELS)
    first = await ask(world, "/v1/models", Accept=accept)
    tag_ = first.headers["ETag"]
    assert tag_.startswith('"')
    assert (first.headers["Cache-Control"], first.headers["Vary"]) == ("private, no-cache", "Accept, Origin")
    again = await ask(world, "/v1/models", Accept=accept, If_None_Match=f'"other", W/{tag_}')
    assert (again.status, again.body, again.headers["ETag"]) == (304, None, tag_)
    assert again.headers["Cache-Control"] == "private, no-cache"
    assert (await ask(world, "/v1/models?limit=2", Accept=accept, If_None_Match=tag_)).status == 200
    assert (await ask(world, "/v1/models", Accept=accept, If_None_Match="*")).status == 304
    assert (await ask(world, "/v1/models", Accept=accept, If_None_Match="nonsense")).status == 200


async def test_each_format_has_a_tag_of_its_own() -> None:
    """They are other bytes."""
    world = World(models=MODELS)
    tags = {(await ask(world, "/v1/models", Accept=media)).headers["ETag"] for media in (JSON, CSV, PARQUET)}
    assert len(tags) == 3


async def test_who_may_not_read_learns_nothing_by_a_tag() -> None:
    """The key is looked at first."""
    world = World(models=MODELS)
    tag_ = (await ask(world, "/v1/models")).headers["ETag"]
    assert (await world.respond("GET", "/v1/models", headers={"If-None-Match": tag_})).status == 401


async def test_keys_are_kept_by_nobody() -> None:
    """`no-store`, and no tag."""
    response = await ask(World(), "/v1/keys")
    assert (response.headers["Cache-Control"], "ETag" in response.headers) == ("no-store", False)


@given(st.dictionaries(st.text(max_size=3), st.integers(), max_size=3))
def test_an_answer_that_differs_by_the_time_of_asking_alone_has_the_same_weak_tag(rest: dict[str, int]) -> None:
    """Whoever asks for an instant gets the strong one."""
    at = datetime(2024, 3, 4, tzinfo=UTC)

    def made(hour: int, asked: object = None, **more: Any) -> Any:  # noqa: ANN401 - JSON
        return tag(rest | {"as_of": at.replace(hour=hour)} | more, bytes([hour]), asked)

    assert made(1) == made(2)
    assert made(1).is_weak
    assert made(1) != made(1, longer_name=0)
    assert not made(1, at).is_weak
    assert made(1, at) != made(2, at)


def test_the_document_says_so() -> None:
    """Formats, tags and 406 of readings; a change has none of them."""
    on = document(described(World().routes))["paths"]
    models, answer = on["/v1/models"]["get"]["responses"], on["/v1/models"]["get"]["responses"]["200"]
    assert (list(answer["content"]), set(answer["headers"])) == ([JSON, CSV, PARQUET], {"ETag", "Link", "X-Rows"})
    assert (models["304"].keys(), "406" in models) == ({"description"}, True)
    assert list(on["/v1/runs"]["get"]["responses"]["200"]["content"]) == [JSON]
    assert not {"304", "406"} & on["/v1/runs"]["post"]["responses"].keys()
    assert "304" not in on["/v1/keys"]["get"]["responses"]
