"""`services.scraper.probes`: what is asked, and what each answer is called."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from services.scraper.fetch import Failed
from services.scraper.probes import Probe, lost, probe, questions
from services.scraper.sources import ENDPOINTS
from shared.embedded.secrets import EnvironmentSecrets
from tests.unit.scraper import wire
from tests.unit.scraper.fakes import FakeUpstreams

NOW = datetime(2024, 3, 4, 17, tzinfo=UTC)
KEYS = {"TIPOFF_SECRET_ODDS_API_KEY": "k", "TIPOFF_SECRET_BALLDONTLIE_API_KEY": "k"}
PAID = {("odds_api", name) for name in ("events_history", "event_odds", "event_odds_history", "odds", "odds_history")}


Name = tuple[str, str]
"""(source, unit or endpoint)."""


async def asked(bodies: Mapping[Name, bytes], keys: Mapping[str, str] = KEYS) -> dict[Name, Probe]:
    upstreams = FakeUpstreams(NOW)
    upstreams.bodies = dict(bodies)
    found = await probe(upstreams, EnvironmentSecrets(keys), NOW)
    assert [(each.source, each.endpoint) for each in found] == [(one.source, one.name) for one in ENDPOINTS]
    return {(each.source, each.endpoint): each for each in found}


def test_every_endpoint_that_is_free_is_asked() -> None:
    """And none that costs credits: of The Odds API only the list of events."""
    endpoints = {(one[0].source, one[0].endpoint.name) for one in questions(NOW)}
    everything = {(one.source, one.name) for one in ENDPOINTS}
    free = {each for each in everything if each[0] != "odds_api"} | {("odds_api", "events")}
    assert endpoints == free
    [events] = [one for one in questions(NOW) if one[0].source == "odds_api"]
    assert [request.path for request in events] == ["/v4/sports/basketball_nba/events"]


async def test_what_costs_credits_is_said_not_to_be_asked() -> None:
    """It is no fault."""
    found = await asked({})
    unasked = {name for name, each in found.items() if each.verdict == "not asked"}
    assert unasked == PAID


@pytest.mark.parametrize(
    ("body", "verdict", "detail"),
    [
        (wire.schedule(wire.game()), "ok", "1 records"),
        (wire.schedule(wire.game() | {"gameDateTimeUTC": "soon"}), "differs", "1 of 1 records, as "),
        (b'{"leagueSchedule": 1}', "differs", ""),
        (b"<html>", "differs", "HTML instead of JSON"),
        (None, "refused", "HTTP 403: there is no such file"),
    ],
    ids=["ok", "a-record-differs", "the-payload-differs", "html", "refused"],
)
async def test_an_answer_is_compared_with_what_the_parser_expects(
    body: bytes | None, verdict: str, detail: str
) -> None:
    """Which record differs, and how; or the status of the refusal."""
    found = await asked({} if body is None else {("nba_cdn", "2023-24"): body})
    schedule = found["nba_cdn", "scheduleLeagueV2"]
    assert schedule.verdict == verdict
    assert detail in schedule.detail


async def test_a_source_without_its_key_is_not_asked() -> None:
    """The remedy names the secret."""
    found = await asked({}, keys={})
    events = found["odds_api", "events"]
    assert (events.verdict, events.detail) == ("no key", "set the secret odds-api-key")
    assert {each.verdict for each in found.values() if each.source == "balldontlie"} == {"no key"}
    assert "lookup" not in lost([*found.values()])


async def test_an_upstream_that_does_not_answer_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the reason."""

    async def down(*_: Any) -> Failed:  # noqa: ANN401 - a request's
        return Failed("cannot be reached", 4)

    upstreams = FakeUpstreams(NOW)
    monkeypatch.setattr(upstreams, "get", down)
    found = await probe(upstreams, EnvironmentSecrets(KEYS), NOW)
    asked_for = [each for each in found if each.verdict != "not asked"]
    assert {(each.verdict, each.detail) for each in asked_for} == {("unreachable", "cannot be reached")}
    assert lost(found) == ["schedule", "box_scores", "rosters", "injuries", "lookup"]


def test_a_fact_is_lost_when_nobody_gives_it() -> None:
    """One of its sources is enough."""

    def one(kind: str, verdict: Any, source: str = "espn") -> Probe:  # noqa: ANN401 - a literal
        return Probe(source, kind, kind, verdict, "")

    given = [one(kind, "ok") for kind in ("schedule", "box_scores", "rosters", "injuries")]
    assert lost(given) == []
    assert lost([*given, one("schedule", "refused"), one("scoreboard", "refused")]) == []
    assert lost([one("rosters", "differs"), *given[:2], given[3]]) == ["rosters"]
    assert lost([*given, one("lookup", "refused", "odds_api")]) == ["lookup"]
