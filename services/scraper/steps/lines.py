"""Step `lines`: player-prop lines of the slate's games from The Odds API, as of each game's cutoff.

A line is real or absent: a game without an event, or an event without lines, is an empty unit and no error.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.scraper.credits import Plan, plan
from services.scraper.domain.names import Names
from services.scraper.domain.odds import Event, GameLine, Offer
from services.scraper.domain.wire import BadRecord, Refusal
from services.scraper.fetch import Failed
from services.scraper.payloads import Collected
from services.scraper.sources.odds_api.event_odds import ODDS, event_odds
from services.scraper.sources.odds_api.events import events as list_events
from services.scraper.steps import game_lines
from services.scraper.task import Task, together
from shared.basketball.identity import player_lookup
from shared.basketball.slate import RETROSPECT, Mode, cutoff
from shared.ports import Row

EVENTS = "events"
NO_KEY = "no key: predicted without lines"
"""Of a machine whose owner has none: nothing is missing."""
LATE = timedelta(minutes=2)
"""After its cutoff a game is still asked as of now, for a tenth: what was posted later counts for nothing."""
NOT_OF_PAST = "the slate's day is over, and TIPOFF_LINES_OF_PAST is off: lines of the past cost ten times"
_COPIED = ("market", "bookmaker", "line", "over_price", "under_price", "is_main", "event_id")
"""Columns of raw.prop_lines that are an offer's own."""


async def run(task: Task) -> int:
    """Collect and load; returns the rows that were new."""
    games = _asked(task, await task.slate())
    if not games:
        return 0
    if not task.settings.lines_of_past and await task.past():
        return _unasked(task, games, NOT_OF_PAST)
    first = games[0]
    tipped = task.now >= first["tip_utc"]
    as_of = _cutoff(task, first) if tipped or task.request.retrospective else None
    got = await task.payloads.get(list_events(as_of))
    if isinstance(got, Failed):
        if got.keyless and task.settings.profile == "local":
            return _unasked(task, games, NO_KEY)
        for unit in (EVENTS, *(game["game_id"] for game in games)):
            task.fetches.failed(unit, ODDS.source, got)
        return 0
    task.fetches.loaded(EVENTS, got, len(got.parsed.records), got.parsed.refused)
    planned = _plan(task, games, got)
    if planned.refusal:
        return 0
    names = await task.names("roster")
    rows: list[Row] = []
    for found in await together(_game_lines(task, game, got, names, planned) for game in games):
        rows.extend(found)
    new = await task.append("raw.prop_lines", rows)
    affordable = got.credits_left is None or got.credits_left >= planned.needed + game_lines.credits_of(task, as_of)
    last = task.request.final or not task.request.games  # those of all games come at once, and cost as much
    if affordable and last:
        await game_lines.run(task, games, as_of)
    return new


def _unasked(task: Task, games: Sequence[Row], why: str) -> int:
    """Nobody is asked, and that is no failure."""
    for unit in (EVENTS, *(game["game_id"] for game in games)):
        task.fetches.unasked(unit, ODDS.source, why)
    return 0


def _asked(task: Task, games: Sequence[Row]) -> list[Row]:
    """The games whose lines are asked for; on the day itself none after its cutoff: nothing will come of it."""
    request = task.request
    wanted = [game for game in games if not request.games or game["game_id"] in request.games]
    if request.mode is not Mode.SAME_DAY or request.retrospective or request.games:
        return wanted
    for game in wanted:
        if task.now > _cutoff(task, game) + LATE:
            task.fetches.unasked(game["game_id"], ODDS.source, "its cutoff is over")
    return [game for game in wanted if game["game_id"] not in task.fetches.units]


