"""Matching the names of sources without NBA ids to players: exactly one, or none with the reason. Never a guess."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from services.scraper.domain.wire import BadRecord
from shared.basketball.identity import player_lookup

_SAME_PERSON = {
    "cameronjohnson": "camjohnson",
    "cameronthomas": "camthomas",
    "christianjamesmccollum": "cjmccollum",
    "gregoryjackson": "ggjackson",
    "herbertjones": "herbjones",
    "joshuagiddey": "joshgiddey",
    "kenyonmartin": "kjmartin",
    "mohamedbamba": "mobamba",
    "moritzwagner": "moewagner",
    "nicholasbatum": "nicolasbatum",
    "nicolasclaxton": "nicclaxton",
    "obadiahtoppin": "obitoppin",
    "vincentwilliams": "vincewilliams",
}
"""Spellings that sources really use for one and the same player, each checked by hand."""


@dataclass(frozen=True, slots=True)
class Known:
    """A player under a name with a team, now or earlier."""

    player_id: int
    player_name: str
    team: str


class Names:
    """Players by name."""

    def __init__(self, players: Iterable[Known]) -> None:
        self._by_team: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
        self._anywhere: defaultdict[str, set[int]] = defaultdict(set)
        for player in players:
            lookup = _canonical(player.player_name)
            self._by_team[lookup, player.team].add(player.player_id)
            self._anywhere[lookup].add(player.player_id)

    def find(self, name: str, teams: Collection[str], *, elsewhere: bool = False) -> int:
        """The id of the only player called `name` with one of `teams`; if `elsewhere`, else the only one anywhere.

        Raises:
            BadRecord: nobody, or several.
        """
        lookup = _canonical(name)
        found = {player for team in teams for player in self._by_team.get((lookup, team), ())}
        if not found and elsewhere:
            found = self._anywhere.get(lookup, set())
        if len(found) == 1:
            return next(iter(found))
        where = " or ".join(sorted(teams))
        if found:
            raise BadRecord(f"{len(found)} players are called {name!r} ({', '.join(map(str, sorted(found)))})")
        raise BadRecord(f"no known player of {where} is called {name!r}")


def _canonical(name: str) -> str:
    lookup = player_lookup(name)
    return _SAME_PERSON.get(lookup, lookup)
