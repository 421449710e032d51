-- What a new entry is appended to: the newest entry of all, and those of its slates and mode, in their order.
-- as_of: none, entries are never changed
SELECT *
FROM ops.record
WHERE (game_date BETWEEN @first AND @last AND mode = @mode)
  OR seq = (SELECT MAX(newest.seq) FROM ops.record AS newest)
ORDER BY seq
