-- `teams`: those of the games of the 800 days before some slates, as far as both teams have box scores.
WITH slates AS (
  SELECT game_date FROM UNNEST(GENERATE_DATE_ARRAY(@first, @last)) AS game_date
),
teams AS (
  SELECT DISTINCT box.game_date, box.game_id, box.team
  FROM raw.player_box_scores AS box
  JOIN raw.player_box_scores AS other ON other.game_id = box.game_id AND other.team = box.opponent
  WHERE box.game_date < @last AND box.game_date >= DATE_SUB(@first, INTERVAL 800 DAY)
),
