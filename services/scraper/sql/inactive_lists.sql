-- Who was on the inactive lists of the slate's games, by its box scores. What was decided during the game (DNP, DND) is on
-- no list.
SELECT
  absences.game_date,
  absences.player_id,
  absences.player_lookup,
  absences.team,
  absences.description AS reason,
  games.tip_utc,
  absences.fetched_at,
  absences.source
FROM raw.absences AS absences
JOIN raw.games AS games ON games.game_id = absences.game_id AND games.game_date = @game_date
WHERE absences.game_date = @game_date
  AND (
    STARTS_WITH(absences.reason, 'INACTIVE')
    OR STARTS_WITH(absences.reason, 'NWT')
    OR STARTS_WITH(absences.reason, 'SUSPEN')
  )
ORDER BY absences.player_id
