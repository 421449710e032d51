"""Every table, once: columns with type and meaning, key, partitioning and clustering. A module per dataset.

Types are BigQuery's. The warehouse adapters create the tables and check rows from this registry.
"""

from shared.registries.quantiles import QUANTILE_COLUMNS, QUANTILES
from shared.tables.analytics import ANALYTICS
from shared.tables.columns import Column, Table, Type
from shared.tables.features import FEATURE_TABLES
from shared.tables.ops import OPS
from shared.tables.predictions import PREDICTIONS
from shared.tables.raw import RAW

__all__ = (
    "DATASETS",
    "QUANTILES",
    "QUANTILE_COLUMNS",
    "STAGING",
    "STAGING_HOURS",
    "TABLES",
    "Column",
    "Table",
    "Type",
)

TABLES = {table.name: table for table in (*RAW, *ANALYTICS, *FEATURE_TABLES, *PREDICTIONS, *OPS)}
"""By name, in the order of the cascade."""
DATASETS = tuple(dict.fromkeys(name.partition(".")[0] for name in TABLES))
STAGING = "tipoff_staging"
"""The dataset, in the cloud, of rows on their way into a table."""
STAGING_HOURS = 1
"""After which what a killed process left there goes by itself."""
