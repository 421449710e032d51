"""A made-up season of documents, as large as the real one's, and the coordinator that serves it.

What `tipoff bench page` and `paint` read.
"""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.serving import coordinator
from devstack.workspace import Workspace
from services.coordinator.documents import keys
from services.coordinator.documents.games import Publication, Rows, documents
from services.coordinator.documents.record import PICK_SUMS
from services.coordinator.documents.shapes import Forecast
from services.coordinator.documents.store import packed
from shared.basketball.slate import Mode
from shared.ports import Row
from shared.registries.markets import MARKETS
from shared.registries.systems import BEST_FIRST, SYSTEMS
from shared.tables import QUANTILE_COLUMNS

FIRST, SLATES, GAMES, PLAYERS, BOOKS, PAST = date(2023, 10, 24), 165, 8, 24, 8, 20
LAST = FIRST + timedelta(days=SLATES - 1)
PASSES = 6
"""Publications of a game: its slate's run, news, the final pass."""
SUMS: tuple[str, ...] = (
    *("shadow", "n", "voided", "error", "bias", "crps", "inside_80", "inside_90"),
    *(f"below_{name}" for name in QUANTILE_COLUMNS),
    *(f"{of}_{what}" for of in ("season", "ewma", "rate", "line") for what in ("n", "error", "difference")),
    *("brier_n", "brier", "overs", "hits", "market_n", "market_brier", "priced_brier", "brier_difference", "picks"),
    *("picks_won", "picks_returned", "clv_n", "clv", "clv_price_n", "clv_price", "units_n", "units"),
)
_MODE = Mode.SAME_DAY
_TIERS = ("regular", "bench", "new")
_PICKED = 0.1
"""Share of the predictions that are picks."""


@asynccontextmanager
async def served() -> AsyncIterator[tuple[str, dict[str, str]]]:
    """The address of its coordinator, and the headers it is asked with."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder), "bench")
        workspace.make()
        write(workspace.path / "archive")
        async with coordinator(workspace, workspace.path / "log") as service:
            yield service.url, {"X-API-Key": workspace.api_key}


def write(folder: Path) -> None:
    """A season of cards, the last slate's documents, and the record of every month."""
    dice = np.random.default_rng(7)
    made = [(game_id, packed(document), card) for game_id, document, card in _slate(dice)]
    for number in range(SLATES):
        day = FIRST + timedelta(days=number)
        for game_id, document, card in made:
            for pass_ in range(PASSES):
                at = datetime.combine(day, time(16), UTC) + timedelta(hours=pass_)
                stamp = keys.stamped(at, f"{day}.run")
                game = {**card["game"], "published_at": at, "run_id": f"{day}.run"}
                _put(folder, f"{keys.cards(day, _MODE.value)}{game_id}/{stamp}", packed({**card, "game": game}))
                if day == LAST:
                    _put(folder, f"{keys.games(day, _MODE.value)}{game_id}/{stamp}", document)
    months: dict[str, list[date]] = {}
    for number in range(SLATES):
        day = FIRST + timedelta(days=number)
        months.setdefault(f"{day:%Y-%m}", []).append(day)
    for month, days in months.items():
        _record(folder, month, days, dice)


def _put(folder: Path, key: str, data: bytes) -> None:
    path = folder / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _slate(dice: np.random.Generator) -> Any:  # noqa: ANN401 - as `documents` gives them
    at = datetime.combine(LAST, time(21), UTC)
    rows = Rows([], [], [], [], [])
    for game in range(GAMES):
        for player in range(PLAYERS):
            number = 1000 * (1 + game) + player
            key: Row = {"game_id": f"00223{game:05}", "player_id": number}
            rows.players.append(
                key | {"home_team": "BOS", "away_team": "DEN", "tip_utc": at, "player_name": f"Player {number}",
                       "team_abbr": "BOS", "opponent_team_abbr": "DEN", "is_home": True, "injury_status": None}
            )  # fmt: skip
            for market in MARKETS:
                rows.forecasts.extend(_forecast(key, market, system, dice, at) for system in SYSTEMS)
                rows.books.extend(
                    key | {"market": market, "bookmaker": f"book {book}", "line": 20.5, "over_price": -110.0,
                           "under_price": -110.0, "posted_at": at}
                    for book in range(BOOKS)
                )  # fmt: skip
            rows.past.extend(_past(key, number, dice) for number in range(PAST))
    return documents(Publication(LAST, _MODE, f"{LAST}.run", "", "", at), rows, {})


