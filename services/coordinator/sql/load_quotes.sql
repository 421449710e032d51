-- The lines of a slate as they were quoted at the cutoffs, one per player and market.
SELECT player_id, market, line, line_books, line_at, p_market, book, over_price, under_price
FROM analytics.player_market_context
WHERE game_date = @game_date AND mode = @mode
ORDER BY player_id, market
