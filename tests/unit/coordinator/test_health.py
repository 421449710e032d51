"""The health of features: every bound by hand, and the query that counts."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.coordinator.steps import feature_health as health
from services.coordinator.steps.feature_health import (
    ENOUGH,
    USUAL,
    Finding,
    Limit,
    check,
    findings,
    health_query,
    limits,
)
from shared.basketball.slate import Mode
from shared.embedded.warehouse import DuckDBWarehouse
from shared.ports import Ports, Row
from shared.registries.markets import MARKETS
from shared.tables import TABLES
from tests.unit.shared.rows import SLATE, YESTERDAY, load, row

DAY = date(2024, 3, 4)
LIMIT = Limit(nulls=0.1, low=0.0, high=40.0)


def slate(players: int = 100, period: int = 1, **changes: Any) -> Row:  # noqa: ANN401 - a figure
    """A healthy feature's figures, changed."""
    healthy = {"nulls": 0, "low": 1.0, "high": 30.0, "mean": 12.0, "spread": 4.0} | changes
    return {"period": period, "players": players} | {f"x__{name}": value for name, value in healthy.items()}


def problems(rows: list[Row], limit: Limit = LIMIT) -> list[str]:
    """What is found of feature `x`."""
    return [finding.problem for finding in findings(rows, {"x": limit})]


@pytest.mark.parametrize(
    ("now", "limit", "found"),
    [
        ({"nulls": 10}, LIMIT, []),
        ({"nulls": 11}, LIMIT, ["null for 11% of players, allowed 10%"]),
        ({"low": 0.0, "high": 40.0}, LIMIT, []),
        ({"low": -0.5}, LIMIT, ["-0.5 is below 0"]),
        ({"high": 40.5}, LIMIT, ["40.5 is above 40"]),
        ({"low": -1.0, "high": 50.0}, LIMIT, ["-1 is below 0"]),
        ({"low": -1.0, "high": 50.0}, Limit(nulls=0.1), []),
        ({"low": -1.0, "high": 50.0}, Limit(nulls=0.1, high=40.0), ["50 is above 40"]),
        ({"nulls": 100, "low": None, "high": None, "mean": None}, Limit(nulls=1.0, low=0.0, high=40.0), []),
        ({"low": 30.0}, LIMIT, ["the same for all 100 players who have it: 30.0"]),
        ({"mean": 28.0}, LIMIT, []),  # (28 - 12) / 4 = 4 standard deviations, which is allowed
        ({"mean": 28.1}, LIMIT, ["mean 28.1 is 4.0 standard deviations off the last weeks' 12"]),
        ({"mean": -4.0}, LIMIT, []),
        ({"mean": -6.0}, LIMIT, ["mean -6 is 4.5 standard deviations off the last weeks' 12"]),
        (
            {"players": 200, "nulls": 100, "low": -1.0, "high": -1.0, "mean": 32.0},
            LIMIT,
            [
                "null for 50% of players, allowed 10%",
                "the same for all 100 players who have it: -1.0",
                "-1 is below 0",
                "mean 32 is 5.0 standard deviations off the last weeks' 12",
            ],
        ),
    ],
)
def test_f38_both_sides_of_every_bound_of_a_feature(now: dict[str, Any], limit: Limit, found: list[str]) -> None:
    """Nulls, constants, range and drift, in that order; the weeks before may come first or last."""
    before = slate(900, 0)
    assert problems([slate(**now), before], limit) == found
    assert problems([before, slate(**now)], limit) == found


@pytest.mark.parametrize(("players", "nulls", "found"), [(99, 0, 0), (100, 0, 1), (110, 10, 1), (110, 11, 0)])
def test_a_constant_needs_a_hundred_players_who_have_the_feature(players: int, nulls: int, found: int) -> None:
    """Fewer may agree by chance."""
    limit = Limit(nulls=1.0)
    assert len(problems([slate(players, nulls=nulls, low=5.0, high=5.0)], limit)) == found


@pytest.mark.parametrize(
    ("before", "found"), [((5.0, 5.0), 1), ((5.0, 6.0), 0), ((4.0, 5.0), 0), ((6.0, 6.0), 0), (None, 0)]
)
def test_a_coarse_feature_is_constant_only_if_it_was_before(before: tuple[float, float] | None, found: int) -> None:
    """The same one value on the slate and in the weeks before."""
    rows = [slate(low=5.0, high=5.0)]
    if before is not None:
        rows.append(slate(900, 0, low=before[0], high=before[1]))
    assert len(problems(rows, Limit(nulls=0.1, coarse=True))) == found


@pytest.mark.parametrize("changes", [{"mean": None}, {"spread": None}, {"spread": 0.0}])
def test_without_a_past_that_varies_nothing_drifts(changes: dict[str, Any]) -> None:
    """Nothing to divide by."""
    assert problems([slate(mean=99.0, low=1.0, high=30.0), slate(900, 0, **changes)]) == []


