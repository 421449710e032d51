-- Units: predictions staged for this run.
SELECT
  COUNT(*) AS expected,
  COUNT(published.player_id) AS verified,
  0 AS quarantined,
  '' AS detail
FROM predictions.staging AS staged
LEFT JOIN predictions.player_prop_predictions AS published
  ON published.game_date = @game_date
  AND published.run_id = staged.run_id
  AND published.player_id = staged.player_id
  AND published.market = staged.market
  AND published.system = staged.system
WHERE staged.game_date = @game_date AND staged.run_id = @run_id
