"""`tipoff alerts` and `tipoff alerts test`."""

import asyncio
from typing import Any

import pytest
from click.testing import CliRunner

from cli import common
from cli.main import tipoff
from client.answers import ChannelTested

ROWS: list[ChannelTested] = [
    {"channel": "mailto-1a2b3c", "outcome": "sent", "reason": ""},
    {"channel": "json-4d5e6f", "outcome": "failed", "reason": "channel json-4d5e6f refuses: status 404"},
]


class Coordinator:
    """Answers a test with rows, and remembers what it was asked for."""

    def __init__(self, rows: list[ChannelTested]) -> None:
        self.rows = rows
        self.asked: list[bool] = []

    async def test_alerts(self, *, dry_run: bool) -> list[ChannelTested]:
        """The rows."""
        self.asked.append(dry_run)
        return self.rows

    async def alerts(self) -> list[dict[str, Any]]:
        """None are open."""
        return []


@pytest.mark.parametrize(("rows", "code"), [(ROWS, 1), (ROWS[:1], 0)], ids=["one refuses", "all take it"])
@pytest.mark.parametrize("flags", [[], ["--dry-run"]], ids=["for real", "dry"])
def test_a_test_message_says_how_each_channel_took_it(
    monkeypatch: pytest.MonkeyPatch, rows: list[ChannelTested], code: int, flags: list[str]
) -> None:
    """A line each; the exit code says whether all did."""
    coordinator = Coordinator(rows)
    monkeypatch.setattr(common, "ask", lambda asked, **_: asyncio.run(asked(coordinator)))
    done = CliRunner().invoke(tipoff, ["alerts", "test", *flags])
    assert (done.exit_code, coordinator.asked) == (code, [bool(flags)])
    expected = ["mailto-1a2b3c: sent", "json-4d5e6f: failed: channel json-4d5e6f refuses: status 404"]
    assert done.output.replace("\n", " ").split("  ")[0].strip() == " ".join(expected[: len(rows)])
    assert CliRunner().invoke(tipoff, ["alerts"]).output == "no alerts\n"
