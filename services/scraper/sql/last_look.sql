-- When an injury list was last seen before an instant, for whichever slate: by the fetch log but for the look at hand, and
-- by what lists have told, for what is loaded again from the archive is logged anew. Box scores (the CDN's) are no list.
SELECT MAX(fetched_at) AS seen_at
FROM (
  SELECT fetched_at
  FROM raw.fetches
  WHERE step = 'injuries'
    AND outcome = 'loaded'
    AND archive_key NOT IN UNNEST(@archive_keys)
    AND game_date >= DATE_SUB(@game_date, INTERVAL 30 DAY)
  UNION ALL
  SELECT fetched_at
  FROM raw.injuries
  WHERE game_date >= DATE_SUB(@game_date, INTERVAL 30 DAY) AND source != 'nba_cdn'
)
WHERE fetched_at < @seen_at
