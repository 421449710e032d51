-- A run's staged predictions, as they will be published: one atomic append. Where a dispatch was repeated, after a crash or for
-- what was missing, the newest staging of a game counts, whole: the latest attempt's, the latest made. Of two made at once (a
-- retrospective run's, at the cutoff), which may have been cut into other batches, a player's first counts.
-- The name they are looked up by is the roster's.
WITH newest AS (
  SELECT staging.*
  FROM predictions.staging AS staging
  WHERE staging.game_date = @game_date AND staging.run_id = @run_id
  QUALIFY {newest of staging}
)
SELECT newest.* EXCEPT (attempt), rosters.player_lookup, NULLIF(@why, '') AS reason
FROM newest
LEFT JOIN raw.rosters AS rosters ON rosters.game_date = newest.game_date AND rosters.player_id = newest.player_id
WHERE TRUE
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY newest.game_id, newest.player_id, newest.market, newest.system ORDER BY newest.batch
) = 1
