"""The OpenAPI document and the page's table are those of the routes."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.coordinator.api.openapi import described, document, main
from shared.registries.keys import Role
from tests.unit.coordinator.routes import KEY, World
from tests.unit.shared.places import VIEWER_KEY

ABSENT = ("/v1/tonight", "/v1/report")
"""Whose query may ask for what is not there."""


def references(part: Any) -> list[str]:  # noqa: ANN401 - JSON
    """What a part of the document refers to."""
    if isinstance(part, dict):
        return [value for name, value in part.items() if name == "$ref"] + references(list(part.values()))
    return [name for each in part for name in references(each)] if isinstance(part, list) else []


def test_every_route_is_described_and_nothing_is_left_open() -> None:
    """Each reference is to something that is there, each path parameter is declared, each refusal has its form."""
    routes = described(World().routes)
    made = document(routes)
    assert {(path, method.upper()) for path, on in made["paths"].items() for method in on} == {
        (route.path, route.method) for route in routes
    }
    known = {f"#/components/schemas/{name}" for name in made["components"]["schemas"]}
    assert set(references(made)) == known, "what is not referred to is noise"
    for path, on in made["paths"].items():
        for operation in on.values():
            in_path = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
            assert in_path == {part.strip("{}") for part in path.split("/") if part.startswith("{")}
            assert {"400", "401", "403", "429", "503"} <= operation["responses"].keys()
            assert ("404" in operation["responses"]) == ("{" in path or path in ABSENT)
    names = [operation["operationId"] for on in made["paths"].values() for operation in on.values()]
    assert len(set(names)) == len(names)


async def test_a_slate_that_is_not_there_is_refused_as_described() -> None:
    """404, and the document says so."""
    world = World()
    made = document(described(world.routes))["paths"]
    assert (await world.call("GET", "/v1/tonight?game_date=2020-01-01"))[0] == 404
    assert "404" in made["/v1/tonight"]["get"]["responses"]


def test_limits_are_part_of_the_document() -> None:
    """A client sees them before the server refuses."""
    made = document(described(World().routes))
    runs = made["components"]["schemas"]["RunBody"]["properties"]
    assert runs["from_phase"]["anyOf"][0] == {"maximum": 6, "minimum": 1, "type": "integer"}
    over = {each["name"]: each for each in made["paths"]["/v1/predictions/over"]["get"]["parameters"]}
    assert (over["line"]["required"], over["line"]["schema"]["maximum"]) == (True, 1000)
    assert set(made["paths"]["/v1/runs"]["post"]["responses"]) == {
        *("200", "202"), *("400", "401", "403", "408", "409", "413", "422", "429", "503")
    }  # fmt: skip


def test_the_pages_table_is_made_from_the_routes(capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m services.coordinator.api.openapi` writes it."""
    main()
    written = capsys.readouterr().out
    assert len(written.splitlines()) > 20
    assert written in Path("docs/coordinator.md").read_text(encoding="utf-8")


async def test_the_document_is_served_to_those_who_may_read() -> None:
    """The same one."""
    world = World()
    world.serve(described(world.routes))
    assert (await world.call("GET", "/v1/openapi.json", headers={}))[0] == 401
    status, made = await world.call("GET", "/v1/openapi.json", headers={"X-API-Key": VIEWER_KEY})
    assert (status, made) == (200, json.loads(json.dumps(document(described(world.routes)))))
    assert KEY["X-API-Key"] not in json.dumps(made)
    assert all(role in json.dumps(made) for role in (Role.VIEWER, Role.OPERATOR))
