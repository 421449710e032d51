"""Settings of the scraper."""

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from shared.registries.markets import MARKET_NAMES, MARKETS
from shared.runtime.retry import RetryPolicy
from shared.runtime.settings import CommonSettings


class ScraperSettings(CommonSettings):
    """What the scraper needs beyond the common settings. Rates are requests per second and host."""

    concurrency: int = Field(4, ge=1, description="steps collected at once")
    nba_cdn_url: str = Field("https://cdn.nba.com", description="base URL of the NBA's CDN")
    nba_cdn_rate: int = Field(10, ge=1, description="requests per second to the NBA's CDN")
    nba_stats_url: str = Field("https://stats.nba.com", description="base URL of the NBA's statistics")
    nba_stats_rate: int = Field(1, ge=1, description="requests per second to the NBA's statistics")
    espn_url: str = Field("https://site.api.espn.com", description="base URL of ESPN's site API")
    espn_rate: int = Field(5, ge=1, description="requests per second to ESPN")
    odds_api_url: str = Field("https://api.the-odds-api.com", description="base URL of The Odds API")
    odds_api_rate: int = Field(5, ge=1, description="requests per second to The Odds API")
    odds_regions: str = Field("us", description="The Odds API's bookmaker regions, comma-separated; each costs quota")
    odds_markets: str = Field(
        ",".join(MARKETS), description="markets whose lines are asked for, comma-separated; each costs quota"
    )
    balldontlie_url: str = Field("https://api.balldontlie.io", description="base URL of BallDontLie")
    balldontlie_rate: int = Field(1, ge=1, description="requests per second to BallDontLie")
    user_agent: str = Field("Mozilla/5.0 (compatible; tipoff)", description="User-Agent of every request")
    attempts: int = Field(
        8, ge=4, le=20, description="attempts per request; an empty answer is believed from the 4th on"
    )
    attempt_timeout_s: float = Field(20.0, gt=0, description="seconds an attempt may take")
    retry_base_s: float = Field(0.5, ge=0, description="seconds before the first retry; doubles with each")
    retry_max_s: float = Field(
        30.0, ge=0, description="most seconds between attempts, unless the upstream asks for more"
    )
    history_seasons: int = Field(4, ge=1, description="seasons whose games are collected, the slate's own included")
    bulk_threshold: int = Field(
        40,
        ge=0,
        description="above this many missing box scores of a season, one bulk game log instead of single requests",
    )

    @field_validator("odds_markets")
    @classmethod
    def _markets_are_known(cls, value: str) -> str:
        unknown = [name for name in value.split(",") if name not in MARKETS]
        if unknown:
            raise PydanticCustomError("market", f"{unknown[0]!r} is none of {MARKET_NAMES}")
        return value

    @property
    def retry_policy(self) -> RetryPolicy:
        """How requests are retried."""
        return RetryPolicy(
            attempts=self.attempts,
            attempt_timeout=self.attempt_timeout_s,
            base_delay=self.retry_base_s,
            max_delay=self.retry_max_s,
        )
