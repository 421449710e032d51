"""Alerts: one registry, one runbook each, raised once and resolved once."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from services.coordinator.alerts import ALERTS, alerts, clear_alert, raise_alert
from shared.embedded.clock import VirtualClock
from shared.errors import AlreadyExists, Conflict, Permanent
from shared.ports import Document, Ports
from tests.simulation.fakes import MemoryState
from tests.unit.coordinator.memory import memory_ports
from tests.unit.shared.rows import SLATE, tip

RUNBOOKS = Path(__file__).parents[3] / "docs" / "runbooks"


def ports(state: MemoryState, clock: VirtualClock) -> Ports:
    """Alerts need no more."""
    return memory_ports(state=state, clock=clock)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(tip(SLATE))


def test_every_alert_has_its_runbook_and_every_runbook_its_alert() -> None:
    """One to one, by name; a page says what to do, in numbered steps; the registry says in one line what it means."""
    pages = {path.stem: path.read_text() for path in RUNBOOKS.glob("*.md") if path.stem != "README"}
    assert pages.keys() == ALERTS.keys()
    for name, text in pages.items():
        assert text.startswith(f"# {name}\n")
        assert "\n1. " in text
        assert (ALERTS[name].name, len(ALERTS[name].meaning) > 20) == (name, True)


async def test_an_alert_raised_twice_is_one_alert(clock: VirtualClock) -> None:
    """It keeps when it was raised, and takes the newest detail."""
    state = MemoryState()
    await raise_alert(ports(state, clock), "run_failed", "2024-03-04.overnight", "rosters: 0 of 30 there")
    first = clock.now()
    clock.set(first + timedelta(minutes=30))
    await raise_alert(ports(state, clock), "run_failed", "2024-03-04.overnight", "rosters: 15 of 30 there")
    [alert] = await alerts(state)
    assert (alert["raised_at"], alert["times"]) == (first.isoformat(), 2)
    assert alert["detail"] == "rosters: 15 of 30 there"


async def test_a_resolved_alert_is_history_until_it_is_raised_anew(clock: VirtualClock) -> None:
    """Resolving what is not open does nothing."""
    state = MemoryState()
    await clear_alert(ports(state, clock), "source_stale", "espn")
    assert await alerts(state, resolved=True) == []
    await raise_alert(ports(state, clock), "source_stale", "espn", "nothing new since Friday")
    await clear_alert(ports(state, clock), "source_stale", "espn")
    assert await alerts(state) == []
    [old] = await alerts(state, resolved=True)
    assert old["resolved_at"] == clock.now().isoformat()
    clock.set(clock.now() + timedelta(days=1))
    await raise_alert(ports(state, clock), "source_stale", "espn", "again")
    [anew] = await alerts(state)
    assert (anew["raised_at"], anew["times"]) == (clock.now().isoformat(), 1)


async def test_the_gravest_come_first(clock: VirtualClock) -> None:
    """Pages before tickets, each kind newest first."""
    state = MemoryState()
    for minute, (name, scope) in enumerate([("dead_letter", "a"), ("run_failed", "b"), ("run_failed", "c")]):
        clock.set(tip(SLATE) + timedelta(minutes=minute))
        await raise_alert(ports(state, clock), name, scope, "why")
    assert [alert["scope"] for alert in await alerts(state)] == ["c", "b", "a"]


async def test_an_alert_nobody_declared_is_refused(clock: VirtualClock) -> None:
    """By name, with where to declare it."""
    with pytest.raises(Permanent, match=r"unknown alert 'fire': declare it in ALERTS"):
        await raise_alert(ports(MemoryState(), clock), "fire", "house", "hot")


@given(st.text(max_size=300))
async def test_any_scope_makes_a_document_id(scope: str) -> None:
    """Scopes come from names and reasons: no slash, and bounded, as Firestore wants it."""
    state = MemoryState()
    await raise_alert(memory_ports(state=state), "dead_letter", scope, "why")
    [(_, id_)] = state.documents
    assert "/" not in id_
    assert len(id_) < 300


def test_who_is_woken_by_what() -> None:
    """Pages are for what puts predictions at stake; everything else waits for the day."""
    assert {name for name, alert in ALERTS.items() if alert.severity == "page"} == {
        "run_failed", "predictions_missing", "artifact_refused", "schedule_missing", "accuracy_too_good",
        "heal_exhausted", "open_door",
    }  # fmt: skip
    assert {name for name, alert in ALERTS.items() if alert.severity == "ticket"} == {
        "run_degraded", "source_stale", "archived_not_loaded", "challenger_worse", "budget_exceeded", "dead_letter",
        "feature_health", "credits_low", "disk_budget", "channel_refused", "update_missing",
    }  # fmt: skip


async def test_what_is_kept_of_an_alert(clock: VirtualClock) -> None:
    """Field by field, in a document named after it."""
    state = MemoryState()
    await raise_alert(ports(state, clock), "source_stale", "espn", "nothing new")
    at = "2024-03-05T00:00:00+00:00"  # 19:00 Eastern
    assert {key: document.data for key, document in state.documents.items()} == {
        ("alerts", "source_stale.espn"): {
            "name": "source_stale", "scope": "espn", "severity": "ticket", "detail": "nothing new", "raised_at": at,
            "seen_at": at, "resolved_at": None, "times": 1, "opening": 1, "said": {},
        }
    }  # fmt: skip


async def test_an_open_alert_is_brought_up_to_date(clock: VirtualClock) -> None:
    """Seen now, once more; the very same word at the same instant is no second time."""
    state = MemoryState()
    first = clock.now().isoformat()
    for minutes, detail, times in ((0, "a", 1), (0, "a", 1), (0, "b", 2), (5, "b", 3), (5, "c", 4)):
        clock.set(tip(SLATE) + timedelta(minutes=minutes))
        await raise_alert(ports(state, clock), "run_failed", "r", detail)
        [alert] = await alerts(state)
        assert (alert["detail"], alert["times"], alert["raised_at"]) == (detail, times, first)
        assert alert["seen_at"] == clock.now().isoformat()


async def test_alerts_of_other_scopes_and_names_are_others(clock: VirtualClock) -> None:
    """Clearing one leaves the rest open; a second clearing does not move the instant."""
    state = MemoryState()
    for name, scope in (("run_failed", "a"), ("run_failed", "b"), ("run_degraded", "a")):
        await raise_alert(ports(state, clock), name, scope, "why")
    resolved = clock.now().isoformat()
    await clear_alert(ports(state, clock), "run_failed", "a")
    clock.set(clock.now() + timedelta(hours=1))
    await clear_alert(ports(state, clock), "run_failed", "a")
    assert {(alert["name"], alert["scope"]) for alert in await alerts(state)} == {
        ("run_failed", "b"), ("run_degraded", "a")
    }  # fmt: skip
    [old] = [alert for alert in await alerts(state, resolved=True) if alert["resolved_at"] is not None]
    assert (old["scope"], old["resolved_at"], old["detail"], old["times"]) == ("a", resolved, "why", 1)


@pytest.mark.parametrize(
    ("scope", "id_"),
    [
        ("2024-03-04.overnight", "2024-03-04.overnight"),
        ("a/b  c:d", "a-b-c-d"),
        ("Az_09.-é!", "Az_09.--"),
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 200),
    ],
)
async def test_a_scope_becomes_a_document_id(clock: VirtualClock, scope: str, id_: str) -> None:
    """Whatever is no letter, digit, `_`, `.` or `-` becomes one `-`; 200 characters at most."""
    state = MemoryState()
    await raise_alert(ports(state, clock), "dead_letter", scope, "why")
    assert [name for _, name in state.documents] == [f"dead_letter.{id_}"]


async def test_a_log_line_is_written_when_an_alert_opens_and_when_it_is_resolved(clock: VirtualClock) -> None:
    """Not when it is seen again."""
    state = MemoryState()
    with capture_logs() as logs:
        await clear_alert(ports(state, clock), "run_failed", "r")
        await raise_alert(ports(state, clock), "run_failed", "r", "why")
        await raise_alert(ports(state, clock), "run_failed", "r", "still")
        await clear_alert(ports(state, clock), "run_failed", "r")
        await raise_alert(ports(state, clock), "run_failed", "r", "again")
    known = {"alert": "run_failed", "scope": "r", "service": "alerts"}
    assert logs == [
        {"event": "alert_raised", "detail": "why", "log_level": "warning", **known},
        {"event": "alert_resolved", "log_level": "info", **known},
        {"event": "alert_raised", "detail": "again", "log_level": "warning", **known},
    ]


def hook(error: Exception, operation: str, failures: int) -> tuple[Callable[[str], Awaitable[None]], list[str]]:
    """A hook of the state store that fails so often, and the calls it saw."""
    calls: list[str] = []

    async def before(called: str) -> None:
        if called == operation:
            calls.append(called)
            if len(calls) <= failures:
                raise error

    return before, calls


@pytest.mark.parametrize("error", [Conflict("moved"), AlreadyExists("there")])
async def test_two_who_raise_at_once_both_do(clock: VirtualClock, error: Exception) -> None:
    """Whoever comes second reads again, nine times; at the tenth conflict it is given back."""
    state = MemoryState()
    state.before, calls = hook(error, "create", 9)
    await raise_alert(ports(state, clock), "run_failed", "r", "why")
    assert (len(calls), len(await alerts(state))) == (10, 1)
    state.before, calls = hook(error, "create", 10)
    with pytest.raises(Conflict, match=r"^alert run_failed\.other is being written by too many at once$"):
        await raise_alert(ports(state, clock), "run_failed", "other", "why")
    assert len(calls) == 10


async def test_clearing_gives_way_to_a_writer_and_comes_again(clock: VirtualClock) -> None:
    """Nine conflicts are borne, ten are not."""
    state = MemoryState()
    await raise_alert(ports(state, clock), "run_failed", "r", "why")
    state.before, calls = hook(Conflict("moved"), "compare_and_set", 10)
    with pytest.raises(Conflict, match=r"^alert run_failed\.r is being written by too many at once$"):
        await clear_alert(ports(state, clock), "run_failed", "r")
    assert len(calls) == 10
    state.before, calls = hook(Conflict("moved"), "compare_and_set", 9)
    await clear_alert(ports(state, clock), "run_failed", "r")
    assert (len(calls), await alerts(state)) == (10, [])


async def test_every_alert_is_listed_and_not_a_first_page() -> None:
    """Up to ten thousand, not the state store's thousand."""
    limits: list[int] = []

    class Store(MemoryState):
        async def list(self, collection: str, *, limit: int = 1000, **bounds: str) -> list[Document]:
            limits.append(limit)
            return await super().list(collection, limit=limit, **bounds)

    assert await alerts(Store()) == []
    assert limits == [10_000]
