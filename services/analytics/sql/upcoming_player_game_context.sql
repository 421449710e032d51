-- step: upcoming_player_game_context
-- inputs: raw.games, raw.rosters, raw.injuries, raw.prop_lines
-- output: analytics.upcoming_player_game_context
-- grain: game_date, mode, player_id
-- as_of: the slate's games as scheduled, and rows with available_at <= cutoff_at
-- rows: one per rostered player of a team that plays
-- source: multiplicative de-vigging: Strumbelj (2014), On determining probability forecasts from betting odds
--
-- The cutoff is `shared.basketball.slate.cutoff` in SQL; @asked_at is a live run's own instant, in a retrospective run the end of time.
WITH slate AS (
  SELECT
    game_id,
    game_date,
    season,
    home_team,
    away_team,
    tip_utc,
    CASE
      WHEN @mode IN ('overnight', 'backfill') THEN TIMESTAMP(DATETIME(game_date, TIME '07:00:00'), 'America/New_York')
      WHEN @mode = 'tomorrow'
        THEN LEAST(TIMESTAMP(DATETIME(game_date, TIME '07:00:00'), 'America/New_York'), @asked_at)
      WHEN @mode = 'manual' THEN LEAST(TIMESTAMP_SUB(tip_utc, INTERVAL 20 MINUTE), @asked_at)
      ELSE TIMESTAMP_SUB(tip_utc, INTERVAL 20 MINUTE)
    END AS cutoff_at
  FROM raw.games
  WHERE game_date >= @first_date AND game_date <= @last_date AND NOT postponed
),
sides AS (
  SELECT game_id, game_date, season, tip_utc, cutoff_at, home_team AS team, away_team AS opponent, TRUE AS is_home
  FROM slate
  UNION ALL
  SELECT game_id, game_date, season, tip_utc, cutoff_at, away_team AS team, home_team AS opponent, FALSE AS is_home
  FROM slate
),
rest AS (
  SELECT sides.game_date, sides.team, DATE_DIFF(sides.game_date, MAX(games.game_date), DAY) AS days_rest
  FROM sides
  JOIN raw.games AS games
    ON sides.team IN (games.home_team, games.away_team)
    AND games.season = sides.season
    AND games.game_date < sides.game_date
    AND games.game_date >= DATE_SUB(@first_date, INTERVAL 400 DAY)
    AND games.available_at <= sides.cutoff_at
    AND NOT games.postponed
  GROUP BY sides.game_date, sides.team
),
players AS (
  SELECT sides.*, rosters.player_id, rosters.player_name
  FROM sides
  JOIN raw.rosters AS rosters
    ON rosters.game_date = sides.game_date
    AND rosters.team = sides.team
    AND rosters.available_at <= sides.cutoff_at
    AND rosters.game_date >= @first_date
    AND rosters.game_date <= @last_date
),
status AS (
  SELECT
    players.game_date,
    players.player_id,
    injuries.status,
    TIMESTAMP_DIFF(players.cutoff_at, injuries.available_at, HOUR) AS status_hours,
    -- The inactive list is handed in shortly before tip-off: an Out of then is final.
    injuries.status = 'Out'
      AND injuries.available_at >= TIMESTAMP_SUB(players.tip_utc, INTERVAL 90 MINUTE) AS ruled_out
  FROM players
  JOIN raw.injuries AS injuries
    ON injuries.game_date = players.game_date
    AND injuries.player_id = players.player_id
    AND injuries.available_at <= players.cutoff_at
    AND injuries.game_date >= @first_date
    AND injuries.game_date <= @last_date
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY players.game_date, players.player_id ORDER BY injuries.available_at DESC, injuries.status
  ) = 1
),
-- Each book's newest main line; of several posted at once, the most balanced.
book_lines AS (
  SELECT
    players.game_date,
    lines.player_id,
    lines.market,
    lines.bookmaker,
    lines.line,
    lines.over_price,
    lines.under_price,
    lines.available_at
  FROM players
  JOIN raw.prop_lines AS lines
    ON lines.game_date = players.game_date
    AND lines.game_id = players.game_id
    AND lines.player_id = players.player_id
    AND lines.is_main
    AND lines.available_at <= players.cutoff_at
    AND lines.game_date >= @first_date
    AND lines.game_date <= @last_date
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY players.game_date, lines.player_id, lines.market, lines.bookmaker
    ORDER BY lines.available_at DESC, COALESCE(ABS(lines.over_price - lines.under_price), 100000), lines.line
  ) = 1
),
ranked AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY game_date, player_id, market ORDER BY line, bookmaker) AS position,
    COUNT(*) OVER (PARTITION BY game_date, player_id, market) AS books
  FROM book_lines
),
-- The median over books: the mean of the middle one or two.
consensus AS (
  SELECT
    game_date,
    player_id,
    market,
    AVG(IF(position IN (DIV(books + 1, 2), DIV(books + 2, 2)), line, NULL)) AS line,
    MAX(books) AS books,
    MAX(available_at) AS posted_at,
    MAX(line) - MIN(line) AS spread
  FROM ranked
  GROUP BY game_date, player_id, market
),
-- What an American price implies; between -100 and +100 there is no price. Pick'em books pay the same whatever the chance.
implied AS (
  SELECT
    *,
    CASE
      WHEN bookmaker IN ('prizepicks', 'underdog') OR over_price IS NULL THEN NULL
      WHEN over_price <= -100 THEN -over_price / (100 - over_price)
      WHEN over_price >= 100 THEN 100 / (100 + over_price)
    END AS over_implied,
    CASE
      WHEN bookmaker IN ('prizepicks', 'underdog') OR under_price IS NULL THEN NULL
      WHEN under_price <= -100 THEN -under_price / (100 - under_price)
      WHEN under_price >= 100 THEN 100 / (100 + under_price)
    END AS under_implied
  FROM book_lines
),
-- Two sides of one market add up to 1 and the margin. De-vigged multiplicatively (Strumbelj 2014).
fair AS (
  SELECT
    game_date,
    player_id,
    market,
    bookmaker,
    line,
    over_price,
    under_price,
    IF(over_implied + under_implied BETWEEN 1.0 AND 1.2, over_implied / (over_implied + under_implied), NULL) AS p_over,
    IF(over_implied + under_implied BETWEEN 1.0 AND 1.2, over_implied + under_implied, NULL) AS overround
  FROM implied
),
at_consensus AS (
  SELECT
    fair.*,
    -- Where nobody quotes both sides, any price is better than none.
    ROW_NUMBER() OVER (
      PARTITION BY fair.game_date, fair.player_id, fair.market
      ORDER BY
        COALESCE(fair.overround, IF(fair.over_price IS NULL AND fair.under_price IS NULL, 9, 3)),
        fair.bookmaker
    ) AS position
  FROM fair
  JOIN consensus
    ON consensus.game_date = fair.game_date
    AND consensus.player_id = fair.player_id
    AND consensus.market = fair.market
    AND consensus.line = fair.line
),
-- NUMERIC sums: the same whatever order the rows were loaded in.
prices AS (
  SELECT
    game_date,
    player_id,
    market,
    SAFE_DIVIDE(CAST(SUM(CAST(p_over AS NUMERIC)) AS FLOAT64), COUNT(p_over)) AS p_market,
    MAX(IF(position = 1, bookmaker, NULL)) AS book,
    MAX(IF(position = 1, over_price, NULL)) AS over_price,
    MAX(IF(position = 1, under_price, NULL)) AS under_price
  FROM at_consensus
  GROUP BY game_date, player_id, market
),
quotes AS (
  SELECT consensus.*, prices.p_market, prices.book, prices.over_price, prices.under_price
  FROM consensus
  LEFT JOIN prices
    ON prices.game_date = consensus.game_date
    AND prices.player_id = consensus.player_id
    AND prices.market = consensus.market
),
lines AS (
  SELECT
    game_date,
    player_id,
    MAX(IF(market = 'points', line, NULL)) AS points_line,
    MAX(IF(market = 'rebounds', line, NULL)) AS rebounds_line,
    MAX(IF(market = 'assists', line, NULL)) AS assists_line,
    MAX(IF(market = 'threes', line, NULL)) AS threes_line,
    MAX(IF(market = 'pra', line, NULL)) AS pra_line,
    MAX(IF(market = 'points', books, NULL)) AS points_line_books,
    MAX(IF(market = 'rebounds', books, NULL)) AS rebounds_line_books,
    MAX(IF(market = 'assists', books, NULL)) AS assists_line_books,
    MAX(IF(market = 'threes', books, NULL)) AS threes_line_books,
    MAX(IF(market = 'pra', books, NULL)) AS pra_line_books,
    MAX(IF(market = 'points', posted_at, NULL)) AS points_line_at,
    MAX(IF(market = 'rebounds', posted_at, NULL)) AS rebounds_line_at,
    MAX(IF(market = 'assists', posted_at, NULL)) AS assists_line_at,
    MAX(IF(market = 'threes', posted_at, NULL)) AS threes_line_at,
    MAX(IF(market = 'pra', posted_at, NULL)) AS pra_line_at,
    MAX(IF(market = 'points', spread, NULL)) AS points_line_spread,
    MAX(IF(market = 'rebounds', spread, NULL)) AS rebounds_line_spread,
    MAX(IF(market = 'assists', spread, NULL)) AS assists_line_spread,
    MAX(IF(market = 'threes', spread, NULL)) AS threes_line_spread,
    MAX(IF(market = 'pra', spread, NULL)) AS pra_line_spread,
    MAX(IF(market = 'points', p_market, NULL)) AS points_p_market,
    MAX(IF(market = 'rebounds', p_market, NULL)) AS rebounds_p_market,
    MAX(IF(market = 'assists', p_market, NULL)) AS assists_p_market,
    MAX(IF(market = 'threes', p_market, NULL)) AS threes_p_market,
    MAX(IF(market = 'pra', p_market, NULL)) AS pra_p_market,
    MAX(IF(market = 'points', book, NULL)) AS points_book,
    MAX(IF(market = 'rebounds', book, NULL)) AS rebounds_book,
    MAX(IF(market = 'assists', book, NULL)) AS assists_book,
    MAX(IF(market = 'threes', book, NULL)) AS threes_book,
    MAX(IF(market = 'pra', book, NULL)) AS pra_book,
    MAX(IF(market = 'points', over_price, NULL)) AS points_over_price,
    MAX(IF(market = 'rebounds', over_price, NULL)) AS rebounds_over_price,
    MAX(IF(market = 'assists', over_price, NULL)) AS assists_over_price,
    MAX(IF(market = 'threes', over_price, NULL)) AS threes_over_price,
    MAX(IF(market = 'pra', over_price, NULL)) AS pra_over_price,
    MAX(IF(market = 'points', under_price, NULL)) AS points_under_price,
    MAX(IF(market = 'rebounds', under_price, NULL)) AS rebounds_under_price,
    MAX(IF(market = 'assists', under_price, NULL)) AS assists_under_price,
    MAX(IF(market = 'threes', under_price, NULL)) AS threes_under_price,
    MAX(IF(market = 'pra', under_price, NULL)) AS pra_under_price
  FROM quotes
  GROUP BY game_date, player_id
)
SELECT
  players.game_date,
  @mode AS mode,
  players.game_id,
  players.player_id,
  players.player_name,
  players.team AS team_abbr,
  players.opponent AS opponent_team_abbr,
  players.is_home,
  players.season,
  players.tip_utc,
  players.cutoff_at,
  status.status AS injury_status,
  DIV(status.status_hours, 24) AS injury_status_days,
  COALESCE(status.ruled_out, FALSE) AS ruled_out,
  rest.days_rest,
  lines.points_line,
  lines.rebounds_line,
  lines.assists_line,
  lines.threes_line,
  lines.pra_line,
  lines.points_line_books,
  lines.rebounds_line_books,
  lines.assists_line_books,
  lines.threes_line_books,
  lines.pra_line_books,
  lines.points_line_at,
  lines.rebounds_line_at,
  lines.assists_line_at,
  lines.threes_line_at,
  lines.pra_line_at,
  lines.points_line_spread,
  lines.rebounds_line_spread,
  lines.assists_line_spread,
  lines.threes_line_spread,
  lines.pra_line_spread,
  lines.points_p_market,
  lines.rebounds_p_market,
  lines.assists_p_market,
  lines.threes_p_market,
  lines.pra_p_market,
  lines.points_book,
  lines.rebounds_book,
  lines.assists_book,
  lines.threes_book,
  lines.pra_book,
  lines.points_over_price,
  lines.rebounds_over_price,
  lines.assists_over_price,
  lines.threes_over_price,
  lines.pra_over_price,
  lines.points_under_price,
  lines.rebounds_under_price,
  lines.assists_under_price,
  lines.threes_under_price,
  lines.pra_under_price
FROM players
LEFT JOIN rest ON rest.game_date = players.game_date AND rest.team = players.team
LEFT JOIN status ON status.game_date = players.game_date AND status.player_id = players.player_id
LEFT JOIN lines ON lines.game_date = players.game_date AND lines.player_id = players.player_id
