"""What was published of a slate, read back: as it was known at an instant. No warehouse is asked."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from services.coordinator.documents import keys
from services.coordinator.documents.shapes import CardDocument, GameDocument, PlayerDocument, SlateChange, Tonight
from services.coordinator.documents.store import Kept, player_of
from services.coordinator.runs.run import Run
from shared.ports import Archive
from shared.registries.markets import MARKETS

SHOWN: Final = 3
"""Moves of a market that are shown of a pass."""
_CARDS: Final = 600
"""Some slates with all their passes: 20 kB each."""


@dataclass(frozen=True, slots=True)
class Slate:
    """The cards of a slate at an instant, by game; without any before its first publication."""

    game_date: date
    mode: str
    cards: Mapping[str, CardDocument]
    first_at: datetime | None
    """The first publication."""
    latest_at: datetime | None
    """The newest that is not later than the instant."""


class Published:
    """Reads documents. Those in short are kept in memory: they never change."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._cards = Kept(archive, _CARDS)

    async def modes(self, day: date, as_of: datetime) -> dict[str, datetime]:
        """Mode -> its newest publication of a slate that is not later than the instant."""
        found: dict[str, datetime] = {}
        for folder, key in keys.newest(await self._archive.list(keys.cards(day)), as_of).items():
            mode, at = folder.split("/")[3], keys.stamp_of(key)
            found[mode] = max(at, found.get(mode, at))
        return found

    async def slate(self, day: date, mode: str, as_of: datetime) -> Slate:
        """Of every game the newest card that is not later than the instant."""
        there = await self._archive.list(keys.cards(day, mode))
        chosen = keys.newest(there, as_of)
        cards = await self._cards.get(list(chosen.values()))
        stamps = [keys.stamp_of(key) for key in chosen.values()]
        first = min((keys.stamp_of(key) for key in there), default=None)
        return Slate(
            day,
            mode,
            {card["game"]["game_id"]: card for card in cards},
            first if first is not None and first <= as_of else None,
            max(stamps, default=None),
        )

    async def player(self, slate: Slate, game_id: str, player_id: int) -> tuple[GameDocument, PlayerDocument]:
        """The document beside a card, without its players, and one of them."""
        card = slate.cards[game_id]["game"]
        stamp = keys.stamped(datetime.fromisoformat(card["published_at"]), card["run_id"])
        data = await self._archive.get(f"{keys.games(slate.game_date, slate.mode)}{game_id}/{stamp}")
        document, player = await asyncio.to_thread(player_of, data, player_id)
        return document, player

    async def dates(self, as_of: datetime) -> list[date]:
        """Every slate that was published by then, in whatever mode: a long list, for suggestions."""
        there = await self._archive.list(keys.publications())
        return sorted({date.fromisoformat(keys.parts(key)[0]) for key in keys.newest(there, as_of).values()})


def tonight(slate: Slate, as_of: datetime, due_at: datetime, run: Run | None) -> Tonight:
    """A slate as it was known at an instant."""
    cards = sorted(slate.cards.values(), key=lambda card: (_instant(card["game"]["tip_utc"]), card["game"]["game_id"]))
    if run is not None and run.beginning.retrospective:
        in_time = None
    else:
        in_time = slate.first_at <= due_at if slate.first_at is not None else None if as_of < due_at else False
    return Tonight(
        game_date=str(slate.game_date),
        mode=slate.mode,
        as_of=as_of.isoformat(),
        published_at=None if slate.latest_at is None else slate.latest_at.isoformat(),
        due_at=due_at.isoformat(),
        in_time=in_time,
        games=[card["game"] for card in cards],
        edges=sorted(
            (edge for card in cards for edge in card["edges"]),
            key=lambda edge: (-edge["edge"], edge["game_id"], edge["player_id"], edge["market"]),
        ),
        changes=_changes(cards),
        missing=[{"what": step, "why": why} for step, why in ({} if run is None else _undone(run, as_of)).items()],
    )


def _changes(cards: list[CardDocument]) -> list[SlateChange]:
    """The changes of the games put together by pass, the newest first."""
    found: dict[str, SlateChange] = {}
    for card in cards:
        for change in card["changes"]:
            whole = found.setdefault(
                change["run_id"],
                SlateChange(at=change["at"], run_id=change["run_id"], reason=change["reason"], games=[], moves={}),
            )
            whole["games"].append(card["game"]["game_id"])
            for market, moves in change["moves"].items():
                together = [*whole["moves"].get(market, []), *moves]
                together.sort(key=lambda move: (-abs(move["change"]), move["player_id"]))
                whole["moves"][market] = together[:SHOWN]
    for whole in found.values():
        whole["games"].sort()
        whole["moves"] = {market: whole["moves"][market] for market in MARKETS if market in whole["moves"]}
    return sorted(found.values(), key=lambda change: (_instant(change["at"]), change["run_id"]), reverse=True)


def _undone(run: Run, as_of: datetime) -> dict[str, str]:
    """Step -> why it was not done in full, by the last decision until then."""
    last: defaultdict[str, str] = defaultdict(str)
    for decision in (*run.earlier, *run.decisions):
        if decision.decided_at <= as_of:
            last[decision.step] = (
                "" if decision.in_full else decision.reason or f"the run decided to {decision.decision}"
            )
    return {step: why for step, why in last.items() if why}


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
