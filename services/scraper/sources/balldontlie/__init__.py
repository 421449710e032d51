"""BallDontLie: ids of its own, players by name."""

from services.scraper.sources.balldontlie import box_scores

ENDPOINTS = (box_scores.BOX_SCORES_OF,)
