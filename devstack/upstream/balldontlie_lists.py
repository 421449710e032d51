"""BallDontLie's lists, a page at a time: games by date, the players of teams, and who of them is injured."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from devstack.history import History
from devstack.upstream.balldontlie import game_id, heading, person, team
from devstack.upstream.espn import InjuryFeed
from devstack.upstream.injured import reason_of
from devstack.upstream.rosters import PlayerIndex
from devstack.upstream.schedule import is_shown
from devstack.upstream.wire import Answer, http_date, split_name
from shared.basketball.identity import TEAMS
from shared.basketball.slate import EASTERN, eastern_date, eastern_instant, season_of

_PAGE, _LONGEST_PAGE = 25, 100


class Lists:
    """The lists of a history."""

    def __init__(self, history: History, index: PlayerIndex) -> None:
        self._history = history
        self._index = index
        self._injuries = InjuryFeed(history)

    def games(self, dates: Sequence[str], query: Mapping[str, str], now: datetime) -> Answer:
        """The games of some Eastern dates, final or not; 400 for what is no date."""
        try:
            days = [date.fromisoformat(day) for day in dates]
        except ValueError:
            return Answer.json({"error": "dates must be YYYY-MM-DD"}, status=400)
        return _page(
            [
                {
                    "id": game_id(game.game_id),
                    **heading(game, now),
                    "datetime": game.tip.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                    "home_team": team(game.home),
                    "visitor_team": team(game.away),
                }
                for day in days
                for game in self._history.on(day)
                if is_shown(game, now)
            ],
            query,
        )

    def active_players(self, team_ids: Iterable[str], query: Mapping[str, str], now: datetime) -> Answer:
        """Who is with the teams asked for, or with any: the people of the NBA's player index."""
        today, wanted = eastern_date(now), set(team_ids)
        people = [
            {**person(player_id, name), "team": team(tricode)}
            for player_id, (tricode, name) in self._index.roster(season_of(today), today).items()
            if not wanted or str(TEAMS[tricode].bdl_id) in wanted
        ]
        page = _page(sorted(people, key=lambda one: one["id"]), query)
        # Who is with a team today is known since the day began, as in the player index.
        return replace(page, headers={**page.headers, "Last-Modified": http_date(eastern_instant(today))})

    def injuries(self, team_ids: Iterable[str], query: Mapping[str, str], now: datetime) -> Answer:
        """Who of the teams asked for, or of any, is listed: the entries of ESPN's feed."""
        wanted = set(team_ids)
        entries = [
            (TEAMS[entry["team"]].bdl_id, player_id, entry)
            for player_id, entry in self._injuries.entries(now).items()
            if not wanted or str(TEAMS[entry["team"]].bdl_id) in wanted
        ]
        return _page(
            [
                {
                    "player": {**person(player_id, entry["name"]), "team_id": team_id},
                    "return_date": None,
                    "description": _description(entry),
                    "status": entry["status"],
                }
                for team_id, player_id, entry in sorted(entries, key=lambda one: one[:2])
            ],
            query,
        )


def _description(entry: Mapping[str, Any]) -> str:
    """As in "Nov 1: One (illness) is out."."""
    seen = entry["stamp"].astimezone(EASTERN)
    verdict = "is out" if entry["status"] == "Out" else "is day-to-day"
    reason = reason_of(entry["note"])
    return f"{seen:%b} {seen.day}: {split_name(entry['name'])[1]} ({reason or 'undisclosed'}) {verdict}."


def _page(items: Sequence[dict[str, Any]], query: Mapping[str, str]) -> Answer:
    """`per_page` of the items from `cursor` on, and the cursor of those that follow."""
    size, start = query.get("per_page", str(_PAGE)), query.get("cursor", "0")
    if not (size.isdecimal() and start.isdecimal() and 0 < int(size) <= _LONGEST_PAGE):
        return Answer.json({"error": f"per_page must be 1 to {_LONGEST_PAGE}, cursor a number"}, status=400)
    stop = int(start) + int(size)
    meta = {"next_cursor": stop} if stop < len(items) else {}
    return Answer.json({"data": items[int(start) : stop], "meta": meta | {"per_page": int(size)}})
