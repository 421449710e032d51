"""`tipoff changes`, on a coordinator that answers as told."""

from typing import Any

import pytest
from click.testing import CliRunner

from cli import common
from cli.changes import changes
from cli.slates import Slate

SLATE = Slate("2024-03-04", "same_day")


def move(player: str, change: float) -> dict[str, Any]:
    """A move of a player's mean."""
    return {"player_name": player, "change": change}


CHANGE: dict[str, Any] = {
    "at": "2024-03-04T22:45:10Z",
    "reason": "Jayson Tatum out since 17:42",
    "moves": {"points": [move("Jaylen Brown", 3.14), move("Al Horford", -0.4), move("Sam Hauser", 0.04)]},
}


def _shown(monkeypatch: pytest.MonkeyPatch, found: list[dict[str, Any]], *arguments: str) -> list[str]:
    monkeypatch.setattr(common, "ask", lambda _: (SLATE, found))
    done = CliRunner().invoke(changes, arguments, standalone_mode=False)
    assert done.exception is None
    heading, *lines = done.stdout.splitlines()
    assert heading.startswith("2024-03-04 same_day: ")
    assert len(found) == len(lines) or not found
    return lines if found else [heading]


def test_a_change_has_its_time_its_reason_and_what_it_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    """In Eastern time; what is nothing once it is rounded is left out."""
    assert _shown(monkeypatch, [CHANGE, CHANGE | {"moves": {}}]) == [
        "17:45 Jayson Tatum out since 17:42: Jaylen Brown +3.1, Al Horford -0.4 points",
        "17:45 Jayson Tatum out since 17:42: no forecast of points moved",
    ]


def test_another_market_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """In its own words."""
    moved = CHANGE | {"moves": {"points": [move("A", 1.0)], "rebounds": [move("B", 0.6)]}}
    [line] = _shown(monkeypatch, [moved], "--market", "rebounds")
    assert line.endswith(": B +0.6 rebounds")


def test_a_slate_on_which_nothing_changed_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever it is."""
    assert _shown(monkeypatch, []) == ["2024-03-04 same_day: nothing has changed"]