def _plan(task: Task, games: Sequence[Row], events: Collected[Event]) -> Plan:
    """What the slate's requests take of the credits that are left; what is not asked for is said in the fetch log."""
    listed = [game for game in games if _event(task, game, events) is not None]
    past = sum(_as_of(task, game) is not None for game in listed)
    planned = plan(
        events.credits_left,
        live=len(listed) - past,
        past=past,
        markets=len(task.settings.odds_markets.split(",")),
        regions=len(task.settings.odds_regions.split(",")),
        alternates=task.settings.odds_alternates,
    )
    if events.credits_left is not None:
        task.fetches.credits = {"credits_left": events.credits_left, "credits_needed": planned.needed}
    if planned.note:
        task.fetches.units[EVENTS] = replace(task.fetches.units[EVENTS], reason=planned.note)
    if planned.refusal:
        task.fetches.failure = planned.refusal
        for game in listed:
            task.fetches.failed(game["game_id"], ODDS.source, Failed(planned.refusal, 0))
    return planned


def _event(task: Task, game: Row, events: Collected[Event]) -> Event | None:
    teams = frozenset({game["home_team"], game["away_team"]})
    return next((e for e in events.parsed.records if e.teams == teams and e.game_date == task.game_date), None)


def _as_of(task: Task, game: Row) -> datetime | None:
    """The past instant as of which a game is asked for; None: as of now."""
    limit = _cutoff(task, game)
    # A retrospective run always asks the past: its clock may move on while it waits.
    return None if task.now <= limit + LATE and not task.request.retrospective else limit


async def _game_lines(task: Task, game: Row, events: Collected[Event], names: Names, planned: Plan) -> list[Row]:
    """One game's rows; what became of it is in the fetch log."""
    game_id: str = game["game_id"]
    teams = frozenset({game["home_team"], game["away_team"]})
    event = _event(task, game, events)
    if event is None:
        task.fetches.empty(game_id, events, "no event in the list")
        return []
    request = event_odds(
        game_id,
        event.event_id,
        regions=task.settings.odds_regions,
        markets=task.settings.odds_markets.split(","),
        as_of=_as_of(task, game),
        alternates=planned.alternates,
    )
    got = await task.payloads.get(request)
    if isinstance(got, Failed):
        task.fetches.failed(game_id, ODDS.source, got)
        return []
    strange = {offer.event_id for offer in got.parsed.records if isinstance(offer, Offer)} - {event.event_id}
    if strange:
        others = ", ".join(sorted(map(str, strange)))
        task.fetches.quarantined(game_id, got, f"asked for event {event.event_id}, got {others}")
        return []
    rows, refused = _matched(got, game_id, teams, names, task)
    task.fetches.loaded(game_id, got, len(rows), (*got.parsed.refused, *refused))
    return rows


def _cutoff(task: Task, game: Row) -> datetime:
    asked_at = RETROSPECT if task.request.retrospective else task.now
    return cutoff(task.request.mode, task.game_date, game["tip_utc"], asked_at)


def _matched(
    got: Collected[Offer | GameLine], game_id: str, teams: frozenset[str], names: Names, task: Task
) -> tuple[list[Row], list[Refusal]]:
    """Every offer becomes a row (failure 24), but for players whom neither roster knows."""
    rows: list[Row] = []
    refused: list[Refusal] = []
    known: dict[str, int | None] = {}
    for offer in got.parsed.records:
        if isinstance(offer, GameLine):
            continue  # those of all games are asked for at once
        if offer.player_name not in known:
            try:
                known[offer.player_name] = names.find(offer.player_name, teams, source=got.source)
            except BadRecord as error:
                known[offer.player_name] = None
                refused.append(Refusal.of(offer.player_name, error))
        player_id = known[offer.player_name]
        if player_id is not None:
            rows.append(_row(offer, game_id, player_id, got, task))
    return rows, refused


def _row(offer: Offer, game_id: str, player_id: int, got: Collected[Offer | GameLine], task: Task) -> Row:
    return {
        "game_id": game_id,
        "game_date": task.game_date,
        "player_id": player_id,
        "player_lookup": player_lookup(offer.player_name),
        **{name: getattr(offer, name) for name in _COPIED},
        **got.stamps(offer.posted_at if offer.posted_at is not None else got.fetched_at),
    }
