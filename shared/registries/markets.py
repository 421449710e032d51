"""The markets Tipoff predicts: one registry, used by every service."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Market:
    """A player statistic that bookmakers offer lines on."""

    name: str
    """Tipoff's name; of a single statistic that of its column in `analytics.player_game_summary`."""
    odds_key: str
    """The Odds API's market key; alternate lines are offered under `<odds_key>_alternate`."""
    ceiling: float
    """Largest believable mean or line."""
    power: float
    """The power that makes its outcomes about normal around a forecast."""
    spread: tuple[float, float, float]
    """(shift, a, b) of `moving_average` in the space of the power: `tipoff bench dispersion` fits it again."""
    allowed: str
    """Feature that says what the opponent allows of it, against the league."""
    learned_from: tuple[str, ...]
    """Features that `boosted` reads for it, beside its own form and those it reads for every market."""
    sum_of: tuple[str, ...] = ()
    """Columns it is the sum of."""

    @property
    def statistics(self) -> tuple[str, ...]:
        """Columns of `analytics.player_game_summary` that add up to the outcome (a count)."""
        return self.sum_of or (self.name,)


MARKETS = {
    market.name: market
    for market in (
        Market(
            "points",
            "player_points",
            ceiling=60.0,
            power=0.9,
            spread=(-0.0421, 8.2717, 1.2150),
            allowed="zone_mismatch",
            learned_from=(
                "true_shooting",
                "three_attempt_share",
                "free_throws_attempted_per_minute",
                "three_accuracy",
                "two_accuracy",
                "zone_mismatch",
                "opponent_points_factor",
                "opponent_threes_factor",
                "opponent_free_throws_factor",
                "team_offensive_rating",
            ),
        ),
        Market(
            "rebounds",
            "player_rebounds",
            ceiling=30.0,
            power=0.65,
            spread=(-0.0596, 0.5825, 0.1395),
            allowed="opponent_rebounds_factor",
            learned_from=(
                "offensive_rebounds_per_minute",
                "three_attempt_share",
                "opponent_rebounds_factor",
                "opponent_threes_attempted",
            ),
        ),
        Market(
            "assists",
            "player_assists",
            ceiling=25.0,
            power=0.6,
            spread=(-0.0627, 0.6226, 0.0470),
            allowed="opponent_assists_factor",
            learned_from=(
                "turnovers_per_minute",
                "opponent_assists_factor",
                "team_offensive_rating",
                "points_per_minute",
            ),
        ),
        Market(
            "threes",
            "player_threes",
            ceiling=12.0,
            power=0.5,
            spread=(-0.0710, -0.6527, 0.8015),
            allowed="opponent_threes_factor",
            learned_from=(
                "threes_attempted_per_minute",
                "three_accuracy",
                "three_attempt_share",
                "opponent_threes_factor",
                "opponent_threes_attempted",
            ),
        ),
        Market(
            "pra",
            "player_points_rebounds_assists",
            ceiling=90.0,
            power=0.95,
            spread=(-0.0344, 22.7833, 1.1480),
            allowed="opponent_points_factor",
            learned_from=(
                "true_shooting",
                "opponent_points_factor",
                "opponent_rebounds_factor",
                "opponent_assists_factor",
                "team_offensive_rating",
                "rebounds_per_minute",
                "assists_per_minute",
            ),
            sum_of=("points", "rebounds", "assists"),
        ),
        Market(
            "pr",
            "player_points_rebounds",
            ceiling=75.0,
            power=0.9,
            spread=(-0.0374, 13.6534, 0.9005),
            allowed="opponent_points_factor",
            learned_from=(
                "true_shooting",
                "opponent_points_factor",
                "opponent_rebounds_factor",
                "team_offensive_rating",
                "rebounds_per_minute",
            ),
            sum_of=("points", "rebounds"),
        ),
        Market(
            "pa",
            "player_points_assists",
            ceiling=75.0,
            power=0.9,
            spread=(-0.0366, 10.6410, 0.9796),
            allowed="opponent_points_factor",
            learned_from=(
                "true_shooting",
                "opponent_points_factor",
                "opponent_assists_factor",
                "team_offensive_rating",
                "assists_per_minute",
            ),
            sum_of=("points", "assists"),
        ),
        Market(
            "ra",
            "player_rebounds_assists",
            ceiling=45.0,
            power=0.75,
            spread=(-0.0474, 1.5509, 0.1976),
            allowed="opponent_rebounds_factor",
            learned_from=(
                "opponent_rebounds_factor",
                "opponent_assists_factor",
                "rebounds_per_minute",
                "assists_per_minute",
            ),
            sum_of=("rebounds", "assists"),
        ),
        Market(
            "steals",
            "player_steals",
            ceiling=12.0,
            power=0.5,
            spread=(-0.1607, -0.7819, 0.9133),
            allowed="opponent_points_factor",
            learned_from=(
                "opponent_points_factor",
                "opponent_assists_factor",
            ),
        ),
        Market(
            "blocks",
            "player_blocks",
            ceiling=12.0,
            power=0.4,
            spread=(-0.2435, -0.3708, 0.6383),
            allowed="opponent_points_factor",
            learned_from=(
                "rebounds_per_minute",
                "opponent_points_factor",
                "opponent_two_points_factor",
                "opponent_free_throws_factor",
            ),
        ),
    )
}

MARKET_NAMES = f"{', '.join(list(MARKETS)[:-1])} or {list(MARKETS)[-1]}"
"""For people."""
STATISTICS = tuple(dict.fromkeys(name for market in MARKETS.values() for name in market.statistics))
"""Every column that a market counts."""
