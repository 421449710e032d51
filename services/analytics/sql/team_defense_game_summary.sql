-- step: team_defense_game_summary
-- inputs: raw.player_box_scores
-- output: analytics.team_defense_game_summary
-- grain: game_id, team_abbr
-- as_of: facts of finished games; available_at is that of the last of the team's and the opponent's rows
-- rows: two per game with box scores of both teams
-- source: Oliver, Basketball on Paper (2004): possessions, ratings
--
-- What a team allowed is what its opponent did: the offence of one is the defence of the other.
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
  other.points AS points_allowed,
  other.rebounds AS rebounds_allowed,
  other.assists AS assists_allowed,
  other.field_goals_made - other.threes AS twos_allowed,
  other.field_goals_attempted - other.threes_attempted AS twos_attempted_allowed,
  other.threes AS threes_allowed,
  other.threes_attempted AS threes_attempted_allowed,
  other.free_throws_made AS free_throws_allowed,
  other.free_throws_attempted AS free_throws_attempted_allowed,
  other.possessions AS possessions_allowed,
  SAFE_DIVIDE(100 * other.points, other.possessions) AS defensive_rating,
  GREATEST(own.available_at, other.available_at) AS available_at
FROM counted AS own
JOIN counted AS other ON other.game_id = own.game_id AND other.team = own.opponent
