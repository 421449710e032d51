"""ESPN's injuries feed: per team, each listed player's latest status."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.scraper.domain.wire import BadRecord, Parsed, Refusal, document, instant, label, listing, member, text
from shared.basketball.identity import TEAMS, tricode
from shared.errors import Permanent

_BY_ESPN_ID = {team.espn_id: team.tricode for team in TEAMS.values()}


@dataclass(frozen=True, slots=True)
class Injury:
    """A listed player, by name: ESPN's ids are its own."""

    player_name: str
    team: str
    status: str
    comment: str | None
    reported_at: datetime


def parse_injuries(body: bytes) -> Parsed[Injury]:
    """One record per entry. Entries of a team the NBA does not have are refused.

    Raises:
        Fault: not an injuries feed.
    """
    payload = document(body)
    injuries: list[Injury] = []
    refused: list[Refusal] = []
    for team in listing(payload, "injuries"):
        for raw in listing(team, "injuries"):
            try:
                injuries.append(_injury(raw, _team(team)))
            except (BadRecord, Permanent) as error:
                refused.append(Refusal(_name(raw), str(error)))
    return Parsed(tuple(injuries), tuple(refused), len(injuries) + len(refused))


def _team(raw: Any) -> str:  # noqa: ANN401 - JSON
    """The tricode; ESPN's id must agree with the name, for other leagues use the same ids."""
    code = tricode(text(raw, "displayName"))
    if "id" in raw and _BY_ESPN_ID.get(str(raw["id"])) != code:
        raise BadRecord(f"team {raw['displayName']} has ESPN id {raw['id']}, not {TEAMS[code].espn_id}")
    return code


def _injury(raw: Any, team: str) -> Injury:  # noqa: ANN401 - JSON
    comment = raw.get("shortComment")
    return Injury(
        player_name=text(member(raw, "athlete"), "displayName"),
        team=team,
        status=text(raw, "status"),
        comment=comment if isinstance(comment, str) and comment else None,
        reported_at=instant(member(raw, "date"), "date"),
    )


def _name(raw: Any) -> str:  # noqa: ANN401 - JSON
    athlete = raw.get("athlete") if isinstance(raw, dict) else None
    return label(athlete, "displayName") if isinstance(athlete, dict) else label(raw, "id")
