-- Since when everything that is published is sealed; null before anything was.
-- as_of: none, entries are never changed
SELECT MIN(IF(seq = 1, sealed_at, NULL)) AS sealed_at
FROM ops.record
