"""A slate cut into batches: whole games each, so that team-mates are predicted together, with the market's quotes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from shared.contract import LineQuote, PredictionTask
from shared.ports import Row
from shared.registries.features import FEATURES

_AS_QUOTED = ("line", "book", "over_price", "under_price", "p_market")


def task(row: Row, lines: Mapping[str, LineQuote], predicted_at: datetime) -> PredictionTask:
    """A row of `load_features` as a task, with the player's quotes by market; null and zero stay apart."""
    return PredictionTask(
        game_id=row["game_id"],
        player_id=row["player_id"],
        team=row["team_abbr"],
        opponent=row["opponent_team_abbr"],
        predicted_at=predicted_at.isoformat(),
        features={name: None if row[name] is None else float(row[name]) for name in FEATURES},
        lines=lines,
    )


def cut(tasks: Sequence[PredictionTask], size: int) -> list[tuple[PredictionTask, ...]]:
    """Consecutive batches of at least one game and at most `size` players, unless one game alone has more.

    The tasks are ordered by game.
    """
    batches: list[tuple[PredictionTask, ...]] = []
    for _, group in groupby(tasks, key=lambda each: each.game_id):
        game = tuple(group)
        if batches and len(batches[-1]) + len(game) <= size:
            batches[-1] += game
        else:
            batches.append(game)
    return batches


def by_player(rows: Iterable[Row]) -> Mapping[int, dict[str, LineQuote]]:
    """Player -> market -> quote; a player without a line has none."""
    found: defaultdict[int, dict[str, LineQuote]] = defaultdict(dict)
    for row in rows:
        found[row["player_id"]][row["market"]] = LineQuote(
            books=row["line_books"], at=row["line_at"].isoformat(), **{name: row[name] for name in _AS_QUOTED}
        )
    return found
