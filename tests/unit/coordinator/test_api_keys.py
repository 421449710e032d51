"""API keys over HTTP."""

from datetime import timedelta
from typing import Any

import pytest

from services.coordinator.keys import COLLECTION
from shared.errors import Conflict
from shared.registries.keys import KEY, hashed
from tests.unit.coordinator.memory import failing
from tests.unit.coordinator.routes import NOON, World
from tests.unit.shared.places import API_KEY

DAY = 86_400


def of(key: str) -> dict[str, str]:
    """The header that carries a key."""
    return {"X-API-Key": key}


async def made(world: World, **body: object) -> dict[str, Any]:
    """A new key."""
    status, key = await world.call("POST", "/v1/keys", {"name": "ann", "role": "operator"} | body)
    assert status == 201, key
    return dict(key)


async def names(world: World) -> dict[str, str]:
    """Name -> status of every key, but for the other first ones."""
    status, keys = await world.call("GET", "/v1/keys")
    assert status == 200
    return {key["name"]: key["status"] for key in keys if key["name"] not in ("schedules", "viewer")}


async def test_a_key_is_shown_once_and_opens() -> None:
    """With its role's rights; the list has everything but key and hash."""
    world = World()
    key = await made(world, expires_in_seconds=90 * DAY)
    text = key.pop("key")
    match = KEY.fullmatch(text)
    assert match is not None
    assert key == {
        "id": match[1], "name": "ann", "role": "operator", "status": "active", "created_at": "2024-03-04T17:00:00Z",
        "created_by": "tests", "expires_at": "2024-06-02T17:00:00Z", "revoked_at": None,
    }  # fmt: skip
    first = {
        "id": API_KEY[7:23], "name": "tests", "role": "admin", "status": "active", "created_at": None,
        "created_by": "set-up", "expires_at": None, "revoked_at": None,
    }  # fmt: skip
    status, keys = await world.call("GET", "/v1/keys")
    assert (status, keys[0], keys[2]) == (200, key, first)
    assert (await world.call("POST", "/v1/runs", {"dry_run": True}, of(text)))[0] == 200
    assert world.state.documents[COLLECTION, match[1]].data["hash"] == hashed(match[2])
    world.clock.set(NOON + timedelta(days=90))
    assert (await world.call("GET", "/v1/runs", headers=of(text)))[0] == 401
    assert await names(world) == {"ann": "expired", "tests": "active"}


async def test_an_answer_with_a_key_is_not_for_caches() -> None:
    """`no-store`."""
    world = World()
    response = await world.respond("POST", "/v1/keys", {"name": "ann", "role": "viewer"})
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("role", ["viewer", "operator"])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/keys", None),
        ("POST", "/v1/keys", {"name": "eve", "role": "viewer"}),
        ("DELETE", f"/v1/keys/{API_KEY[7:23]}", None),
        ("DELETE", "/v1/keys/0000000000000000", None),
    ],
)
async def test_keys_are_for_admins(role: str, method: str, path: str, body: object) -> None:
    """403 for all others, and nothing changes; who has no role for a change learns no more than that."""
    world = World()
    text = (await made(world, role=role))["key"]
    status, answer = await world.call(method, path, body, of(text))
    assert status == 403
    assert "this takes" in answer["error"]
    assert await names(world) == {"ann": "active", "tests": "active"}


async def test_a_revoked_key_opens_nothing() -> None:
    """The answer says so; a second time changes nothing."""
    world = World()
    key = await made(world)
    for _ in range(2):
        status, ended = await world.call("DELETE", f"/v1/keys/{key['id']}")
        assert (status, ended["status"], ended["revoked_at"]) == (200, "revoked", "2024-03-04T17:00:00Z")
        assert "hash" not in ended
    status, answer = await world.call("GET", "/v1/runs", headers=of(key["key"]))
    assert (status, answer["error"]) == (401, f"API key ann ({key['id']}) is revoked")


@pytest.mark.parametrize("id_", ["0000000000000000", "ann", "x" * 300, "%2e%2e", "%F0%9F%92%A9"])
async def test_a_key_nobody_has_is_not_found(id_: str) -> None:
    """404, with where they are listed."""
    status, answer = await World().call("DELETE", f"/v1/keys/{id_}")
    assert (status, answer["remedy"]) == (404, "GET /v1/keys lists them")


@pytest.mark.parametrize(("given", "seconds"), [({}, DAY), ({"overlap_seconds": 0}, 0), ({"overlap_seconds": 60}, 60)])
async def test_a_key_replaces_another(given: dict[str, int], seconds: int) -> None:
    """The old one goes on for as long as was asked for, by default a day."""
    world = World()
    old = await made(world)
    await made(world, replaces=old["id"], **given)
    ends = {key["id"]: key["expires_at"] for key in (await world.call("GET", "/v1/keys"))[1]}
    assert ends[old["id"]] == (NOON + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
    world.clock.set(NOON + timedelta(seconds=seconds))
    assert (await world.call("GET", "/v1/runs", headers=of(old["key"])))[0] == 401


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"name": "Ann B"}, "'Ann B' cannot be a key's name"),
        ({"name": "schedules"}, "'schedules' cannot be a key's name"),
        ({"role": "god"}, "role: Input should be 'viewer', 'operator' or 'admin'"),
        ({"hash": "0" * 64}, "hash: Extra inputs are not permitted"),
        ({"expires_in_seconds": 0}, "expires_in_seconds: Input should be greater than or equal to 60"),
        ({"expires_in_seconds": 10**12}, "expires_in_seconds: Input should be less than or equal to 316224000"),
        ({"expires_in_seconds": float("nan")}, "expires_in_seconds: Input should be a finite number"),
        ({"overlap_seconds": -1}, "overlap_seconds: Input should be greater than or equal to 0"),
        ({"replaces": "0000000000000000"}, "no API key has the id '0000000000000000'"),
        ({"replaces": "../runs"}, "no API key has the id '../runs'"),
        ({"replaces": API_KEY[7:23]}, f"API key tests ({API_KEY[7:23]}) is the last one of an admin"),
    ],
)
async def test_what_no_key_can_be_made_of_is_refused(change: dict[str, object], error: str) -> None:
    """400 names it, and no key is made."""
    world = World()
    status, answer = await world.call("POST", "/v1/keys", {"name": "ann", "role": "viewer"} | change)
    assert (status, answer["error"].startswith(error)) == (400, True), answer
    assert await names(world) == {"tests": "active"}


async def test_the_last_admin_stays() -> None:
    """Nobody could make another key: 400 says what to do first."""
    world = World()
    status, answer = await world.call("DELETE", f"/v1/keys/{API_KEY[7:23]}")
    assert (status, answer["remedy"]) == (400, "make another first: `tipoff keys create NAME --role admin`")
    await made(world, role="admin")
    assert (await world.call("DELETE", f"/v1/keys/{API_KEY[7:23]}"))[0] == 200


async def test_a_store_that_is_contended_is_asked_again() -> None:
    """503; the key that was made for a rotation is gone."""
    world = World()
    old = await made(world)
    world.state.before = failing(Conflict("api_keys/x is newer"), "compare_and_set")
    status, answer = await world.call("POST", "/v1/keys", {"name": "new", "role": "viewer", "replaces": old["id"]})
    assert (status, answer["remedy"]) == (503, "try again shortly")
    assert await names(world) == {"ann": "active", "tests": "active"}
