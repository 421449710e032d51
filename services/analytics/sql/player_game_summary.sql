-- step: player_game_summary
-- inputs: raw.player_box_scores
-- output: analytics.player_game_summary
-- grain: game_id, player_id
-- as_of: facts of finished games; available_at is carried over
-- rows: one per row of raw.player_box_scores
-- source: Oliver, Basketball on Paper (2004): true shooting, usage
--
-- True shooting: points / (2 (FGA + 0.44 FTA)). Usage: 100 (FGA + 0.44 FTA + TOV) (team minutes / 5)
-- / (minutes (team FGA + 0.44 team FTA + team TOV)). Seconds are whole, so that later sums are exact in any order.
WITH box AS (
  SELECT *
  FROM raw.player_box_scores
  WHERE game_date >= @first_date AND game_date <= @last_date
),
team AS (
  SELECT
    game_id,
    team,
    CAST(SUM(CAST(minutes AS NUMERIC)) AS FLOAT64) AS minutes,
    SUM(field_goals_attempted) + 0.44 * SUM(free_throws_attempted) + SUM(turnovers) AS possessions_used
  FROM box
  GROUP BY game_id, team
)
SELECT
  box.game_id,
  box.game_date,
  box.season,
  box.season_type,
  box.player_id,
  box.player_lookup,
  box.player_name,
  box.team AS team_abbr,
  box.opponent AS opponent_team_abbr,
  box.is_home,
  box.starter,
  box.minutes,
  box.points,
  box.rebounds,
  box.offensive_rebounds,
  box.defensive_rebounds,
  box.assists,
  box.field_goals_made,
  box.field_goals_attempted,
  box.threes,
  box.threes_attempted,
  box.free_throws_made,
  box.free_throws_attempted,
  box.steals,
  box.blocks,
  box.turnovers,
  box.fouls,
  box.plus_minus,
  CAST(ROUND(box.minutes * 60) AS INT64) AS seconds,
  ROW_NUMBER() OVER (PARTITION BY box.game_id, box.team ORDER BY box.minutes DESC, box.player_id) AS minutes_rank,
  SAFE_DIVIDE(box.points, 2 * (box.field_goals_attempted + 0.44 * box.free_throws_attempted)) AS true_shooting,
  SAFE_DIVIDE(
    100 * (box.field_goals_attempted + 0.44 * box.free_throws_attempted + box.turnovers) * (team.minutes / 5),
    box.minutes * team.possessions_used
  ) AS usage_rate,
  box.available_at
FROM box
JOIN team ON team.game_id = box.game_id AND team.team = box.team