@pytest.mark.parametrize(("rows", "found"), [(USUAL - 1, 0), (USUAL, 1)])
def test_few_slates_do_not_tell_what_is_usual(rows: int, found: int) -> None:
    """A feature of teams hardly varies among the four of a first night."""
    past = slate(rows, 0)
    assert len(problems([slate(mean=99.0, low=1.0, high=100.0), past], Limit(nulls=1.0))) == found


def test_without_a_slate_nothing_is_wrong() -> None:
    """Only the weeks before were found."""
    assert problems([slate(900, 0, nulls=900)]) == []
    assert problems([]) == []


def test_every_feature_is_judged_by_its_own_figures() -> None:
    """`x` and `x_line` do not mix, and each finding bears its feature's name."""
    rows = [slate() | {f"x_line__{name}": 99.0 for name in ("nulls", "low", "high", "mean", "spread")}]
    found = findings(rows, {"x": LIMIT, "x_line": Limit(nulls=1.0, high=40.0)})
    assert found == [Finding("x_line", "99 is above 40")]


def test_the_limits_are_the_feature_contracts() -> None:
    """Nulls and range of a few by hand, and which may be constant by chance."""
    found = limits()
    assert found["points_season_mean"] == Limit(nulls=1.0, low=0, high=60.0)
    assert found["points_per_minute"] == Limit(nulls=0.02, low=0, high=3)
    assert {name for name, limit in found.items() if limit.coarse} == {
        "is_home", "games_last_4_days", "team_games_season", "clock_shift",
        *(f"{market}_line_spread" for market in MARKETS),
    }  # fmt: skip


async def test_the_health_query_counts_the_slate_and_the_four_weeks_before() -> None:
    """28 days back and no more, of one mode; five figures per feature, nulls left out of the last four."""
    warehouse = DuckDBWarehouse(None)

    def served(day: date, player: int, minutes: float | None, mode: str = "overnight") -> Row:
        known = {"game_date": day, "mode": mode, "player_id": player}
        return row("features.ml_feature_store", **known, minutes_ewma=minutes)

    earlier = DAY - timedelta(days=28)
    await load(
        warehouse,
        features__ml_feature_store=[
            served(DAY, 1, 10.0), served(DAY, 2, 20.0), served(DAY, 3, 99.0, "same_day"),
            served(earlier, 1, 1.0), served(earlier, 2, 3.0), served(earlier, 3, 8.0),
            served(earlier - timedelta(days=1), 4, 99.0), served(DAY + timedelta(days=1), 1, 99.0),
        ],
    )  # fmt: skip
    rows = await warehouse.query(health_query({"minutes_ewma": LIMIT}), {"game_date": DAY, "mode": "overnight"})
    await warehouse.close()
    by_period = {found["period"]: {key.rpartition("__")[2]: value for key, value in found.items()} for found in rows}
    assert by_period[1] == {
        "period": 1, "players": 2, "nulls": 0, "low": 10.0, "high": 20.0, "mean": 15.0,
        "spread": pytest.approx(50**0.5),  # of 10 and 20 around 15: (25 + 25) / 1
    }  # fmt: skip
    assert by_period[0] == {
        "period": 0, "players": 3, "nulls": 0, "low": 1.0, "high": 8.0, "mean": 4.0,
        "spread": pytest.approx(13**0.5),  # of 1, 3 and 8 around 4: (9 + 1 + 16) / 2
    }  # fmt: skip
    assert health.STORE == "features.ml_feature_store"


async def test_f38_the_slate_as_served_is_checked(ports: Ports) -> None:
    """Half of the features were constants for months: here every one that is the same for all is named."""
    served = [
        row("features.ml_feature_store", mode="overnight", player_id=n, games_season=n % 7, minutes_ewma=20.0 + n % 9)
        for n in range(ENOUGH)
    ]
    await load(ports.warehouse, features__ml_feature_store=served)
    found = {finding.feature for finding in await check(ports.warehouse, SLATE, Mode.OVERNIGHT)}
    assert "games_season" not in found
    assert "games_total" in found
    assert await check(ports.warehouse, YESTERDAY, Mode.OVERNIGHT) == []


def test_f38_every_feature_is_looked_at() -> None:
    """None of the store's numbers is left out of the query."""
    store = TABLES["features.ml_feature_store"]
    keys = {*store.key, "game_id", "cutoff_at", "tip_utc"}
    numbers = {c.name for c in store.columns if c.type in ("INT64", "FLOAT64")} - keys
    assert limits().keys() == numbers
    assert all(f"{name}__nulls" in health_query(limits()) for name in numbers)
