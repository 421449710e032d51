"""`playerindex` of stats.nba.com: everyone of a season, with the team he is with now."""

from typing import Any

from services.scraper.domain.people import Rostered
from services.scraper.domain.wire import (
    BadRecord,
    Parsed,
    Refusal,
    document,
    flag,
    label,
    optional_text,
    remark,
    whole,
)
from services.scraper.sources.endpoint import ROSTERS, Endpoint, Request
from services.scraper.sources.nba_stats.result_set import result_set
from shared.basketball.identity import tricode
from shared.errors import Permanent

_COLUMNS = (
    "PERSON_ID",
    "PLAYER_FIRST_NAME",
    "PLAYER_LAST_NAME",
    "TEAM_ID",
    "TEAM_ABBREVIATION",
    "ROSTER_STATUS",
    "POSITION",
)


def parse_playerindex(body: bytes) -> Parsed[Rostered]:
    """The players who are on a team's roster now; those without a team are left out.

    Raises:
        Fault: not a player index.
    """
    rows, misfits = result_set(document(body), "PlayerIndex", _COLUMNS)
    players: dict[int | None, Rostered] = {}
    refused = [Refusal(label(row), "the row does not fit its headers") for row in misfits]
    for row in rows:
        try:
            player = _player(row)
        except (BadRecord, Permanent) as error:
            refused.append(Refusal(_label(row), str(error)))
            continue
        if player is not None and (known := players.setdefault(player.player_id, player)) != player:
            refused.append(Refusal(_label(row), f"listed with {known.team} and with {player.team}"))
    return Parsed(tuple(players.values()), tuple(refused), len(rows) + len(misfits))


def _player(row: tuple[Any, ...]) -> Rostered | None:
    person_id, first, last, team_id, team, status, position = row
    if team_id is None or status is None or not whole(team_id, "TEAM_ID") or not flag(status, "ROSTER_STATUS"):
        return None
    if not isinstance(team, str):
        raise BadRecord(f"team {team_id} has no abbreviation")
    # Players with one name have the other as null or blank.
    parts = [optional_text({"name": part}, "name") for part in (first, last)]
    name = " ".join(part for part in parts if part is not None)
    if not name:
        raise BadRecord("has no name")
    return Rostered(
        player_id=whole(person_id, "PERSON_ID"),
        player_name=name,
        team=tricode(team),
        position=remark({"POSITION": position}, "POSITION"),
    )


def _label(row: tuple[Any, ...]) -> str:
    return " ".join(str(row[place])[:50] for place in (1, 2, 0))


INDEX = Endpoint(
    "nba_stats", "playerindex", ROSTERS, parse_playerindex, rank=1, requests=lambda need: (index(need.season),)
)


def index(season: str) -> Request[Rostered]:
    """Everyone of a season with his team."""
    optional = (
        "Active",
        "AllStar",
        "College",
        "Country",
        "DraftPick",
        "DraftYear",
        "Height",
        "PlayerPosition",
        "Weight",
    )
    params = {"LeagueID": "00", "Season": season, "Historical": "0", "TeamID": "0", **dict.fromkeys(optional, "")}
    return INDEX.request(season, "/stats/playerindex", params)
