"""ESPN's scoreboard of one Eastern date."""

from datetime import date, datetime
from typing import Any

from devstack.facts import Game
from devstack.history import History
from devstack.upstream import espn_wire
from devstack.upstream.periods import REGULATION, scores, shares
from devstack.upstream.schedule import is_shown
from devstack.upstream.standings import Standings
from devstack.upstream.wire import Answer, venue
from shared.basketball.slate import EASTERN, eastern_date, season_of

_SEASONS = {"playoffs": (3, "post-season"), "playin": (5, "play-in-season")}
_REGULAR = (2, "regular-season")
_ORDINALS = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}


class EspnScoreboard:
    """The games of a date, asked for as `dates=YYYYMMDD`; today's without."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._standings = Standings(history)

    def answer(self, dates: str, now: datetime) -> Answer:
        """The scoreboard at `now`; 400 for what is no date."""
        try:
            day = datetime.strptime(dates, "%Y%m%d").date() if dates else eastern_date(now)  # noqa: DTZ007 - a date
        except ValueError:
            return Answer.json({"code": 400, "message": "Invalid date"}, status=400)
        games = [game for game in self._history.on(day) if is_shown(game, now)]
        kind = _SEASONS.get(games[0].season_type, _REGULAR) if games else _REGULAR
        body = {
            "leagues": [_league(day)],
            "season": {"type": kind[0], "year": _year(day)},
            "day": {"date": day.isoformat()},
            "events": [self._event(game, now) for game in games],
        }
        return Answer.json(body)

    def _event(self, game: Game, now: datetime) -> dict[str, Any]:
        event, status = espn_wire.event_id(game.game_id), _status(game, now)
        home, away = espn_wire.team(game.home), espn_wire.team(game.away)
        arena, city, state = venue(game.arena)
        type_, slug = _SEASONS.get(game.season_type, _REGULAR)
        tip = espn_wire.stamp(game.tip)
        competition = {
            "id": event,
            "uid": f"s:40~l:46~e:{event}~c:{event}",
            "date": tip,
            "attendance": 0,
            "type": {"id": "1", "abbreviation": "STD"},
            "timeValid": True,
            "neutralSite": game.neutral,
            "conferenceCompetition": False,
            "playByPlayAvailable": game.tip <= now,
            "recent": False,
            "venue": {
                "id": "0",
                "fullName": arena,
                "address": {"city": city, "state": state},
                "indoor": True,
            },
            "competitors": [self._side(game, "home", now), self._side(game, "away", now)],
            "notes": [],
            "status": status,
            "broadcasts": [],
            "format": {"regulation": {"periods": REGULATION}},
            "startDate": tip,
            "broadcast": "",
            "geoBroadcasts": [],
            "highlights": [],
        }
        return {
            "id": event,
            "uid": f"s:40~l:46~e:{event}",
            "date": tip,
            "name": f"{away['displayName']} at {home['displayName']}",
            "shortName": f"{away['abbreviation']} @ {home['abbreviation']}",
            "season": {"year": _year(game.game_date), "type": type_, "slug": slug},
            "competitions": [competition],
            "links": [],
            "status": status,
        }

    def _side(self, game: Game, side: str, now: datetime) -> dict[str, Any]:
        tricode = game.home if side == "home" else game.away
        score = scores(game, now)[tricode]
        won, lost = self._standings.record(game.season, tricode, now)
        lines = shares(score, REGULATION + game.overtimes) if game.is_final(now) else []
        known = espn_wire.team(tricode)
        return {
            "id": known["id"],
            "uid": known["uid"],
            "type": "team",
            "order": 0 if side == "home" else 1,
            "homeAway": side,
            "team": {**known, "logo": f"https://a.espncdn.com/i/teamlogos/nba/500/scoreboard/{tricode.lower()}.png"},
            "score": str(score),
            "linescores": [
                {"value": float(points), "displayValue": str(points), "period": number}
                for number, points in enumerate(lines, start=1)
            ],
            "statistics": [],
            "leaders": [],
            "records": [{"name": "overall", "abbreviation": "Total", "type": "total", "summary": f"{won}-{lost}"}],
        }


def _year(day: date) -> int:
    """A season is named by the year it ends in."""
    return int(season_of(day)[:4]) + 1


def _league(day: date) -> dict[str, Any]:
    year = _year(day)
    return {
        "id": "46",
        "uid": "s:40~l:46",
        "name": "National Basketball Association",
        "abbreviation": "NBA",
        "slug": "nba",
        "season": {
            "year": year,
            "startDate": f"{year - 1}-09-24T07:00Z",
            "endDate": f"{year}-06-28T06:59Z",
            "displayName": season_of(day),
            "type": {"id": "2", "type": 2, "name": "Regular Season", "abbreviation": "reg"},
        },
        "logos": [],
        "calendarType": "day",
        "calendarIsWhitelist": True,
        "calendarStartDate": f"{year - 1}-09-24T07:00Z",
        "calendarEndDate": f"{year}-06-28T06:59Z",
        "calendar": [],
    }


def _status(game: Game, now: datetime) -> dict[str, Any]:
    if game.is_final(now):
        detail = "Final" if game.overtimes == 0 else f"Final/{'' if game.overtimes == 1 else game.overtimes}OT"
        kind = ("3", "STATUS_FINAL", "post", True, "Final", detail, detail)
        return _timed(0.0, "0.0", REGULATION + game.overtimes, kind)
    if game.tip <= now:
        kind = ("2", "STATUS_IN_PROGRESS", "in", False, "In Progress", "12:00 - 1st Quarter", "12:00 - 1st")
        return _timed(720.0, "12:00", 1, kind)
    tip = game.tip.astimezone(EASTERN)
    clock = tip.strftime("%I:%M %p %Z").lstrip("0")
    suffix = _ORDINALS.get(tip.day, "th")
    detail = f"{tip:%a, %B} {tip.day}{suffix} at {clock}"
    kind = ("1", "STATUS_SCHEDULED", "pre", False, "Scheduled", detail, f"{tip.month}/{tip.day} - {clock}")
    return _timed(0.0, "0.0", 0, kind)


def _timed(clock: float, shown: str, period: int, kind: tuple[str, str, str, bool, str, str, str]) -> dict[str, Any]:
    names = ("id", "name", "state", "completed", "description", "detail", "shortDetail")
    return {"clock": clock, "displayClock": shown, "period": period, "type": dict(zip(names, kind, strict=True))}
