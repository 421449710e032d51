"""The NBA's official word before a game: PDFs."""

from services.scraper.sources.nba_official import injury_report

ENDPOINTS = (injury_report.REPORT,)
