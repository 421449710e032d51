"""Failure 29: the future never leaks into features. Whatever is scrambled after the cutoff, not a bit may change."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.analytics.processors import PROCESSORS
from shared.contract import StepRequested
from shared.embedded.warehouse import DuckDBWarehouse
from shared.ports import Row
from shared.slate import Mode, cutoff
from tests.unit.analytics.conftest import NIGHT
from tests.unit.shared.rows import SLATE, box, game, injury, load, prop, roster, tip

EARLY, LATE = "0022300900", "0022300901"
TIPS = {EARLY: tip(SLATE, 19), LATE: tip(SLATE, 22, 30)}
PLAYERS = {1: EARLY, 2: EARLY, 3: LATE, 4: LATE}
TEAMS = {1: "BOS", 2: "GSW", 3: "LAL", 4: "UTA"}


@dataclass
class Night:
    """The raw rows of a slate of two games, an early and a late one, with a month of history."""

    boxes: list[Row] = field(default_factory=list)
    injuries: list[Row] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)

    def known(self, mode: Mode, *, future: int | None) -> "Night":
        """The rows that may count; with a seed for `future`, those that may not come along, scrambled."""
        dice = random.Random(future)  # noqa: S311 - a seed to repeat
        first = min(cutoff(mode, SLATE, at) for at in TIPS.values())
        night = Night()
        for row in self.boxes:
            if row["game_date"] < SLATE and row["available_at"] <= first:
                night.boxes.append(row)
            elif future is not None:
                night.boxes.append(row | {"points": dice.randint(0, 99), "minutes": dice.uniform(1, 60)})
        for rows, kept, scramble in (
            (self.injuries, night.injuries, lambda: {"status": dice.choice(["Out", "Doubtful"])}),
            (self.lines, night.lines, lambda: {"line": dice.randint(0, 60) + 0.5, "is_main": dice.random() < 0.9}),
        ):
            for row in rows:
                if row["available_at"] <= cutoff(mode, SLATE, TIPS[PLAYERS[row["player_id"]]]):
                    kept.append(row)
                elif future is not None:
                    kept.append(row | scramble())
        return night


def a_night() -> Night:
    """Rows on both sides of every cutoff, to the second."""
    night = Night()
    for player, game_id in PLAYERS.items():
        for age in range(6):
            day = SLATE - timedelta(days=age)  # age 0: the slate's own box score
            night.boxes.append(box(f"00223001{player}{age}", player, day, TEAMS[player], points=10 + age + player))
        night.boxes.append(  # published weeks late: after every cutoff
            box(f"00223002{player}0", player, SLATE - timedelta(days=20), TEAMS[player], available_at=tip(SLATE, 23))
        )
        for mode in Mode:
            at = cutoff(mode, SLATE, TIPS[game_id])
            for seconds in (-3600, 0, 1, 7200):
                moment = at + timedelta(seconds=seconds)
                night.lines.append(prop(game_id, player, 20.5 + seconds % 7, f"book{mode}{seconds}", moment))
                night.injuries.append(injury(player, "Questionable", moment))
    return night


@asynccontextmanager
async def a_warehouse() -> AsyncIterator[DuckDBWarehouse]:
    warehouse = DuckDBWarehouse(None)
    try:
        yield warehouse
    finally:
        await warehouse.close()


async def features(night: Night, mode: Mode, *, order: int = 0) -> dict[int, Row]:
    """The feature store's rows by player, the raw rows loaded in an order of their own."""
    dice = random.Random(order)  # noqa: S311 - a seed to repeat
    games = [
        game(EARLY, tip_utc=TIPS[EARLY]),
        game(LATE, home="LAL", away="UTA", tip_utc=TIPS[LATE]),
        game("0022300100", SLATE - timedelta(days=1)),
    ]
    tables = {
        "raw__games": games,
        "raw__rosters": [roster(player, team) for player, team in TEAMS.items()],
        "raw__player_box_scores": list(night.boxes),
        "raw__injuries": list(night.injuries),
        "raw__prop_lines": list(night.lines),
    }
    if order:
        for rows in tables.values():
            dice.shuffle(rows)
    async with a_warehouse() as warehouse:
        await load(warehouse, **tables)
        for step in NIGHT:
            request = StepRequested(run_id=f"{SLATE}.{mode}.1", game_date=SLATE, mode=mode, step=step, attempt=1)
            await PROCESSORS[step].run(request, warehouse, regrade_days=7)
        context = await warehouse.query("SELECT player_id, injury_status FROM analytics.upcoming_player_game_context")
        status = {row["player_id"]: row["injury_status"] for row in context}
        rows = await warehouse.query("SELECT * FROM features.ml_feature_store")
    return {row["player_id"]: row | {"injury_status": status[row["player_id"]]} for row in rows}


_SERVED: dict[Mode, dict[int, Row]] = {}
"""The features of `a_night` without a future: the same for every seed."""


@pytest.mark.parametrize("mode", list(Mode))
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(1, 10_000))
async def test_f29_scrambling_the_future_leaves_features_bit_identical(mode: Mode, seed: int) -> None:
    """With the future's rows made up at random, the features are those of a world without a future."""
    night = a_night()
    if mode not in _SERVED:
        _SERVED[mode] = await features(night.known(mode, future=None), mode)
    served = _SERVED[mode]
    assert len(served) == len(PLAYERS)
    assert all(row["points_line"] is not None and row["injury_status"] is not None for row in served.values())
    assert await features(night.known(mode, future=seed), mode) == served


async def test_f29_the_past_does_reach_the_features() -> None:
    """The mutation test has teeth: a change of a row that may count changes the features."""
    night = a_night().known(Mode.OVERNIGHT, future=None)
    served = await features(night, Mode.OVERNIGHT)
    night.boxes[0] = night.boxes[0] | {"points": 77}
    changed = await features(night, Mode.OVERNIGHT)
    assert changed[1] != served[1]


async def test_f29_an_early_game_does_not_learn_what_a_late_game_may_know() -> None:
    """Cutoffs are per game: a box score published between two changes nothing for the earlier game's players."""
    night = a_night().known(Mode.SAME_DAY, future=None)
    between: datetime = tip(SLATE, 21)
    late_word = box("0022300300", 3, SLATE - timedelta(days=3), "LAL", available_at=between)
    first = await features(Night([*night.boxes, late_word | {"points": 5}], night.injuries, night.lines), Mode.SAME_DAY)
    other = await features(
        Night([*night.boxes, late_word | {"points": 60}], night.injuries, night.lines), Mode.SAME_DAY
    )
    assert first[3] != other[3]
    assert (first[1], first[2]) == (other[1], other[2])


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("order", [1, 2, 3])
async def test_features_do_not_depend_on_the_order_of_loading(mode: Mode, order: int) -> None:
    """A resumed night loads its rows in another order and serves the same bits."""
    night = a_night().known(mode, future=None)
    dice = random.Random(order)  # noqa: S311 - a seed to repeat
    night.boxes = [row | {"minutes": dice.randint(1, 2880) / 60} for row in night.boxes]
    assert await features(night, mode, order=order) == await features(night, mode)
