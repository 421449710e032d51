"""What the fetcher gives to be kept, how much of it, and what it asks on conditions."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from aiohttp import web

from services.scraper import answer as answers
from services.scraper.answer import Answer
from services.scraper.domain.odds import Event
from services.scraper.fetch import Failed, Fetched, Unchanged
from services.scraper.sources.endpoint import Request
from tests.unit.scraper.test_fetch import EVENTS, NOW, Bench, Reply, _endpoint
from tests.unit.scraper.test_fetch_network import REQUEST as OVER_THE_NETWORK
from tests.unit.scraper.test_fetch_network import served

REQUEST = _endpoint("odds_api").request("events", "/v4/events", {"a": "b"})


class Kept:
    """Remembers the answers, and which of them were refused."""

    def __init__(self, bench: Bench | None = None) -> None:
        self.answers: list[Answer] = []
        self.refusals: dict[int, str] = {}
        self.bench = bench

    async def answered(self, answer: Answer) -> None:
        if self.bench is not None:
            throttle = self.bench.fetcher._throttles["odds_api"]
            assert throttle._unsent == 0, "it has left its place in the window"
        self.answers.append(answer)

    def refused(self, reason: str) -> None:
        self.refusals[len(self.answers)] = reason


async def ask(bench: Bench, kept: Kept, request: Request[Event] = REQUEST) -> Fetched[Event] | Unchanged | Failed:
    async with bench.fetcher:
        return await bench.fetcher.get(request, bench.meter, kept)


async def test_every_answer_is_kept_before_it_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals with their bodies too; a request without an answer leaves nothing."""
    modified = {"Last-Modified": "Mon, 04 Mar 2024 05:00:00 GMT"}
    replies = (
        Reply(b"wait", 429), Reply(b"[]"), Reply(error=OSError()), Reply(b"<html>"), Reply(b"oh", 503),
        Reply(headers=modified),
    )  # fmt: skip
    bench = Bench(monkeypatch, *replies)
    kept = Kept(bench)
    got = await ask(bench, kept)
    assert isinstance(got, Fetched)
    seen = [(each.status, each.body, each.attempt) for each in kept.answers]
    assert seen == [(429, b"wait", 1), (200, b"[]", 2), (200, b"<html>", 4), (503, b"oh", 5), (200, EVENTS, 6)]
    assert kept.refusals == {2: "an empty answer", 3: "HTML instead of JSON"}
    last = kept.answers[-1]
    assert (last.headers, last.published_at, last.size) == (modified, datetime(2024, 3, 4, 5, tzinfo=UTC), len(EVENTS))
    assert got.fetched_at == last.fetched_at


async def test_an_empty_answer_that_is_not_believed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three times, and then no more."""
    bench, kept = Bench(monkeypatch, Reply(b"[]")), Kept()
    await ask(bench, kept)
    assert kept.refusals == dict.fromkeys((1, 2, 3), "an empty answer")
    assert len(kept.answers) == 4


async def test_a_refusal_of_the_key_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its body may say that the credits are used up."""
    bench, kept = Bench(monkeypatch, Reply(b"credits", 401)), Kept()
    assert isinstance(await ask(bench, kept), Failed)
    assert [each.body for each in kept.answers] == [b"credits"]


async def test_an_answer_has_a_size_it_may_not_exceed(monkeypatch: pytest.MonkeyPatch) -> None:
    """One byte more is a fault; of a refusal only the beginning is kept."""
    monkeypatch.setattr(answers, "MAX_BODY", len(EVENTS))
    bench, kept = Bench(monkeypatch, Reply(EVENTS + b" "), Reply(EVENTS)), Kept()
    assert isinstance(await ask(bench, kept), Fetched)
    assert bench.meter["faults_too_large"] == 1
    assert [each.size for each in kept.answers] == [len(EVENTS)]
    monkeypatch.setattr(answers, "MAX_REFUSAL", 3)
    bench, kept = Bench(monkeypatch, Reply(b"12345", 404)), Kept()
    await ask(bench, kept)
    assert [(each.body, each.size) for each in kept.answers] == [(b"123", 5)]


@pytest.mark.parametrize("conditions", [{"If-None-Match": '"1"'}, {}])
async def test_304_is_an_answer_to_a_condition_only(
    monkeypatch: pytest.MonkeyPatch, conditions: Mapping[str, str]
) -> None:
    """Then nothing is parsed and nothing is a fault; without a condition it is malformed, as any other status."""
    bench, kept = Bench(monkeypatch, Reply(b"", 304), Reply()), Kept()
    got = await ask(bench, kept, replace(REQUEST, conditions=conditions))
    if conditions:
        assert got == Unchanged(NOW, 1)
        assert dict(bench.meter) == {"requests": 1, "unchanged": 1}
        assert bench.session.asked[0][2] == {"Referer": "x", **conditions}
    else:
        assert isinstance(got, Fetched)
        assert bench.meter["faults_malformed"] == 1
    assert kept.answers[0].status == 304


@pytest.mark.network
async def test_conditions_travel(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that has nothing newer answers without a body; one with too much of it is hung up on."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.headers.get("If-None-Match") == '"1"':
            return web.Response(status=304)
        return web.Response(body=EVENTS, headers={"ETag": '"1"'})

    kept = Kept()
    async with served(answer) as fetcher:
        assert isinstance(await fetcher.get(OVER_THE_NETWORK, Counter(), kept), Fetched)
        again = replace(OVER_THE_NETWORK, conditions={"If-None-Match": kept.answers[0].headers["etag"]})
        assert isinstance(await fetcher.get(again, Counter(), kept), Unchanged)
        monkeypatch.setattr(answers, "MAX_BODY", 10)
        assert isinstance(await fetcher.get(OVER_THE_NETWORK, Counter(), kept), Failed)
    assert [(each.status, each.size) for each in kept.answers] == [(200, len(EVENTS)), (304, 0)]
