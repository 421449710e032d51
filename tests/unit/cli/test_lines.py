"""`tipoff lines`, on a coordinator that answers as told."""

from typing import Any

import pytest
from click.testing import CliRunner

from cli import common
from cli.lines import lines

ROW: dict[str, Any] = {
    "game_id": "0022300900", "game_date": "2024-03-04", "home_team": "NYK", "away_team": "BOS", "bookmaker": "fanduel",
    "market": "spreads", "side": "NYK", "point": 3.5, "price": -110.0, "available_at": "2024-03-04T20:10:07Z",
}  # fmt: skip


def _shown(monkeypatch: pytest.MonkeyPatch, rows: list[dict[str, Any]], *arguments: str) -> list[str]:
    monkeypatch.setattr(common, "ask", lambda _: ("2024-03-04", rows))
    done = CliRunner().invoke(lines, arguments, standalone_mode=False)
    assert done.exception is None
    return [line.rstrip() for line in done.stdout.splitlines()]


def test_a_line_has_game_side_point_price_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A spread with its sign, a total without, a moneyline has none."""
    total, winner = (
        {"market": "totals", "side": "over", "point": 221.5},
        {"market": "h2h", "point": None, "price": 130.0},
    )
    assert [line.split() for line in _shown(monkeypatch, [ROW, ROW | total, ROW | winner])] == [
        ["2024-03-04:", "3", "lines", "of", "1", "game"],
        ["game", "market", "bookmaker", "side", "point", "price", "since", "(ET)"],
        ["BOS@NYK", "spreads", "fanduel", "NYK", "+3.5", "-110", "03-04", "15:10"],
        ["BOS@NYK", "totals", "fanduel", "over", "221.5", "-110", "03-04", "15:10"],
        ["BOS@NYK", "h2h", "fanduel", "NYK", "+130", "03-04", "15:10"],
    ]


def test_a_slate_without_lines_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that collects them."""
    assert _shown(monkeypatch, [], "--date", "2024-03-04") == [
        "2024-03-04: no lines of games: `tipoff run` collects them"
    ]
