"""Alerts: one registry, one runbook each, raised once and resolved once."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scraper import endpoints
from shared.alerts import ALERTS, alerts, clear_alert, raise_alert
from shared.embedded.clock import VirtualClock
from shared.errors import Permanent
from shared.sources import SOURCES
from tests.simulation.fakes import MemoryState
from tests.unit.shared.rows import SLATE, tip

RUNBOOKS = Path(__file__).parents[3] / "docs" / "runbooks"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(tip(SLATE))


def test_every_alert_has_its_runbook_and_every_runbook_its_alert() -> None:
    """One to one, by name; a page says what to do, in numbered steps."""
    pages = {path.stem: path.read_text() for path in RUNBOOKS.glob("*.md") if path.stem != "README"}
    assert pages.keys() == ALERTS.keys()
    for name, text in pages.items():
        assert text.startswith(f"# {name}\n")
        assert "\n1. " in text


async def test_an_alert_raised_twice_is_one_alert(clock: VirtualClock) -> None:
    """It keeps when it was raised, and takes the newest detail."""
    state = MemoryState()
    await raise_alert(state, clock, "run_failed", "2024-03-04.overnight", "rosters: 0 of 30 there")
    first = clock.now()
    clock.set(first + timedelta(minutes=30))
    await raise_alert(state, clock, "run_failed", "2024-03-04.overnight", "rosters: 15 of 30 there")
    [alert] = await alerts(state)
    assert (alert["raised_at"], alert["times"]) == (first.isoformat(), 2)
    assert alert["detail"] == "rosters: 15 of 30 there"


async def test_a_resolved_alert_is_history_until_it_is_raised_anew(clock: VirtualClock) -> None:
    """Resolving what is not open does nothing."""
    state = MemoryState()
    await clear_alert(state, clock, "source_stale", "espn")
    assert await alerts(state, resolved=True) == []
    await raise_alert(state, clock, "source_stale", "espn", "nothing new since Friday")
    await clear_alert(state, clock, "source_stale", "espn")
    assert await alerts(state) == []
    [old] = await alerts(state, resolved=True)
    assert old["resolved_at"] == clock.now().isoformat()
    clock.set(clock.now() + timedelta(days=1))
    await raise_alert(state, clock, "source_stale", "espn", "again")
    [anew] = await alerts(state)
    assert (anew["raised_at"], anew["times"]) == (clock.now().isoformat(), 1)


async def test_the_gravest_come_first(clock: VirtualClock) -> None:
    """Pages before tickets, each kind newest first."""
    state = MemoryState()
    for minute, (name, scope) in enumerate([("dead_letter", "a"), ("run_failed", "b"), ("run_failed", "c")]):
        clock.set(tip(SLATE) + timedelta(minutes=minute))
        await raise_alert(state, clock, name, scope, "why")
    assert [alert["scope"] for alert in await alerts(state)] == ["c", "b", "a"]


async def test_an_alert_nobody_declared_is_refused(clock: VirtualClock) -> None:
    """By name, with where to declare it."""
    with pytest.raises(Permanent, match=r"unknown alert 'fire': declare it in shared/alerts\.py"):
        await raise_alert(MemoryState(), clock, "fire", "house", "hot")


@given(st.text(max_size=300))
async def test_any_scope_makes_a_document_id(scope: str) -> None:
    """Scopes come from names and reasons: no slash, and bounded, as Firestore wants it."""
    state = MemoryState()
    await raise_alert(state, VirtualClock(tip(SLATE)), "dead_letter", scope, "why")
    [(_, id_)] = state.documents
    assert "/" not in id_
    assert len(id_) < 300


def test_the_sources_are_those_the_scraper_asks() -> None:
    """One list of upstreams."""
    asked = {
        endpoints.NBA_CDN, endpoints.NBA_STATS, endpoints.ESPN, endpoints.ODDS_API, endpoints.BALLDONTLIE
    }  # fmt: skip
    assert SOURCES.keys() == asked
