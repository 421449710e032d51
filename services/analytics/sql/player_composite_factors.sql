-- step: player_composite_factors
-- inputs: analytics.upcoming_player_game_context, analytics.upcoming_team_game_context, analytics.player_game_summary, analytics.team_offense_game_summary, analytics.team_defense_game_summary, features.player_daily_cache, features.player_shot_zone_analysis, features.team_defense_zone_analysis
-- output: features.player_composite_factors
-- grain: game_date, mode, player_id
-- as_of: games of earlier dates with available_at <= cutoff_at; form and context as known at the cutoff
-- rows: one per row of features.player_daily_cache
-- source: Oliver, Basketball on Paper (2004): pace, ratings; Esteves et al. (2021) and Steenland & Deddens (1997): rest helps; Kubatko et al., JQAS 3(3) (2007): opportunity is shared out among those on court
--
-- What is taken from several tables at once: fatigue, the opponent's weakness where the player scores, pace, the strength
-- of the two teams, and the opportunity which absent teammates leave.
-- Opportunity: a teammate is worth the minutes (shots, rebounds, assists) of his form, times how likely he plays. What is
-- vacant tonight is the mean of what was there in the player's own recent games with the team, minus what will be there
-- tonight: positive when somebody who used to play is out, negative when somebody returns.
-- Sums are of whole numbers (seconds, thousandths): exact.
WITH players AS (
  SELECT
    context.game_date,
    context.player_id,
    context.team_abbr,
    context.opponent_team_abbr,
    context.cutoff_at,
    -- Who left the list, or is on it as good as well, counts like who is not; who is away counts as out.
    CASE
      WHEN context.injury_status IN ('Available', 'Probable') THEN NULL
      WHEN context.injury_status IN ('Suspension', 'Not With Team') THEN 'Out'
      ELSE context.injury_status
    END AS injury_status,
    context.ruled_out,
    LOGICAL_OR(context.ruled_out) OVER (PARTITION BY context.game_date, context.team_abbr) AS list_known,
    form.minutes_last_7_days,
    form.missed_in_row,
    CAST(ROUND(60 * form.minutes_ewma) AS INT64) AS seconds,
    CAST(ROUND(1000 * form.minutes_ewma * COALESCE(form.possessions_used_per_minute, 0)) AS INT64) AS used,
    CAST(ROUND(1000 * form.minutes_ewma * form.rebounds_per_minute) AS INT64) AS rebounds,
    CAST(ROUND(1000 * form.minutes_ewma * form.assists_per_minute) AS INT64) AS assists
  FROM analytics.upcoming_player_game_context AS context
  JOIN features.player_daily_cache AS form
    ON form.game_date = context.game_date AND form.mode = context.mode AND form.player_id = context.player_id
  WHERE context.game_date >= @first_date AND context.game_date <= @last_date AND context.mode = @mode
    AND form.game_date >= @first_date AND form.game_date <= @last_date
),
-- How often somebody in this situation played, regular rotation players of 2020-21 to 2022-23, in percent.
likely AS (
  SELECT
    *,
    CASE
      WHEN ruled_out THEN 0
      WHEN list_known AND injury_status IS NULL THEN
        CASE missed_in_row WHEN 0 THEN 97 WHEN 1 THEN 72 WHEN 2 THEN 58 WHEN 3 THEN 58 ELSE 55 END
      WHEN list_known AND injury_status IN ('Out', 'Doubtful') THEN
        CASE missed_in_row WHEN 0 THEN 17 WHEN 1 THEN 88 WHEN 2 THEN 77 WHEN 3 THEN 75 ELSE 62 END
      WHEN list_known THEN
        CASE missed_in_row WHEN 0 THEN 10 WHEN 1 THEN 62 WHEN 2 THEN 53 ELSE 44 END
      WHEN injury_status IS NULL THEN
        CASE missed_in_row WHEN 0 THEN 93 WHEN 1 THEN 64 WHEN 2 THEN 47 WHEN 3 THEN 46 ELSE 19 END
      WHEN injury_status IN ('Out', 'Doubtful') THEN
        CASE missed_in_row WHEN 0 THEN 1 WHEN 1 THEN 34 WHEN 2 THEN 21 WHEN 3 THEN 17 ELSE 8 END
      ELSE
        CASE missed_in_row WHEN 0 THEN 5 WHEN 1 THEN 48 WHEN 2 THEN 42 WHEN 3 THEN 30 ELSE 17 END
    END AS likely
  FROM players
),
tonight AS (
  SELECT
    game_date,
    team_abbr,
    SUM(likely * seconds) AS seconds,
    SUM(likely * used) AS used,
    SUM(likely * rebounds) AS rebounds,
    SUM(likely * assists) AS assists,
    SUM((100 - likely) * IF(missed_in_row < 10, seconds, 0)) AS absent_seconds
  FROM likely
  GROUP BY game_date, team_abbr
),
-- The team's last ten games, and who of tonight's roster played in them.
team_games AS (
  SELECT context.game_date AS slate_date, context.team_abbr, games.game_id
  FROM analytics.upcoming_team_game_context AS context
  JOIN analytics.team_offense_game_summary AS games
    ON games.team_abbr = context.team_abbr
    AND {games known to context}
  WHERE context.game_date >= @first_date AND context.game_date <= @last_date AND context.mode = @mode
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY context.game_date, context.team_abbr ORDER BY games.game_date DESC, games.game_id DESC
  ) <= 10
),
-- Somebody who has left the team since is worth what he did in that game.
appearances AS (
  SELECT
    team_games.slate_date,
    team_games.team_abbr,
    team_games.game_id,
    games.player_id,
    COALESCE(members.seconds, games.seconds) AS seconds,
    COALESCE(
      members.used,
      1000 * games.field_goals_attempted + 440 * games.free_throws_attempted + 1000 * games.turnovers
    ) AS used,
    COALESCE(members.rebounds, 1000 * games.rebounds) AS rebounds,
    COALESCE(members.assists, 1000 * games.assists) AS assists
  FROM team_games
  JOIN analytics.player_game_summary AS games
    ON games.game_id = team_games.game_id
    AND games.team_abbr = team_games.team_abbr
    AND games.game_date >= DATE_SUB(@first_date, INTERVAL 400 DAY)
    AND games.game_date < @last_date
  LEFT JOIN likely AS members
    ON members.game_date = team_games.slate_date
    AND members.team_abbr = team_games.team_abbr
    AND members.player_id = games.player_id
),
there AS (
  SELECT
    slate_date,
    team_abbr,
    game_id,
    SUM(seconds) AS seconds,
    SUM(used) AS used,
    SUM(rebounds) AS rebounds,
    SUM(assists) AS assists
  FROM appearances
  GROUP BY slate_date, team_abbr, game_id
),
recently AS (
  SELECT
    appearances.slate_date,
    appearances.team_abbr,
    appearances.player_id,
    COUNT(*) AS games,
    SUM(there.seconds) AS seconds,
    SUM(there.used) AS used,
    SUM(there.rebounds) AS rebounds,
    SUM(there.assists) AS assists
  FROM appearances
  JOIN there
    ON there.slate_date = appearances.slate_date
    AND there.team_abbr = appearances.team_abbr
    AND there.game_id = appearances.game_id
  GROUP BY appearances.slate_date, appearances.team_abbr, appearances.player_id
),
-- Pace and ratings of the last 25 games, newer ones counting more, pace in thousandths, possessions in hundredths.
team_history AS (
  SELECT
    context.game_date AS slate_date,
    context.team_abbr,
    CAST(ROUND(1000 * games.pace) AS INT64) AS pace,
    CAST(ROUND(100 * games.possessions) AS INT64) AS possessions,
    games.points,
    CAST(ROUND(100 * defense.possessions_allowed) AS INT64) AS possessions_allowed,
    defense.points_allowed,
    {weight of team_abbr by context} AS w
  FROM analytics.upcoming_team_game_context AS context
  JOIN analytics.team_offense_game_summary AS games
    ON games.team_abbr = context.team_abbr
    AND {games known to context}
    AND games.pace IS NOT NULL
  JOIN analytics.team_defense_game_summary AS defense
    ON defense.game_id = games.game_id
    AND defense.team_abbr = games.team_abbr
    AND defense.game_date >= DATE_SUB(@first_date, INTERVAL 400 DAY)
    AND defense.game_date < @last_date
  WHERE context.game_date >= @first_date AND context.game_date <= @last_date AND context.mode = @mode
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY context.game_date, context.team_abbr ORDER BY games.game_date DESC, games.game_id DESC
  ) <= 25
),
team_form AS (
  SELECT
    slate_date,
    team_abbr,
    SUM(w * pace) / SUM(w) / 1000 AS pace,
    SAFE_DIVIDE(10000 * SUM(w * points), SUM(w * possessions)) AS offensive_rating,
    SAFE_DIVIDE(10000 * SUM(w * points_allowed), SUM(w * possessions_allowed)) AS defensive_rating
  FROM team_history
  GROUP BY slate_date, team_abbr
),
-- The league's pace, from what was known at every cutoff of the slate.
first_cutoff AS (
  {first cutoffs of analytics.upcoming_team_game_context}
),
daily AS (
  SELECT game_date, available_at, SUM(CAST(ROUND(1000 * pace) AS INT64)) AS pace, COUNT(pace) AS games
  FROM analytics.team_offense_game_summary
  WHERE game_date >= DATE_SUB(@first_date, INTERVAL 400 DAY) AND game_date < @last_date
  GROUP BY game_date, available_at
),
league AS (
  SELECT first_cutoff.game_date AS slate_date, SAFE_DIVIDE(SUM(daily.pace), SUM(daily.games)) / 1000 AS pace
  FROM first_cutoff
  JOIN daily
    ON daily.game_date < first_cutoff.game_date
    AND daily.game_date >= DATE_SUB(first_cutoff.game_date, INTERVAL 400 DAY)
    AND daily.available_at <= first_cutoff.cutoff_at
  GROUP BY first_cutoff.game_date
)
SELECT
  likely.game_date,
  @mode AS mode,
  likely.player_id,
  likely.likely / 100 AS play_likelihood,
  -- Tired by a short rest and by minutes of the last week: 0 fresh, 1 exhausted. More rest is never more tired.
  COALESCE(0.5 / GREATEST(team.days_rest, 1), 0) + 0.5 * LEAST(likely.minutes_last_7_days / 160, 1) AS fatigue,
  -- Share-weighted weakness of the opponent where he scores: 0 is average, above 0 a worse defence.
  COALESCE(zones.two_points_share, 0) * (opponent.two_points_factor - 1)
    + COALESCE(zones.three_points_share, 0) * (opponent.threes_factor - 1)
    + COALESCE(zones.free_throw_points_share, 0) * (opponent.free_throws_factor - 1) AS zone_mismatch,
  own_form.pace + other_form.pace - league.pace AS expected_pace,
  (own_form.pace + other_form.pace - league.pace) / own_form.pace AS pace_factor,
  own_form.offensive_rating AS team_offensive_rating,
  other_form.defensive_rating AS opponent_defensive_rating,
  (own_form.offensive_rating - own_form.defensive_rating)
    - (other_form.offensive_rating - other_form.defensive_rating) AS rating_gap,
  (tonight.seconds - likely.likely * likely.seconds) / 6000 AS teammates_minutes,
  (tonight.absent_seconds - (100 - likely.likely) * IF(likely.missed_in_row < 10, likely.seconds, 0))
    / 6000 AS teammates_absent_minutes,
  ROW_NUMBER() OVER (
    PARTITION BY likely.game_date, likely.team_abbr ORDER BY likely.likely * likely.seconds DESC, likely.player_id
  ) AS rotation_rank,
  COALESCE(recently.games, 0) AS games_with_team_10,
  {vacated seconds} / 60 AS vacated_minutes,
  {vacated used} / 1000 AS vacated_possessions,
  {vacated rebounds} / 1000 AS vacated_rebounds,
  {vacated assists} / 1000 AS vacated_assists
