"""What a client and the coordinator must agree on before anything is asked."""

from typing import Final

API_VERSION: Final = 2
"""Version of the coordinator's HTTP API. Raise it when a command line of the release before would misread an answer."""
MAX_WINDOW_DAYS: Final = 400
"""Days of one answer of that API: a season and its summer. Who wants more asks several times."""
CSV: Final = "text/csv"
PARQUET: Final = "application/vnd.apache.parquet"
"""Media types, as IANA has them, in which rows come as a file."""
ROWS: Final = "X-Rows"
"""Header of such a file: how many rows are in it."""
