"""A person's name as sources write it, taken apart: "Jackson Jr., J." is J. Jackson, a junior."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from nicknames import NickNamer

from shared.basketball.identity import ascii_lower

_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "v"})
_MISSING_SPACE = re.compile(r"\.(?=[^\W\d_]['\u2019]?[^\W\d_])")
"""After the period of "J.Brown"; "P.J." has none."""
_NO_LETTERS = re.compile(r"[^a-z0-9 ]")
_HYPHENS = re.compile(r"[-\u2010-\u2015]")


@dataclass(frozen=True, slots=True)
class Person:
    """A name in lower case, without accents, spaces and punctuation."""

    first: str
    rest: str
    """All that follows the first word, as one word."""
    last: str
    """The last word, or the last part of one with a hyphen."""
    suffix: str
    """jr, sr, ii, iii, iv or v; empty without one."""
    short: bool
    """The first name is an initial ("J", "J."), or cut off by a period ("Mil.")."""

    @property
    def whole(self) -> str:
        """The name without its suffix."""
        return self.first + self.rest


@lru_cache(maxsize=8192)
def person(name: str) -> Person:
    """Take a name apart. "Brown, Jaylen" is Jaylen Brown; what stands before or after a comma may be a suffix."""
    folded = _MISSING_SPACE.sub(". ", ascii_lower(name))
    if "," in folded:
        parts = [part.strip() for part in folded.split(",")]
        suffixes = [part for part in parts if part.rstrip(".") in _SUFFIXES]
        names = [part for part in parts if part.rstrip(".") not in _SUFFIXES]
        family, suffix = _without_suffix(names[0].split()) if names else ([], "")
        folded = " ".join([*names[1:], *family, suffix, *suffixes])
    words = folded.split()
    kept, suffix = _without_suffix(words)
    plain = [bare for word in kept if (bare := _bare(word))]
    if not plain:
        return Person("", "", "", suffix, short=False)
    ends = [part for part in _HYPHENS.split(kept[-1]) if _bare(part)]
    short = len(plain) > 1 and (len(plain[0]) == 1 or (kept[0].endswith(".") and "." not in kept[0][:-1]))
    return Person(plain[0], "".join(plain[1:]), _bare(ends[-1]) if ends else plain[-1], suffix, short=short)


def known_as(name: str) -> Person:
    """The person under his name in the rosters, where `spellings.txt` has another one."""
    given = person(name)
    whole, strict = _spellings().get((given.whole, "")), _spellings().get((given.whole, given.suffix))
    if strict is not None:
        return strict
    if whole is None:
        return given
    return Person(whole.first, whole.rest, whole.last, given.suffix, short=False)


def related(one: str, other: str) -> bool:
    """Whether one given name is short for the other, or both for a third's sake: Nic and Nicolas, Herb and Herbert."""
    return one in _nicknames().nicknames_of(other) or other in _nicknames().nicknames_of(one)


def _without_suffix(words: list[str]) -> tuple[list[str], str]:
    """A suffix is the last word of several."""
    suffix = _bare(words[-1]) if len(words) > 1 else ""
    return (words[:-1], suffix) if suffix in _SUFFIXES else (words, "")


def _bare(word: str) -> str:
    return _NO_LETTERS.sub("", word)


@cache
def _nicknames() -> NickNamer:
    return NickNamer()


@cache
def _spellings() -> dict[tuple[str, str], Person]:
    """(name, suffix) -> the person in the rosters."""
    found = {}
    for line in (files("services.scraper.domain") / "spellings.txt").read_text().splitlines():
        spelling, sign, name = line.partition("=")
        if sign and not line.startswith("#"):
            given = person(spelling)
            found[given.whole, given.suffix] = person(name)
    return found
