-- The one query that loads a slate's features for prediction, games together, with the lines as they were quoted at the
-- cutoff.
SELECT
  features.*,
  context.team_abbr,
  context.opponent_team_abbr,
  context.points_line AS quoted_points_line,
  context.points_line_books AS quoted_points_line_books,
  context.points_line_at AS quoted_points_line_at,
  context.points_p_market AS quoted_points_p_market,
  context.points_book AS quoted_points_book,
  context.points_over_price AS quoted_points_over_price,
  context.points_under_price AS quoted_points_under_price,
  context.rebounds_line AS quoted_rebounds_line,
  context.rebounds_line_books AS quoted_rebounds_line_books,
  context.rebounds_line_at AS quoted_rebounds_line_at,
  context.rebounds_p_market AS quoted_rebounds_p_market,
  context.rebounds_book AS quoted_rebounds_book,
  context.rebounds_over_price AS quoted_rebounds_over_price,
  context.rebounds_under_price AS quoted_rebounds_under_price,
  context.assists_line AS quoted_assists_line,
  context.assists_line_books AS quoted_assists_line_books,
  context.assists_line_at AS quoted_assists_line_at,
  context.assists_p_market AS quoted_assists_p_market,
  context.assists_book AS quoted_assists_book,
  context.assists_over_price AS quoted_assists_over_price,
  context.assists_under_price AS quoted_assists_under_price,
  context.threes_line AS quoted_threes_line,
  context.threes_line_books AS quoted_threes_line_books,
  context.threes_line_at AS quoted_threes_line_at,
  context.threes_p_market AS quoted_threes_p_market,
  context.threes_book AS quoted_threes_book,
  context.threes_over_price AS quoted_threes_over_price,
  context.threes_under_price AS quoted_threes_under_price,
  context.pra_line AS quoted_pra_line,
  context.pra_line_books AS quoted_pra_line_books,
  context.pra_line_at AS quoted_pra_line_at,
  context.pra_p_market AS quoted_pra_p_market,
  context.pra_book AS quoted_pra_book,
  context.pra_over_price AS quoted_pra_over_price,
  context.pra_under_price AS quoted_pra_under_price
FROM features.ml_feature_store AS features
JOIN analytics.upcoming_player_game_context AS context
  ON context.game_date = features.game_date AND context.mode = features.mode AND context.player_id = features.player_id
WHERE features.game_date = @game_date AND features.mode = @mode AND features.tip_utc > @not_tipped_after
ORDER BY features.game_id, features.player_id
