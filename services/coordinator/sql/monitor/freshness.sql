-- Per source: the newest accepted answer, and what went wrong since. `slates` counts dates with games after that answer: a
-- source is stale when games went by without it, not when nobody played (failure 5: stale for 41 days, unnoticed).
WITH answers AS (
  SELECT
    source,
    MAX(IF(outcome IN ('loaded', 'empty', 'quarantined'), fetched_at, NULL)) AS fresh_at,
    MAX(IF(outcome IN ('loaded', 'empty', 'quarantined'), game_date, NULL)) AS fresh_for,
    COUNTIF(outcome = 'failed') AS failed,
    MAX(IF(outcome = 'failed', reason, NULL)) AS reason
  FROM raw.fetches
  WHERE game_date BETWEEN @first AND @last
  GROUP BY source
)
SELECT
  answers.source,
  answers.fresh_at,
  answers.fresh_for,
  answers.failed,
  answers.reason,
  COUNT(DISTINCT games.game_date) AS slates
FROM answers
LEFT JOIN raw.games AS games
  ON games.game_date BETWEEN @first AND @last
  AND NOT games.postponed
  AND (answers.fresh_for IS NULL OR games.game_date > answers.fresh_for)
GROUP BY answers.source, answers.fresh_at, answers.fresh_for, answers.failed, answers.reason
ORDER BY answers.source
