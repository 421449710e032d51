"""One harmless question to each real upstream's endpoints: does it answer, and can our parser read the answer?

The same fetcher and parsers as the scraper's. What costs credits is not asked; of what is heavy the smallest piece is.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from services.scraper.answer import Answer
from services.scraper.fetch import Fetched, Meter
from services.scraper.payloads import Upstreams
from services.scraper.sources import ENDPOINTS
from services.scraper.sources.balldontlie.box_scores import box_scores_of
from services.scraper.sources.balldontlie.games import games_of
from services.scraper.sources.balldontlie.injuries import injuries_of
from services.scraper.sources.balldontlie.players import players_of
from services.scraper.sources.endpoint import (
    BOX_SCORES,
    INJURIES,
    LOOKUP,
    ROSTERS,
    SCHEDULE,
    Endpoint,
    Need,
    Request,
)
from services.scraper.sources.espn.injuries import listed
from services.scraper.sources.espn.roster import roster
from services.scraper.sources.espn.scoreboard import scoreboard
from services.scraper.sources.nba_cdn.boxscore import boxscore
from services.scraper.sources.nba_cdn.schedule import current
from services.scraper.sources.nba_cdn.scoreboard import today_scoreboard
from services.scraper.sources.nba_official.injury_report import newest
from services.scraper.sources.nba_stats.leaguegamelog import log
from services.scraper.sources.nba_stats.playerindex import index
from services.scraper.sources.nba_stats.schedule import of_season
from services.scraper.sources.odds_api.events import events
from services.scraper.sources.prizepicks import PROJECTIONS
from services.scraper.task import together
from shared.basketball.slate import eastern_date, season_of
from shared.errors import Missing
from shared.ports import Secrets
from shared.registries.sources import SOURCES

Verdict = Literal["ok", "differs", "refused", "unreachable", "no key", "not asked"]
PASSED: frozenset[Verdict] = frozenset({"ok", "not asked"})
_TEAM = "BOS"
_OK, _NO_FILE = 200, 403
_YEAR = timedelta(days=365)
_REPORTS = 8
"""Injury reports that are looked for, the newest first: two hours of a game day."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What became of one endpoint's question."""

    source: str
    endpoint: str
    kind: str
    verdict: Verdict
    detail: str
    path: str = ""


def questions(now: datetime) -> Iterator[tuple[Request[Any], ...]]:
    """The cheapest question of each free endpoint; of several alternatives the first that is answered counts."""
    today = eastern_date(now)
    season, last = season_of(today), season_of(today - _YEAR)
    need = Need(season, (today,), (_TEAM,), now)
    yield (current(season),)
    yield (today_scoreboard(),)
    yield (boxscore(f"002{last[2:4]}00001"),)  # the first game of last season
    yield (of_season(last),)
    yield (log(last, "playin"),)  # the fewest games
    yield (index(season),)
    yield newest(need)[:_REPORTS]
    yield (listed(),)
    yield (roster(_TEAM),)
    yield (scoreboard(today),)
    yield (box_scores_of(today - timedelta(days=1)),)
    yield (games_of(today),)
    yield (players_of(_TEAM),)
    yield (injuries_of(_TEAM),)
    yield (events(None),)  # the one list of The Odds API that is free
    requests = PROJECTIONS.requests
    if requests is not None:
        yield requests(need)


async def probe(upstreams: Upstreams, secrets: Secrets, now: datetime) -> list[Probe]:
    """Ask them all at once, each source at its own pace; in the order of the sources and their endpoints."""
    keyless = {name for name, source in SOURCES.items() if source.secret and await _missing(secrets, source.secret)}
    found = await together(_asked(upstreams, requests, keyless) for requests in questions(now))
    by_endpoint = {(each.source, each.endpoint): each for each in found}
    return [by_endpoint.get((one.source, one.name), _unasked(one)) for one in ENDPOINTS]


def _unasked(endpoint: Endpoint[Any]) -> Probe:
    return Probe(endpoint.source, endpoint.name, endpoint.kind.name, "not asked", "it costs credits")


def lost(probes: Sequence[Probe]) -> list[str]:
    """Kinds of facts that a night needs and none of their endpoints gives; who has no key for lines needs none."""
    wanted = [kind.name for kind in (SCHEDULE, BOX_SCORES, ROSTERS, INJURIES)]
    wanted += [each.kind for each in probes if each.kind == LOOKUP.name and each.verdict not in ("no key", "not asked")]
    return [kind for kind in wanted if not any(each.verdict == "ok" for each in probes if each.kind == kind)]


async def _missing(secrets: Secrets, name: str) -> bool:
    try:
        await secrets.get(name)
    except Missing:
        return True
    return False


async def _asked(upstreams: Upstreams, requests: tuple[Request[Any], ...], keyless: set[str]) -> Probe:
    endpoint = requests[0].endpoint
    if endpoint.source in keyless:
        return _verdict(requests[0], "no key", f"set the secret {SOURCES[endpoint.source].secret}")
    answer = Probe(endpoint.source, endpoint.name, endpoint.kind.name, "unreachable", "nothing to ask for")
    for request in requests:
        answer = await _one(upstreams, request)
        if answer.verdict != "refused" or not SOURCES[endpoint.source].bucket:
            break
    return answer


async def _one(upstreams: Upstreams, request: Request[Any]) -> Probe:
    meter: Meter = Counter()
    seen = _Seen()
    got = await upstreams.get(request, meter, seen)
    if isinstance(got, Fetched):
        refused = got.parsed.refused
        if refused:
            first = f"{refused[0].record}: {refused[0].reason}"
            return _verdict(request, "differs", f"{len(refused)} of {got.parsed.seen} records, as {first}")
        if not got.parsed.seen:
            return _verdict(request, "ok", "empty, and well-formed")
        return _verdict(request, "ok", f"{len(got.parsed.records)} records")
    reason = getattr(got, "reason", "nothing has changed")
    if seen.status == _OK and seen.unreadable is not None:
        return _verdict(request, "differs", seen.unreadable)
    if seen.status is not None:
        missing = SOURCES[request.source].bucket and seen.status == _NO_FILE
        return _verdict(request, "refused", f"HTTP {seen.status}" + (": there is no such file" if missing else ""))
    return _verdict(request, "unreachable", reason)


def _verdict(request: Request[Any], verdict: Verdict, detail: str) -> Probe:
    endpoint: Endpoint[Any] = request.endpoint
    return Probe(endpoint.source, endpoint.name, endpoint.kind.name, verdict, detail, request.path)


class _Seen:
    """Keeps of the answers to a request the latest one's status, and why it cannot be read."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.unreadable: str | None = None

    async def answered(self, answer: Answer) -> None:
        self.status, self.unreadable = answer.status, None

    def refused(self, reason: str) -> None:
        self.unreadable = reason
