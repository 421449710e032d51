"""The state store: compare-and-set documents."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from shared.errors import AlreadyExists, Conflict, Permanent
from shared.ports import StateStore

DATA = {"text": "é", "number": 0, "share": 0.5, "none": None, "yes": True, "nested": {"list": [1, "two", []]}}
OpenState = Callable[[], Awaitable[StateStore]]


async def test_a_document_comes_back_as_it_was_written(state: StateStore) -> None:
    """JSON survives unchanged, zeros and nulls included."""
    created = await state.create("runs", "2024-03-04/same_day", DATA)
    read = await state.get("runs", "2024-03-04/same_day")
    assert read == created
    assert read is not None
    assert (read.id, read.data) == ("2024-03-04/same_day", DATA)


async def test_a_missing_document_is_none(state: StateStore) -> None:
    """Neither another id nor another collection has it."""
    await state.create("runs", "a", {})
    assert await state.get("runs", "b") is None
    assert await state.get("steps", "a") is None


async def test_creating_twice_is_refused(state: StateStore) -> None:
    """`create` is the idempotency guard: the second caller learns it, the first document stays."""
    await state.create("runs", "a", {"n": 1})
    with pytest.raises(AlreadyExists, match="a"):
        await state.create("runs", "a", {"n": 2})
    document = await state.get("runs", "a")
    assert document is not None
    assert document.data == {"n": 1}


async def test_compare_and_set_replaces_the_version_it_read(state: StateStore) -> None:
    """The whole document is replaced, and has a new version."""
    first = await state.create("runs", "a", {"n": 1, "old": True})
    second = await state.compare_and_set("runs", "a", {"n": 2}, version=first.version)
    assert second.version != first.version
    assert await state.get("runs", "a") == second
    assert second.data == {"n": 2}


async def test_compare_and_set_with_an_old_version_conflicts(state: StateStore) -> None:
    """Who comes second reads again; nothing is overwritten."""
    first = await state.create("runs", "a", {"n": 1})
    second = await state.compare_and_set("runs", "a", {"n": 2}, version=first.version)
    with pytest.raises(Conflict, match="a"):
        await state.compare_and_set("runs", "a", {"n": 3}, version=first.version)
    assert await state.get("runs", "a") == second


async def test_compare_and_set_of_a_deleted_document_conflicts(state: StateStore) -> None:
    """A version does not outlive its document, not even when the document is created again."""
    first = await state.create("runs", "a", {"n": 1})
    await state.delete("runs", "a")
    with pytest.raises(Conflict):
        await state.compare_and_set("runs", "a", {"n": 2}, version=first.version)
    await state.create("runs", "a", {"n": 1})
    with pytest.raises(Conflict):
        await state.compare_and_set("runs", "a", {"n": 2}, version=first.version)


async def test_increment_starts_at_zero(state: StateStore) -> None:
    """Document and field come into being; the other fields stay."""
    await state.increment("counts", "a", "nacks")
    await state.increment("counts", "a", "nacks", by=4)
    await state.increment("counts", "a", "acks", by=-1)
    document = await state.get("counts", "a")
    assert document is not None
    assert document.data == {"nacks": 5, "acks": -1}


async def test_fifty_concurrent_increments_all_count(open_state: OpenState) -> None:
    """Two clients, fifty increments: exactly fifty."""
    clients = [await open_state(), await open_state()]
    await asyncio.gather(*(clients[n % 2].increment("counts", "a", "n") for n in range(50)))
    document = await clients[0].get("counts", "a")
    assert document is not None
    assert document.data == {"n": 50}


async def test_fifty_concurrent_compare_and_set_loops_all_apply(open_state: OpenState) -> None:
    """Two clients, fifty read-modify-write loops that retry on conflict: exactly fifty applied, none lost."""
    clients = [await open_state(), await open_state()]
    await clients[0].create("runs", "a", {"applied": []})

    async def apply(n: int) -> None:
        client = clients[n % 2]
        while True:
            document = await client.get("runs", "a")
            assert document is not None
            try:
                data = {"applied": [*document.data["applied"], n]}
                await client.compare_and_set("runs", "a", data, version=document.version)
            except Conflict:
                continue
            return

    await asyncio.gather(*(apply(n) for n in range(50)))
    document = await clients[1].get("runs", "a")
    assert document is not None
    assert sorted(document.data["applied"]) == list(range(50))


async def test_concurrent_creates_have_one_winner(open_state: OpenState) -> None:
    """A trigger that arrives ten times takes effect once."""
    clients = [await open_state(), await open_state()]
    outcomes = await asyncio.gather(
        *(clients[n % 2].create("runs", "a", {"n": n}) for n in range(10)), return_exceptions=True
    )
    assert sum(isinstance(outcome, AlreadyExists) for outcome in outcomes) == 9


@pytest.mark.parametrize(
    ("bounds", "found"),
    [
        ({"start": "2024-03-05"}, ["2024-03-05.overnight", "2024-03-05.same_day", "2024-03-06.overnight"]),
        ({"start": "2024-03-05.overnight", "end": "2024-03-05.same_day"}, ["2024-03-05.overnight"]),
        ({"end": "2024-03-05"}, ["2024-03-04.overnight"]),
        ({"end": "2024-03-05.~"}, ["2024-03-04.overnight", "2024-03-05.overnight", "2024-03-05.same_day"]),
        ({"prefix": "2024-03-05", "start": "2024-03-05.p"}, ["2024-03-05.same_day"]),
        ({"prefix": "2024-03-05", "end": "2024-03-05.p"}, ["2024-03-05.overnight"]),
        ({"prefix": "2024-03-05", "start": "2024-03-04", "end": "2024-03-07", "limit": 1}, ["2024-03-05.overnight"]),
        ({"start": "2024-03-07"}, []),
        ({"start": "2024-03-06", "end": "2024-03-05"}, []),
    ],
    ids=str,
)
async def test_documents_are_listed_from_one_id_to_before_another(
    state: StateStore, bounds: dict[str, Any], found: list[str]
) -> None:
    """The first of the bounds is in, the second is not; a prefix holds beside them."""
    for id_ in ("2024-03-04.overnight", "2024-03-05.overnight", "2024-03-05.same_day", "2024-03-06.overnight"):
        await state.create("runs", id_, {})
    assert [document.id for document in await state.list("runs", **bounds)] == found


async def test_documents_are_listed_by_prefix_in_id_order(state: StateStore) -> None:
    """Other prefixes and collections stay out; the limit cuts."""
    for id_ in ("2024-03-05/b", "2024-03-04/a", "2024-03-05/a", "2024-03-05é"):
        await state.create("runs", id_, {"id": id_})
    await state.create("steps", "2024-03-05/z", {})
    assert [d.id for d in await state.list("runs", prefix="2024-03-05/")] == ["2024-03-05/a", "2024-03-05/b"]
    assert [d.id for d in await state.list("runs", limit=2)] == ["2024-03-04/a", "2024-03-05/a"]
    assert (await state.list("runs", prefix="2024-03-04"))[0].data == {"id": "2024-03-04/a"}


async def test_deleting_is_idempotent(state: StateStore) -> None:
    """What is not there can be deleted."""
    await state.create("runs", "a", {})
    await state.delete("runs", "a")
    await state.delete("runs", "a")
    assert await state.get("runs", "a") is None


@pytest.mark.parametrize("value", [float("nan"), object(), "x" * 1_100_000], ids=["nan", "object", "too long"])
async def test_what_is_no_small_json_is_refused(state: StateStore, value: object) -> None:
    """Nothing is stored that another adapter could not store."""
    with pytest.raises(Permanent, match="runs/a"):
        await state.create("runs", "a", {"value": value})
    assert await state.get("runs", "a") is None
