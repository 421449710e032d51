"""`tipoff` alone, and `tipoff watch`, on a coordinator that answers as told."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any, cast

import click
import pytest
from click.testing import CliRunner

from cli import common, overview, watch
from cli.slates import NoSlate, Slate
from client.answers import Alert, Run
from client.api import Client, Endpoint
from shared.errors import Permanent
from tests.unit.client.coordinator import run as shown

DAY = date(2024, 3, 4)
EDGE: dict[str, Any] = {
    "player_name": "Giannis Antetokounmpo", "team": "MIL", "opponent": "BOS", "market": "rebounds", "side": "under",
    "line": 10.5, "price": -117.0, "book": "williamhill_us", "p": 0.7, "edge": 0.2,
    "record": {"picks": 120, "won": 66, "low": 0.46, "high": 0.63},
}  # fmt: skip
TONIGHT: dict[str, Any] = {
    "published_at": "2024-03-04T12:03:00Z", "due_at": "2024-03-04T12:30:00Z", "in_time": True, "changes": [],
    "games": [{"players": [1, 2, 3]}], "edges": [EDGE] * 7, "missing": [],
}  # fmt: skip
CHANGE = {"at": "2024-03-04T22:45:10Z", "reason": "A out", "moves": {}}


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., list[str]]:
    """The lines of `tipoff` for a night, as a coordinator elsewhere knows it."""

    def lines(run: Run | None = None, alerts: tuple[Alert, ...] = (), letters: int = 0, **tonight: Any) -> list[str]:  # noqa: ANN401 - fields of the night
        answer = (Slate("2024-03-04", "overnight"), TONIGHT | tonight, run, [*alerts], letters)
        monkeypatch.setattr(common, "ask", lambda _: answer)
        monkeypatch.setattr(common, "elsewhere", lambda: Endpoint("https://tipoff.example"))
        overview.overview()
        return [line.rstrip() for line in capsys.readouterr().out.splitlines()]

    return lines


def test_a_good_night_is_one_screen(alone: Callable[..., list[str]]) -> None:
    """State, five of the edges with their record, nothing to do: within 24 lines of 80 characters."""
    lines = alone(shown(DAY, "complete", {"predict": "done"}))
    assert lines[0] == "2024-03-04 overnight: published 07:03 ET; 1 game, 3 players"
    assert lines[1] == "coordinator https://tipoff.example; run complete, 1 of 1 steps done"
    assert "best of 7 edges" in lines
    edges = [line for line in lines if line.startswith("Giannis Antetoko…")]
    assert len(edges) == overview.EDGES
    assert edges[0].split()[2:] == [
        "MIL/BOS", "rebounds", "under", "10.5", "-117", "williamh…", "70", "%", "+20", "%", "66/120",
    ]  # fmt: skip
    assert "nothing needs a hand" in lines
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80


def test_what_needs_a_hand_comes_with_what_to_do(alone: Callable[..., list[str]]) -> None:
    """The gravest first, no more than three, and how many more; what changed is told too."""
    alert = cast("Alert", {"severity": "page", "name": "late", "scope": "2024-03-04", "detail": "no predictions"})
    failed = shown(DAY, "failed", {"lines": "failed"})
    missing = [{"what": "lines", "why": "the source is down"}]
    text = "\n".join(alone(failed, (alert,), 2, missing=missing, changes=[CHANGE], edges=[], in_time=False))
    assert "published 07:03 ET, late" in text
    assert "no edge tonight" in text
    assert "needs a hand:\n  page: late 2024-03-04: no predictions\n" in text
    assert "--redo lines" in text.replace("\n", " ")
    assert "missing: lines: the source is down" in text
    assert "and 1 more: `tipoff status`, `tipoff alerts`" in text
    assert "changed: 17:45 A out: no forecast of points moved" in text


def test_before_the_first_publication_it_says_when_it_is_due(alone: Callable[..., list[str]]) -> None:
    """And that the run can be watched."""
    running = shown(DAY, "running", {"predict": "running", "lines": "done"})
    lines = alone(running, published_at=None, games=[], edges=[])
    assert lines[0].endswith("nothing is published yet; due 07:30 ET")
    assert " ".join(lines[1:3]).endswith("run running, 1 of 2 steps done, `tipoff watch` follows it")


def test_before_the_first_run_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a coordinator elsewhere."""

    def nothing(_: object) -> None:
        raise NoSlate("no run yet")

    monkeypatch.setattr(common, "ask", nothing)
    monkeypatch.setattr(common, "elsewhere", lambda: Endpoint("https://tipoff.example"))
    overview.overview()
    assert "no runs yet: `tipoff run` starts one" in capsys.readouterr().out


class Fake:
    """A coordinator with one run that ends, and one that is over."""

    def __init__(self) -> None:
        self.looks = iter(["running", "complete"])

    async def get(self, path: str, **query: str) -> Any:  # noqa: ANN401 - JSON
        """Which slate is meant, and what is at work."""
        if path == "idle":
            return {"idle": False, "at_work": ["2024-03-04.overnight"]}
        day = query.get("game_date", "2024-03-04")
        return {"slate": {"game_date": day, "mode": "overnight"} if day == "2024-03-04" else None, "near": []}

    async def run(self, _: str) -> Run:
        """The run, one look further."""
        status = next(self.looks, "complete")
        return shown(DAY, status, {"lines": "done", "predict": "running" if status == "running" else "done"})

    async def runs(self) -> list[Run]:
        """The two."""
        return [shown(DAY - timedelta(days=1), "failed", {"lines": "failed"}), await self.run("")]


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """`tipoff watch` on the fake, which lives or only lies there."""

    def done(*arguments: str, lives: bool = True) -> Any:  # noqa: ANN401 - click's result
        fake = cast("Client", Fake())

        async def where() -> Endpoint | None:
            return Endpoint("http://127.0.0.1:1") if lives else None

        def ask(question: Callable[[Client], Awaitable[Any]]) -> Any:  # noqa: ANN401 - whatever is answered
            return common.settle(cast("Any", question(fake)))

        monkeypatch.setattr(common, "coordinator", where)
        monkeypatch.setattr(common, "elsewhere", lambda: None)
        monkeypatch.setattr(common, "ask", ask)
        return CliRunner().invoke(watch.watch, arguments, standalone_mode=False)

    return done


def test_the_run_at_work_is_followed_to_its_end(watched: Callable[..., Any]) -> None:
    """A line for each step that settles, once."""
    lines = watched().stdout.splitlines()
    assert [line.split(",")[0] for line in lines[:2]] == ["lines done", "predict done"]
    assert lines[2].startswith("2024-03-04 backfill: run ")
    assert lines[2].endswith("complete")


def test_a_run_is_named_by_date_or_id(watched: Callable[..., Any]) -> None:
    """Its exit code is that of the run; what is no run is answered with what is nearly one."""
    assert watched("2024-03-04").return_value == 0
    failed = shown(DAY - timedelta(days=1), "failed", {})["run_id"]
    assert watched(failed).return_value == 1
    wrong = watched(failed.replace("backfill", "backfil")).exception
    assert isinstance(wrong, Permanent)
    assert f"did you mean {failed}" in str(wrong)
    assert isinstance(watched("2024-03-09").exception, NoSlate)


def test_a_run_that_nobody_works_on_is_not_waited_for(watched: Callable[..., Any]) -> None:
    """It is said how it goes on."""
    left = watched(lives=False).exception
    assert isinstance(left, Permanent)
    assert "`tipoff run --date 2024-03-04 --mode backfill` resumes it" in str(left)
    assert not isinstance(left, click.ClickException)
