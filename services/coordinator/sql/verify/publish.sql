-- Units: predictions staged for this run.
WITH staged AS (
  SELECT DISTINCT game_id, player_id, market, system
  FROM predictions.staging
  WHERE game_date = @game_date AND run_id = @run_id
)
SELECT
  COUNT(*) AS expected,
  COUNT(published.player_id) AS verified,
  0 AS quarantined,
  '' AS detail
FROM staged
LEFT JOIN predictions.player_prop_predictions AS published
  ON published.game_date = @game_date
  AND published.run_id = @run_id
  AND published.game_id = staged.game_id
  AND published.player_id = staged.player_id
  AND published.market = staged.market
  AND published.system = staged.system
