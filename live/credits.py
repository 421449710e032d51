"""What lines cost: credits of The Odds API for a month of the season, and the plan that they fit into."""

from dataclasses import dataclass
from typing import Final

from services.scraper.settings import ScraperSettings

GAMES: Final = 225
"""Of a month of the regular season: 1,230 in about 165 days."""
SLATES: Final = 28
LOOKS: Final = 5
"""At a game's lines on its day: the night's run, up to three on the way to tip-off, the final pass."""
GAME_LINES: Final = 3
"""Moneyline, spread and total: credits of a slate and region."""
_PLANS: Final = ((500, "the free plan"), (20_000, "20K"), (100_000, "100K"), (5_000_000, "5M"), (15_000_000, "15M"))
"""Credits a month, and the plan: https://the-odds-api.com."""


@dataclass(frozen=True, slots=True)
class Month:
    """A month's credits at most: what no book quotes costs nothing."""

    credits: int
    per_game: int
    """One look at the lines of one game."""
    plan: str

    def __str__(self) -> str:
        return (
            f"a month of the season takes up to {self.credits:,} credits of The Odds API "
            f"({GAMES} games, {LOOKS} looks at {self.per_game} credits each): plan {self.plan}"
        )


def month(settings: ScraperSettings, looks: int = LOOKS) -> Month:
    """What a month takes with these markets and regions."""
    regions = len(settings.odds_regions.split(","))
    markets = len(settings.odds_markets.split(",")) * (2 if settings.odds_alternates else 1)
    needed = looks * (GAMES * markets * regions + SLATES * GAME_LINES * regions)
    plan = next((name for size, name in _PLANS if needed <= size), "of several accounts' size: ask for fewer markets")
    return Month(needed, markets * regions, plan)
