"""`leaguegamelog` of stats.nba.com with PlayerOrTeam=P: every player's line of a whole season, in one answer."""

from collections import defaultdict
from typing import Any

from services.scraper.domain.box import COUNTS, SHORT, Box, Line, optional_number
from services.scraper.domain.minutes import minutes
from services.scraper.domain.wire import BadRecord, Parsed, Refusal, document, result_set, whole
from services.scraper.sources.endpoint import BOX_SCORES, Endpoint, Request
from shared.basketball.identity import canonical_game_id, tricode
from shared.errors import Permanent

_SEASON_TYPES = {
    "regular": "Regular Season",
    "playoffs": "Playoffs",
    "playin": "PlayIn",
    "cup_final": "IST",
}
_COLUMNS = (
    *("GAME_ID", "PLAYER_ID", "PLAYER_NAME", "TEAM_ABBREVIATION", "MIN", "PLUS_MINUS"),
    *(key.upper() for key in SHORT),
)


def parse_gamelog(body: bytes) -> Parsed[Box]:
    """One record per game, without scores and starters: the log has none.

    Raises:
        Fault: not a player game log.
    """
    rows = result_set(document(body), "LeagueGameLog", _COLUMNS)
    lines: defaultdict[str, list[Line]] = defaultdict(list)
    refused: defaultdict[str, list[Refusal]] = defaultdict(list)
    homeless: list[Refusal] = []
    for row in rows:
        try:
            game_id = canonical_game_id(row[0])
        except Permanent as error:
            homeless.append(Refusal(f"{row[2]} {row[0]}", str(error)))
            continue
        try:
            lines[game_id].append(_line(row))
        except (BadRecord, Permanent) as error:
            refused[game_id].append(Refusal(str(row[2]), str(error)))
    boxes = tuple(
        Box(game_id, final=True, lines=tuple(lines[game_id]), refused=tuple(refused[game_id]))
        for game_id in sorted(lines.keys() | refused.keys())
    )
    return Parsed(boxes, tuple(homeless), len(rows))


def _line(row: tuple[Any, ...]) -> Line:
    _, player_id, name, team, played, plus_minus, *counted = row
    if not isinstance(name, str) or not isinstance(team, str):
        raise BadRecord(f"name {name!r} or team {team!r} is not a text")
    return Line(
        player_id=whole(player_id, "PLAYER_ID"),
        player_name=name,
        team=tricode(team),
        starter=None,
        minutes=minutes(played),
        plus_minus=optional_number(plus_minus),
        **{key: whole(value, key) for key, value in zip(COUNTS, counted, strict=True)},
    )


LOG = Endpoint("nba_stats", "leaguegamelog", BOX_SCORES, parse_gamelog, rank=2)


def log(season: str, season_type: str) -> Request[Box]:
    """All player lines of a season's games of one kind."""
    params = {
        "Counter": "0",
        "DateFrom": "",
        "DateTo": "",
        "Direction": "DESC",
        "LeagueID": "00",
        "PlayerOrTeam": "P",
        "Season": season,
        "SeasonType": _SEASON_TYPES[season_type],
        "Sorter": "DATE",
    }
    return LOG.request(f"{season}-{season_type}", "/stats/leaguegamelog", params)
