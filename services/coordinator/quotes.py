"""The market's quotes of a slate, from `load_quotes.sql` to the workers."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from shared.contract import LineQuote
from shared.ports import Row

_AS_QUOTED = ("line", "book", "over_price", "under_price", "p_market")


def by_player(rows: Iterable[Row]) -> Mapping[int, dict[str, LineQuote]]:
    """Player -> market -> quote; a player without a line has none."""
    found: defaultdict[int, dict[str, LineQuote]] = defaultdict(dict)
    for row in rows:
        found[row["player_id"]][row["market"]] = LineQuote(
            books=row["line_books"], at=row["line_at"].isoformat(), **{name: row[name] for name in _AS_QUOTED}
        )
    return found
