"""The NBA's CDN."""

from services.scraper.sources.nba_cdn import boxscore, schedule, scoreboard

ENDPOINTS = (schedule.CURRENT, scoreboard.TODAY, boxscore.BOXSCORE)
