-- The games' own lines of a slate: of each bookmaker, market and side the latest that is known now.
SELECT
  lines.game_id,
  lines.game_date,
  games.home_team,
  games.away_team,
  lines.bookmaker,
  lines.market,
  lines.side,
  lines.point,
  lines.price,
  lines.available_at
FROM raw.game_lines AS lines
LEFT JOIN raw.games AS games ON games.game_id = lines.game_id AND games.game_date = lines.game_date
WHERE lines.game_date = @game_date
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY lines.game_id, lines.bookmaker, lines.market, lines.side
  ORDER BY lines.available_at DESC, lines.fetched_at DESC
) = 1
ORDER BY lines.game_id, lines.market, lines.bookmaker, lines.side
