"""Firestore's refusals, through the real client and the wire."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from google.auth.exceptions import DefaultCredentialsError

from shared.cloud import state as module
from shared.cloud.state import FirestoreState
from shared.errors import AlreadyExists, Conflict, Permanent, TipoffError, Transient
from tests.unit.cloud.refusing import PERMANENT, TRANSIENT, Refusing, refusing

pytestmark = pytest.mark.network

VERSION = "2024-03-04T12:00:00.000000001Z"
Call = Callable[[FirestoreState], Awaitable[object]]
CALLS: dict[str, Call] = {
    "get": lambda state: state.get("runs", "a"),
    "create": lambda state: state.create("runs", "a", {}),
    "compare_and_set": lambda state: state.compare_and_set("runs", "a", {}, version=VERSION),
    "increment": lambda state: state.increment("runs", "a", "n"),
    "list": lambda state: state.list("runs", prefix="a"),
    "delete": lambda state: state.delete("runs", "a"),
}
KINDS: dict[str, type[TipoffError]] = {
    **dict.fromkeys(TRANSIENT, Transient),
    **dict.fromkeys([*PERMANENT, "FAILED_PRECONDITION", "NOT_FOUND", "ALREADY_EXISTS"], Permanent),
}
SPECIAL: dict[tuple[str, str], type[TipoffError]] = {
    ("create", "ALREADY_EXISTS"): AlreadyExists,
    ("compare_and_set", "FAILED_PRECONDITION"): Conflict,
    ("compare_and_set", "NOT_FOUND"): Conflict,
    ("compare_and_set", "ABORTED"): Conflict,
}


@asynccontextmanager
async def refused(
    monkeypatch: pytest.MonkeyPatch, status: str | None, patience: float = 10.0
) -> AsyncIterator[tuple[FirestoreState, Refusing]]:
    async with refusing(status) as (host_port, server):
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", host_port)
        state = FirestoreState("test", timeout=patience)
        yield state, server
        await state.close()


@pytest.mark.parametrize("status", KINDS)
async def test_f28_each_status_is_of_one_kind(monkeypatch: pytest.MonkeyPatch, status: str) -> None:
    """Every call maps every status by one table, in one line that names the document, and is tried once."""
    async with refused(monkeypatch, status) as (state, server):
        for number, (name, call) in enumerate(CALLS.items(), start=1):
            with pytest.raises(TipoffError, match="runs/a") as caught:
                await call(state)
            assert type(caught.value) is SPECIAL.get((name, status), KINDS[status]), name
            assert "\n" not in str(caught.value)
            assert server.calls == number


async def test_the_missing_role_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service account without access is told which role it lacks."""
    async with refused(monkeypatch, "PERMISSION_DENIED") as (state, _):
        with pytest.raises(Permanent, match=r"Firestore test/\(default\).* roles/datastore\.user"):
            await state.get("runs", "a")


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_a_server_that_hangs_is_left_in_time(monkeypatch: pytest.MonkeyPatch, call: Call) -> None:
    """No call outlives its time limit."""
    async with refused(monkeypatch, None, patience=0.2) as (state, _):
        started = time.monotonic()
        with pytest.raises(Transient, match="DeadlineExceeded"):
            await call(state)
        assert time.monotonic() - started < 5.0


async def test_no_server_is_transient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused connection is said at once."""
    async with refusing("UNKNOWN") as (host_port, _):
        pass
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", host_port)
    state = FirestoreState("test")
    with pytest.raises(Transient, match="runs/a in Firestore test"):
        await state.get("runs", "a")
    await state.close()


async def test_a_foreign_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another store's version is a mistake, not a conflict to retry for ever."""
    async with refused(monkeypatch, "UNKNOWN") as (state, server):
        with pytest.raises(Permanent, match="runs/a: '00000000000000000007' is no version Firestore gave"):
            await state.compare_and_set("runs", "a", {}, version="00000000000000000007")
        assert server.calls == 0


async def test_closing_what_was_never_used_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """No connection is made for it."""
    async with refused(monkeypatch, "UNKNOWN") as (_, server):
        pass
    assert server.calls == 0


def test_missing_credentials_say_how_to_log_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without credentials the store cannot be made."""

    def without_credentials(**_: str) -> None:
        raise DefaultCredentialsError("none found")  # type: ignore[no-untyped-call]  # Google's

    monkeypatch.setattr(module, "AsyncClient", without_credentials)
    with pytest.raises(Permanent, match=r"none found: .*gcloud auth application-default login"):
        FirestoreState("test")
