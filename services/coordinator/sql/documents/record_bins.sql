-- How often the over came in by tenths of the probability that was given for it, by date, market, system and tier.
{grades as asked for}
SELECT game_date, market, system, tier, {bins of grades}
FROM cut
WHERE brier IS NOT NULL
GROUP BY game_date, market, system, tier, bin
ORDER BY game_date, market, system, tier, bin
