"""stats.nba.com: refuses cloud addresses."""

from services.scraper.sources.nba_stats import leaguegamelog, playerindex, schedule

ENDPOINTS = (schedule.OF_SEASON, leaguegamelog.LOG, playerindex.INDEX)
