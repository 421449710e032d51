-- Names of these slates that fit nobody, the newest first: how a source writes them, of which teams, and who they may be. One
-- that was settled since has its player, until its rows are loaded.
WITH refused AS (
  SELECT
    name_key,
    source,
    teams,
    MAX(player_name) AS player_name,
    MIN(game_date) AS first_date,
    MAX(game_date) AS last_date,
    COUNT(*) AS times,
    MAX(fetched_at) AS fetched_at,
    MAX_BY(candidates, fetched_at) AS candidates,
    MAX_BY(reason, fetched_at) AS reason
  FROM raw.quarantine
  WHERE game_date BETWEEN @first AND @last AND name_key IS NOT NULL
  GROUP BY name_key, source, teams
),
settlements AS (
  SELECT refused.name_key, refused.source, refused.teams, MAX(settled.player_id) AS player_id
  FROM refused
  JOIN ops.player_names AS settled ON {settled settles refused}
  GROUP BY refused.name_key, refused.source, refused.teams
)
SELECT refused.* EXCEPT (fetched_at), settlements.player_id AS settled_as
FROM refused
LEFT JOIN settlements
  ON settlements.name_key = refused.name_key
  AND settlements.source = refused.source
  AND settlements.teams = refused.teams
ORDER BY refused.last_date DESC, refused.name_key, refused.source, refused.teams
