-- Units of a slate: the feed. An empty list is an answer, a failed fetch is not.
WITH slates AS (
  SELECT game_date FROM UNNEST(GENERATE_DATE_ARRAY(@first, @last)) AS game_date
)
SELECT
  slates.game_date,
  1 AS expected,
  LEAST(COUNTIF(fetches.outcome IN ('loaded', 'empty')), 1) AS verified,
  0 AS quarantined,
  COALESCE(MIN(fetches.reason), '') AS detail
FROM slates
LEFT JOIN raw.fetches AS fetches
  ON fetches.game_date = slates.game_date
  AND fetches.game_date BETWEEN @first AND @last
  AND fetches.mode = @mode
  AND fetches.step = 'injuries'
GROUP BY slates.game_date
