-- step: upcoming_player_game_context
-- inputs: raw.games, raw.rosters, raw.injuries
-- output: analytics.upcoming_player_game_context
-- grain: game_date, mode, player_id
-- as_of: the slate's games as scheduled, and rows with available_at <= cutoff_at
-- rows: one per rostered player of a team that plays
-- source: the NBA's rule that inactive lists are handed in before tip-off
--
WITH {slate and sides},
rest AS (
  SELECT sides.game_date, sides.team, DATE_DIFF(sides.game_date, MAX(games.game_date), DAY) AS days_rest
  FROM sides
  JOIN raw.games AS games
    ON sides.team IN (games.home_team, games.away_team)
    AND games.season = sides.season
    AND games.game_date < sides.game_date
    AND games.game_date >= DATE_SUB(@first_date, INTERVAL 400 DAY)
    AND games.available_at <= sides.cutoff_at
    AND NOT games.postponed
  GROUP BY sides.game_date, sides.team
),
players AS (
  SELECT sides.*, rosters.player_id, rosters.player_name
  FROM sides
  JOIN raw.rosters AS rosters
    ON rosters.game_date = sides.game_date
    AND rosters.team = sides.team
    AND rosters.available_at <= sides.cutoff_at
    AND rosters.game_date >= @first_date
    AND rosters.game_date <= @last_date
),
status AS (
  SELECT
    players.game_date,
    players.player_id,
    injuries.status,
    TIMESTAMP_DIFF(players.cutoff_at, injuries.available_at, HOUR) AS status_hours,
    -- The inactive list is handed in shortly before tip-off: an Out of then is final.
    injuries.status = 'Out'
      AND injuries.available_at >= TIMESTAMP_SUB(players.tip_utc, INTERVAL 90 MINUTE) AS ruled_out
  FROM players
  JOIN raw.injuries AS injuries
    ON injuries.game_date = players.game_date
    AND injuries.player_id = players.player_id
    AND injuries.available_at <= players.cutoff_at
    AND injuries.game_date >= @first_date
    AND injuries.game_date <= @last_date
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY players.game_date, players.player_id ORDER BY injuries.available_at DESC, injuries.status
  ) = 1
)
SELECT
  players.game_date,
  @mode AS mode,
  players.game_id,
  players.player_id,
  players.player_name,
  players.team AS team_abbr,
  players.opponent AS opponent_team_abbr,
  players.is_home,
  players.season,
  players.tip_utc,
  players.cutoff_at,
  status.status AS injury_status,
  IF(status.status = 'Available', NULL, DIV(status.status_hours, 24)) AS injury_status_days,
  COALESCE(status.ruled_out, FALSE) AS ruled_out,
  rest.days_rest
FROM players
LEFT JOIN rest ON rest.game_date = players.game_date AND rest.team = players.team
LEFT JOIN status ON status.game_date = players.game_date AND status.player_id = players.player_id
