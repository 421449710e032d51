"""The state store on Google's Firestore emulator: contention, odd names, limits. Skipped where gcloud has none."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest

from devstack.emulators import google
from shared.cloud.state import FirestoreState
from shared.errors import Conflict, Permanent

pytestmark = pytest.mark.network

STORM_SECONDS = 60.0
"""Far more than fifty writers need, far less than a stuck transaction waits."""


@pytest.fixture(scope="module")
def firestore_host() -> Iterator[str]:
    reason = google.missing("firestore")
    if reason is not None:
        pytest.skip(reason)
    with google.running("firestore") as host_port:
        yield host_port


@pytest.fixture
async def clients(
    firestore_host: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[FirestoreState, FirestoreState]]:
    """Two clients of one empty store."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_host)
    project = f"test-{uuid4().hex[:12]}"
    both = FirestoreState(project), FirestoreState(project)
    yield both
    for client in both:
        await client.close()


async def test_a_storm_of_fifty_writers_is_bounded_and_applied_exactly(
    clients: tuple[FirestoreState, FirestoreState],
) -> None:
    """Read, modify, compare and set, with jitter after a conflict: fifty updates of one document, none lost."""
    await clients[0].create("runs", "a", {"applied": []})
    chance = random.Random(7)  # noqa: S311 - jitter

    async def apply(number: int) -> int:
        client, tries = clients[number % 2], 0
        while True:
            tries += 1
            document = await client.get("runs", "a")
            assert document is not None
            data = {"applied": [*document.data["applied"], number]}
            try:
                await client.compare_and_set("runs", "a", data, version=document.version)
            except Conflict:
                await asyncio.sleep(chance.uniform(0, 0.01 * 2 ** min(tries, 6)))
            else:
                return tries

    started = time.monotonic()
    async with asyncio.timeout(STORM_SECONDS):
        tries = await asyncio.gather(*(apply(number) for number in range(50)))
    document = await clients[1].get("runs", "a")
    assert document is not None
    assert sorted(document.data["applied"]) == list(range(50))
    print(f"50 updates in {time.monotonic() - started:.1f} s with {sum(tries) - 50} conflicts")  # noqa: T201 - measured


async def test_any_name_of_a_field_can_be_counted(clients: tuple[FirestoreState, FirestoreState]) -> None:
    """Dots, quotes and spaces are part of the name; a float stays one; the other fields stay."""
    data = {"a.b": 1, "`\\": 2, " ": 3, "é": 4, "share": 0.5, "lists": [[1], [[]]], "big": 2**70}
    await clients[0].create("counts", "a", data)
    for field in ("a.b", "`\\", " ", "é", "share", "0"):
        await clients[1].increment("counts", "a", field, by=2)
    document = await clients[0].get("counts", "a")
    assert document is not None
    assert document.data == {**data, "a.b": 3, "`\\": 4, " ": 5, "é": 6, "share": 2.5, "0": 2}


@pytest.mark.parametrize("field", ["text", "yes", "big", "", "__x__"])
async def test_what_is_no_number_is_not_counted(clients: tuple[FirestoreState, FirestoreState], field: str) -> None:
    """Firestore would overwrite it: the document stays as it was."""
    data = {"text": "1", "yes": True, "big": 2**70, "": 1, "__x__": 1}
    created = await clients[0].create("counts", "a", data)
    with pytest.raises(Permanent, match="counts/a: cannot count"):
        await clients[0].increment("counts", "a", field)
    assert await clients[0].get("counts", "a") == created


async def test_ids_are_ordered_as_text(clients: tuple[FirestoreState, FirestoreState]) -> None:
    """Escaped and unescaped characters, beyond the basic plane included, list in the order of their code points."""
    ids = ["a", "a.b", "a/b", "a-b", "a0b", "a/", "a.", "..", ".", "/", "__a", "é", "\uffee", "\U0001f600"]
    for id_ in ids:
        await clients[0].create("runs", id_, {"id": id_})
    listed = await clients[0].list("runs")
    assert [document.id for document in listed] == sorted(ids)
    assert all(document.data == {"id": document.id} for document in listed)
    assert [document.id for document in await clients[0].list("runs", prefix="a/")] == ["a/", "a/b"]
    assert await clients[0].list("runs", limit=0) == []


async def test_what_only_firestore_knows_to_be_too_long_is_permanent(
    clients: tuple[FirestoreState, FirestoreState],
) -> None:
    """A document that its names and numbers take over the limit is refused by the server, and named."""
    data = {"text": "x" * 1_048_400, **{f"n{'0' * 100}{number}": number for number in range(200)}}
    with pytest.raises(Permanent, match="runs/a"):
        await clients[0].create("runs", "a", data)
