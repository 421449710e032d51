"""Which of a slate's predictions are asked for, and in which order."""

from collections.abc import Callable, Sequence

from services.coordinator.api.queries import PredictionsQuery
from shared.basketball.identity import is_part_of
from shared.ports import Row
from shared.registries.systems import BEST, headlines


def matching(rows: Sequence[Row], query: PredictionsQuery) -> list[Row]:
    """Those of the rows that fit everything the query asks for; `market` is the statement's.

    Which system is the best is seen among all else that fits, whatever it recommends.
    """
    filters = _filters(rows, query)
    found = [row for row in rows if all(fits(row) for fits in filters)]
    if query.system == BEST:
        found = headlines(found)
    if query.recommendation is not None:
        found = [row for row in found if row["recommendation"] == query.recommendation]
    if query.picks:
        found = [row for row in found if row["recommendation"] in ("over", "under")]
    return sorted(found, key=_by_edge) if query.order == "edge" else found


def _filters(rows: Sequence[Row], query: PredictionsQuery) -> list[Callable[[Row], bool]]:
    """What a row must fit by itself."""
    made: list[Callable[[Row], bool]] = []
    if query.system not in (None, BEST):
        made.append(lambda row: row["system"] == query.system)
    if query.team is not None:
        made.append(lambda row: row["team_abbr"] == query.team)
    if query.game is not None:
        teams = set(query.game.split("@"))
        made.append(lambda row: row["game_id"] == query.game or teams <= {row["home_team"], row["away_team"]})
    if query.player is not None:
        ids = _players(rows, query.player)
        made.append(lambda row: row["player_id"] in ids)
    return made


def _players(rows: Sequence[Row], words: str) -> set[int]:
    """The player with that id, or those with all these words in their names."""
    names = {row["player_id"]: row["player_name"] for row in rows}
    return {id_ for id_, name in names.items() if words == str(id_) or (name is not None and is_part_of(words, name))}


def _by_edge(row: Row) -> tuple[bool, float]:
    edge = row["edge"]
    return edge is None, 0.0 if edge is None else -abs(edge)
