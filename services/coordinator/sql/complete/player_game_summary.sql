-- Units of a slate: player games of the 800 days before it: as far back as a missing game is looked for.
WITH slates AS (
  SELECT game_date FROM UNNEST(GENERATE_DATE_ARRAY(@first, @last)) AS game_date
),
played AS (
  SELECT box.game_date, summary.game_date AS summarised, COUNT(*) AS units, MIN(box.game_id) AS game_id
  FROM raw.player_box_scores AS box
  LEFT JOIN analytics.player_game_summary AS summary
    ON summary.game_id = box.game_id
    AND summary.player_id = box.player_id
    AND summary.game_date < @last
    AND summary.game_date >= DATE_SUB(@first, INTERVAL 800 DAY)
  WHERE box.game_date < @last AND box.game_date >= DATE_SUB(@first, INTERVAL 800 DAY)
  GROUP BY box.game_date, summary.game_date
),
{summarised of played}
