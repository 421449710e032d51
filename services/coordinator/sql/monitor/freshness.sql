-- Per source: the newest accepted answer, and what went wrong since. `slates` counts dates with games after that answer: a
-- source is stale when games went by without it, not when nobody played (failure 5: stale for 41 days, unnoticed).
-- `failing_since` is the first date after that answer for which it was asked in vain on the day or the next: a bootstrap
-- asks for dates of long ago, and what it does not get says nothing about whether the source is alive.
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
),
failing AS (
  SELECT answers.source, MIN(fetches.game_date) AS failing_since
  FROM answers
  JOIN raw.fetches AS fetches ON fetches.source = answers.source
  WHERE fetches.game_date BETWEEN @first AND @last
    AND fetches.outcome = 'failed'
    AND (answers.fresh_for IS NULL OR fetches.game_date > answers.fresh_for)
    AND fetches.fetched_at
      < TIMESTAMP(DATETIME(DATE_ADD(fetches.game_date, INTERVAL 2 DAY), TIME '00:00:00'), 'America/New_York')
  GROUP BY answers.source
)
SELECT
  answers.source,
  answers.fresh_at,
  answers.fresh_for,
  answers.failed,
  answers.reason,
  failing.failing_since,
  COUNT(DISTINCT games.game_date) AS slates
FROM answers
LEFT JOIN failing ON failing.source = answers.source
LEFT JOIN raw.games AS games
  ON games.game_date BETWEEN @first AND @last
  AND NOT games.postponed
  AND (answers.fresh_for IS NULL OR games.game_date > answers.fresh_for)
GROUP BY answers.source, answers.fresh_at, answers.fresh_for, answers.failed, answers.reason, failing.failing_since
ORDER BY answers.source
