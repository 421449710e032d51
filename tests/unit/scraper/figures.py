"""One line of a box score, each figure with a value of its own."""

from services.scraper.domain.box import Line

LINE = Line(
    player_id=201,
    player_name="Jo Doe",
    team="NYK",
    starter=True,
    minutes=34.2,
    points=31,
    rebounds=12,
    offensive_rebounds=4,
    defensive_rebounds=8,
    assists=9,
    field_goals_made=11,
    field_goals_attempted=22,
    threes=5,
    threes_attempted=13,
    free_throws_made=6,
    free_throws_attempted=7,
    steals=3,
    blocks=2,
    turnovers=1,
    fouls=10,
    plus_minus=-14.0,
)
