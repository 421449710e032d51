-- Units of a slate: rostered players of the teams that play.
SELECT
  rosters.game_date,
  COUNT(*) AS expected,
  COUNT(context.player_id) AS verified,
  0 AS quarantined,
  COALESCE(MIN(IF(context.player_id IS NULL, CONCAT(rosters.team, ': roster not known at the cutoff'), NULL)), '') AS detail
FROM raw.rosters AS rosters
JOIN raw.games AS games
  ON games.game_date = rosters.game_date AND NOT games.postponed AND rosters.team IN (games.home_team, games.away_team)
LEFT JOIN analytics.upcoming_player_game_context AS context
  ON context.game_date = rosters.game_date AND context.mode = @mode AND context.player_id = rosters.player_id
WHERE rosters.game_date BETWEEN @first AND @last
GROUP BY rosters.game_date
