-- The slate's roster as far as it was collected in time: public and fetched by the given instants.
SELECT player_id, team
FROM raw.rosters
WHERE game_date = @game_date AND available_at <= @known_by AND fetched_at <= @fetched_by
ORDER BY player_id
