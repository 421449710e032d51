"""The feature contract: what the feature store serves to the models, by name."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.markets import MARKETS
from shared.tables import TABLES

FEATURE_CONTRACT_VERSION = "1"
"""Raised when a feature's meaning changes: artifacts trained under another version are refused."""

_NOT_FEATURES = {"game_date", "mode", "game_id", "player_id", "cutoff_at", "tip_utc"}


@dataclass(frozen=True, slots=True)
class Feature:
    """A numeric column of `features.ml_feature_store`."""

    name: str
    family: str
    """market: known only from bookmakers; form: everything else."""


FEATURES: Mapping[str, Feature] = {
    column.name: Feature(
        column.name, "market" if any(column.name.startswith(f"{market}_line") for market in MARKETS) else "form"
    )
    for column in TABLES["features.ml_feature_store"].columns
    if column.name not in _NOT_FEATURES
}
