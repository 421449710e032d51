-- What a publication says of its games, and nothing that was made after it: of every system the predictions that count once
-- this run's are there. Games that another run has predicted later meanwhile are left: that one's documents are newer.
WITH own AS (
  SELECT game_id, MAX(predicted_at) AS predicted_at, MAX(generation) AS generation
  FROM predictions.player_prop_predictions
  WHERE game_date = @game_date AND mode = @mode AND run_id = @run_id
  GROUP BY game_id
),
ordered AS (
  SELECT
    predictions.*,
    predictions.predicted_at < own.predicted_at
      OR (predictions.predicted_at = own.predicted_at AND predictions.generation < own.generation)
      OR (
        predictions.predicted_at = own.predicted_at
        AND predictions.generation = own.generation
        AND predictions.run_id <= @run_id
      ) AS earlier
  FROM own
  JOIN predictions.player_prop_predictions AS predictions
    ON predictions.game_id = own.game_id AND predictions.game_date = @game_date AND predictions.mode = @mode
),
left_alone AS (
  SELECT game_id FROM ordered GROUP BY game_id HAVING COUNTIF(NOT earlier) = 0
)
SELECT ordered.* EXCEPT (earlier), {size of ordered.edge} AS edge_size
FROM ordered
JOIN left_alone ON left_alone.game_id = ordered.game_id
WHERE ordered.earlier
QUALIFY {latest of ordered}
ORDER BY ordered.game_id, ordered.player_id, ordered.market, ordered.system
