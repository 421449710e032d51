"""The official injury report: per game and team everyone whose playing is in doubt, as a PDF, several times a day."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from services.scraper.domain.people import Injury, status_of
from services.scraper.domain.wire import BadRecord, Fault, Parsed, Refusal
from services.scraper.sources.endpoint import INJURIES, Endpoint, Need, Request
from services.scraper.sources.nba_official.pdf import Page, pages
from services.scraper.sources.nba_official.table import TEAM_OF, UNSUBMITTED, Row, closed_up, lines, rows
from shared.basketball.identity import TEAMS
from shared.basketball.slate import EASTERN

_TITLE = re.compile(r"injuryreport:(\d\d)/(\d\d)/(\d\d)(\d\d?):(\d\d)([ap]m)", re.ASCII)
_FOOTER = re.compile(r"page(\d+)of(\d+)", re.ASCII)
_DATE = re.compile(r"(\d\d)/(\d\d)/(\d{4})", re.ASCII)
_MATCHUP = re.compile(r"([A-Z]{3})@([A-Z]{3})", re.ASCII)
_SUFFIX = re.compile(r"(?<=[a-z])(?=(?:Jr|Sr|II|III|IV)\.?$)")
"""Where a space is missing."""
_QUARTER = timedelta(minutes=15)
_QUARTERS_OF_A_DAY = 96
_QUARTERS_ASKED = 8
"""Of the last two hours every report is asked for, before that the full hours'."""
_QUARTERLY_SINCE = date(2025, 12, 22)
"""On this day there were names of both kinds."""


class _Game(NamedTuple):
    day: date
    away: str
    home: str


def parse_report(body: bytes) -> Parsed[Injury]:
    """One record per entry. It covers the teams that have submitted, as far as all their entries can be read.

    A team that is not listed beside its opponent has submitted, and has nobody to list.

    Raises:
        Fault: not an injury report, or not all of it.
    """
    read = pages(body)
    published = _published(read)
    found = rows(read)
    injuries: list[Injury] = []
    covered: set[tuple[date, str]] = set()
    silent: set[tuple[date, str]] = set()
    astray = False
    refused: list[Refusal] = []
    for row in found:
        try:
            game = _game(row)
        except BadRecord as error:
            astray = True  # it may be of any team
            refused.append(Refusal(_label(row), str(error)))
            continue
        sides = {(game.day, side) for side in (game.home, game.away)}
        try:
            team = _team(row, game)
        except BadRecord as error:
            silent |= sides
            refused.append(Refusal(_label(row), str(error)))
            continue
        covered |= sides
        if closed_up(row["Reason"]).startswith(UNSUBMITTED):
            silent.add((game.day, team))
        elif row["Player Name"] or row["Current Status"]:
            try:
                injuries.append(_injury(row, team, game.day))
            except BadRecord as error:
                silent.add((game.day, team))
                refused.append(Refusal(_label(row), str(error)))
    covers = frozenset[tuple[date | None, str]]() if astray else frozenset(covered - silent)
    return Parsed(tuple(injuries), tuple(refused), len(found), published, covers)


def _published(read: tuple[Page, ...]) -> datetime:
    """The title's time; all the pages that the foot of each page counts must be there."""
    texts = [closed_up(" ".join(word.text for word in line)) for page in read for line in lines(page.words)]
    title = next(filter(None, map(_TITLE.search, texts)), None)
    if title is None:
        raise Fault("malformed", "no line says Injury Report with its date and time")
    feet = [foot.groups() for foot in map(_FOOTER.fullmatch, texts) if foot is not None]
    if feet and feet != [(str(number + 1), str(len(read))) for number in range(len(read))]:
        raise Fault("truncated", f"{len(read)} pages, numbered {', '.join(f'{at} of {of}' for at, of in feet)}")
    month, day, year, hour, minute = map(int, title.groups()[:5])
    try:
        local = datetime(2000 + year, month, day, hour % 12 + 12 * (title[6] == "pm"), minute, tzinfo=EASTERN)
    except ValueError:
        raise Fault("malformed", f"its time is {title[0]}") from None
    return local.astimezone(UTC)


def _game(row: Row) -> _Game:
    day, matchup = _DATE.fullmatch(closed_up(row["Game Date"])), _MATCHUP.fullmatch(row["Matchup"].replace(" ", ""))
    if day is None or matchup is None:
        raise BadRecord(f"game {row['Game Date']!r} {row['Matchup']!r} is no date and matchup")
    try:
        return _Game(date(int(day[3]), int(day[1]), int(day[2])), matchup[1], matchup[2])
    except ValueError:
        raise BadRecord(f"game date {row['Game Date']!r} is no date") from None


def _team(row: Row, game: _Game) -> str:
    _, away, home = game
    team = TEAM_OF.get(closed_up(row["Team"]))
    if not {home, away} <= TEAMS.keys():
        raise BadRecord(f"{away}@{home} is no game of the NBA's")
    if team is None or team not in (home, away):
        raise BadRecord(f"team {row['Team']!r} does not play {away}@{home}")
    return team


def _injury(row: Row, team: str, day: date) -> Injury:
    name, status = row["Player Name"], row["Current Status"]
    if not name or not status:
        raise BadRecord(f"has no {'status' if name else 'name'}")
    # The title dates the report, and no entry.
    return Injury(_first_name_first(name), team, status_of(status), None, None, row["Reason"] or None, game_date=day)


def _first_name_first(name: str) -> str:
    """David Duke Jr. of "Duke Jr., David"; who has one name has no comma."""
    last, _, first = (part.strip() for part in name.partition(","))
    return f"{first} {_SUFFIX.sub(' ', last)}".strip()


def _label(row: Row) -> str:
    return row["Player Name"] or row["Team"] or row["Reason"]


def newest(need: Need) -> tuple[Request[Injury], ...]:
    """The reports that may be there, the latest first, back to the day before: each is to be asked for until one is.

    The hour's report says how things stood half past; since the end of 2025 there is one every quarter of an hour.
    """
    quarter = need.now.replace(minute=need.now.minute // 15 * 15, second=0, microsecond=0)
    wanted: dict[str, None] = {}
    for back in range(_QUARTERS_OF_A_DAY):
        at = (quarter - back * _QUARTER).astimezone(EASTERN)
        if at.date() >= _QUARTERLY_SINCE and (back < _QUARTERS_ASKED or at.minute == 0):
            wanted[at.strftime("%Y-%m-%d_%I_%M%p")] = None
        if at.date() <= _QUARTERLY_SINCE and at.minute == 30:  # noqa: PLR2004 - half past
            wanted[at.strftime("%Y-%m-%d_%I%p")] = None
    return tuple(REPORT.request(name, f"/referee/injury/Injury-Report_{name}.pdf") for name in wanted)


REPORT = Endpoint("nba_official", "injury_report", INJURIES, parse_report, rank=1, requests=newest, first_of=True)
