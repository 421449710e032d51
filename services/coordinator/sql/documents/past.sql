-- The last 20 games of the players of some games, as far as they were known at the cutoff and at the publication; with what had
-- been forecast of them, by the best system that was graded (@systems: the best first, between blanks).
WITH games AS (
  SELECT summary.*
  FROM analytics.upcoming_player_game_context AS context
  JOIN analytics.player_game_summary AS summary
    ON summary.player_id = context.player_id
    AND summary.game_date < @game_date
    AND summary.game_date >= DATE_SUB(@game_date, INTERVAL 400 DAY)
    AND summary.available_at <= context.cutoff_at
    AND summary.available_at <= @published_at
  WHERE context.game_date = @game_date AND context.mode = @mode AND STRPOS(@games, context.game_id) > 0
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY summary.player_id ORDER BY summary.game_date DESC, summary.game_id DESC
  ) <= 20
),
forecasts AS (
  SELECT
    games.game_id,
    games.player_id,
    grades.market,
    grades.system,
    predictions.mean,
    predictions.q10,
    predictions.q90,
    predictions.line,
    predictions.recommendation
  FROM games
  JOIN predictions.prediction_grades AS grades
    ON grades.game_id = games.game_id AND grades.player_id = games.player_id AND grades.mode = @mode
  JOIN predictions.player_prop_predictions AS predictions
    ON predictions.run_id = grades.run_id
    AND predictions.game_id = grades.game_id
    AND predictions.player_id = grades.player_id
    AND predictions.market = grades.market
    AND predictions.system = grades.system
  WHERE grades.game_date < @game_date
    AND grades.game_date >= DATE_SUB(@game_date, INTERVAL 400 DAY)
    AND predictions.game_date < @game_date
    AND predictions.game_date >= DATE_SUB(@game_date, INTERVAL 400 DAY)
    AND STRPOS(@systems, CONCAT(' ', grades.system, ' ')) > 0
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY games.game_id, games.player_id, grades.market
    ORDER BY STRPOS(@systems, CONCAT(' ', grades.system, ' '))
  ) = 1
)
SELECT
  games.game_id,
  games.game_date,
  games.player_id,
  games.opponent_team_abbr,
  games.is_home,
  games.minutes,
  -- for each market
  MAX({sum of games.*}) AS {market},
  MAX(IF(forecasts.market = '{market}', forecasts.system, NULL)) AS {market}_system,
  MAX(IF(forecasts.market = '{market}', forecasts.mean, NULL)) AS {market}_mean,
  MAX(IF(forecasts.market = '{market}', forecasts.q10, NULL)) AS {market}_q10,
  MAX(IF(forecasts.market = '{market}', forecasts.q90, NULL)) AS {market}_q90,
  MAX(IF(forecasts.market = '{market}', forecasts.line, NULL)) AS {market}_line,
  MAX(IF(forecasts.market = '{market}', forecasts.recommendation, NULL)) AS {market}_recommendation,
  -- end
FROM games
LEFT JOIN forecasts ON forecasts.game_id = games.game_id AND forecasts.player_id = games.player_id
GROUP BY
  games.game_id, games.game_date, games.player_id, games.opponent_team_abbr, games.is_home, games.minutes
ORDER BY games.player_id, games.game_date DESC, games.game_id DESC
