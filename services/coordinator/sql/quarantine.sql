-- What a slate's scraping refused, with the reasons. @step, @source: '' for all.
SELECT *
FROM raw.quarantine
WHERE game_date = @game_date AND mode = @mode AND @step IN ('', step) AND @source IN ('', source)
ORDER BY step, unit, record
