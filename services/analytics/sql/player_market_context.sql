-- step: player_market_context
-- inputs: analytics.upcoming_player_game_context, raw.prop_lines
-- output: analytics.player_market_context
-- grain: game_date, mode, player_id, market
-- as_of: lines with available_at <= cutoff_at of the player's game
-- rows: one per player of the slate and market that he has a main line in
-- source: multiplicative de-vigging: Strumbelj (2014), On determining probability forecasts from betting odds
--
-- Each book's newest main line; of several posted at once, the most balanced.
WITH book_lines AS (
  SELECT
    context.game_date,
    context.game_id,
    context.player_id,
    lines.market,
    lines.bookmaker,
    lines.line,
    lines.over_price,
    lines.under_price,
    lines.available_at
  FROM analytics.upcoming_player_game_context AS context
  JOIN raw.prop_lines AS lines
    ON lines.game_date = context.game_date
    AND lines.game_id = context.game_id
    AND lines.player_id = context.player_id
    AND lines.is_main
    AND lines.available_at <= context.cutoff_at
    AND lines.game_date >= @first_date
    AND lines.game_date <= @last_date
  WHERE context.game_date >= @first_date AND context.game_date <= @last_date AND context.mode = @mode
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY context.game_date, context.player_id, lines.market, lines.bookmaker
    ORDER BY lines.available_at DESC, COALESCE(ABS(lines.over_price - lines.under_price), 100000), lines.line
  ) = 1
),
ranked AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY game_date, player_id, market ORDER BY line, bookmaker) AS position,
    COUNT(*) OVER (PARTITION BY game_date, player_id, market) AS books
  FROM book_lines
),
-- The median over books: the mean of the middle one or two.
consensus AS (
  SELECT
    game_date,
    game_id,
    player_id,
    market,
    AVG(IF(position IN (DIV(books + 1, 2), DIV(books + 2, 2)), line, NULL)) AS line,
    MAX(books) AS line_books,
    MAX(available_at) AS line_at,
    MAX(line) - MIN(line) AS line_spread
  FROM ranked
  GROUP BY game_date, game_id, player_id, market
),
-- What an American price implies; between -100 and +100 there is no price. Pick'em books pay the same whatever the chance.
implied AS (
  SELECT
    *,
    {implied by over_price of bookmaker} AS over_implied,
    {implied by under_price of bookmaker} AS under_implied
  FROM book_lines
),
-- Two sides of one market add up to 1 and the margin. De-vigged multiplicatively (Strumbelj 2014).
fair AS (
  SELECT
    game_date,
    player_id,
    market,
    bookmaker,
    line,
    over_price,
    under_price,
    IF(over_implied + under_implied BETWEEN 1.0 AND 1.2, over_implied / (over_implied + under_implied), NULL) AS p_over,
    IF(over_implied + under_implied BETWEEN 1.0 AND 1.2, over_implied + under_implied, NULL) AS overround
  FROM implied
),
at_consensus AS (
  SELECT
    fair.*,
    -- Where nobody quotes both sides, any price is better than none.
    ROW_NUMBER() OVER (
      PARTITION BY fair.game_date, fair.player_id, fair.market
      ORDER BY
        COALESCE(fair.overround, IF(fair.over_price IS NULL AND fair.under_price IS NULL, 9, 3)),
        fair.bookmaker
    ) AS position
  FROM fair
  JOIN consensus
    ON consensus.game_date = fair.game_date
    AND consensus.player_id = fair.player_id
    AND consensus.market = fair.market
    AND consensus.line = fair.line
),
-- NUMERIC sums: the same whatever order the rows were loaded in.
prices AS (
  SELECT
    game_date,
    player_id,
    market,
    SAFE_DIVIDE(CAST(SUM(CAST(p_over AS NUMERIC)) AS FLOAT64), COUNT(p_over)) AS p_market,
    MAX(IF(position = 1, bookmaker, NULL)) AS book,
    MAX(IF(position = 1, over_price, NULL)) AS over_price,
    MAX(IF(position = 1, under_price, NULL)) AS under_price
  FROM at_consensus
  GROUP BY game_date, player_id, market
)
SELECT
  consensus.game_date,
  @mode AS mode,
  consensus.game_id,
  consensus.player_id,
  consensus.market,
  consensus.line,
  consensus.line_books,
  consensus.line_at,
  consensus.line_spread,
  prices.p_market,
  prices.book,
  prices.over_price,
  prices.under_price
FROM consensus
LEFT JOIN prices
  ON prices.game_date = consensus.game_date
  AND prices.player_id = consensus.player_id
  AND prices.market = consensus.market
