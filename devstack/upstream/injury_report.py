"""The NBA's official injury report: a PDF an hour, every quarter of an hour since late in 2025.

It has the games of its date and of the next, and by team the entries that ESPN's feed has at that instant. A team's
are submitted at 17:00 ET of the day before its game, at 13:00 ET of the day itself if it plays on the day before.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from devstack.columns import Row
from devstack.facts import Game
from devstack.history import History
from devstack.upstream.boxscore import DENIED
from devstack.upstream.espn import InjuryFeed
from devstack.upstream.injured import reason_of
from devstack.upstream.injury_report_pdf import Line, draw
from devstack.upstream.schedule import is_shown
from devstack.upstream.wire import Answer, http_date, nba_name, plain, split_name
from shared.basketball.identity import TEAMS
from shared.basketball.slate import EASTERN, eastern_date, eastern_instant

QUARTERLY_SINCE = date(2025, 12, 22)
"""From here on names have minutes; before, and on this day too, `05PM` was the report of 17:30."""
_NAME = re.compile(r"Injury-Report_(\d{4}-\d\d-\d\d)_(0[1-9]|1[0-2])(?:_(00|15|30|45))?(AM|PM)\.pdf")
_HALF_PAST = 30
_SUBMITTED, _SUBMITTED_LATE = time(17), time(13)
_NOT_SUBMITTED = "NOT YET SUBMITTED"
_STATUSES = {"Out": "Out", "Day-To-Day": "Questionable"}
_REASONS = {
    "inactive": "G League - Two-Way",
    "not with the team": "Not With Team",
    "suspended": "League Suspension",
    "NBA health and safety protocols": "Health and Safety Protocols",
}

_COMPLAINTS = {
    "sprained": "Sprain",
    "strained": "Strain",
    "sore": "Soreness",
    "bruised": "Contusion",
    "fractured": "Fracture",
    "torn": "Tear",
}


class InjuryReports:
    """Every report of a history, drawn when asked for."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._feed = InjuryFeed(history)
        self._drawn = lru_cache(64)(draw)

    def answer(self, name: str, now: datetime) -> Answer:
        """The report in the file of that name; 403, as for any missing file, before its instant."""
        instant = published_at(name)
        if instant is None or instant > now or not self._games(instant):
            return DENIED
        body = self._drawn(instant.astimezone(EASTERN), tuple(self.lines(instant)))
        return Answer(body, content_type="application/pdf", headers={"Last-Modified": http_date(instant)})

    def lines(self, instant: datetime) -> Iterator[Line]:
        """The report's lines at an instant. A team that has nobody to report has none."""
        entries = self._feed.entries(instant)
        for game in self._games(instant):
            tip = game.tip.astimezone(EASTERN)
            head = (f"{game.game_date:%m/%d/%Y}", f"{tip:%I:%M} (ET)", f"{game.away}@{game.home}")
            for tricode in (game.away, game.home):
                team = nba_name(TEAMS[tricode])
                if instant < self._submitted_at(game, tricode):
                    yield Line(*head, team, "", "", _NOT_SUBMITTED)
                    continue
                listed = sorted(_listed(entry) for entry in entries.values() if entry["team"] == tricode)
                for player, status, reason in listed:
                    yield Line(*head, team, player, status, reason)

    def _games(self, instant: datetime) -> list[Game]:
        """The games of the instant's date and of the next, as the report orders them."""
        today = eastern_date(instant)
        both = self._history.on(today) + self._history.on(today + timedelta(days=1))
        shown = [game for game in both if is_shown(game, instant)]
        return sorted(shown, key=lambda game: (game.game_date, game.tip, game.away))

    def _submitted_at(self, game: Game, tricode: str) -> datetime:
        before = game.game_date - timedelta(days=1)
        if any(tricode in (other.home, other.away) for other in self._history.on(before)):
            return eastern_instant(game.game_date, _SUBMITTED_LATE)
        return eastern_instant(before, _SUBMITTED)


def published_at(name: str) -> datetime | None:
    """The instant of the report in the file of that name; None for a name that no file has."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    try:
        day = date.fromisoformat(found[1])
    except ValueError:
        return None
    if day < QUARTERLY_SINCE if found[3] is not None else day > QUARTERLY_SINCE:
        return None
    hour = int(found[2]) % 12 + (12 if found[4] == "PM" else 0)
    return eastern_instant(day, time(hour, _HALF_PAST if found[3] is None else int(found[3])))


def name_at(instant: datetime) -> str:
    """The name of the latest report's file at an instant."""
    minutes = 15 if eastern_date(instant) >= QUARTERLY_SINCE else 60
    shift = timedelta(0) if minutes == 15 else timedelta(minutes=_HALF_PAST)  # noqa: PLR2004 - a quarter of an hour
    local = (instant - shift).astimezone(EASTERN)
    stamp = f"{local:%I}_{local.minute // 15 * 15:02d}{local:%p}" if minutes == 15 else f"{local:%I%p}"  # noqa: PLR2004 - as above
    return f"Injury-Report_{local:%Y-%m-%d}_{stamp}.pdf"


def _listed(entry: Row) -> tuple[str, str, str]:
    """(player, status, reason) as the report writes them."""
    first, last = split_name(plain(entry["name"]))
    return f"{last}, {first}" if first else last, _STATUSES[entry["status"]], _said(reason_of(entry["note"]))


def _said(reason: str) -> str:
    """`sprained right ankle` as `Injury/Illness - Right Ankle; Sprain`."""
    if reason in _REASONS:
        return _REASONS[reason]
    how, _, where = reason.partition(" ")
    if how in _COMPLAINTS and where:
        return f"Injury/Illness - {where.title()}; {_COMPLAINTS[how]}"
    return f"Injury/Illness - {reason.title() if reason else 'N/a'}; N/a"
