-- Mean absolute error by system and market over graded predictions that had a line: the group the market's own error is
-- known for. Units: of the market's statistic.
SELECT system, market, COUNT(error) AS graded, AVG(ABS(error)) AS mae
FROM predictions.prediction_grades
WHERE game_date BETWEEN @first AND @last AND mode = @mode AND line IS NOT NULL AND NOT voided
GROUP BY system, market
ORDER BY system, market
