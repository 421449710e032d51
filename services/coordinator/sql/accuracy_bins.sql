-- How often the over came in, by tenths of the probability that was given for it: what calibration is read from.
{grades as asked for}
SELECT
  mode,
  market,
  system,
  bucket,
  LEAST(CAST(FLOOR(p_over * 10) AS INT64), 9) AS bin,
  COUNT(*) AS n,
  SUM(p_over) AS p_over,
  COUNTIF(line_result = 'over') AS overs
FROM cut
WHERE brier IS NOT NULL
GROUP BY mode, market, system, bucket, bin
ORDER BY mode, market, system, bucket, bin
