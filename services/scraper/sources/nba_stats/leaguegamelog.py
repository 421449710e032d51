"""`leaguegamelog` of stats.nba.com: every player's line (PlayerOrTeam=P), or every team's (T), of a whole season."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from services.scraper.domain.box import COUNTS, SHORT, Box, Line, optional_number
from services.scraper.domain.minutes import minutes
from services.scraper.domain.wire import (
    BadRecord,
    Parsed,
    Refusal,
    document,
    game_id,
    label,
    listing,
    shown,
    whole,
    words,
)
from services.scraper.sources.endpoint import BOX_SCORES, Endpoint, Request
from services.scraper.sources.nba_stats.result_set import result_set
from shared.basketball.identity import tricode
from shared.errors import Permanent

MISFIT = "the row does not fit its headers"
_NAME = "LeagueGameLog"
_SEASON_TYPES = {
    "regular": "Regular Season",
    "playoffs": "Playoffs",
    "playin": "PlayIn",
    "cup_final": "IST",
}
_TEAM_COLUMNS = ("GAME_ID", "TEAM_ABBREVIATION", *(key.upper() for key in SHORT))
_COLUMNS = (
    *("GAME_ID", "PLAYER_ID", "PLAYER_NAME", "TEAM_ABBREVIATION", "GAME_DATE", "MIN", "PLUS_MINUS"),
    *(key.upper() for key in SHORT),
)


def parse_gamelog(body: bytes) -> Parsed[Box]:
    """One record per game, in either form of the log.

    Of players it has the lines, without scores and starters: the log has none. Of teams it has score and totals, and
    no lines.

    Raises:
        Fault: not a game log.
    """
    payload = document(body)
    if "PLAYER_ID" not in _headers(payload) and "TEAM_NAME" in _headers(payload):
        return _teams(*result_set(payload, _NAME, _TEAM_COLUMNS))
    return _players(*result_set(payload, _NAME, _COLUMNS))


def _headers(payload: Any) -> list[Any]:  # noqa: ANN401 - JSON
    return next(
        (
            each["headers"]
            for each in listing(payload, "resultSets")
            if isinstance(each, dict) and each.get("name") == _NAME and isinstance(each.get("headers"), list)
        ),
        [],
    )


def _players(rows: Sequence[tuple[Any, ...]], misfits: Sequence[Any]) -> Parsed[Box]:
    lines: defaultdict[str, list[Line]] = defaultdict(list)
    refused: defaultdict[str, list[Refusal]] = defaultdict(list)
    games: defaultdict[frozenset[str], set[str]] = defaultdict(set)
    """The game of a team and a date, as a row has them."""
    homeless = [(_values(row), Refusal(label(row), MISFIT)) for row in misfits]
    for row in rows:
        try:
            played = game_id(row[0], "GAME_ID")
        except (BadRecord, Permanent) as error:
            homeless.append((_values(row), Refusal(f"{str(row[2])[:50]} {str(row[0])[:50]}", str(error))))
            continue
        games[_values(row[3:5])].add(played)
        try:
            lines[played].append(_line(row))
        except (BadRecord, Permanent) as error:
            refused[played].append(Refusal(str(row[2]), str(error)))
    known = lines.keys() | refused.keys()
    for (
        values,
        refusal,
    ) in homeless:  # such a row is missing from the game that it names, or from its team's of that date
        named = {value.zfill(10) for value in values} & known
        dated = {played for whose, of_team in games.items() if set() < whose <= values for played in of_team}
        for played in named or dated:
            refused[played].append(refusal)
    boxes = tuple(
        Box(played, final=True, lines=tuple(lines[played]), refused=tuple(refused[played])) for played in sorted(known)
    )
    return Parsed(boxes, tuple(refusal for _, refusal in homeless), len(rows) + len(misfits))


def _values(row: Any) -> frozenset[str]:  # noqa: ANN401 - JSON
    """What stands in a row, as text; nothing in what is none."""
    return (
        frozenset(str(value) for value in row if isinstance(value, str | int))
        if isinstance(row, list | tuple)
        else frozenset()
    )


def _teams(rows: Sequence[tuple[Any, ...]], misfits: Sequence[Any]) -> Parsed[Box]:
    totals: defaultdict[str, dict[str, dict[str, int]]] = defaultdict(dict)
    refused = [Refusal(label(row), MISFIT) for row in misfits]
    for row in rows:
        try:
            played, team, counted = _team(row)
        except (BadRecord, Permanent) as error:
            refused.append(Refusal(f"{row[1]} {row[0]}", str(error)))
            continue
        if totals[played].setdefault(team, counted) != counted:
            refused.append(Refusal(f"{team} {played}", f"{team} is listed twice, not with the same figures"))
            totals[played][team] = {}
    boxes: list[Box] = []
    for played, teams in sorted(totals.items()):
        if len(teams) == len(("home", "away")) and all(teams.values()):
            score = {team: counted["points"] for team, counted in teams.items()}
            boxes.append(Box(played, final=True, lines=(), score=score, totals=teams))
        else:
            refused.append(Refusal(played, f"has readable lines of {', '.join(team for team in teams if teams[team])}"))
    return Parsed(tuple(boxes), tuple(refused), len(rows) + len(misfits))


def _team(row: tuple[Any, ...]) -> tuple[str, str, dict[str, int]]:
    """(game, tricode, its totals)."""
    played, team, *counted = row
    return game_id(played, "GAME_ID"), tricode(words(team, "TEAM_ABBREVIATION")), _counts(counted)


def _counts(counted: Sequence[Any]) -> dict[str, int]:
    return {key: whole(value, key) for key, value in zip(COUNTS, counted, strict=True)}


def _line(row: tuple[Any, ...]) -> Line:
    _, player_id, name, team, _, played, plus_minus, *counted = row
    if not isinstance(name, str) or not isinstance(team, str):
        raise BadRecord(f"name {shown(name)} or team {shown(team)} is not a text")
    return Line(
        player_id=whole(player_id, "PLAYER_ID"),
        player_name=words(name, "PLAYER_NAME"),
        team=tricode(team),
        starter=None,
        minutes=minutes(played),
        plus_minus=optional_number(plus_minus),
        **_counts(counted),
    )


LOG = Endpoint("nba_stats", "leaguegamelog", BOX_SCORES, parse_gamelog, rank=2)


def log(season: str, season_type: str) -> Request[Box]:
    """All player lines of a season's games of one kind."""
    return _log(season, season_type, "P")


def team_log(season: str, season_type: str) -> Request[Box]:
    """All team lines of the same: scores and totals."""
    return _log(season, season_type, "T")


def _log(season: str, season_type: str, whose: str) -> Request[Box]:
    params = {
        "Counter": "0",
        "DateFrom": "",
        "DateTo": "",
        "Direction": "DESC",
        "LeagueID": "00",
        "PlayerOrTeam": whose,
        "Season": season,
        "SeasonType": _SEASON_TYPES[season_type],
        "Sorter": "DATE",
    }
    unit = f"{season}-{season_type}" if whose == "P" else f"{season}-{season_type}-teams"
    return LOG.request(unit, "/stats/leaguegamelog", params)
