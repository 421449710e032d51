-- Sums over the grades of some slates, by date, mode, market, system and one more cut (@by: tier, month, edge, or none).
-- Every measure of accuracy is a ratio of these, and the dates are what its intervals are drawn over: a season of millions
-- of grades is some thousand rows. `below_q*`: how often the outcome lay below the quantile, counting half where it equals it.
{grades as asked for}
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
  -- for each quantile
  SUM(
    IF(quantiles_below + quantiles_equal <= {number}, 1.0, IF(quantiles_below <= {number}, 0.5, 0.0))
  ) AS below_{quantile},
  -- end
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
