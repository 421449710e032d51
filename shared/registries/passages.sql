-- What statements say again and again in the same words. `{A known to B}` in a statement becomes the passage of that name, with
-- the statement's own words in the place of the capitals.

-- The point-in-time rule: a game of an earlier date of the last 400 days, public by the cutoff of the row it is for.
-- passage: A known to B
A.game_date < B.game_date
AND A.game_date >= DATE_SUB(B.game_date, INTERVAL 400 DAY)
AND A.game_date >= DATE_SUB(@first_date, INTERVAL 400 DAY)
AND A.game_date < @last_date
AND A.available_at <= B.cutoff_at

-- The games of the slates, and each as its two teams see it. The cutoff is `shared.basketball.slate.cutoff` in SQL;
-- @asked_at is a live run's own instant, in a retrospective run the end of time.
-- passage: slate and sides
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
)

-- What a person has settled is of a refused name: since it was refused, for its source and one of its teams.
-- passage: A settles B
A.name_key = B.name_key
AND A.source IN ('', B.source)
AND (A.team = '' OR STRPOS(CONCAT(' ', B.teams, ' '), CONCAT(' ', A.team, ' ')) > 0)
AND A.settled_at >= B.fetched_at

-- What is taken of a whole league must have been known at every cutoff of the slate: an early game must not learn from
-- what a late one may know.
-- passage: first cutoffs of A
SELECT game_date, MIN(cutoff_at) AS cutoff_at
FROM A
WHERE game_date >= @first_date AND game_date <= @last_date AND mode = @mode
GROUP BY game_date

-- Exponential weights in millionths, 0.95 for each game further back.
-- passage: weight of A by B
CAST(
  ROUND(
    1000000
    * POW(0.95, ROW_NUMBER() OVER (PARTITION BY B.game_date, B.A ORDER BY games.game_date DESC, games.game_id DESC) - 1)
  ) AS INT64
)

-- The spread of the last twenty games.
-- passage: deviation of A
SQRT(
  SAFE_DIVIDE(
    COUNTIF(age < 20) * SUM(IF(age < 20, A * A, 0)) - SUM(IF(age < 20, A, 0)) * SUM(IF(age < 20, A, 0)),
    COUNTIF(age < 20) * (COUNTIF(age < 20) - 1)
  )
)

-- What was there in a player's recent games with the team, on average, less himself and what the others bring tonight.
-- passage: vacated A
(SAFE_DIVIDE(recently.A, recently.games) - likely.A - (tonight.A - likely.likely * likely.A) / 100)

-- What an American price implies; between -100 and +100 there is no price. Pick'em books pay the same whatever the chance.
-- passage: implied by A of B
CASE
  WHEN B IN ('prizepicks', 'underdog') OR A IS NULL THEN NULL
  WHEN A <= -100 THEN -A / (100 - A)
  WHEN A >= 100 THEN 100 / (100 + A)
END

-- Both teams' totals of the games of some dates. Possessions: FGA + TOV + 0.44 FTA - OREB.
-- passage: team totals
SELECT
  *,
  field_goals_attempted + turnovers + 0.44 * free_throws_attempted - offensive_rebounds AS possessions
FROM (
  SELECT
    game_id,
    game_date,
    season,
    season_type,
    team,
    opponent,
    LOGICAL_OR(is_home) AS is_home,
    SUM(CAST(ROUND(minutes * 60) AS INT64)) AS seconds,
    SUM(points) AS points,
    SUM(rebounds) AS rebounds,
    SUM(offensive_rebounds) AS offensive_rebounds,
    SUM(assists) AS assists,
    SUM(field_goals_made) AS field_goals_made,
    SUM(field_goals_attempted) AS field_goals_attempted,
    SUM(threes) AS threes,
    SUM(threes_attempted) AS threes_attempted,
    SUM(free_throws_made) AS free_throws_made,
    SUM(free_throws_attempted) AS free_throws_attempted,
    SUM(turnovers) AS turnovers,
    MAX(available_at) AS available_at
  FROM raw.player_box_scores
  WHERE game_date >= @first_date AND game_date <= @last_date
  GROUP BY game_id, game_date, season, season_type, team, opponent
)

