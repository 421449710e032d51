"""What lines cost: credits of The Odds API for a month of the season, and the plan that they fit into."""

from dataclasses import dataclass
from typing import Final

from services.coordinator.pulse.plan import LINES_BEFORE, RUN_LOOKS
from services.scraper.settings import ScraperSettings
from services.scraper.sources.odds_api.game_lines import MARKETS as GAME_LINES

GAMES: Final = 225
"""Of a month of the regular season: 1,230 in about 165 days."""
SLATES: Final = 28
ALL_LOOKS: Final = RUN_LOOKS + len(LINES_BEFORE)
"""At each game's lines on a day whose credits allow for all."""
_PLANS: Final = ((500, "the free plan"), (20_000, "20K"), (100_000, "100K"), (5_000_000, "5M"), (15_000_000, "15M"))
"""Credits a month, and the plan: https://the-odds-api.com."""


@dataclass(frozen=True, slots=True)
class Month:
    """A month's credits at most: what no book quotes costs nothing."""

    per_game: int
    """One look at the lines of one game."""
    regions: int

    @property
    def least(self) -> int:
        """Of the runs and the final passes."""
        return self._of(RUN_LOOKS)

    @property
    def most(self) -> int:
        """With every look on the way to tip-off; how many there are, follows from what is left."""
        return self._of(ALL_LOOKS)

    def _of(self, looks: int) -> int:
        """The games' own lines come along: once with each run of a slate, and with each game's final pass at most."""
        own = (RUN_LOOKS - 1) * SLATES + GAMES
        return looks * GAMES * self.per_game + own * len(GAME_LINES) * self.regions

    def __str__(self) -> str:
        return (
            f"a month of the season takes up to {self.least:,} credits of The Odds API, plan {_plan(self.least)}; "
            f"with every look on the way to tip-off up to {self.most:,}, plan {_plan(self.most)} "
            f"({GAMES} games at {self.per_game} credits, {RUN_LOOKS} to {ALL_LOOKS} looks at each)"
        )


def _plan(needed: int) -> str:
    return next((name for size, name in _PLANS if needed <= size), "of several accounts: ask for fewer markets")


def month(settings: ScraperSettings) -> Month:
    """What a month takes with these markets and regions."""
    regions = len(settings.odds_regions.split(","))
    markets = len(settings.odds_markets.split(",")) * (2 if settings.odds_alternates else 1)
    return Month(markets * regions, regions)
