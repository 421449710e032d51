"""`tipoff status` where the product runs, as far as what it has found is concerned."""

from pathlib import Path
from typing import Any

import pytest

from cli import tonight
from live import daemon


def test_status_says_what_changed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each in one line, under a heading; nothing where nothing has."""
    change = {
        "at": "2024-03-04T22:45:10Z",
        "reason": "Jayson Tatum out since 17:42",
        "moves": {"points": [{"player_name": "Jaylen Brown", "change": 3.14}]},
    }
    found: dict[str, Any] = {
        "services": [], "runs": [], "open_alerts": 0, "credits_left": None, "changes": [change],
        "next": {"schedule": "pulse", "at": "2024-03-04T22:46:00Z", "why": "keeps it current"},
    }  # fmt: skip

    async def answers(*_: object) -> dict[str, Any]:
        return found

    monkeypatch.setattr(tonight, "_found", answers)
    up = daemon.Up(1, "http://127.0.0.1:1", {})
    assert tonight.show(tmp_path, up, as_json=False) == 0
    said = capsys.readouterr().out
    assert "what changed:\n  17:45 Jayson Tatum out since 17:42: Jaylen Brown +3.1 points\n" in said
    found["changes"] = []
    assert tonight.show(tmp_path, up, as_json=False) == 0
    assert "what changed" not in capsys.readouterr().out
