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
  {sums of grades}
FROM cut
GROUP BY game_date, mode, market, system, bucket
ORDER BY game_date, mode, market, system, bucket
