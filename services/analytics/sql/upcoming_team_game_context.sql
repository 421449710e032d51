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
  -- Nobody's, to name the columns.
  SELECT '' AS team, 0.0 AS latitude, 0.0 AS longitude, 0 AS clock
  -- for each arena
  UNION ALL SELECT '{team}' AS team, {latitude} AS latitude, {longitude} AS longitude, {clock} AS clock
  -- end
),
{slate and sides},
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
