"""Every secret, once: who reads it, and who can fill it."""

from dataclasses import dataclass

PREFIX = "TIPOFF_SECRET_"
"""What the environment's names of secrets begin with."""

FIRST_KEYS = "first-keys"
ODDS_API_KEY = "odds-api-key"
BALLDONTLIE_API_KEY = "balldontlie-api-key"
NBA_STATS_PROXY_URL = "nba-stats-proxy-url"
ALERT_URLS = "alert-urls"
HEARTBEAT_URL = "heartbeat-url"


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret of one service."""

    name: str
    service: str
    """The service that reads it, and the only one that may."""
    meaning: str
    generated: bool = False
    """Set-up makes its first value; any other is known only to a person."""
    optional: bool = False
    """Nothing is missing without a value."""
    several: bool = False
    """It is a list: its parts stand on lines of their own, or with spaces between them."""


SECRETS = {
    secret.name: secret
    for secret in (
        Secret(FIRST_KEYS, "coordinator", "the first API keys without their secrets, as JSON", generated=True),
        Secret(ODDS_API_KEY, "scraper", "the key of The Odds API"),
        Secret(BALLDONTLIE_API_KEY, "scraper", "the key of BallDontLie"),
        Secret(
            NBA_STATS_PROXY_URL,
            "scraper",
            "the URL, with user and password, of a proxy to stats.nba.com, which cloud addresses do not reach",
            optional=True,
        ),
        Secret(
            ALERT_URLS,
            "coordinator",
            "where alerts are sent, as URLs of Apprise (https://appriseit.com/services), a line each",
            optional=True,
            several=True,
        ),
        Secret(
            HEARTBEAT_URL,
            "coordinator",
            "a URL that is asked for every five minutes while all is well, so that somebody notices silence",
            optional=True,
        ),
    )
}


def variable(secret: str) -> str:
    """The environment's name of a secret."""
    return PREFIX + secret.upper().replace("-", "_")
