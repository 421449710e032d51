"""Which slate a command speaks of: the one asked for, else the one that was run last."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from client.api import Client
from shared.basketball.slate import eastern_date
from shared.errors import Permanent


class NoSlate(Permanent):
    """No slate was run that fits."""


@dataclass(frozen=True, slots=True)
class Slate:
    """A date and the mode in which it was predicted."""

    day: str
    mode: str

    def __str__(self) -> str:
        """Like "2024-12-20 overnight"."""
        return f"{self.day} {self.mode}"

    @property
    def query(self) -> dict[str, str]:
        """As the API's routes of slates take it."""
        return {"game_date": self.day, "mode": self.mode}


def named(day: date | None, mode: str | None) -> dict[str, str]:
    """A slate that somebody names, as the API's routes take it."""
    asked = {"game_date": None if day is None else day.isoformat(), "mode": mode}
    return {name: value for name, value in asked.items() if value is not None}


async def slate(client: Client, day: date | None = None, mode: str | None = None) -> Slate:
    """The slate of that date and mode that was run; without them the latest.

    Raises:
        NoSlate: none was; those next to it are named.
    """
    found = await client.get("slate", **named(day, mode))
    if found["slate"] is not None:
        return Slate(found["slate"]["game_date"], found["slate"]["mode"])
    near = ", ".join(f"{each['game_date']} {each['mode']}" for each in found["near"])
    kind = "" if mode is None else f"{mode} "
    if day is None:
        other = "`tipoff run` makes one; other slates are named with --date, or --from and --to"
        raise NoSlate(f"no {kind}run yet", remedy=f"there is {near}" if near else other)
    future = day > eastern_date(datetime.now(UTC)) + timedelta(days=1)
    begin = "no later one than tomorrow's can be run" if future else f"`tipoff run --date {day}` makes one"
    raise NoSlate(f"no {kind}run of {day}", remedy=f"there is {near}; {begin}" if near else begin)


async def slate_for(client: Client, day: date | None, mode: str | None, *, program: bool) -> Slate | None:
    """The same; None where none was run and a `program` asks: it takes an empty list for an answer."""
    try:
        return await slate(client, day, mode)
    except NoSlate:
        if program:
            return None
        raise
