-- The entries of the record about some slates, in their order.
-- as_of: none, entries are never changed
SELECT *
FROM ops.record
WHERE game_date BETWEEN @first AND @last
ORDER BY seq
