-- Sums over the grades of some slates, by date, mode, market, system and one more cut (@by: tier, month, edge, or none).
-- Every measure of accuracy is a ratio of these, and the dates are what its intervals are drawn over: a season of millions
-- of grades is some thousand rows. `below_q*`: how often the outcome lay below the quantile, counting half where it equals it.
WITH grades AS (
  SELECT
    *,
    CASE
      WHEN games_before < 10 THEN 'new'
      WHEN minutes_before >= 15 THEN 'regular'
      ELSE 'bench'
    END AS tier
  FROM predictions.prediction_grades
  -- Without `shadow` a grade is older than these measures: it counts again once it is graded again.
  WHERE game_date BETWEEN @first AND @last
    AND shadow IS NOT NULL
    AND (@mode = '' OR mode = @mode)
    AND (@market = '' OR market = @market)
    AND (@system = '' OR system = @system)
),
cut AS (
  SELECT
    *,
    CASE @by
      WHEN 'tier' THEN tier
      WHEN 'month' THEN SUBSTR(CAST(game_date AS STRING), 1, 7)
      WHEN 'edge' THEN CASE
        WHEN edge IS NULL THEN 'no price'
        WHEN ABS(edge) < 0.02 THEN '0-2 %'
        WHEN ABS(edge) < 0.04 THEN '2-4 %'
        WHEN ABS(edge) < 0.06 THEN '4-6 %'
        WHEN ABS(edge) < 0.10 THEN '6-10 %'
        ELSE '10 % and more'
      END
      ELSE 'all'
    END AS bucket
  FROM grades
  WHERE (@tier = '' OR tier = @tier) AND (NOT @lined OR line IS NOT NULL)
)
SELECT
  game_date,
  mode,
  market,
  system,
  bucket,
  LOGICAL_OR(shadow) AS shadow,
  COUNTIF(NOT voided) AS n,
  COUNTIF(voided) AS voided,
  SUM(ABS(error)) AS error,
  SUM(mean_error) AS bias,
  SUM(crps) AS crps,
  COUNTIF(inside_80) AS inside_80,
  COUNTIF(inside_90) AS inside_90,
  SUM(IF(quantiles_below + quantiles_equal <= 0, 1.0, IF(quantiles_below <= 0, 0.5, 0.0))) AS below_q05,
  SUM(IF(quantiles_below + quantiles_equal <= 1, 1.0, IF(quantiles_below <= 1, 0.5, 0.0))) AS below_q10,
  SUM(IF(quantiles_below + quantiles_equal <= 2, 1.0, IF(quantiles_below <= 2, 0.5, 0.0))) AS below_q20,
  SUM(IF(quantiles_below + quantiles_equal <= 3, 1.0, IF(quantiles_below <= 3, 0.5, 0.0))) AS below_q30,
  SUM(IF(quantiles_below + quantiles_equal <= 4, 1.0, IF(quantiles_below <= 4, 0.5, 0.0))) AS below_q40,
  SUM(IF(quantiles_below + quantiles_equal <= 5, 1.0, IF(quantiles_below <= 5, 0.5, 0.0))) AS below_q50,
  SUM(IF(quantiles_below + quantiles_equal <= 6, 1.0, IF(quantiles_below <= 6, 0.5, 0.0))) AS below_q60,
  SUM(IF(quantiles_below + quantiles_equal <= 7, 1.0, IF(quantiles_below <= 7, 0.5, 0.0))) AS below_q70,
  SUM(IF(quantiles_below + quantiles_equal <= 8, 1.0, IF(quantiles_below <= 8, 0.5, 0.0))) AS below_q80,
  SUM(IF(quantiles_below + quantiles_equal <= 9, 1.0, IF(quantiles_below <= 9, 0.5, 0.0))) AS below_q90,
  SUM(IF(quantiles_below + quantiles_equal <= 10, 1.0, IF(quantiles_below <= 10, 0.5, 0.0))) AS below_q95,
  COUNTIF(NOT voided AND season_mean IS NOT NULL) AS season_n,
  SUM(ABS(actual - season_mean)) AS season_error,
  SUM(ABS(error) - ABS(actual - season_mean)) AS season_difference,
  COUNTIF(NOT voided AND ewma IS NOT NULL) AS ewma_n,
  SUM(ABS(actual - ewma)) AS ewma_error,
  SUM(ABS(error) - ABS(actual - ewma)) AS ewma_difference,
  COUNTIF(NOT voided AND rate_minutes IS NOT NULL) AS rate_n,
  SUM(ABS(actual - rate_minutes)) AS rate_error,
  SUM(ABS(error) - ABS(actual - rate_minutes)) AS rate_difference,
  COUNTIF(NOT voided AND line IS NOT NULL) AS line_n,
  SUM(ABS(actual - line)) AS line_error,
  SUM(ABS(error) - ABS(actual - line)) AS line_difference,
  COUNT(brier) AS brier_n,
  SUM(brier) AS brier,
  COUNTIF(brier IS NOT NULL AND line_result = 'over') AS overs,
  COUNTIF(brier IS NOT NULL AND (p_over > 0.5) = (line_result = 'over')) AS hits,
  COUNT(market_brier) AS market_n,
  SUM(market_brier) AS market_brier,
  SUM(IF(market_brier IS NULL, NULL, brier)) AS priced_brier,
  SUM(brier - market_brier) AS brier_difference,
  COUNTIF(pick_result IN ('won', 'lost')) AS picks,
  COUNTIF(pick_result = 'won') AS picks_won,
  COUNTIF(pick_result IN ('push', 'void')) AS picks_returned,
  COUNTIF(pick_result IS NOT NULL AND clv IS NOT NULL) AS clv_n,
  SUM(IF(pick_result IS NULL, NULL, clv)) AS clv,
  COUNTIF(pick_result IS NOT NULL AND clv_price IS NOT NULL) AS clv_price_n,
  SUM(IF(pick_result IS NULL, NULL, clv_price)) AS clv_price
FROM cut
GROUP BY game_date, mode, market, system, bucket
ORDER BY game_date, mode, market, system, bucket
