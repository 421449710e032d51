"""The NBA's CDN."""

from services.scraper.sources.nba_cdn import boxscore, schedule

ENDPOINTS = (schedule.CURRENT, boxscore.BOXSCORE)