-- `paid`: the grades that were asked for; a pick with the price at which it was made, and the profit of a unit staked there.
-- passage: picks as asked for
{grades as asked for},
priced AS (
  SELECT
    cut.*,
    picked.player_lookup,
    picked.book,
    CASE cut.recommendation WHEN 'over' THEN picked.over_price WHEN 'under' THEN picked.under_price END AS price
  FROM cut
  LEFT JOIN predictions.player_prop_predictions AS picked
    ON picked.game_date = cut.game_date
    AND picked.run_id = cut.run_id
    AND picked.game_id = cut.game_id
    AND picked.player_id = cut.player_id
    AND picked.market = cut.market
    AND picked.system = cut.system
    AND picked.recommendation IN ('over', 'under')
    AND picked.game_date BETWEEN @first AND @last
),
paid AS (
  SELECT
    *,
    CASE
      WHEN price IS NULL OR ABS(price) < 100 THEN NULL
      WHEN pick_result = 'lost' THEN -1.0
      WHEN pick_result = 'won' THEN IF(price > 0, price / 100, -100 / price)
    END AS units
  FROM priced
)

-- `cut`: the grades of some slates that were asked for, each in the bucket of one more cut (@by).
-- passage: grades as asked for
WITH grades AS (
  SELECT
    *,
    CASE
      WHEN games_before < 10 THEN 'new'
      WHEN minutes_before >= 15 THEN 'regular'
      ELSE 'bench'
    END AS tier
  FROM predictions.prediction_grades
  -- Without `shadow` a grade is older than these measures: it counts again once it is graded again.
  WHERE game_date BETWEEN @first AND @last
    AND shadow IS NOT NULL
    AND (@mode = '' OR mode = @mode)
    AND (@market = '' OR market = @market)
    AND (@system = '' OR system = @system)
),
cut AS (
  SELECT
    *,
    CASE @by
      WHEN 'tier' THEN tier
      WHEN 'month' THEN SUBSTR(CAST(game_date AS STRING), 1, 7)
      WHEN 'edge' THEN {size of edge}
      ELSE 'all'
    END AS bucket
  FROM grades
  WHERE (@tier = '' OR tier = @tier) AND (NOT @lined OR line IS NOT NULL)
)

-- The sums of every measure of accuracy, over graded predictions.
-- passage: sums of grades
COUNTIF(NOT voided) AS n,
COUNTIF(voided) AS voided,
SUM(ABS(error)) AS error,
SUM(mean_error) AS bias,
SUM(crps) AS crps,
COUNTIF(inside_80) AS inside_80,
COUNTIF(inside_90) AS inside_90,
-- for each quantile
SUM(
  IF(quantiles_below + quantiles_equal <= {number}, 1.0, IF(quantiles_below <= {number}, 0.5, 0.0))
) AS below_{quantile},
-- end
COUNTIF(NOT voided AND season_mean IS NOT NULL) AS season_n,
SUM(ABS(actual - season_mean)) AS season_error,
SUM(ABS(error) - ABS(actual - season_mean)) AS season_difference,
COUNTIF(NOT voided AND ewma IS NOT NULL) AS ewma_n,
SUM(ABS(actual - ewma)) AS ewma_error,
SUM(ABS(error) - ABS(actual - ewma)) AS ewma_difference,
COUNTIF(NOT voided AND rate_minutes IS NOT NULL) AS rate_n,
SUM(ABS(actual - rate_minutes)) AS rate_error,
SUM(ABS(error) - ABS(actual - rate_minutes)) AS rate_difference,
COUNTIF(NOT voided AND line IS NOT NULL) AS line_n,
SUM(ABS(actual - line)) AS line_error,
SUM(ABS(error) - ABS(actual - line)) AS line_difference,
COUNT(brier) AS brier_n,
SUM(brier) AS brier,
COUNTIF(brier IS NOT NULL AND line_result = 'over') AS overs,
COUNTIF(brier IS NOT NULL AND (p_over > 0.5) = (line_result = 'over')) AS hits,
COUNT(market_brier) AS market_n,
SUM(market_brier) AS market_brier,
SUM(IF(market_brier IS NULL, NULL, brier)) AS priced_brier,
SUM(brier - market_brier) AS brier_difference,
COUNTIF(pick_result IN ('won', 'lost')) AS picks,
COUNTIF(pick_result = 'won') AS picks_won,
COUNTIF(pick_result IN ('push', 'void')) AS picks_returned,
COUNTIF(pick_result IS NOT NULL AND clv IS NOT NULL) AS clv_n,
SUM(IF(pick_result IS NULL, NULL, clv)) AS clv,
COUNTIF(pick_result IS NOT NULL AND clv_price IS NOT NULL) AS clv_price_n,
SUM(IF(pick_result IS NULL, NULL, clv_price)) AS clv_price

-- And those of calibration, of those with a result.
-- passage: bins of grades
LEAST(CAST(FLOOR(p_over * 10) AS INT64), 9) AS bin,
COUNT(*) AS n,
SUM(p_over) AS p_over,
COUNTIF(line_result = 'over') AS overs

