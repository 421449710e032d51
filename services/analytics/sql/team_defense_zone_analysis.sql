-- step: team_defense_zone_analysis
-- inputs: analytics.upcoming_team_game_context, analytics.team_defense_game_summary
-- output: features.team_defense_zone_analysis
-- grain: game_date, mode, team_abbr
-- as_of: games of earlier dates with available_at <= cutoff_at, the last 25 of the last 400 days
-- rows: one per row of analytics.upcoming_team_game_context with an earlier game in the window
-- source: Oliver, Basketball on Paper (2004): per 100 possessions; zones are those a box score tells apart
--
-- What a defence allows per 100 possessions, by where it is scored (two-pointers, threes, free throws) and by what else
-- opponents do, newer games counting more (0.95 per game). A box score does not tell paint from mid-range: no such column.
-- A factor is what it allows relative to the league of the same 400 days: below 1 is a better defence.
-- Possessions are counted in hundredths and weights in millionths: whole numbers, exact sums.
WITH history AS (
  SELECT
    context.game_date AS slate_date,
    games.*,
    CAST(ROUND(100 * games.possessions_allowed) AS INT64) AS possessions,
    {weight of team_abbr by context} AS w
  FROM analytics.upcoming_team_game_context AS context
  JOIN analytics.team_defense_game_summary AS games
    ON games.team_abbr = context.team_abbr
    AND {games known to context}
  WHERE context.game_date >= @first_date AND context.game_date <= @last_date AND context.mode = @mode
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY context.game_date, context.team_abbr ORDER BY games.game_date DESC, games.game_id DESC
  ) <= 25
),
first_cutoff AS (
  {first cutoffs of analytics.upcoming_team_game_context}
),
daily AS (
  SELECT
    game_date,
    available_at,
    SUM(CAST(ROUND(100 * possessions_allowed) AS INT64)) AS possessions,
    SUM(points_allowed) AS points,
    SUM(rebounds_allowed) AS rebounds,
    SUM(assists_allowed) AS assists,
    SUM(twos_allowed) AS twos,
    SUM(threes_allowed) AS threes,
    SUM(free_throws_allowed) AS free_throws
  FROM analytics.team_defense_game_summary
  WHERE game_date >= DATE_SUB(@first_date, INTERVAL 400 DAY) AND game_date < @last_date
  GROUP BY game_date, available_at
),
-- What was known at every cutoff of the slate.
league AS (
  SELECT
    first_cutoff.game_date,
    10000 * SUM(points) / SUM(possessions) AS points,
    10000 * SUM(rebounds) / SUM(possessions) AS rebounds,
    10000 * SUM(assists) / SUM(possessions) AS assists,
    10000 * SUM(twos) / SUM(possessions) AS twos,
    10000 * SUM(threes) / SUM(possessions) AS threes,
    10000 * SUM(free_throws) / SUM(possessions) AS free_throws
  FROM first_cutoff
  JOIN daily
    ON daily.game_date < first_cutoff.game_date
    AND daily.game_date >= DATE_SUB(first_cutoff.game_date, INTERVAL 400 DAY)
    AND daily.available_at <= first_cutoff.cutoff_at
  GROUP BY first_cutoff.game_date
  HAVING SUM(possessions) > 0
),
allowed AS (
  SELECT
    slate_date,
    team_abbr,
    COUNT(*) AS games,
    10000 * SUM(w * points_allowed) / SUM(w * possessions) AS points,
    10000 * SUM(w * rebounds_allowed) / SUM(w * possessions) AS rebounds,
    10000 * SUM(w * assists_allowed) / SUM(w * possessions) AS assists,
    10000 * SUM(w * twos_allowed) / SUM(w * possessions) AS twos,
    10000 * SUM(w * threes_allowed) / SUM(w * possessions) AS threes,
    10000 * SUM(w * threes_attempted_allowed) / SUM(w * possessions) AS threes_attempted,
    10000 * SUM(w * free_throws_allowed) / SUM(w * possessions) AS free_throws,
    SAFE_DIVIDE(SUM(w * twos_allowed), SUM(w * twos_attempted_allowed)) AS two_accuracy,
    SAFE_DIVIDE(SUM(w * threes_allowed), SUM(w * threes_attempted_allowed)) AS three_accuracy
  FROM history
  GROUP BY slate_date, team_abbr
  HAVING SUM(w * possessions) > 0
)
SELECT
  allowed.slate_date AS game_date,
  @mode AS mode,
  allowed.team_abbr,
  allowed.games,
  allowed.points AS points_allowed_per_100,
  allowed.rebounds AS rebounds_allowed_per_100,
  allowed.assists AS assists_allowed_per_100,
  2 * allowed.twos AS two_points_allowed_per_100,
  3 * allowed.threes AS three_points_allowed_per_100,
  allowed.threes_attempted AS threes_attempted_allowed_per_100,
  allowed.free_throws AS free_throws_allowed_per_100,
  allowed.two_accuracy AS two_accuracy_allowed,
  allowed.three_accuracy AS three_accuracy_allowed,
  SAFE_DIVIDE(allowed.points, league.points) AS points_factor,
  SAFE_DIVIDE(allowed.rebounds, league.rebounds) AS rebounds_factor,
  SAFE_DIVIDE(allowed.assists, league.assists) AS assists_factor,
  SAFE_DIVIDE(allowed.twos, league.twos) AS two_points_factor,
  SAFE_DIVIDE(allowed.threes, league.threes) AS threes_factor,
  SAFE_DIVIDE(allowed.free_throws, league.free_throws) AS free_throws_factor
FROM allowed
LEFT JOIN league ON league.game_date = allowed.slate_date
