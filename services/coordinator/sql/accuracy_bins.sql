-- How often the over came in, by tenths of the probability that was given for it: what calibration is read from.
{grades as asked for}
SELECT
  mode,
  market,
  system,
  bucket,
  {bins of grades}
FROM cut
WHERE brier IS NOT NULL
GROUP BY mode, market, system, bucket, bin
ORDER BY mode, market, system, bucket, bin
