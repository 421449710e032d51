-- What has become known of a slate's games since they were predicted: statuses of players that differ from those which were
-- served, and main lines or prices that a book has moved since the newest quote that was. Games whose cutoff is over are left.
WITH games AS (
  SELECT game_id, TIMESTAMP_SUB(tip_utc, INTERVAL 20 MINUTE) AS cutoff_at
  FROM raw.games
  WHERE game_date = @game_date AND NOT postponed AND TIMESTAMP_SUB(tip_utc, INTERVAL 20 MINUTE) > @now
),
statuses AS (
  SELECT
    context.game_id,
    context.player_name,
    context.injury_status AS was,
    injuries.status AS became,
    injuries.available_at AS known_at,
    injuries.fetched_at AS seen_at
  FROM games
  JOIN analytics.upcoming_player_game_context AS context
    ON context.game_id = games.game_id AND context.game_date = @game_date AND context.mode = @mode
  JOIN raw.injuries AS injuries
    ON injuries.game_date = @game_date
    AND injuries.player_id = context.player_id
    AND injuries.available_at <= games.cutoff_at
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY context.player_id ORDER BY injuries.available_at DESC, injuries.status
  ) = 1
),
quotes AS (
  SELECT
    lines.game_id,
    lines.player_id,
    lines.market,
    lines.line,
    lines.over_price,
    lines.under_price,
    lines.available_at,
    lines.fetched_at,
    LAG(lines.line) OVER newer AS old_line,
    LAG(lines.over_price) OVER newer AS old_over_price,
    LAG(lines.under_price) OVER newer AS old_under_price,
    ROW_NUMBER() OVER (
      PARTITION BY lines.player_id, lines.market, lines.bookmaker ORDER BY lines.available_at DESC, lines.line DESC
    ) AS age
  FROM games
  JOIN raw.prop_lines AS lines
    ON lines.game_id = games.game_id
    AND lines.game_date = @game_date
    AND lines.is_main
    AND lines.available_at <= games.cutoff_at
  WINDOW newer AS (
    PARTITION BY lines.player_id, lines.market, lines.bookmaker ORDER BY lines.available_at, lines.line
  )
),
moved AS (
  SELECT quotes.game_id, COUNT(*) AS quotes, MAX(quotes.available_at) AS known_at, MAX(quotes.fetched_at) AS seen_at
  FROM quotes
  JOIN analytics.upcoming_player_game_context AS context
    ON context.game_id = quotes.game_id
    AND context.player_id = quotes.player_id
    AND context.game_date = @game_date
    AND context.mode = @mode
  LEFT JOIN analytics.player_market_context AS served
    ON served.game_date = @game_date
    AND served.mode = @mode
    AND served.player_id = quotes.player_id
    AND served.market = quotes.market
  WHERE quotes.age = 1
    AND (served.line_at IS NULL OR quotes.available_at > served.line_at)
    AND (
      quotes.old_line IS NULL
      OR quotes.old_line != quotes.line
      OR COALESCE(quotes.old_over_price, 0) != COALESCE(quotes.over_price, 0)
      OR COALESCE(quotes.old_under_price, 0) != COALESCE(quotes.under_price, 0)
    )
  GROUP BY quotes.game_id
)
SELECT game_id, player_name, was, became, known_at, seen_at, CAST(NULL AS INT64) AS quotes
FROM statuses
WHERE COALESCE(was, 'Available') != COALESCE(became, 'Available')
UNION ALL
SELECT
  game_id,
  CAST(NULL AS STRING) AS player_name,
  CAST(NULL AS STRING) AS was,
  CAST(NULL AS STRING) AS became,
  known_at,
  seen_at,
  quotes
FROM moved
ORDER BY game_id, known_at, player_name
