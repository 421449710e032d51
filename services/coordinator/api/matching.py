"""A slate's predictions, those that are asked for, and in which order."""

from collections.abc import Callable, Sequence
from datetime import date

from services.coordinator.api.queries import OfSlateQuery, PredictionsQuery
from services.coordinator.sql import sql
from shared.basketball.identity import is_part_of
from shared.basketball.slate import Mode
from shared.ports import Row, Warehouse
from shared.registries.systems import BEST_FIRST


async def predictions(warehouse: Warehouse, slate: tuple[date, Mode], query: OfSlateQuery) -> list[Row]:
    """The current predictions of a slate that fit a query."""
    params = {
        "game_date": slate[0], "mode": slate[1].value, "games": "", "market": query.market or "",
        "system": query.system or "", "best_first": " ".join(BEST_FIRST),
    }  # fmt: skip
    return matching(await warehouse.query(sql("predictions"), params), query)


def matching(rows: Sequence[Row], query: OfSlateQuery) -> list[Row]:
    """Those of the rows that fit everything else the query asks for; market and system are the statement's."""
    filters = _filters(rows, query)
    found = [row for row in rows if all(fits(row) for fits in filters)]
    return sorted(found, key=_by_edge) if isinstance(query, PredictionsQuery) and query.order == "edge" else found


def _filters(rows: Sequence[Row], query: OfSlateQuery) -> list[Callable[[Row], bool]]:
    """What a row must fit by itself."""
    made: list[Callable[[Row], bool]] = []
    if isinstance(query, PredictionsQuery) and query.recommendation is not None:
        made.append(lambda row: row["recommendation"] == query.recommendation)
    if isinstance(query, PredictionsQuery) and query.picks:
        made.append(lambda row: row["recommendation"] in ("over", "under"))
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
