-- The latest fetch that each unit of a step was loaded from, of two weeks up to the slate's, in any mode.
SELECT source, unit, archive_key
FROM raw.fetches
WHERE game_date BETWEEN DATE_SUB(@game_date, INTERVAL 14 DAY) AND @game_date
  AND step = @step
  AND unit IN UNNEST(@units)
  AND outcome = 'loaded'
  AND archive_key IS NOT NULL
QUALIFY ROW_NUMBER() OVER (PARTITION BY source, unit ORDER BY fetched_at DESC, archive_key DESC) = 1
