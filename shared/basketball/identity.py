"""Who is who: normalised names, canonical ids, the thirty teams."""

import re
import unicodedata
from dataclasses import dataclass

from shared.errors import Permanent

_SUFFIX = re.compile(r"\s+(jr|sr|ii|iii|iv|v)$")
_TRANSLITERATE = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "ß": "ss", "æ": "ae", "œ": "oe", "\u0131": "i", "ð": "d", "þ": "th"}
)
_GAME_ID = re.compile(r"00[1-9]\d{7}", re.ASCII)


def player_lookup(name: str) -> str:
    """Normalise a player's name so that sources without ids can be matched: "P.J. Washington Jr." -> "pjwashington".

    Lower case, accents and punctuation removed, generational suffix dropped, no spaces.
    """
    words = re.sub(r"[^a-z0-9 ]", "", re.sub(r"[-\u2010-\u2015]", " ", ascii_lower(name))).strip()
    return _SUFFIX.sub("", words).replace(" ", "")


def player_key(name: str) -> str:
    """The same with the generational suffix, by which a name is settled: "P.J. Washington Jr." -> "pjwashingtonjr".

    A name without Latin letters keeps its own.
    """
    folded = ascii_lower(name)
    plain = re.sub(r"[^a-z0-9]", "", folded)
    return plain or folded.strip()


def is_part_of(words: str, name: str) -> bool:
    """Whether each of some words is somewhere in a name, whatever case, accents and points; no words are in none."""
    key, wanted = player_key(name), [part for word in words.split() if (part := player_key(word))]
    return wanted != [] and all(part in key for part in wanted)


def ascii_lower(name: str) -> str:
    """A name in lower case, without accents."""
    folded = unicodedata.normalize("NFKD", name.casefold().translate(_TRANSLITERATE))
    return "".join(c for c in folded if not unicodedata.combining(c))


def canonical_game_id(raw: str | int) -> str:
    """The NBA's ten-character game id; leading zeros lost by a numeric column are restored.

    Raises:
        Permanent: not a game id of the NBA.
    """
    text = str(raw).strip().zfill(10)
    if not _GAME_ID.fullmatch(text):
        raise Permanent(f"game id {raw!r} is not an NBA game id (ten digits, 00x...)")
    return text


@dataclass(frozen=True, slots=True)
class Team:
    """A franchise as the upstreams name it."""

    tricode: str
    nba_id: int
    city: str
    name: str
    espn_id: str
    bdl_id: int

    @property
    def full_name(self) -> str:
        """The Odds API's and BallDontLie's name."""
        return f"{self.city} {self.name}"


TEAMS = {
    team.tricode: team
    for team in (
        Team("ATL", 1610612737, "Atlanta", "Hawks", "1", 1),
        Team("BOS", 1610612738, "Boston", "Celtics", "2", 2),
        Team("BKN", 1610612751, "Brooklyn", "Nets", "17", 3),
        Team("CHA", 1610612766, "Charlotte", "Hornets", "30", 4),
        Team("CHI", 1610612741, "Chicago", "Bulls", "4", 5),
        Team("CLE", 1610612739, "Cleveland", "Cavaliers", "5", 6),
        Team("DAL", 1610612742, "Dallas", "Mavericks", "6", 7),
        Team("DEN", 1610612743, "Denver", "Nuggets", "7", 8),
        Team("DET", 1610612765, "Detroit", "Pistons", "8", 9),
        Team("GSW", 1610612744, "Golden State", "Warriors", "9", 10),
        Team("HOU", 1610612745, "Houston", "Rockets", "10", 11),
        Team("IND", 1610612754, "Indiana", "Pacers", "11", 12),
        Team("LAC", 1610612746, "Los Angeles", "Clippers", "12", 13),
        Team("LAL", 1610612747, "Los Angeles", "Lakers", "13", 14),
        Team("MEM", 1610612763, "Memphis", "Grizzlies", "29", 15),
        Team("MIA", 1610612748, "Miami", "Heat", "14", 16),
        Team("MIL", 1610612749, "Milwaukee", "Bucks", "15", 17),
        Team("MIN", 1610612750, "Minnesota", "Timberwolves", "16", 18),
        Team("NOP", 1610612740, "New Orleans", "Pelicans", "3", 19),
        Team("NYK", 1610612752, "New York", "Knicks", "18", 20),
        Team("OKC", 1610612760, "Oklahoma City", "Thunder", "25", 21),
        Team("ORL", 1610612753, "Orlando", "Magic", "19", 22),
        Team("PHI", 1610612755, "Philadelphia", "76ers", "20", 23),
        Team("PHX", 1610612756, "Phoenix", "Suns", "21", 24),
        Team("POR", 1610612757, "Portland", "Trail Blazers", "22", 25),
        Team("SAC", 1610612758, "Sacramento", "Kings", "23", 26),
        Team("SAS", 1610612759, "San Antonio", "Spurs", "24", 27),
        Team("TOR", 1610612761, "Toronto", "Raptors", "28", 28),
        Team("UTA", 1610612762, "Utah", "Jazz", "26", 29),
        Team("WAS", 1610612764, "Washington", "Wizards", "27", 30),
    )
}
_ALIASES = {
    "GS": "GSW", "NO": "NOP", "NY": "NYK", "SA": "SAS", "UTAH": "UTA", "WSH": "WAS", "PHO": "PHX", "BRK": "BKN",
    "CHO": "CHA", "la clippers": "LAC",
}  # fmt: skip
_BY_NAME = {team.full_name.casefold(): team.tricode for team in TEAMS.values()}


def tricode(name: str) -> str:
    """The NBA's tricode of a team named by tricode, alias or full name.

    Raises:
        Permanent: no such team.
    """
    text = name.strip()
    if text in TEAMS:
        return text
    found = _ALIASES.get(text) or _ALIASES.get(text.casefold()) or _BY_NAME.get(text.casefold())
    if found is None:
        raise Permanent(f"unknown team {name!r}", remedy="add its spelling to shared/basketball/identity.py")
    return found
