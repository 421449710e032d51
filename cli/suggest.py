"""What a name that is not known may have been meant to be: of players, teams, and anything else that has a list."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

import click

from shared.basketball.identity import TEAMS, ascii_lower, is_part_of, tricode
from shared.errors import Permanent

_CLOSE = 0.6
"""How alike two names are at least, of 1."""
C = TypeVar("C")


def near(given: str, known: Collection[str], n: int = 3) -> list[str]:
    """The names most like a given one, the likeliest first, whatever their case and accents."""
    by_key = {ascii_lower(name): name for name in known}
    return [by_key[key] for key in get_close_matches(ascii_lower(given), by_key, n, _CLOSE)]


def meant(given: str, known: Collection[str]) -> str:
    """Like " (did you mean points?)", or nothing."""
    found = near(given, known)
    return f" (did you mean {' or '.join(found)}?)" if found else ""


class Choice(click.Choice[C]):
    """One of a list, in whatever case; what is nearly one of them is suggested."""

    def __init__(self, choices: Iterable[C]) -> None:
        super().__init__([*choices], case_sensitive=False)

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:  # noqa: ANN401 - click's interface
        """Click's, with what may have been meant."""
        return super().get_invalid_choice_message(value, ctx) + meant(str(value), [str(each) for each in self.choices])


class Team(click.ParamType[str]):
    """A team by tricode, city, name or both, or a part of them: BOS, celtics, new york."""

    name = "team"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401 - click
        """The tricode, or a usage error."""
        try:
            return team(str(value))
        except Permanent as error:
            self.fail(str(error), param, ctx)


def team(text: str) -> str:
    """The tricode of a team.

    Raises:
        Permanent: no team, or several, are called so.
    """
    try:
        return tricode(text.upper())
    except Permanent:
        pass
    wanted = ascii_lower(text).split()
    names = {code: ascii_lower(each.full_name) for code, each in TEAMS.items()}
    found = [code for code, name in names.items() if wanted and _has(name, wanted)]
    if len(found) == 1:
        return found[0]
    if found:
        raise Permanent(f"{text!r} may be {', '.join(f'{code} ({TEAMS[code].full_name})' for code in found)}")
    words = {word: code for code, each in TEAMS.items() for word in (code, each.city, each.name, each.full_name)}
    codes = list(dict.fromkeys(words[word] for word in near(text, words, 2)))
    maybe = f" (did you mean {' or '.join(f'{code}, {TEAMS[code].full_name}' for code in codes)}?)" if codes else ""
    raise Permanent(f"no team {text!r}{maybe}")


def check_player(wanted: str, known: Mapping[int, str], where: str) -> None:
    """Refuse the name, or the id, of nobody that is known.

    Raises:
        Permanent: nobody is called so; those who nearly are, are named.
    """
    if wanted in map(str, known) or any(is_part_of(wanted, name) for name in known.values()):
        return
    parts = {part: name for name in known.values() for part in (name, *name.split())}
    names = list(dict.fromkeys(parts[part] for part in near(wanted, parts, 4)))[:3]
    raise Permanent(
        f"no player {wanted!r} {where}",
        remedy=f"did you mean {' or '.join(names)}?" if names else "give a part of a name, or an NBA id",
    )


def _has(name: str, words: Sequence[str]) -> bool:
    """Whether each of the words begins a word of the name."""
    return all(any(part.startswith(word) for part in name.replace("-", " ").split()) for word in words)
