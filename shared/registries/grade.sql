-- step: grade
-- inputs: predictions.player_prop_predictions, raw.games, raw.prop_lines, analytics.player_game_summary
-- output: predictions.prediction_grades
-- grain: game_id, player_id, market, system, mode
-- as_of: predictions made before tip-off; baselines from games known when it was predicted; lines posted before tip-off
-- rows: one per current prediction of a game whose box score is in
-- source: pinball loss Koenker & Bassett (1978); CRPS as its integral Laio & Tamea (2007); Brier (1950); closing line as the
--   yardstick of a price Moskowitz (2021), Asset Pricing and Sports Betting
-- The latest run of a slate is the one that counts, if it was made before tip-off. A player who is not in the box score did
-- not play: void. A game moved to another date is graded for that date only.
WITH current_predictions AS (
  SELECT predictions.*, games.season, games.season_type, games.tip_utc
  FROM predictions.player_prop_predictions AS predictions
  JOIN raw.games AS games
    ON games.game_id = predictions.game_id AND games.game_date = predictions.game_date AND NOT games.postponed
  WHERE predictions.game_date BETWEEN @first_date AND @last_date
    AND predictions.mode = @mode
    AND predictions.predicted_at < games.tip_utc
  QUALIFY {latest of predictions}
),
played AS (
  SELECT
    -- for each statistic
    {statistic},
    -- end
    game_id,
    player_id,
    team_abbr
  FROM analytics.player_game_summary
  WHERE game_date BETWEEN @first_date AND @last_date
),
-- Half a box score voids nobody.
collected AS (
  SELECT game_id FROM played GROUP BY game_id HAVING COUNT(DISTINCT team_abbr) = 2
),
-- The naive baselines: what anybody could have said from the season so far. Of a regular game: of regular games.
subjects AS (
  SELECT DISTINCT game_id, player_id, predicted_at, game_date, season, season_type
  FROM current_predictions
),
history AS (
  SELECT
    subjects.game_id,
    subjects.player_id,
    subjects.predicted_at,
    earlier.minutes,
    -- for each statistic
    earlier.{statistic},
    -- end
    ROW_NUMBER() OVER (
      PARTITION BY subjects.game_id, subjects.player_id, subjects.predicted_at
      ORDER BY earlier.game_date DESC, earlier.game_id DESC
    ) - 1 AS age
  FROM subjects
  JOIN analytics.player_game_summary AS earlier
    ON earlier.player_id = subjects.player_id
    AND earlier.season = subjects.season
    AND earlier.game_date < subjects.game_date
    AND earlier.available_at <= subjects.predicted_at
    AND (earlier.season_type = 'regular' OR subjects.season_type != 'regular')
  WHERE earlier.game_date BETWEEN DATE_SUB(@first_date, INTERVAL 400 DAY) AND @last_date
),
weighted AS (
  SELECT *, POW(0.9, age) AS slow, POW(0.8, age) AS fast FROM history
),
-- Sums are NUMERIC: exact, hence the same whatever order the rows were loaded in.
form AS (
  SELECT
    game_id,
    player_id,
    predicted_at,
    -- for each statistic
    AVG({statistic}) AS {statistic}_mean,
    CAST(SUM(CAST(slow * {statistic} AS NUMERIC)) AS FLOAT64) / CAST(SUM(CAST(slow AS NUMERIC)) AS FLOAT64)
      AS {statistic}_ewma,
    SAFE_DIVIDE(SUM({statistic}), CAST(SUM(CAST(minutes AS NUMERIC)) AS FLOAT64)) AS {statistic}_rate,
    -- end
    COUNT(*) AS games_before,
    CAST(SUM(CAST(minutes AS NUMERIC)) AS FLOAT64) / COUNT(*) AS minutes_before,
    CAST(SUM(CAST(fast * minutes AS NUMERIC)) AS FLOAT64) / CAST(SUM(CAST(fast AS NUMERIC)) AS FLOAT64) AS minutes
  FROM weighted
  GROUP BY game_id, player_id, predicted_at
),
-- The closing line, made as the consensus of a cutoff is: each book's last main line before tip-off, the median over books.
closing_books AS (
  SELECT
    lines.game_id,
    lines.player_id,
    lines.market,
    lines.line,
    lines.bookmaker,
    {implied by lines.over_price of lines.bookmaker} AS over_implied,
    {implied by lines.under_price of lines.bookmaker} AS under_implied
  FROM raw.prop_lines AS lines
  JOIN raw.games AS games ON games.game_id = lines.game_id AND games.game_date = lines.game_date
  WHERE lines.game_date BETWEEN @first_date AND @last_date
    AND games.game_date BETWEEN @first_date AND @last_date
    AND lines.is_main
    AND lines.available_at < games.tip_utc
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY lines.game_id, lines.player_id, lines.market, lines.bookmaker
    ORDER BY
      lines.available_at DESC, COALESCE(ABS(lines.over_price - lines.under_price), 100000), lines.line
  ) = 1
),
closing_ranked AS (
  SELECT
    *,
    IF(over_implied + under_implied BETWEEN 1.0 AND 1.2, over_implied / (over_implied + under_implied), NULL) AS fair,
    ROW_NUMBER() OVER (PARTITION BY game_id, player_id, market ORDER BY line, bookmaker) AS position,
    COUNT(*) OVER (PARTITION BY game_id, player_id, market) AS books
  FROM closing_books
),
closing_lines AS (
  SELECT
    game_id,
    player_id,
    market,
    AVG(IF(position IN (DIV(books + 1, 2), DIV(books + 2, 2)), line, NULL)) AS line
  FROM closing_ranked
  GROUP BY game_id, player_id, market
),
closing AS (
  SELECT
    lines.game_id,
    lines.player_id,
    lines.market,
    lines.line,
    SAFE_DIVIDE(
      CAST(SUM(CAST(IF(books.line = lines.line, books.fair, NULL) AS NUMERIC)) AS FLOAT64),
      COUNTIF(books.line = lines.line AND books.fair IS NOT NULL)
    ) AS p_market
  FROM closing_lines AS lines
  JOIN closing_ranked AS books
    ON books.game_id = lines.game_id AND books.player_id = lines.player_id AND books.market = lines.market
  GROUP BY lines.game_id, lines.player_id, lines.market, lines.line
),
outcomes AS (
  SELECT
    predictions.*,
    played.player_id IS NULL AS voided,
    CAST(
      CASE predictions.market
        -- for each market
        WHEN '{market}' THEN {sum of played.*}
        -- end
      END AS FLOAT64
    ) AS actual,
    form.games_before,
    form.minutes_before,
    CASE predictions.market
      -- for each market
      WHEN '{market}' THEN {sum of form.*_mean}
      -- end
    END AS season_mean,
    CASE predictions.market
      -- for each market
      WHEN '{market}' THEN {sum of form.*_ewma}
      -- end
    END AS ewma,
    form.minutes * (CASE predictions.market
      -- for each market
      WHEN '{market}' THEN {sum of form.*_rate}
      -- end
    END) AS rate_minutes,
    closing.line AS closing_line,
    closing.p_market AS closing_p_market,
    CASE WHEN predictions.edge > 0 THEN 'over' WHEN predictions.edge < 0 THEN 'under' END AS side
  FROM current_predictions AS predictions
  JOIN collected ON collected.game_id = predictions.game_id
  LEFT JOIN played ON played.game_id = predictions.game_id AND played.player_id = predictions.player_id
  LEFT JOIN form
    ON form.game_id = predictions.game_id
    AND form.player_id = predictions.player_id
    AND form.predicted_at = predictions.predicted_at
  LEFT JOIN closing
    ON closing.game_id = predictions.game_id
    AND closing.player_id = predictions.player_id
    AND closing.market = predictions.market
),
results AS (
  SELECT
    *,
    CASE WHEN actual > line THEN 'over' WHEN actual < line THEN 'under' WHEN actual = line THEN 'push' END AS line_result,
    -- for each quantile
    IF(actual >= {quantile}, {level} * (actual - {quantile}), {rest} * ({quantile} - actual)) AS {quantile}_loss,
    -- end
    CASE WHEN actual > line THEN 1.0 WHEN actual < line THEN 0.0 END AS went_over
  FROM outcomes
)
SELECT
  game_date,
  mode,
  game_id,
  player_id,
  market,
  system,
  run_id,
  voided,
  actual,
  actual - q50 AS error,
  line,
  line_result,
  closing_line,
  closing_p_market,
  side,
  CASE side WHEN 'over' THEN closing_line - line WHEN 'under' THEN line - closing_line END AS clv,
  CASE
    WHEN closing_line != line THEN NULL
    WHEN side = 'over' THEN closing_p_market - p_market
    WHEN side = 'under' THEN p_market - closing_p_market
  END AS clv_price,
  COALESCE(shadow, FALSE) AS shadow,  -- null: predicted before any system was on trial
  COALESCE(games_before, 0) AS games_before,
  minutes_before,
  season_mean,
  ewma,
  rate_minutes,
  actual - season_mean AS baseline_error,
  actual - mean AS mean_error,
  actual >= q10 AND actual <= q90 AS inside_80,
  actual >= q05 AND actual <= q95 AS inside_90,
  (
    -- for each quantile
    IF({quantile} < actual, 1, 0) +
    -- end
    IF(actual IS NULL, NULL, 0)
  ) AS quantiles_below,
  (
    -- for each quantile
    IF({quantile} = actual, 1, 0) +
    -- end
    IF(actual IS NULL, NULL, 0)
  ) AS quantiles_equal,
  (
    -- for each quantile
    {quantile}_loss +
    -- end
    0
  ) / (
    -- for each quantile
    1 +
    -- end
    0
  ) AS pinball,
  -- Twice the integral of the loss over levels, by trapezes, with no loss at levels 0 and 1.
  (
    -- for each quantile
    {width} * {quantile}_loss +
    -- end
    0
  ) AS crps,
  p_over,
  p_market,
  edge,
  (p_over - went_over) * (p_over - went_over) AS brier,
  (p_market - went_over) * (p_market - went_over) AS market_brier,
  recommendation,
  CASE
    WHEN recommendation NOT IN ('over', 'under') THEN NULL
    WHEN voided THEN 'void'
    WHEN line_result = 'push' THEN 'push'
    WHEN line_result = recommendation THEN 'won'
    ELSE 'lost'
  END AS pick_result
FROM results
