-- Each book's newest main line of the players of some games, as far as it was posted by the publication and by the cutoff; of
-- several posted at once, the most balanced (as in player_market_context.sql).
SELECT
  lines.game_id,
  lines.player_id,
  lines.market,
  lines.bookmaker,
  lines.line,
  lines.over_price,
  lines.under_price,
  lines.available_at AS posted_at
FROM analytics.upcoming_player_game_context AS context
JOIN raw.prop_lines AS lines
  ON lines.game_date = @game_date
  AND lines.game_id = context.game_id
  AND lines.player_id = context.player_id
  AND lines.is_main
  AND lines.available_at <= context.cutoff_at
  AND lines.available_at <= @published_at
WHERE context.game_date = @game_date AND context.mode = @mode AND STRPOS(@games, context.game_id) > 0
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY lines.player_id, lines.market, lines.bookmaker
  ORDER BY lines.available_at DESC, COALESCE(ABS(lines.over_price - lines.under_price), 100000), lines.line
) = 1
ORDER BY lines.game_id, lines.player_id, lines.market, lines.bookmaker
