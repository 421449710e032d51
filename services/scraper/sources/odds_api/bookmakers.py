"""The bookmakers of an event as The Odds API lists them: each with markets, each market with outcomes."""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.scraper.domain.wire import BadRecord, Refusal, instant, label, member, number, text


@dataclass(frozen=True, slots=True)
class Quoted:
    """A bookmaker's market, its outcomes as they came."""

    bookmaker: str
    key: str
    outcomes: list[Any]
    posted_at: datetime | None
    """The market's own stamp, else the bookmaker's, else the snapshot's, else nobody knows."""
    priced: bool
    """False of a bookmaker who quotes lines only: none of his outcomes has a price."""

    @property
    def where(self) -> str:
        """Names it in a refusal."""
        return f"{self.bookmaker} {self.key}"

    def price(self, outcome: Any) -> float | None:  # noqa: ANN401 - JSON
        """An outcome's price, in the format asked for; None only of a bookmaker without prices."""
        if not self.priced:
            return None
        price = number(member(outcome, "price"), "price")
        if price == 0:
            raise BadRecord("price is 0")
        return price


def quoted(
    bookmakers: list[Any], wanted: Container[str], snapshot: datetime | None, refused: list[Refusal]
) -> Iterator[Quoted]:
    """The markets whose keys are wanted. What cannot be read is added to `refused`, and costs nothing beside it."""
    for bookmaker in bookmakers:
        try:
            book = text(bookmaker, "key")
            markets = _full(bookmaker, "markets")
        except BadRecord as error:
            refused.append(Refusal(label(bookmaker, "key"), str(error)))
            continue
        priced = not all(map(_is_bare, markets))
        for market in markets:
            try:
                key = text(market, "key")
                if key in wanted:
                    yield Quoted(book, key, _full(market, "outcomes"), _posted_at(market, bookmaker, snapshot), priced)
            except BadRecord as error:
                refused.append(Refusal(f"{book} {label(market, 'key')}", str(error)))


def _full(holder: Any, key: str) -> list[Any]:  # noqa: ANN401 - JSON
    """A list that is there and has something in it: what is not offered is not listed at all."""
    found = member(holder, key)
    if not isinstance(found, list):
        raise BadRecord(f"its {key} are not a list")
    if not found:
        raise BadRecord(f"its {key} are none")
    return found


def _is_bare(market: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether all of a market's prices are said to be null."""
    outcomes = market.get("outcomes") if isinstance(market, dict) else None
    return isinstance(outcomes, list) and all(
        isinstance(outcome, dict) and outcome.get("price", 0) is None for outcome in outcomes
    )


def _posted_at(market: Any, bookmaker: Any, snapshot: datetime | None) -> datetime | None:  # noqa: ANN401 - JSON
    for holder in (market, bookmaker):
        if holder.get("last_update") is not None:
            return instant(holder["last_update"], "last_update")
    return snapshot
