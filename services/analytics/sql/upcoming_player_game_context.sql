-- step: upcoming_player_game_context
-- inputs: raw.games, raw.rosters, raw.injuries, raw.prop_lines
-- output: analytics.upcoming_player_game_context
-- grain: game_date, mode, player_id
-- as_of: rows with available_at <= cutoff_at; the schedule's own dates for rest
-- rows: one per rostered player of a team that plays
-- source: de-vigged probability: over / (over + under) of the prices' implied probabilities (multiplicative method)
WITH slate AS (
  SELECT
    game_id,
    game_date,
    season,
    home_team,
    away_team,
    tip_utc,
    IF(
      @mode = 'overnight',
      TIMESTAMP(DATETIME(game_date, TIME '07:00:00'), 'America/New_York'),
      TIMESTAMP_SUB(tip_utc, INTERVAL 20 MINUTE)
    ) AS cutoff_at
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
    injuries.status = 'Out' AND TIMESTAMP_DIFF(players.tip_utc, injuries.available_at, MINUTE) <= 90 AS ruled_out
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
    lines.available_at,
    IF(
      lines.over_price >= 100, 100 / (lines.over_price + 100), -lines.over_price / (100 - lines.over_price)
    ) AS over_implied,
    IF(
      lines.under_price >= 100, 100 / (lines.under_price + 100), -lines.under_price / (100 - lines.under_price)
    ) AS under_implied
  FROM players
  JOIN raw.prop_lines AS lines
    ON lines.game_id = players.game_id
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
-- The market's probability: two-sided prices at the consensus line itself with a believable margin, mean over books;
-- pick'em books quote no price of their own.
priced AS (
  SELECT
    ranked.game_date,
    ranked.player_id,
    ranked.market,
    CAST(
      AVG(CAST(ranked.over_implied / (ranked.over_implied + ranked.under_implied) AS NUMERIC)) AS FLOAT64
    ) AS p_over
  FROM ranked
  JOIN consensus
    ON consensus.game_date = ranked.game_date
    AND consensus.player_id = ranked.player_id
    AND consensus.market = ranked.market
    AND consensus.line = ranked.line
  WHERE ranked.over_implied + ranked.under_implied >= 1
    AND ranked.over_implied + ranked.under_implied <= 1.2
    AND ranked.bookmaker NOT IN ('prizepicks', 'underdog')
  GROUP BY ranked.game_date, ranked.player_id, ranked.market
),
quoted AS (
  SELECT consensus.*, priced.p_over
  FROM consensus
  LEFT JOIN priced
    ON priced.game_date = consensus.game_date
    AND priced.player_id = consensus.player_id
    AND priced.market = consensus.market
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
    MAX(IF(market = 'points', p_over, NULL)) AS points_line_p_over,
    MAX(IF(market = 'rebounds', p_over, NULL)) AS rebounds_line_p_over,
    MAX(IF(market = 'assists', p_over, NULL)) AS assists_line_p_over,
    MAX(IF(market = 'threes', p_over, NULL)) AS threes_line_p_over,
    MAX(IF(market = 'pra', p_over, NULL)) AS pra_line_p_over
  FROM quoted
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
  lines.points_line_p_over,
  lines.rebounds_line_p_over,
  lines.assists_line_p_over,
  lines.threes_line_p_over,
  lines.pra_line_p_over
FROM players
LEFT JOIN rest ON rest.game_date = players.game_date AND rest.team = players.team
LEFT JOIN status ON status.game_date = players.game_date AND status.player_id = players.player_id
LEFT JOIN lines ON lines.game_date = players.game_date AND lines.player_id = players.player_id
