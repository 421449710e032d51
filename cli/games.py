"""`--game`: which of a slate's games is meant."""

from collections.abc import Sequence
from typing import Any

import click

from cli.paged import game as game_of
from cli.suggest import Team
from shared.errors import Permanent


class Game(click.ParamType[str]):
    """A game by one of its teams, by both (BOS@NYK), or by its id."""

    name = "game"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401 - click
        """Its tricodes as in BOS@NYK, one tricode, or its id."""
        text = str(value)
        if text.isdigit():
            return text
        teams = [part for part in text.replace(" vs ", "@").replace(" at ", "@").replace("-", "@").split("@") if part]
        return "@".join(Team().convert(part.strip(), param, ctx) for part in teams[:2])


def of_game(rows: Sequence[dict[str, Any]], wanted: str, where: str) -> list[dict[str, Any]]:
    """The rows of a game, or `Permanent` with the games there are; of no rows, none.

    Args:
        rows: Each with `game_id`, `home_team` and `away_team`.
        wanted: As `Game` gives it.
        where: On which slate, for the message.
    """
    teams = set(wanted.split("@"))
    found = [row for row in rows if wanted == row["game_id"] or teams <= {row["home_team"], row["away_team"]}]
    if rows and not found:
        games = sorted({game_of(row) for row in rows})
        what = f"{wanted} does not play" if len(wanted) == len("BOS") else f"there is no game {wanted}"
        raise Permanent(f"{what} {where}", remedy=f"the games are {', '.join(games)}")
    return found
