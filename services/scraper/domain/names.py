"""Matching the names of sources without NBA ids to players: exactly one, or none with the reason. Never a guess.

What a person has settled goes before all else. Then the players of the game's teams are compared with the name, rule by
rule, the strictest first. The first rule that anybody fits decides: one player is found, of several none.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher

from services.scraper.domain.person import Person, known_as, person, related
from services.scraper.domain.wire import BadRecord
from shared.basketball.identity import player_key

ANY = ""
"""The source or team of a settled name that holds for all of them."""
_CANDIDATES = 5
_ALIKE = 0.8
"""From which likeness on (0 to 1) a player is worth showing to whoever settles the name."""


@dataclass(frozen=True, slots=True)
class Known:
    """A player under a name with a team, now or earlier."""

    player_id: int
    player_name: str
    team: str


@dataclass(frozen=True, slots=True)
class Settled:
    """A name that a person has settled."""

    key: str
    """The name as `player_key` has it."""
    team: str
    source: str
    player_id: int


class UnresolvedName(BadRecord):
    """A name fits nobody, or several. What raw.quarantine keeps of it lets a person settle it."""

    def __init__(self, reason: str, name: str, teams: Collection[str], candidates: Iterable[Known]) -> None:
        shown = json.dumps([asdict(candidate) for candidate in candidates], ensure_ascii=False)
        columns = {"player_name": name, "name_key": player_key(name), "teams": " ".join(sorted(teams))}
        super().__init__(reason, {**columns, "candidates": shown})


@dataclass(frozen=True, slots=True)
class _Player:
    known: Known
    written: Person
    called: Person
    """The same under the name that the rosters usually have."""


_Rule = Callable[[Person, Person, _Player], bool]
"""Given the name as written and as the rosters usually have it: does the player fit?"""


_EXACT: tuple[_Rule, ...] = (
    lambda written, _, player: (written.whole, written.suffix) == (player.written.whole, player.written.suffix),
    lambda _, called, player: (called.whole, called.suffix) == (player.called.whole, player.called.suffix),
    lambda _, called, player: called.whole == player.called.whole,
)
_LOOSE: tuple[_Rule, ...] = (
    # Cam Johnson is Cameron Johnson.
    lambda _, called, player: called.rest == player.called.rest and related(called.first, player.called.first),
    # Brook Robert Lopez is Brook Lopez.
    lambda _, called, player: (called.first, called.last) == (player.called.first, player.called.last),
    # M. Morris Sr. is Marcus Morris Sr., though M. Morris may be Monte Morris, too.
    lambda _, called, player: called.suffix == player.called.suffix != "" and _shortened(called, player.called),
    # J. Brown is Jaylen Brown, Mil. Bridges is Miles Bridges.
    lambda _, called, player: _shortened(called, player.called),
    # N. Walker is Nickeil Alexander-Walker.
    lambda _, called, player: called.last == player.called.last and _begins(called, player.called),
)
"""For the teams of a game only: there they leave few to choose from."""


def _shortened(one: Person, other: Person) -> bool:
    return one.rest == other.rest and _begins(one, other)


def _begins(one: Person, other: Person) -> bool:
    """Whether the given name of one is an initial, or the beginning, of the other's."""
    return (one.short and other.first.startswith(one.first)) or (other.short and one.first.startswith(other.first))


class Names:
    """Players by name."""

    def __init__(self, players: Iterable[Known], settled: Iterable[Settled] = ()) -> None:
        self._by_team: defaultdict[str, list[_Player]] = defaultdict(list)
        self._anywhere: defaultdict[str, list[_Player]] = defaultdict(list)
        for known in players:
            player = _Player(known, person(known.player_name), known_as(known.player_name))
            self._by_team[known.team].append(player)
            for whole in {player.written.whole, player.called.whole}:
                self._anywhere[whole].append(player)
        self._settled: defaultdict[str, list[Settled]] = defaultdict(list)
        for name in settled:
            self._settled[name.key].append(name)

    def find(self, name: str, teams: Collection[str], *, source: str = ANY, elsewhere: bool = False) -> int:
        """The id of the only player called `name` by `source` with one of `teams`.

        If `elsewhere`, and nobody of `teams` fits, the only one anywhere who is called exactly so.

        Raises:
            UnresolvedName: nobody, or several are.
        """
        written, called = person(name), known_as(name)
        found = self._settled_as(name, teams, source)
        if not found and written.whole:
            here = [player for team in sorted(teams) for player in self._by_team.get(team, ())]
            found = _fitting((*_EXACT, *_LOOSE), written, called, here)
            if not found and elsewhere:
                there = [*self._anywhere.get(written.whole, ()), *self._anywhere.get(called.whole, ())]
                found = _fitting(_EXACT, written, called, there)
        ids = {known.player_id for known in found}
        if len(ids) == 1:
            return ids.pop()
        where = " or ".join(sorted(teams))
        if found:
            reason = f"{len(ids)} players are called {name!r} ({', '.join(map(str, sorted(ids)))})"
        else:
            reason = f"no known player of {where} is called {name!r}"
        raise UnresolvedName(reason, name, teams, _each_once(found or self._like(called, teams)))

    def _settled_as(self, name: str, teams: Collection[str], source: str) -> list[Known]:
        """What was settled most closely: for the source and a team, else the source, else a team, else for all."""
        fitting: defaultdict[tuple[bool, bool], list[Known]] = defaultdict(list)
        for each in self._settled.get(player_key(name), ()):
            if each.source in (source, ANY) and each.team in (*teams, ANY):
                fitting[each.source != ANY, each.team != ANY].append(Known(each.player_id, name, each.team))
        return fitting[max(fitting)] if fitting else []

    def _like(self, called: Person, teams: Collection[str]) -> list[Known]:
        """Players to show beside a name that fits nobody: the likest of the teams, and namesakes of others."""
        likeness: dict[Known, float] = {}
        for team in sorted(teams):
            for player in self._by_team.get(team, ()):
                same_last = bool(called.last) and called.last == player.called.last
                ratio = SequenceMatcher(None, called.whole, player.called.whole).ratio()
                if same_last or ratio >= _ALIKE:
                    likeness[player.known] = ratio
        namesakes = [player.known for player in self._anywhere.get(called.whole, ())] if called.whole else []
        return [*namesakes, *sorted(likeness, key=lambda known: (-likeness[known], known.player_id))]


def _fitting(rules: Iterable[_Rule], written: Person, called: Person, players: Collection[_Player]) -> list[Known]:
    """Those who fit by the first rule that anybody fits by.

    Sources leave generational suffixes out, and add some; but a junior is not the third.
    """
    likely = [each for each in players if "" in (ours := {called.suffix, each.called.suffix}) or len(ours) == 1]
    for rule in rules:
        found = [player.known for player in likely if rule(written, called, player)]
        if found:
            return found
    return []


def _each_once(players: Iterable[Known]) -> list[Known]:
    """The first few players, none twice."""
    return list({player.player_id: player for player in reversed(list(players))}.values())[::-1][:_CANDIDATES]
