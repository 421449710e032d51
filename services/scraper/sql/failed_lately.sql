-- Games whose box score nobody gave when it was asked for since an instant, for whichever slate, with the last reason.
SELECT unit, source, reason
FROM raw.fetches
WHERE step = 'box_scores' AND outcome = 'failed' AND fetched_at >= @since
QUALIFY ROW_NUMBER() OVER (PARTITION BY unit ORDER BY fetched_at DESC, game_date DESC, mode) = 1
ORDER BY unit
