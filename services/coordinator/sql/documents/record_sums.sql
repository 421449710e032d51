-- The sums of every measure of some slates by date, market, system and tier: what any cut of the record is added up from.
{picks as asked for}
SELECT
  game_date,
  market,
  system,
  tier,
  LOGICAL_OR(shadow) AS shadow,
  {sums of grades},
  COUNT(units) AS units_n,
  SUM(units) AS units
FROM paid
GROUP BY game_date, market, system, tier
ORDER BY game_date, market, system, tier
