"""The Odds API's featured markets: moneyline, spread and total of a game, as its bookmakers posted them."""

from collections.abc import Iterable, Sequence
from typing import Any

from devstack.facts import Game, GameLine
from devstack.upstream.odds_wire import price, title
from devstack.upstream.wire import utc
from shared.basketball.identity import TEAMS

FEATURED = ("h2h", "spreads", "totals")
_EVEN = -110.0
"""What a spread or a total pays, which a history does not know: the usual price."""


def bookmakers(
    game: Game, posted: Iterable[GameLine], markets: Sequence[str], *, american: bool
) -> list[dict[str, Any]]:
    """The latest lines of every book, by book; those of a market that a book does not offer are left out."""
    latest = {line.bookmaker: line for line in posted}
    shown = []
    for book in sorted(latest):
        line = latest[book]
        offers = ((key, _outcomes(game, line, key, american=american)) for key in markets)
        offered = [
            {"key": key, "last_update": utc(line.posted_at), "outcomes": found} for key, found in offers if found
        ]
        if offered:
            shown.append(
                {"key": book, "title": title(book), "last_update": utc(line.posted_at), "markets": offered},
            )
    return shown


def _outcomes(game: Game, line: GameLine, key: str, *, american: bool) -> list[dict[str, Any]]:
    home, away = TEAMS[game.home].full_name, TEAMS[game.away].full_name
    even = price(_EVEN, american=american)
    if key == "h2h" and line.home_ml is not None and line.away_ml is not None:
        return [
            {"name": away, "price": price(line.away_ml, american=american)},
            {"name": home, "price": price(line.home_ml, american=american)},
        ]
    if key == "spreads" and line.spread_home is not None:
        return [
            {"name": away, "price": even, "point": -line.spread_home},
            {"name": home, "price": even, "point": line.spread_home},
        ]
    if key == "totals" and line.total is not None:
        return [{"name": name, "price": even, "point": line.total} for name in ("Over", "Under")]
    return []
