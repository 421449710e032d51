-- The latest status of each player, of this slate or of the last one that was looked at, by looks up to an instant. What
-- box scores told afterwards (the CDN has no other list) was never looked at.
SELECT
  game_date,
  player_id,
  player_lookup,
  team,
  status,
  reason,
  return_date,
  comment,
  available_at,
  source
FROM raw.injuries
WHERE fetched_at <= @seen_at
  AND source != 'nba_cdn'
  AND (
    game_date = @game_date
    OR game_date = (
      SELECT MAX(game_date)
      FROM raw.fetches
      WHERE game_date < @game_date
        AND game_date >= DATE_SUB(@game_date, INTERVAL 30 DAY)
        AND step = 'injuries'
        AND outcome = 'loaded'
    )
  )
QUALIFY ROW_NUMBER() OVER (PARTITION BY player_id ORDER BY game_date DESC, available_at DESC, fetched_at DESC) = 1
