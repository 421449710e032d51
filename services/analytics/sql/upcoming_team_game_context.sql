-- step: upcoming_team_game_context
-- inputs: raw.games
-- output: analytics.upcoming_team_game_context
-- grain: game_date, mode, team_abbr
-- as_of: the slate's games as scheduled, and earlier ones with available_at <= cutoff_at
-- rows: two per game of the slates that is not postponed
-- source: great-circle distance: Sinnott, Virtues of the Haversine (1984); coordinates: shared/basketball/arenas.py
--
-- Travel is from the arena of the team's last game of the season; a team's first game has none. A game at a neutral site
-- counts as played at the home team's arena.
WITH arenas AS (
  SELECT 'ATL' AS team, 33.757 AS latitude, -84.396 AS longitude, 0 AS clock
  UNION ALL SELECT 'BKN' AS team, 40.683 AS latitude, -73.975 AS longitude, 0 AS clock
  UNION ALL SELECT 'BOS' AS team, 42.366 AS latitude, -71.062 AS longitude, 0 AS clock
  UNION ALL SELECT 'CHA' AS team, 35.225 AS latitude, -80.839 AS longitude, 0 AS clock
  UNION ALL SELECT 'CHI' AS team, 41.881 AS latitude, -87.674 AS longitude, 1 AS clock
  UNION ALL SELECT 'CLE' AS team, 41.496 AS latitude, -81.688 AS longitude, 0 AS clock
  UNION ALL SELECT 'DAL' AS team, 32.790 AS latitude, -96.810 AS longitude, 1 AS clock
  UNION ALL SELECT 'DEN' AS team, 39.749 AS latitude, -105.008 AS longitude, 2 AS clock
  UNION ALL SELECT 'DET' AS team, 42.341 AS latitude, -83.055 AS longitude, 0 AS clock
  UNION ALL SELECT 'GSW' AS team, 37.768 AS latitude, -122.388 AS longitude, 3 AS clock
  UNION ALL SELECT 'HOU' AS team, 29.751 AS latitude, -95.362 AS longitude, 1 AS clock
  UNION ALL SELECT 'IND' AS team, 39.764 AS latitude, -86.155 AS longitude, 0 AS clock
  UNION ALL SELECT 'LAC' AS team, 33.944 AS latitude, -118.343 AS longitude, 3 AS clock
  UNION ALL SELECT 'LAL' AS team, 34.043 AS latitude, -118.267 AS longitude, 3 AS clock
  UNION ALL SELECT 'MEM' AS team, 35.138 AS latitude, -90.051 AS longitude, 1 AS clock
  UNION ALL SELECT 'MIA' AS team, 25.781 AS latitude, -80.187 AS longitude, 0 AS clock
  UNION ALL SELECT 'MIL' AS team, 43.045 AS latitude, -87.917 AS longitude, 1 AS clock
  UNION ALL SELECT 'MIN' AS team, 44.979 AS latitude, -93.276 AS longitude, 1 AS clock
  UNION ALL SELECT 'NOP' AS team, 29.949 AS latitude, -90.082 AS longitude, 1 AS clock
  UNION ALL SELECT 'NYK' AS team, 40.751 AS latitude, -73.993 AS longitude, 0 AS clock
  UNION ALL SELECT 'OKC' AS team, 35.463 AS latitude, -97.515 AS longitude, 1 AS clock
  UNION ALL SELECT 'ORL' AS team, 28.539 AS latitude, -81.384 AS longitude, 0 AS clock
  UNION ALL SELECT 'PHI' AS team, 39.901 AS latitude, -75.172 AS longitude, 0 AS clock
  UNION ALL SELECT 'PHX' AS team, 33.446 AS latitude, -112.071 AS longitude, 2 AS clock
  UNION ALL SELECT 'POR' AS team, 45.532 AS latitude, -122.667 AS longitude, 3 AS clock
  UNION ALL SELECT 'SAC' AS team, 38.580 AS latitude, -121.500 AS longitude, 3 AS clock
  UNION ALL SELECT 'SAS' AS team, 29.427 AS latitude, -98.438 AS longitude, 1 AS clock
  UNION ALL SELECT 'TOR' AS team, 43.643 AS latitude, -79.379 AS longitude, 0 AS clock
  UNION ALL SELECT 'UTA' AS team, 40.768 AS latitude, -111.901 AS longitude, 2 AS clock
  UNION ALL SELECT 'WAS' AS team, 38.898 AS latitude, -77.021 AS longitude, 0 AS clock
),
slate AS (
  SELECT
    game_id,
    game_date,
    season,
    home_team,
    away_team,
    tip_utc,
    neutral_site,
    CASE
      WHEN @mode IN ('overnight', 'backfill') THEN TIMESTAMP(DATETIME(game_date, TIME '07:00:00'), 'America/New_York')
      WHEN @mode = 'tomorrow'
        THEN LEAST(TIMESTAMP(DATETIME(game_date, TIME '07:00:00'), 'America/New_York'), @asked_at)
      WHEN @mode = 'manual' THEN LEAST(TIMESTAMP_SUB(tip_utc, INTERVAL 20 MINUTE), @asked_at)
      ELSE TIMESTAMP_SUB(tip_utc, INTERVAL 20 MINUTE)
    END AS cutoff_at
  FROM raw.games
  WHERE game_date >= @first_date AND game_date <= @last_date AND NOT postponed
),
sides AS (
  SELECT *, home_team AS team, away_team AS opponent, TRUE AS is_home FROM slate
  UNION ALL
  SELECT *, away_team AS team, home_team AS opponent, FALSE AS is_home FROM slate
),
played AS (
  SELECT game_id, game_date, season, home_team AS arena, home_team AS team, available_at
  FROM raw.games
  WHERE game_date >= DATE_SUB(@first_date, INTERVAL 400 DAY) AND game_date < @last_date AND NOT postponed
  UNION ALL
  SELECT game_id, game_date, season, home_team AS arena, away_team AS team, available_at
  FROM raw.games
  WHERE game_date >= DATE_SUB(@first_date, INTERVAL 400 DAY) AND game_date < @last_date AND NOT postponed
),
earlier AS (
  SELECT
    sides.game_date,
    sides.team,
    DATE_DIFF(sides.game_date, played.game_date, DAY) AS days_ago,
    played.arena,
    ROW_NUMBER() OVER (
      PARTITION BY sides.game_date, sides.team ORDER BY played.game_date DESC, played.game_id DESC
    ) AS age
  FROM sides
  JOIN played
    ON played.team = sides.team
    AND played.season = sides.season
    AND played.game_date < sides.game_date
    AND played.game_date >= DATE_SUB(sides.game_date, INTERVAL 400 DAY)
    AND played.available_at <= sides.cutoff_at
),
density AS (
  SELECT
    game_date,
    team,
    MIN(days_ago) AS days_rest,
    COUNT(*) AS games_season,
    COUNTIF(days_ago <= 4) AS games_last_4_days,
    COUNTIF(days_ago <= 7) AS games_last_7_days,
    COUNTIF(days_ago <= 14) AS games_last_14_days,
    MAX(IF(age = 1, arena, NULL)) AS last_arena
  FROM earlier
  GROUP BY game_date, team
)
SELECT
  sides.game_date,
  @mode AS mode,
  sides.team AS team_abbr,
  sides.opponent AS opponent_team_abbr,
  sides.game_id,
  sides.season,
  sides.is_home,
  sides.neutral_site,
  sides.tip_utc,
  sides.cutoff_at,
  COALESCE(own.games_season, 0) AS games_season,
  own.days_rest,
  other.days_rest AS opponent_days_rest,
  COALESCE(own.games_last_4_days, 0) AS games_last_4_days,
  COALESCE(own.games_last_7_days, 0) AS games_last_7_days,
  COALESCE(own.games_last_14_days, 0) AS games_last_14_days,
  CAST(
    ROUND(
      2 * 6371 * ASIN(
        SQRT(
          POW(SIN((here.latitude - origin.latitude) * ACOS(-1) / 360), 2)
          + COS(here.latitude * ACOS(-1) / 180) * COS(origin.latitude * ACOS(-1) / 180)
          * POW(SIN((here.longitude - origin.longitude) * ACOS(-1) / 360), 2)
        )
      )
    ) AS INT64
  ) AS travel_km,
  origin.clock - here.clock AS clock_shift
FROM sides
LEFT JOIN density AS own ON own.game_date = sides.game_date AND own.team = sides.team
LEFT JOIN density AS other ON other.game_date = sides.game_date AND other.team = sides.opponent
LEFT JOIN arenas AS here ON here.team = sides.home_team
LEFT JOIN arenas AS origin ON origin.team = own.last_arena
