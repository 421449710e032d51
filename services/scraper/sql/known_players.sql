-- Everyone under every name and team that sources with NBA ids have given.
SELECT player_id, player_name, team FROM raw.rosters WHERE game_date <= @game_date
UNION DISTINCT
SELECT player_id, player_name, team FROM raw.player_box_scores WHERE game_date < @game_date
UNION DISTINCT
SELECT player_id, player_name, team FROM raw.absences WHERE game_date < @game_date
ORDER BY player_id, player_name, team
