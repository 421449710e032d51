-- step: player_daily_cache
-- inputs: analytics.upcoming_player_game_context, analytics.player_game_summary, analytics.team_offense_game_summary
-- output: features.player_daily_cache
-- grain: game_date, mode, player_id
-- as_of: games of earlier dates with available_at <= cutoff_at, of the last 400 days
-- rows: one per row of analytics.upcoming_player_game_context with an earlier game in the window
-- source: Brown, Smoothing, Forecasting and Prediction (1963): exponential weights
--
-- Weights fall by (1 - alpha) per game into the past. A rate per minute is shrunk to the league's of the same window by
-- one game's worth of minutes (36), so that a single garbage-time three is not a rate of one per minute.
-- Sums are of integers (seconds, and weights in millionths): exact, hence the same whatever order the rows are read in.
WITH history AS (
  SELECT
    context.game_date AS slate_date,
    games.*,
    -- for each sum
    {sum of games.*} AS {market},
    -- end
    DATE_DIFF(context.game_date, games.game_date, DAY) AS days_ago,
    games.season = context.season AS this_season,
    ROW_NUMBER() OVER (
      PARTITION BY context.game_date, context.player_id ORDER BY games.game_date DESC, games.game_id DESC
    ) - 1 AS age
  FROM analytics.upcoming_player_game_context AS context
  JOIN analytics.player_game_summary AS games
    ON games.player_id = context.player_id
    AND {games known to context}
  WHERE context.game_date >= @first_date AND context.game_date <= @last_date AND context.mode = @mode
),
weighted AS (
  SELECT
    *,
    CAST(ROUND(1000000 * POW(0.8, age)) AS INT64) AS w20,
    CAST(ROUND(1000000 * POW(0.9, age)) AS INT64) AS w10,
    CAST(ROUND(1000000 * POW(0.95, age)) AS INT64) AS w05
  FROM history
),
-- The league's rates may use only what was known at every cutoff of the slate: an early game must not learn from what
-- a late one may know.
first_cutoff AS (
  {first cutoffs of analytics.upcoming_player_game_context}
),
daily AS (
  SELECT
    game_date,
    available_at,
    -- for each market
    SUM({sum of *}) AS {market},
    -- end
    SUM(seconds) AS seconds
  FROM analytics.player_game_summary
  WHERE game_date >= DATE_SUB(@first_date, INTERVAL 400 DAY) AND game_date < @last_date
  GROUP BY game_date, available_at
),
league AS (
  SELECT
    -- for each market
    SAFE_DIVIDE(60 * SUM({market}), SUM(seconds)) AS {market},
    -- end
    first_cutoff.game_date
  FROM first_cutoff
  JOIN daily
    ON daily.game_date < first_cutoff.game_date
    AND daily.game_date >= DATE_SUB(first_cutoff.game_date, INTERVAL 400 DAY)
    AND daily.available_at <= first_cutoff.cutoff_at
  GROUP BY first_cutoff.game_date
),
-- What the team's last ten games say of his being there.
team_games AS (
  SELECT
    context.game_date AS slate_date,
    context.player_id,
    games.game_id,
    ROW_NUMBER() OVER (
      PARTITION BY context.game_date, context.player_id ORDER BY games.game_date DESC, games.game_id DESC
    ) - 1 AS age
  FROM analytics.upcoming_player_game_context AS context
  JOIN analytics.team_offense_game_summary AS games
    ON games.team_abbr = context.team_abbr
    AND {games known to context}
  WHERE context.game_date >= @first_date AND context.game_date <= @last_date AND context.mode = @mode
  QUALIFY age < 10
),
attendance AS (
  SELECT
    team_games.slate_date,
    team_games.player_id,
    COUNT(history.game_id) AS played,
    COUNT(*) AS team_games,
    COUNTIF(team_games.age < 5 AND history.game_id IS NOT NULL) AS played_5,
    COUNTIF(team_games.age < 5) AS team_games_5,
    COALESCE(MIN(IF(history.game_id IS NOT NULL, team_games.age, NULL)), COUNT(*)) AS missed_in_row,
    COALESCE(MIN(IF(history.game_id IS NULL, team_games.age, NULL)), COUNT(*)) AS played_in_row
  FROM team_games
  LEFT JOIN history
    ON history.slate_date = team_games.slate_date
    AND history.player_id = team_games.player_id
    AND history.game_id = team_games.game_id
  GROUP BY team_games.slate_date, team_games.player_id
),
form AS (
  SELECT
    slate_date,
    player_id,
    COUNTIF(this_season) AS games_season,
    COUNT(*) AS games_total,
    MIN(days_ago) AS days_since_game,
    SUM(IF(days_ago <= 7, seconds, 0)) / 60 AS minutes_last_7_days,
    SUM(IF(days_ago <= 14, seconds, 0)) / 60 AS minutes_last_14_days,
    AVG(IF(this_season, seconds, NULL)) / 60 AS minutes_season_mean,
    AVG(IF(this_season, NULL, seconds)) / 60 AS minutes_prior_mean,
    SUM(w20 * seconds) / SUM(w20) / 60 AS minutes_ewma,
    SUM(w05 * seconds) / SUM(w05) / 60 AS minutes_ewma_slow,
    MAX(IF(age = 0, seconds, NULL)) / 60 AS minutes_last,
    AVG(IF(age < 3, seconds, NULL)) / 60 AS minutes_last_3,
    AVG(IF(age < 10, seconds, NULL)) / 60 AS minutes_last_10,
    {deviation of seconds} / 60 AS minutes_std_20,
    AVG(IF(age < 10, IF(minutes_rank <= 5, 1, 0), NULL)) AS top_five_share_10,
    MAX(IF(age = 0, minutes_rank, NULL)) AS minutes_rank_last,
    AVG(IF(age < 10 AND starter IS NOT NULL, IF(starter, 1, 0), NULL)) AS start_share_10,
    MAX(IF(age = 0 AND starter IS NOT NULL, IF(starter, 1, 0), NULL)) AS started_last,
    -- for each market
    AVG(IF(this_season, {market}, NULL)) AS {market}_season_mean,
    AVG(IF(age < 5, {market}, NULL)) AS {market}_last_5,
    AVG(IF(age < 20, {market}, NULL)) AS {market}_last_20,
    SUM(w10 * {market}) / SUM(w10) AS {market}_ewma,
    {deviation of {market}} AS {market}_std_20,
    SUM(w05 * {market}) / 1000000 AS {market},
    SUM(w10 * {market}) / 1000000 AS {market}_fast,
    -- end
    SUM(w05 * seconds) / 60000000 AS rate_minutes,
    SUM(w10 * seconds) / 60000000 AS rate_minutes_fast,
    SAFE_DIVIDE(60 * SUM(w05 * field_goals_attempted), SUM(w05 * seconds)) AS shots_per_minute,
    SAFE_DIVIDE(60 * SUM(w10 * field_goals_attempted), SUM(w10 * seconds)) AS shots_per_minute_fast,
    SAFE_DIVIDE(60 * SUM(w05 * threes_attempted), SUM(w05 * seconds)) AS threes_attempted_per_minute,
    SAFE_DIVIDE(60 * SUM(w05 * free_throws_attempted), SUM(w05 * seconds)) AS free_throws_attempted_per_minute,
    SAFE_DIVIDE(60 * SUM(w05 * turnovers), SUM(w05 * seconds)) AS turnovers_per_minute,
    SAFE_DIVIDE(60 * SUM(w05 * fouls), SUM(w05 * seconds)) AS fouls_per_minute,
    SAFE_DIVIDE(60 * SUM(w05 * offensive_rebounds), SUM(w05 * seconds)) AS offensive_rebounds_per_minute,
    SAFE_DIVIDE(SUM(w05 * threes), SUM(w05 * threes_attempted)) AS threes_accuracy,
    SAFE_DIVIDE(
      50 * SUM(w05 * points), 50 * SUM(w05 * 2 * field_goals_attempted) + 44 * SUM(w05 * free_throws_attempted)
    ) AS true_shooting,
    SAFE_DIVIDE(
      60 * SUM(w05 * (100 * field_goals_attempted + 44 * free_throws_attempted + 100 * turnovers)),
      100 * SUM(w05 * seconds)
    ) AS possessions_used_per_minute
  FROM weighted
  GROUP BY slate_date, player_id
)
SELECT
  form.slate_date AS game_date,
  @mode AS mode,
  form.player_id,
  form.games_season,
  form.games_total,
  form.days_since_game,
  form.minutes_last_7_days,
  form.minutes_last_14_days,
  form.minutes_season_mean,
  form.minutes_prior_mean,
  form.minutes_ewma,
  form.minutes_ewma_slow,
  form.minutes_last,
  form.minutes_last_3,
  form.minutes_last_10,
  form.minutes_std_20,
  form.minutes_last_3 - form.minutes_ewma_slow AS minutes_trend,
  form.top_five_share_10,
  form.minutes_rank_last,
  form.start_share_10,
  form.started_last,
  SAFE_DIVIDE(attendance.played, attendance.team_games) AS played_share_10,
  SAFE_DIVIDE(attendance.played_5, attendance.team_games_5) AS played_share_5,
  attendance.missed_in_row,
  attendance.played_in_row,
  -- for each market
  form.{market}_season_mean,
  form.{market}_last_5,
  form.{market}_ewma,
  form.{market}_std_20,
  form.{market}_last_5 - form.{market}_last_20 AS {market}_trend,
  (form.{market} + 36 * league.{market}) / (form.rate_minutes + 36) AS {market}_per_minute,
  (form.{market}_fast + 36 * league.{market}) / (form.rate_minutes_fast + 36) AS {market}_per_minute_fast,
  -- end
  form.shots_per_minute,
  form.shots_per_minute_fast,
  form.threes_attempted_per_minute,
  form.free_throws_attempted_per_minute,
  form.turnovers_per_minute,
  form.fouls_per_minute,
  form.offensive_rebounds_per_minute,
  form.threes_accuracy,
  form.true_shooting,
  form.possessions_used_per_minute
FROM form
LEFT JOIN league ON league.game_date = form.slate_date
LEFT JOIN attendance ON attendance.slate_date = form.slate_date AND attendance.player_id = form.player_id
