"""Settings of the scraper."""

from dataclasses import replace
from typing import Any

from pydantic import Field, create_model, field_validator
from pydantic_core import PydanticCustomError

from shared.registries.markets import MARKET_NAMES, MARKETS
from shared.registries.sources import SOURCES, Source
from shared.runtime.retry import RetryPolicy
from shared.runtime.settings import CommonSettings


def _of_sources() -> dict[str, Any]:
    """Address, rate and concurrency of each source."""
    return {
        name: field
        for source in SOURCES.values()
        for name, field in (
            (f"{source.name}_url", (str, Field(source.base_url, description=f"base URL of {source.title}"))),
            (
                f"{source.name}_rate",
                (int, Field(source.rate, ge=1, description=f"requests per second to {source.title}")),
            ),
            (
                f"{source.name}_concurrency",
                (int, Field(source.concurrency, ge=1, description=f"requests to {source.title} at once")),
            ),
        )
    }


_Sources = create_model("_Sources", __base__=CommonSettings, **_of_sources())


class ScraperSettings(_Sources):
    """What the scraper needs beyond the common settings."""

    concurrency: int = Field(4, ge=1, description="steps collected at once")
    odds_regions: str = Field("us", description="The Odds API's bookmaker regions, comma-separated; each costs quota")
    odds_markets: str = Field(
        ",".join(MARKETS), description="markets whose lines are asked for, comma-separated; each costs quota"
    )
    odds_alternates: bool = Field(
        default=True, description="ask for the alternate lines too: stored, not priced; they double the lines' quota"
    )
    lines_of_past: bool = Field(
        default=True, description="ask for lines of slates whose day is over: they cost ten times those of today"
    )
    user_agent: str = Field("Mozilla/5.0 (compatible; tipoff)", description="User-Agent of every request")
    attempts: int = Field(
        8, ge=4, le=20, description="attempts per request; an empty answer is believed from the 4th on"
    )
    attempt_timeout_s: float = Field(
        20.0, gt=0, description="seconds an attempt may take; a source's own deadline may be shorter"
    )
    retry_base_s: float = Field(0.5, ge=0, description="most seconds before the first retry; doubles with each")
    retry_max_s: float = Field(
        30.0, ge=0, description="most seconds between attempts, unless the upstream asks for more"
    )
    history_seasons: int = Field(4, ge=1, description="seasons whose games are collected, the slate's own included")
    correction_days: int = Field(
        10, ge=0, description="days whose box scores are asked for again, for what the league corrects; 0: none"
    )
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
    def sources(self) -> dict[str, Source]:
        """The sources, where, as fast and as many at once as set."""
        return {
            name: replace(
                source,
                base_url=getattr(self, f"{name}_url"),
                rate=getattr(self, f"{name}_rate"),
                concurrency=getattr(self, f"{name}_concurrency"),
            )
            for name, source in SOURCES.items()
        }

    @property
    def retry_policy(self) -> RetryPolicy:
        """How requests are retried."""
        return RetryPolicy(
            attempts=self.attempts,
            attempt_timeout=self.attempt_timeout_s,
            base_delay=self.retry_base_s,
            max_delay=self.retry_max_s,
        )