-- Units of a slate: teams of games of the 800 days before it, as far as both teams have box scores; summarised in A.
-- passage: team games of A
WITH slates AS (
  SELECT game_date FROM UNNEST(GENERATE_DATE_ARRAY(@first, @last)) AS game_date
),
teams AS (
  SELECT DISTINCT box.game_date, box.game_id, box.team
  FROM raw.player_box_scores AS box
  JOIN raw.player_box_scores AS other ON other.game_id = box.game_id AND other.team = box.opponent
  WHERE box.game_date < @last AND box.game_date >= DATE_SUB(@first, INTERVAL 800 DAY)
),
played AS (
  SELECT teams.game_date, summary.game_date AS summarised, COUNT(*) AS units, MIN(teams.game_id) AS game_id
  FROM teams
  LEFT JOIN A AS summary
    ON summary.game_id = teams.game_id
    AND summary.team_abbr = teams.team
    AND summary.game_date < @last
    AND summary.game_date >= DATE_SUB(@first, INTERVAL 800 DAY)
  GROUP BY teams.game_date, summary.game_date
),
{summarised of played}

-- Counts by slate of what was `played` in the 800 days before it, as far as it is summarised in them.
-- passage: summarised of played
windows AS (
  SELECT
    slates.game_date,
    played.units,
    played.game_id,
    played.summarised < slates.game_date
      AND played.summarised >= DATE_SUB(slates.game_date, INTERVAL 800 DAY) AS verified
  FROM slates
  JOIN played
    ON played.game_date < slates.game_date AND played.game_date >= DATE_SUB(slates.game_date, INTERVAL 800 DAY)
)
SELECT
  game_date,
  CAST(SUM(units) AS INT64) AS expected,
  CAST(SUM(IF(verified, units, 0)) AS INT64) AS verified,
  0 AS quarantined,
  COALESCE(MIN(IF(verified, NULL, CONCAT('game ', game_id, ' is not summarised'))), '') AS detail
FROM windows
GROUP BY game_date

-- `players`: those of some slates with an earlier game in the window, known at the cutoff.
-- passage: players with games
WITH players AS (
  SELECT DISTINCT context.game_date, context.player_id, context.player_name
  FROM analytics.upcoming_player_game_context AS context
  JOIN analytics.player_game_summary AS games
    ON games.player_id = context.player_id
    AND games.game_date < context.game_date
    AND games.game_date >= DATE_SUB(context.game_date, INTERVAL 400 DAY)
    AND games.available_at <= context.cutoff_at
  WHERE context.game_date BETWEEN @first AND @last AND context.mode = @mode
)

-- Units of a slate: its players with form, as far as they have a row in A.
-- passage: players with form in A
SELECT form.game_date, COUNT(*) AS expected, COUNT(made.player_id) AS verified, 0 AS quarantined, '' AS detail
FROM features.player_daily_cache AS form
LEFT JOIN A AS made
  ON made.game_date = form.game_date AND made.mode = form.mode AND made.player_id = form.player_id
WHERE form.game_date BETWEEN @first AND @last AND form.mode = @mode
GROUP BY form.game_date

-- The predictions that count: of every game those made last, by system; of those made at one instant the last run's.
-- passage: latest of A
RANK() OVER (
  PARTITION BY A.game_id, A.mode, A.system ORDER BY A.predicted_at DESC, A.generation DESC, A.run_id DESC
) = 1

-- `stagings`: the newest of every game of the runs of `slates`. A staging is hundreds of rows: it is ranked once, not each of them.
-- passage: newest stagings
stagings AS (
  SELECT staging.game_date, staging.run_id, staging.game_id, staging.attempt, staging.predicted_at
  FROM slates
  JOIN predictions.staging AS staging ON staging.game_date = slates.game_date AND staging.run_id = slates.run_id
  WHERE staging.game_date BETWEEN @first AND @last
  GROUP BY staging.game_date, staging.run_id, staging.game_id, staging.attempt, staging.predicted_at
  QUALIFY {newest of staging}
)

-- The staged rows that count: of a run's game those of its newest staging, whole.
-- passage: newest of A
RANK() OVER (PARTITION BY A.run_id, A.game_id ORDER BY A.attempt DESC, A.predicted_at DESC) = 1

-- Rows of a staging.
-- passage: A is of B
A.game_date = B.game_date
AND A.run_id = B.run_id
AND A.game_id = B.game_id
AND A.attempt = B.attempt
AND A.predicted_at = B.predicted_at

-- The size of an edge, a share, in words.
-- passage: size of A
CASE
  WHEN A IS NULL THEN 'no price'
  WHEN ABS(A) < 0.02 THEN '0-2 %'
  WHEN ABS(A) < 0.04 THEN '2-4 %'
  WHEN ABS(A) < 0.06 THEN '4-6 %'
  WHEN ABS(A) < 0.10 THEN '6-10 %'
  ELSE '10 % and more'
END
