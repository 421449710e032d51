-- Every graded pick of some slates, with what it paid.
{picks as asked for}
SELECT
  paid.game_date,
  paid.game_id,
  paid.player_id,
  COALESCE(context.player_name, paid.player_lookup) AS player_name,
  paid.market,
  paid.system,
  paid.tier,
  paid.bucket AS edge_size,
  paid.recommendation AS side,
  paid.line,
  paid.book,
  paid.price,
  paid.edge,
  paid.actual,
  paid.pick_result AS result,
  paid.units,
  paid.clv
FROM paid
LEFT JOIN analytics.upcoming_player_game_context AS context
  ON context.game_date = paid.game_date
  AND context.mode = paid.mode
  AND context.player_id = paid.player_id
  AND context.game_date BETWEEN @first AND @last
WHERE paid.pick_result IS NOT NULL
ORDER BY paid.game_date, paid.game_id, paid.player_id, paid.market, paid.system