FROM likely
JOIN tonight ON tonight.game_date = likely.game_date AND tonight.team_abbr = likely.team_abbr
JOIN analytics.upcoming_team_game_context AS team
  ON team.game_date = likely.game_date AND team.mode = @mode AND team.team_abbr = likely.team_abbr
LEFT JOIN recently
  ON recently.slate_date = likely.game_date
  AND recently.team_abbr = likely.team_abbr
  AND recently.player_id = likely.player_id
LEFT JOIN features.player_shot_zone_analysis AS zones
  ON zones.game_date = likely.game_date AND zones.mode = @mode AND zones.player_id = likely.player_id
  AND zones.game_date >= @first_date
  AND zones.game_date <= @last_date
LEFT JOIN features.team_defense_zone_analysis AS opponent
  ON opponent.game_date = likely.game_date AND opponent.mode = @mode AND opponent.team_abbr = likely.opponent_team_abbr
  AND opponent.game_date >= @first_date
  AND opponent.game_date <= @last_date
LEFT JOIN team_form AS own_form ON own_form.slate_date = likely.game_date AND own_form.team_abbr = likely.team_abbr
LEFT JOIN team_form AS other_form
  ON other_form.slate_date = likely.game_date AND other_form.team_abbr = likely.opponent_team_abbr
LEFT JOIN league ON league.slate_date = likely.game_date
WHERE team.game_date >= @first_date AND team.game_date <= @last_date
