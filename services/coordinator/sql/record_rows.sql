-- The graded predictions of some slates row by row, the newest slate first: what was said, what happened,
-- what a pick paid.
{picks as asked for}
SELECT
  paid.game_date,
  paid.mode,
  paid.game_id,
  paid.player_id,
  context.player_name,
  context.team_abbr AS team,
  context.opponent_team_abbr AS opponent,
  paid.market,
  paid.system,
  paid.run_id,
  paid.tier,
  paid.shadow,
  paid.voided,
  paid.actual,
  paid.error,
  paid.mean_error,
  paid.crps,
  paid.inside_80,
  paid.season_mean,
  paid.ewma,
  paid.rate_minutes,
  paid.line,
  paid.line_result,
  paid.closing_line,
  paid.p_over,
  paid.p_market,
  paid.edge,
  paid.brier,
  paid.market_brier,
  paid.recommendation,
  paid.pick_result,
  paid.book,
  paid.price,
  paid.units,
  paid.clv,
  paid.clv_price,
  COUNT(*) OVER () AS total
FROM paid
LEFT JOIN analytics.upcoming_player_game_context AS context
  ON context.game_date = paid.game_date
  AND context.mode = paid.mode
  AND context.player_id = paid.player_id
  AND context.game_date BETWEEN @first AND @last
WHERE NOT @picks OR paid.pick_result IS NOT NULL
QUALIFY ROW_NUMBER() OVER (
  ORDER BY paid.game_date DESC, paid.game_id, paid.player_id, paid.market, paid.system
) BETWEEN @first_row AND @last_row
ORDER BY paid.game_date DESC, paid.game_id, paid.player_id, paid.market, paid.system
