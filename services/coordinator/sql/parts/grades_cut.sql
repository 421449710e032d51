-- `cut`: the grades of some slates that were asked for, each in the bucket of one more cut (@by).
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
