-- step: team_defense_game_summary
-- inputs: raw.player_box_scores
-- output: analytics.team_defense_game_summary
-- grain: game_id, team_abbr
-- as_of: facts of finished games; available_at is that of the last of the team's and the opponent's rows
-- rows: two per game with box scores of both teams
-- source: Oliver, Basketball on Paper (2004): possessions, ratings
--
-- What a team allowed is what its opponent did: the offence of one is the defence of the other.
WITH team AS (
  SELECT
    game_id,
    game_date,
    season,
    season_type,
    team,
    opponent,
    LOGICAL_OR(is_home) AS is_home,
    SUM(points) AS points,
    SUM(rebounds) AS rebounds,
    SUM(offensive_rebounds) AS offensive_rebounds,
    SUM(assists) AS assists,
    SUM(field_goals_made - threes) AS twos,
    SUM(field_goals_attempted - threes_attempted) AS twos_attempted,
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
),
counted AS (
  SELECT
    *,
    field_goals_attempted + turnovers + 0.44 * free_throws_attempted - offensive_rebounds AS possessions
  FROM team
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
  other.twos AS twos_allowed,
  other.twos_attempted AS twos_attempted_allowed,
  other.threes AS threes_allowed,
  other.threes_attempted AS threes_attempted_allowed,
  other.free_throws_made AS free_throws_allowed,
  other.free_throws_attempted AS free_throws_attempted_allowed,
  other.possessions AS possessions_allowed,
  SAFE_DIVIDE(100 * other.points, other.possessions) AS defensive_rating,
  GREATEST(own.available_at, other.available_at) AS available_at
FROM counted AS own
JOIN counted AS other ON other.game_id = own.game_id AND other.team = own.opponent
