"""The markets Tipoff predicts: one registry, used by every service."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Market:
    """A player statistic that bookmakers offer lines on."""

    name: str
    """Tipoff's name."""
    stat: str
    """Column of `analytics.player_game_summary` with the outcome (a count)."""
    odds_key: str
    """The Odds API's market key; alternate lines are offered under `<odds_key>_alternate`."""


MARKETS = {
    market.name: market
    for market in (
        Market("points", "points", "player_points"),
        Market("rebounds", "rebounds", "player_rebounds"),
        Market("assists", "assists", "player_assists"),
        Market("threes", "threes", "player_threes"),
        Market("pra", "pra", "player_points_rebounds_assists"),
    )
}
