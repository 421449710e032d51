-- Units of a slate: its players and markets with a main line that was known at the cutoff and there when the mode's odds had
-- been asked for.
WITH wanted AS (
  SELECT DISTINCT context.game_date, context.player_id, context.player_name, lines.market
  FROM analytics.upcoming_player_game_context AS context
  JOIN raw.fetches AS fetches
    ON fetches.game_date = context.game_date
    AND fetches.mode = @mode
    AND fetches.step = 'lines'
    AND fetches.unit = context.game_id
  JOIN raw.prop_lines AS lines
    ON lines.game_date = context.game_date
    AND lines.game_id = context.game_id
    AND lines.player_id = context.player_id
    AND lines.is_main
    AND lines.available_at <= context.cutoff_at
    AND lines.fetched_at <= fetches.fetched_at
  WHERE context.game_date BETWEEN @first AND @last
    AND context.mode = @mode
    AND fetches.game_date BETWEEN @first AND @last
    AND lines.game_date BETWEEN @first AND @last
)
SELECT
  wanted.game_date,
  COUNT(*) AS expected,
  COUNT(markets.player_id) AS verified,
  0 AS quarantined,
  COALESCE(MIN(IF(markets.player_id IS NULL, CONCAT(wanted.player_name, ': no consensus on ', wanted.market), NULL)), '') AS detail
FROM wanted
LEFT JOIN analytics.player_market_context AS markets
  ON markets.game_date = wanted.game_date
  AND markets.mode = @mode
  AND markets.player_id = wanted.player_id
  AND markets.market = wanted.market
GROUP BY wanted.game_date
