"""A history: a folder of Parquet tables with the facts of past seasons. These are the columns the upstream reads.

A folder may hold more tables and more columns. `game_id` is the NBA's ten-character id, `player_id` the NBA's id,
teams are NBA tricodes, `game_date` is the US-Eastern date.

| table | a row is |
| --- | --- |
| schedule | a game: scheduled tip-off, arena, final score |
| team_games | a team's box score in a game |
| player_games | the box score of a player who played; minutes are decimal |
| availability | a player listed who did not play: inactive, nwt, suspended, dnp_*, dnd |
| injuries | an injured-list event: relinquished (out) or activated (back) |
| prop_lines | a bookmaker's line at one instant; `pregame` false = after tip-off; null `snapshot_utc` = time unknown |
| game_lines | a bookmaker's spread, total and moneylines; null `snapshot_utc` = closing. May be missing |
"""

import pyarrow as pa

_INSTANT = pa.timestamp("us", tz="UTC")
COUNTS = ("pts", "reb", "oreb", "dreb", "ast", "fgm", "fga", "fg3m", "fg3a", "ftm", "fta", "stl", "blk", "tov", "pf")
"""The counting statistics of a box score."""

SCHEMA = {
    "schedule": {
        "game_id": pa.string(),
        "season": pa.string(),
        "game_date": pa.date32(),
        "tip_utc": _INSTANT,
        "home_team": pa.string(),
        "away_team": pa.string(),
        "neutral_site": pa.bool_(),
        "home_pts": pa.int64(),
        "away_pts": pa.int64(),
        "ot_periods": pa.int64(),
        "arena": pa.string(),
    },
    "team_games": {"game_id": pa.string(), "team": pa.string(), **dict.fromkeys(COUNTS, pa.int64())},
    "player_games": {
        "game_id": pa.string(),
        "player_id": pa.int64(),
        "player_name": pa.string(),
        "team": pa.string(),
        "starter": pa.bool_(),
        "minutes": pa.float64(),
        **dict.fromkeys(COUNTS, pa.int64()),
        "plus_minus": pa.int64(),
    },
    "availability": {
        "game_id": pa.string(),
        "team": pa.string(),
        "player_id": pa.int64(),
        "player_name": pa.string(),
        "status": pa.string(),
    },
    "injuries": {
        "date": pa.date32(),
        "team": pa.string(),
        "player_id": pa.int64(),
        "player_name": pa.string(),
        "event": pa.string(),
        "note": pa.string(),
    },
    "prop_lines": {
        "game_id": pa.string(),
        "player_id": pa.int64(),
        "player_name_raw": pa.string(),
        "market": pa.string(),
        "bookmaker": pa.string(),
        "line": pa.float64(),
        "over_price": pa.float64(),
        "under_price": pa.float64(),
        "snapshot_utc": _INSTANT,
        "pregame": pa.bool_(),
        "is_main": pa.bool_(),
        "event_id": pa.string(),
    },
    "game_lines": {
        "game_id": pa.string(),
        "bookmaker": pa.string(),
        "spread_home": pa.float64(),
        "total": pa.float64(),
        "home_ml": pa.float64(),
        "away_ml": pa.float64(),
        "snapshot_utc": _INSTANT,
    },
}
OPTIONAL = {"game_lines": frozenset({"snapshot_utc"})}
"""Tables that a folder may lack, and the columns that such a table may lack."""

REQUIRED = {
    "schedule": ("game_id", "season", "game_date", "tip_utc", "home_team", "away_team"),
    "team_games": ("game_id", "team"),
    "player_games": ("game_id", "player_id", "player_name", "team"),
    "availability": ("game_id", "team", "player_name", "status"),
    "injuries": ("date", "player_name", "event"),
    "prop_lines": ("game_id", "player_name_raw", "market", "bookmaker", "line"),
    "game_lines": ("game_id", "bookmaker"),
}
"""Columns that may not hold a null."""
