"""ESPN's site API."""

from services.scraper.sources.espn import injuries, roster, scoreboard

ENDPOINTS = (injuries.LISTED, roster.ROSTER_OF, scoreboard.SCOREBOARD_OF)
