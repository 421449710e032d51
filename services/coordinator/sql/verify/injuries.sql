-- Units: the feed. An empty list is an answer, a failed fetch is not.
SELECT
  1 AS expected,
  LEAST(COUNTIF(outcome IN ('loaded', 'empty')), 1) AS verified,
  0 AS quarantined,
  COALESCE(MIN(reason), '') AS detail
FROM raw.fetches
WHERE game_date = @game_date AND mode = @mode AND step = 'injuries'
