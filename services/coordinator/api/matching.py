"""Which of a slate's predictions are asked for."""

from collections.abc import Sequence

from services.coordinator.api.queries import PredictionsQuery
from shared.basketball.identity import player_key
from shared.ports import Row


def matching(rows: Sequence[Row], query: PredictionsQuery) -> list[Row]:
    """Those of the rows that fit everything the query asks for; `market` is the statement's."""
    equal = {"system": query.system, "team_abbr": query.team, "recommendation": query.recommendation}
    equal = {name: value for name, value in equal.items() if value is not None}
    return [
        row
        for row in rows
        if all(row[name] == value for name, value in equal.items())
        and (query.game is None or query.game in (row["game_id"], f"{row['away_team']}@{row['home_team']}"))
        and (query.player is None or is_player(row, query.player))
    ]


def is_player(row: Row, words: str) -> bool:
    """Whether a row is about the player with that id, or with all these words in his name."""
    name = "" if row["player_name"] is None else player_key(row["player_name"])
    return words == str(row["player_id"]) or all(player_key(word) in name for word in words.split())
