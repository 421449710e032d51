"""The files that `replay` writes."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cli import nights
from shared.errors import Permanent
from shared.tables import QUANTILE_COLUMNS


def prediction(**changes: object) -> dict[str, Any]:
    """A prediction as the API gives it, with more columns than the file has."""
    return {
        "game_id": "0022400001", "player_id": 1, "game_date": "2024-11-01", "market": "points",
        "system": "moving_average", "predicted_at": "2024-11-01T11:00:00+00:00", "mean": 1.5,
        **dict.fromkeys(QUANTILE_COLUMNS, 1.0), "line": None, "p_over": None, "player_name": "Ann One", **changes,
    }  # fmt: skip


def test_predictions_file_has_the_documented_columns(tmp_path: Path) -> None:
    """Columns, order and types by hand; a prediction without a line has nulls."""
    file = tmp_path / "made" / "p.parquet"
    nights.write_parquet(nights.packed([prediction(), prediction(player_id=2, line=0.0, p_over=0.0)]), file)
    table = pq.read_table(file)
    assert table.column_names == [
        "game_id", "player_id", "game_date", "market", "system", "predicted_at", "mean",
        "q05", "q10", "q20", "q30", "q40", "q50", "q60", "q70", "q80", "q90", "q95", "line", "p_over",
    ]  # fmt: skip
    assert table.schema.field("predicted_at").type == pa.timestamp("us", tz="UTC")
    assert table.schema.field("game_date").type == pa.date32()
    assert table.column("line").to_pylist() == table.column("p_over").to_pylist() == [None, 0.0]


def test_no_predictions_are_an_empty_file_with_its_columns(tmp_path: Path) -> None:
    """A date without games gives a file that reads like any other."""
    nights.write_parquet(nights.packed([]), tmp_path / "p.parquet")
    table = pq.read_table(tmp_path / "p.parquet")
    assert (table.num_rows, table.column_names) == (0, nights.PARQUET.names)


def test_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A folder in the way is told with the path and the remedy."""
    with pytest.raises(Permanent, match=rf"cannot write {tmp_path}: .*: name a writable file"):
        nights.write_parquet(nights.packed([]), tmp_path)
    with pytest.raises(Permanent, match=rf"cannot write {tmp_path}: .*: name a writable file"):
        nights._write_text(tmp_path, "{}")
