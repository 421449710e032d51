-- The players of some games of a slate, as they were served: with the game and its teams.
SELECT
  games.game_id,
  games.home_team,
  games.away_team,
  games.tip_utc,
  context.player_id,
  context.player_name,
  context.team_abbr,
  context.opponent_team_abbr,
  context.is_home,
  context.injury_status
FROM raw.games AS games
JOIN analytics.upcoming_player_game_context AS context
  ON context.game_id = games.game_id AND context.game_date = @game_date AND context.mode = @mode
WHERE games.game_date = @game_date AND STRPOS(@games, games.game_id) > 0
ORDER BY games.tip_utc, games.game_id, context.player_name, context.player_id
