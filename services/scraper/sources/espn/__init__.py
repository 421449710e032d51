"""ESPN's site API."""

from services.scraper.sources.espn import injuries

ENDPOINTS = (injuries.LISTED,)
