-- Units of a slate: teams of games of the 800 days before it, as far as both teams have box scores.
{team games of analytics.team_offense_game_summary}
