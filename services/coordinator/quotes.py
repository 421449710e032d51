"""The market's quotes of a slate, from `load_features.sql` to the workers."""

from shared.contract import LineQuote
from shared.ports import Row


def quoted(row: Row, market: str) -> LineQuote | None:
    """The quote of one market in a row of `load_features.sql`; None where there is no line."""
    line = row[f"quoted_{market}_line"]
    if line is None:
        return None
    return LineQuote(
        line=line,
        books=row[f"quoted_{market}_line_books"],
        at=row[f"quoted_{market}_line_at"].isoformat(),
        book=row[f"quoted_{market}_book"],
        over_price=row[f"quoted_{market}_over_price"],
        under_price=row[f"quoted_{market}_under_price"],
        p_market=row[f"quoted_{market}_p_market"],
    )
