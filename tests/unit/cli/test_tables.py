"""What reading commands print fits 80 columns and says what it is of."""

import json
from pathlib import Path
from typing import Any, cast

import click
import pytest
from rich.console import Console
from rich.table import Table

from cli import common, operating, predictions, rows_out
from client.answers import File, GridCell

WIDTH = 80


def printed(table: Table) -> list[str]:
    """The table as lines, on a terminal of 80 columns."""
    console = Console(width=WIDTH, highlight=False)
    with console.capture() as capture:
        console.print(table)
    return [line.rstrip() for line in capture.get().splitlines()]


def row(**changes: object) -> dict[str, Any]:
    """A prediction with a pick, of a name as long as they come."""
    return {
        "game_id": "0022400001", "player_id": 7, "player_name": "Giannis Antetokounmpo-Wembanyama",
        "market": "rebounds", "team_abbr": "MIL", "home_team": "BOS", "away_team": "MIL", "injury_status": None,
        "mean": 42.34, "q10": 25.2, "q90": 60.9, "line": 39.5, "p_over": 0.6, "p_push": 0.0, "voided": None,
        "actual": None, "system": "ensemble", "shadow": False, "p_market": 0.5, "edge": 0.1,
        "recommendation": "over", "pass_reason": None, "book": "williamhill_us", "over_price": -110.0,
        "under_price": -125.0, **changes,
    }  # fmt: skip


def test_a_markets_table_has_one_line_for_a_player() -> None:
    """However long his name; whether it is a pick, and what he did."""
    table = predictions.market_table(
        [row(actual=41.0), row(voided=True), row(injury_status="Questionable")], "rebounds"
    )
    title, _, first, second, third = printed(table)
    assert title == "rebounds, by ensemble"
    assert first.startswith("Giannis Antetokounmpo… MIL@BOS 42.3 25-61 39.5")
    assert first.endswith("over -110     41")
    assert second.endswith("dnp")
    assert third.startswith("Giannis Antetokou… (Q) MIL@BOS")


def test_the_letters_of_the_injury_report_are_explained() -> None:
    """Those that are shown, whole in every table, in one line."""
    rows = [row(injury_status="Questionable"), row(injury_status="Out"), row(injury_status="Out"), row()]
    assert printed(predictions.best_table(rows))[1].startswith("Giannis Ante… (Q) MIL@BOS")
    assert list(predictions.legend(rows)) == ["(O) out, (Q) questionable: the injury report"]
    assert list(predictions.legend([row()])) == []


def test_either_fair_price_is_named() -> None:
    """In two lines, so that a table against a line fits."""
    answer = row() | {"asked_line": 12.5, "p_push": 0.117, "p_under": 0.4, "fair_over": -1500.0, "fair_under": 1500.0}
    certain = answer | {"shadow": True, "p_over": 1.0}
    head, below, last, another = printed(predictions.over_table([answer, certain]))
    assert head.split()[-5:] == ["over", "push", "under", "fair", "fair"]
    assert below.split()[-5:] == ["%", "%", "%", "over", "under"]
    assert last == "Giannis Antetoko… rebounds ensemble     12.5 42.3  60.0 11.7  40.0 -1500 +1500"
    assert another == "Giannis Antetoko… rebounds ensemble (s… 12.5 42.3 100.0 11.7  40.0 -1500 +1500"


def test_best_shows_either_side() -> None:
    """An under's probability is that of the under."""
    under = row(recommendation="under", edge=-0.15, p_over=0.3, player_name="Ann One", line=3.5)
    _, first, second = printed(predictions.best_table([under, row()]))
    assert first.split()[:6] == ["Ann", "One", "MIL@BOS", "rebounds", "under", "3.5"]
    assert "70 %" in first
    assert "60 %" in second


def cell(day: str, step: str, status: str, why: str = "") -> GridCell:
    """A cell of the grid."""
    made = {
        "game_date": day, "mode": "overnight", "step": step, "status": status, "expected": 8, "verified": 8,
        "missing": 0, "quarantined": 0, "why": why,
    }  # fmt: skip
    return cast("GridCell", made)


def test_a_grid_of_several_slates_has_a_mark_for_each_step() -> None:
    """And of what is not done the first step, how many more, and why."""
    cells = [
        cell("2024-03-04", "schedule", "done"),
        cell("2024-03-04", "lines", "idle"),
        cell("2024-03-05", "schedule", "missing", "nobody asked; 0 of 8 there"),
        cell("2024-03-05", "lines", "missing", "nobody asked; 0 of 1 there"),
    ]
    done, missing = printed(operating.slates_table(cells))[1:]
    assert (done.split(), missing.split()[:3]) == (["2024-03-04", ".-", "2/2"], ["2024-03-05", "!!", "0/2"])
    assert missing.endswith("schedule and 1 more")
    assert operating.reasons(cells) == ["2024-03-05 missing, nobody asked: schedule and 1 more"]


def test_a_grid_of_one_slate_has_a_line_for_each_step() -> None:
    """Units that are there of those expected; what is in brackets is no markup."""
    lines = printed(operating.steps_table([cell("2024-03-04", "schedule", "degraded", "as [bold] says")]))
    assert lines[1].split() == ["schedule", "degraded", "8/8", "as", "[bold]", "says"]


def test_the_format_is_that_of_an_option_or_of_the_files_name(tmp_path: Path) -> None:
    """People's is none; a name that says nothing is refused."""
    assert rows_out.asked(None, None, as_json=False) is None
    assert rows_out.asked("json", None, as_json=True) == "json"
    assert rows_out.asked(None, None, as_json=True) == "json"
    assert rows_out.asked(None, tmp_path / "rows.parquet", as_json=False) == "parquet"
    with pytest.raises(click.UsageError, match="needs --format"):
        rows_out.asked(None, tmp_path / "rows", as_json=False)


def test_rows_are_written_where_they_are_asked_for(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """The bytes as they are, to stdout or into a file; JSON has every row."""
    rows_out.write(File(b"a\r\n1\r\n", 1), "csv", None)
    assert capsysbinary.readouterr().out == b"a\r\n1\r\n"
    rows_out.write(File(b"PAR1\xff", 1), "parquet", None)
    assert capsysbinary.readouterr().out == b"PAR1\xff"
    file = rows_out.as_file([{"a": 1, "b": "ö"}, {"a": 2, "b": None}])
    rows_out.write(file, "json", tmp_path / "made" / "rows.json")
    assert json.loads((tmp_path / "made" / "rows.json").read_bytes()) == [{"a": 1, "b": "ö"}, {"a": 2, "b": None}]
    assert file.rows == 2


def test_text_between_colons_is_no_emoji() -> None:
    """A reason is printed as it was given."""
    with common.out.capture() as captured:
        common.out.print("predict:key: refused")
    assert captured.get() == "predict:key: refused\n"
