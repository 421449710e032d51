-- Units by slate: the feed. An empty list is an answer, a failed fetch is not.
WITH slates AS (
  SELECT DISTINCT game_date FROM raw.games WHERE game_date BETWEEN @first AND @last AND NOT postponed
)
SELECT
  slates.game_date,
  1 AS expected,
  LEAST(COUNTIF(fetches.outcome IN ('loaded', 'empty')), 1) AS verified
FROM slates
LEFT JOIN raw.fetches AS fetches
  ON fetches.game_date = slates.game_date AND fetches.mode = @mode AND fetches.step = 'injuries'
GROUP BY slates.game_date
ORDER BY slates.game_date