def _forecast(key: Row, market: str, system: str, dice: np.random.Generator, at: datetime) -> Row:
    numbers: Row = {name: float(value) for name, value in zip(Forecast.__annotations__, dice.random(40), strict=False)}
    return numbers | key | {
        "market": market, "system": system, "recommendation": "over" if dice.random() < _PICKED else "pass",
        "drivers": '[["rate_x_minutes", 6.007], ["opponent_defensive_rating", -0.134], ["assists_last_5", 0.114]]',
        "shadow": False, "pass_reason": "small edge", "run_id": "run", "predicted_at": at, "line_at": at,
        "book": "book 1", "line_books": 8, "edge_size": "2-4 %", "p_push": 0.0,
    }  # fmt: skip


def _past(key: Row, number: int, dice: np.random.Generator) -> Row:
    found: Row = key | {
        "game_id": f"00222{number:05}", "game_date": FIRST, "opponent_team_abbr": "LAL", "is_home": True,
        "minutes": 31.5,
    }  # fmt: skip
    for market in MARKETS:
        said: Row = {
            name: float(value) for name, value in zip(("mean", "q10", "q90", "line"), dice.random(4), strict=True)
        }
        said |= {"system": "ensemble", "recommendation": "pass"}
        found |= {market: 12, **{f"{market}_{name}": value for name, value in said.items()}}
    return found


def _record(folder: Path, month: str, days: list[date], dice: np.random.Generator) -> None:
    at = datetime.combine(days[-1] + timedelta(days=1), time(10), UTC)
    kinds = [(str(day), *kind) for day in days for kind in product(MARKETS, SYSTEMS, _TIERS)]
    texts = dict(zip(("game_date", "market", "system", "tier"), map(list, zip(*kinds, strict=True)), strict=True))
    sums = {name: dice.integers(20, 90, len(kinds)).tolist() for name in SUMS}
    sums |= {"shadow": [False] * len(kinds), "picks": [90] * len(kinds), "picks_won": sums["hits"]}
    bins = {name: dice.integers(1, 9, len(kinds)).tolist() for name in ("bin", "p_over", "overs")}
    bins["n"] = [9] * len(kinds)
    some = {name: dice.integers(1, 9, len(kinds)).tolist() for name in PICK_SUMS}
    some["picks"] = [9] * len(kinds)
    slates = {}
    for day in days:
        key = f"{keys.picks(_MODE.value, str(day))}{keys.stamped(at, 'run')}"
        _put(folder, key, packed(_picks(day, dice)))
        slates[str(day)] = {"key": key, "digest": ""}
    document = {
        "recorded_at": at, "run_id": "run", "mode": _MODE.value, "month": month, "slates": slates,
        "sums": texts | sums, "bins": texts | bins, "edges": texts | some | {"edge_size": ["2-4 %"] * len(kinds)},
    }  # fmt: skip
    _put(folder, f"{keys.record(_MODE.value)}{month}/{keys.stamped(at, 'run')}", packed(document))


def _picks(day: date, dice: np.random.Generator) -> dict[str, list[Any]]:
    n = 1500
    said: dict[str, Any] = {
        "game_date": str(day), "game_id": "0022300001", "player_id": 1001, "player_name": "Player 1001",
        "market": "points", "tier": "regular", "edge_size": "2-4 %", "side": "over", "line": 20.5, "book": "book 1",
        "price": -110.0, "actual": 22.0, "result": "won",
    }  # fmt: skip
    found: dict[str, list[Any]] = {name: [value] * n for name, value in said.items()}
    numbers = {name: dice.random(n).round(4).tolist() for name in ("edge", "units", "clv")}
    return found | numbers | {"system": [BEST_FIRST[number % len(BEST_FIRST)] for number in range(n)]}
