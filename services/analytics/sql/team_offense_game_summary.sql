-- step: team_offense_game_summary
-- inputs: raw.player_box_scores
-- output: analytics.team_offense_game_summary
-- grain: game_id, team_abbr
-- as_of: facts of finished games; available_at is that of the last of the team's and the opponent's rows
-- rows: two per game with box scores of both teams
-- source: Oliver, Basketball on Paper (2004): possessions, ratings; Kubatko et al., JQAS 3(3) (2007): pace
--
-- Pace: 48 (both teams' possessions / 2) / (team minutes / 5).
WITH counted AS (
  {team totals}
)
SELECT
  own.game_id,
  own.game_date,
  own.season,
  own.season_type,
  own.team AS team_abbr,
  own.opponent AS opponent_team_abbr,
  own.is_home,
  own.seconds,
  own.points,
  own.rebounds,
  own.offensive_rebounds,
  own.assists,
  own.field_goals_made,
  own.field_goals_attempted,
  own.threes,
  own.threes_attempted,
  own.free_throws_made,
  own.free_throws_attempted,
  own.turnovers,
  own.possessions,
  SAFE_DIVIDE(48 * 60 * 5 * (own.possessions + other.possessions) / 2, own.seconds) AS pace,
  SAFE_DIVIDE(100 * own.points, own.possessions) AS offensive_rating,
  SAFE_DIVIDE(own.points, 2 * (own.field_goals_attempted + 0.44 * own.free_throws_attempted)) AS true_shooting,
  GREATEST(own.available_at, other.available_at) AS available_at
FROM counted AS own
JOIN counted AS other ON other.game_id = own.game_id AND other.team = own.opponent
