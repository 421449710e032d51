"""BallDontLie: ids of its own, players by name."""

from services.scraper.sources.balldontlie import box_scores, games, injuries, players

ENDPOINTS = (box_scores.BOX_SCORES_OF, games.GAMES_OF, players.PLAYERS_OF, injuries.INJURIES_OF)
