"""What BallDontLie's answers share: a page of a list, and its own ids of teams."""

from typing import Any

from services.scraper.domain.wire import BadRecord, Refusal, member, optional_text, shown, text, whole
from shared.basketball.identity import TEAMS, tricode

PAGE = {"per_page": "100"}
"""The most there is; whatever is asked for by team or by date fits on it."""
_BY_ID = {team.bdl_id: team.tricode for team in TEAMS.values()}


def unread(payload: Any) -> tuple[Refusal, ...]:  # noqa: ANN401 - JSON
    """What the page announces and does not hold, as a refusal: it is not lost without a word."""
    meta = payload.get("meta") if isinstance(payload, dict) else None
    cursor = meta.get("next_cursor") if isinstance(meta, dict) else None
    return () if cursor is None else (Refusal("next page", f"the list goes on behind cursor {shown(cursor)}"),)


def team_of(raw: Any) -> str:  # noqa: ANN401 - JSON
    """The tricode of a team; its id must agree, where it is given.

    Raises:
        BadRecord: no abbreviation, or another team's id.
        Permanent: no team of the NBA.
    """
    code = tricode(text(raw, "abbreviation"))
    if "id" in raw and team_by_id(raw["id"]) != code:
        raise BadRecord(f"team {raw['abbreviation']} has id {shown(raw['id'])}, not {TEAMS[code].bdl_id}")
    return code


def team_by_id(value: Any) -> str:  # noqa: ANN401 - JSON
    """The tricode of a team's id."""
    team_id = whole(value, "team's id")
    if team_id not in _BY_ID:
        raise BadRecord(f"team's id is {team_id}, no team of the NBA")
    return _BY_ID[team_id]


def name_of(player: Any) -> str:  # noqa: ANN401 - JSON
    """First and last name; who has one name has the other blank or null."""
    parts = [optional_text(player, key) for key in ("first_name", "last_name") if member(player, key) is not None]
    name = " ".join(part for part in parts if part is not None)
    if not name:
        raise BadRecord("has no name")
    return name


def label_of(raw: Any) -> str:  # noqa: ANN401 - JSON
    """A name for a refused record with a player, or of one."""
    player = raw.get("player", raw) if isinstance(raw, dict) else raw
    names = [player.get(key) for key in ("first_name", "last_name")] if isinstance(player, dict) else []
    return " ".join(name for name in names if isinstance(name, str)) or shown(raw)
