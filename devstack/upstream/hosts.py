"""The hosts that the local upstream stands for."""

CDN = "cdn.nba.com"
STATS = "stats.nba.com"
ESPN = "site.api.espn.com"
ODDS = "api.the-odds-api.com"
BALLDONTLIE = "api.balldontlie.io"
HOSTS = (CDN, STATS, ESPN, ODDS, BALLDONTLIE)
