-- When an injury list was last seen before an instant, for whichever slate.
SELECT MAX(fetched_at) AS seen_at
FROM raw.fetches
WHERE step = 'injuries' AND outcome = 'loaded' AND fetched_at < @seen_at AND game_date >= DATE_SUB(@game_date, INTERVAL 30 DAY)
