-- What a slate's scraping refused, with the reasons.
SELECT *
FROM raw.quarantine
WHERE game_date = @game_date AND mode = @mode
ORDER BY step, unit, record
