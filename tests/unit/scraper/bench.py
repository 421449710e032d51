"""A step alone: stubs of the warehouse and of the payloads around it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.scraper.fetch_log import FetchLog, Unit
from services.scraper.settings import ScraperSettings
from services.scraper.task import Task
from shared.basketball.slate import Mode
from shared.contract import StepRequested
from shared.ports import Row
from tests.unit.scraper import wire
from tests.unit.scraper.fakes import StubPayloads, StubWarehouse

SLATE = date(2024, 3, 4)
MORNING = datetime(2024, 3, 4, 12, tzinfo=UTC)
"""07:00 ET of the slate: its overnight cutoff."""
TIP = datetime(2024, 3, 5, 0, 30, tzinfo=UTC)
NYK_ASH, BOS_ELM = wire.player("NYK", 0)[0], wire.player("BOS", 4)[0]
"""Ids of the players `Nyk Ash` and `Bos Elm`."""


def slate_game(game_id: str = wire.BOS_AT_NYK, home: str = "NYK", away: str = "BOS", tip: datetime = TIP) -> Row:
    return {"game_id": game_id, "game_date": SLATE, "tip_utc": tip, "home_team": home, "away_team": away}


GAMES = (slate_game(), slate_game(wire.LAL_AT_DEN, "DEN", "LAL", TIP + timedelta(hours=2)))
ROSTER = [
    {"player_id": wire.player(team, n)[0], "player_name": wire.player(team, n)[1], "team": team}
    for team in ("NYK", "BOS", "DEN")
    for n in range(8)
]


@dataclass
class Bench:
    """A step's surroundings."""

    warehouse: StubWarehouse
    payloads: StubPayloads
    fetches: FetchLog
    task: Task


def bench(
    step: str,
    answers: dict[str, Any],
    *,
    now: datetime = MORNING,
    mode: Mode = Mode.OVERNIGHT,
    retrospective: bool = False,
    games: tuple[str, ...] = (),
    final: bool = False,
    held: set[tuple[str, str]] | None = None,
    **settings: Any,  # noqa: ANN401 - settings of the scraper
) -> Bench:
    request = StepRequested(
        run_id="r1",
        game_date=SLATE,
        mode=mode,
        step=step,
        attempt=1,
        retrospective=retrospective,
        games=games,
        final=final,
    )
    warehouse, payloads, fetches = StubWarehouse(answers), StubPayloads(now, held), FetchLog(request, now)
    task = Task(request, ScraperSettings(**settings), warehouse, payloads, fetches, now)  # type: ignore[arg-type]  # stubs of the ports
    return Bench(warehouse, payloads, fetches, task)


def loaded(source: str, records: int, unit: str) -> Unit:
    return Unit("loaded", source, records, None, f"{source}/{unit}")
