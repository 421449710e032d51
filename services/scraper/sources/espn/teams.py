"""A team as ESPN writes it."""

from typing import Any

from services.scraper.domain.wire import BadRecord, text
from shared.basketball.identity import TEAMS, tricode

_BY_ESPN_ID = {team.espn_id: team.tricode for team in TEAMS.values()}


def team_of(raw: Any) -> str:  # noqa: ANN401 - JSON
    """The tricode; ESPN's id must agree with the name, for other leagues use the same ids.

    Raises:
        BadRecord: no name, or another team's id.
        Permanent: no team of the NBA.
    """
    code = tricode(text(raw, "displayName"))
    if "id" in raw and _BY_ESPN_ID.get(str(raw["id"])) != code:
        raise BadRecord(f"team {raw['displayName']} has ESPN id {raw['id']}, not {TEAMS[code].espn_id}")
    return code
