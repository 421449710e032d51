"""What predictions are made from: features.ml_feature_store."""

from datetime import date

from shared.basketball.slate import Mode
from shared.ports import Row
from shared.registries.features import FEATURES
from tests.oracle.known import Tables, of_slate

OF_TEAM = "analytics.upcoming_team_game_context"
OF_MARKET = "analytics.player_market_context"
OF_OPPONENT = "features.team_defense_zone_analysis"


def ml_feature_store(tables: Tables, slate: date, mode: Mode) -> list[Row]:
    """Every feature of the contract, from the row of its source that is the player's, his team's or his opponent's."""
    found: dict[str, dict[object, Row]] = {}
    for source in {feature.origin.table for feature in FEATURES.values()}:
        key = "team_abbr" if source in (OF_TEAM, OF_OPPONENT) else "player_id"
        found[source] = {
            (row[key], row["market"]) if source == OF_MARKET else row[key]: row
            for row in of_slate(tables[source], slate, mode)
        }
    rows = []
    for context in found["analytics.upcoming_player_game_context"].values():
        player = context["player_id"]
        if player not in found["features.player_daily_cache"]:
            continue
        row: Row = {"game_date": slate, "mode": mode.value}
        row |= {name: context[name] for name in ("game_id", "player_id", "cutoff_at", "tip_utc")}
        for feature in FEATURES.values():
            match feature.origin.table:
                case source if source == OF_TEAM:
                    whose = context["team_abbr"]
                case source if source == OF_MARKET:
                    whose = player, feature.market
                case source if source == OF_OPPONENT:
                    whose = context["opponent_team_abbr"]
                case _:
                    whose = player
            value = found[feature.origin.table].get(whose, {}).get(feature.column or feature.name)
            row[feature.name] = int(value) if isinstance(value, bool) else value
        rows.append(row)
    return rows
