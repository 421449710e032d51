"""The Odds API: events, and the prices of each."""

from services.scraper.sources.odds_api import event_odds, events, game_lines

ENDPOINTS = (
    events.EVENTS,
    events.EVENTS_HISTORY,
    event_odds.ODDS,
    event_odds.ODDS_HISTORY,
    game_lines.ODDS,
    game_lines.ODDS_HISTORY,
)
