"""Questions over HTTP: the query that each becomes, and its answer."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.coordinator.runs.run import StepState
from shared.basketball.slate import Mode
from shared.ports import Row
from shared.registries.api import API_VERSION
from shared.registries.markets import MARKETS
from tests.unit.coordinator.routes import DAY, NOON, World


async def latest(world: World, query: str) -> Any:  # noqa: ANN401 - what was asked of the warehouse, if anything
    """(date, mode) that `/v1/predictions` asks the warehouse about."""
    world.warehouse.asked.clear()
    status, rows = await world.call("GET", f"/v1/predictions{query}")
    assert status == 200
    if not world.warehouse.asked:
        assert rows == []
        return None
    [(name, params)] = world.warehouse.asked
    assert (name, rows) == ("predictions", [{"record": "r"}])
    return params["game_date"], params["mode"]


async def test_the_slate_asked_about_is_the_latest_that_publishes() -> None:
    """By date, then by when it was asked for; of the date or mode asked for; of both as given, run or no run."""
    world = World(predictions=[{"record": "r"}])
    assert await latest(world, "") is None
    world.put(DAY, Mode.SAME_DAY, created_at=NOON + timedelta(hours=1))
    world.put(DAY, Mode.OVERNIGHT)
    world.put(DAY - timedelta(days=1), Mode.OVERNIGHT, created_at=NOON + timedelta(hours=9))
    world.put(DAY + timedelta(days=1), steps={"grade": StepState()})
    assert await latest(world, "") == (DAY, "same_day")
    assert await latest(world, "?mode=overnight") == (DAY, "overnight")
    assert await latest(world, "?game_date=2024-03-03") == (DAY - timedelta(days=1), "overnight")
    assert await latest(world, "?game_date=2024-03-03&mode=same_day") == (DAY - timedelta(days=1), "same_day")
    assert await latest(world, "?mode=manual") is None
    assert await latest(world, "?game_date=2024-03-05") is None


ROWS: list[Row] = [{"n": 1, "day": DAY, "at": NOON, "none": None}]
SHOWN = [{"n": 1, "day": "2024-03-04", "at": "2024-03-04T17:00:00Z", "none": None}]


EVERY: dict[str, object] = {
    "game_date": DAY, "mode": "overnight", "games": "", "market": "", "system": "",
    "best_first": "ensemble boosted zone_matchup moving_average",
}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "name", "params"),
    [
        ("/v1/predictions", "predictions", EVERY),
        ("/v1/predictions?market=pra&system=best", "predictions", EVERY | {"market": "pra", "system": "best"}),
        (
            "/v1/predictions?game_date=2024-03-01&mode=manual", "predictions",
            EVERY | {"game_date": date(2024, 3, 1), "mode": "manual"},
        ),
        (
            "/v1/grades?first=2024-03-01&last=2024-03-02", "grades",
            {"first": date(2024, 3, 1), "last": date(2024, 3, 2), "mode": "overnight"},
        ),
        (
            "/v1/slates?first=2024-03-01&last=2024-03-02&mode=same_day", "slates",
            {"first": date(2024, 3, 1), "last": date(2024, 3, 2), "mode": "same_day"},
        ),
        ("/v1/models", "models", {"mode": "overnight"}),
        ("/v1/models?mode=same_day", "models", {"mode": "same_day"}),
        ("/v1/costs", "costs", {"first": DAY, "last": DAY}),
        (
            "/v1/costs?first=2024-03-01&last=2024-03-02", "costs",
            {"first": date(2024, 3, 1), "last": date(2024, 3, 2)},
        ),
        ("/v1/game-lines", "game_lines", {"game_date": DAY}),
    ],
)  # fmt: skip
async def test_a_question_becomes_one_query_with_its_parameters(
    path: str, name: str, params: dict[str, object]
) -> None:
    """And the answer is its rows, dates and instants as text."""
    world = World(**{name: ROWS})
    world.put()
    assert await world.call("GET", path) == (200, SHOWN)
    assert world.warehouse.asked == [(name, params)]


@pytest.mark.parametrize(
    "path", ["/v1/predictions", "/v1/costs", "/v1/quarantine", "/v1/game-lines", "/v1/predictions/over?player=a&line=1"]
)
async def test_without_a_run_there_is_nothing_to_show(path: str) -> None:
    """An empty list, and no query."""
    assert await World().call("GET", path) == (200, [])


NO_GAMES = "is no date of an NBA game: from 1946-11-01 and before 2200-01-01"


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/v1/predictions?market=dunks", f"market: dunks is unknown: one of {', '.join(MARKETS)}"),
        ("/v1/grades?last=2024-03-04", "first: Field required"),
        ("/v1/costs?last=2024-03-04", "first is missing: add first=YYYY-MM-DD"),
        ("/v1/costs?first=2024-03-04", "last is missing: add last=YYYY-MM-DD"),
        ("/v1/slates?first=x&last=2024-03-04", "first: x is not a date: write it as YYYY-MM-DD"),
        ("/v1/grid?first=1946-10-31&last=1946-11-01", f"first: 1946-10-31 {NO_GAMES}"),
        ("/v1/grid?first=2024-03-04&last=2200-01-01", f"last: 2200-01-01 {NO_GAMES}"),
        ("/v1/accuracy?last=0001-01-01", f"last: 0001-01-01 {NO_GAMES}"),
        ("/v1/predictions?game_date=9999-12-31&mode=overnight", f"game_date: 9999-12-31 {NO_GAMES}"),
        ("/v1/grid?first=2024-03-04&last=2024-03-03", "last=2024-03-03 is before first=2024-03-04"),
        *(
            (
                f"/v1/{name}?first=2023-01-01&last={last}",
                f"first=2023-01-01 to last={last} is more than {most} days: ask for less at once",
            )
            for name, last, most in (
                ("grid", "2024-02-05", 400),
                ("decisions", "2024-02-05", 400),
                ("cascade", "2024-02-05", 400),
                ("feature-health", "2023-03-04", 14),
            )
        ),
        ("/v1/predictions/over?player=a", "line: Field required"),
        (
            "/v1/predictions/over?player=a&line=x",
            "line: Input should be a valid number, unable to parse string as a number",
        ),
        ("/v1/predictions/over?player=a&line=inf", "line: Input should be a finite number"),
        ("/v1/predictions/over?player=a&line=1e308", "line: Input should be less than or equal to 1000"),
        ("/v1/predictions/over?line=1", "player: Field required"),
        ("/v1/predictions/over?line=1&player=%20", "player: String should have at least 1 character"),
        (f"/v1/predictions/over?line=1&player={'x' * 101}", "player: String should have at most 100 characters"),
        ("/v1/accuracy?by=colour", "by: Input should be 'all', 'tier', 'month' or 'edge'"),
        ("/v1/accuracy?tier=star", "tier: Input should be 'regular', 'bench' or 'new'"),
        ("/v1/accuracy?lined=perhaps", "lined: Input should be a valid boolean, unable to interpret input"),
        ("/v1/models?limit=0", "limit: Input should be greater than or equal to 1"),
        ("/v1/models?colour=red", "colour: Extra inputs are not permitted"),
        ("/v1/models?mode=overnight&mode=same_day", "a query parameter is given twice"),
        ("/v1/?x=1", "x: Extra inputs are not permitted"),
    ],
)
async def test_a_bad_question_is_refused_in_words(path: str, error: str) -> None:
    """400; nothing unknown is taken for an empty answer."""
    world = World()
    world.put()
    status, answer = await world.call("GET", path)
    assert (status, answer["error"]) == (400, error)
    assert world.warehouse.asked == []


def predicted(player_id: int, name: str | None, centre: float | None = 5.0) -> Row:
    """A stored prediction of a count: P(Y <= k) = Phi((k + 1 - 5) / 2)."""
    return {
        "game_date": DAY, "mode": "overnight", "game_id": "g", "player_id": player_id, "player_name": name,
        "market": "points", "system": "boosted", "shadow": False, "predicted_at": NOON, "mean": 4.5,
        "centre": centre, "scale": 2.0, "power": 1.0,
    }  # fmt: skip


async def test_a_stored_prediction_answers_a_line_by_hand() -> None:
    """Over 4: 1 - Phi(0) = 0.5; under 4: Phi(-0.5) = 0.3085; the rest is a push. Fair odds pay a push back."""
    world = World(predictions=[predicted(7, "Jayson Tatum")])
    world.put()
    [found] = (await world.call("GET", "/v1/predictions/over?player=TATUM&line=4&market=points"))[1]
    assert world.warehouse.asked == [("predictions", EVERY | {"market": "points"})]
    odds = {name: found.pop(name) for name in ("p_over", "p_push", "p_under", "fair_over", "fair_under")}
    assert found == {
        "game_date": "2024-03-04", "mode": "overnight", "game_id": "g", "player_id": 7, "player_name": "Jayson Tatum",
        "market": "points", "system": "boosted", "shadow": False, "predicted_at": "2024-03-04T17:00:00Z",
        "mean": 4.5, "asked_line": 4.0,
    }  # fmt: skip
    # 0.5 of the 0.8085 that decide is 0.6184: 100 x 0.6184 / 0.3816 = 162 to one hundred.
    assert odds == {
        "p_over": pytest.approx(0.5), "p_push": pytest.approx(0.1915, abs=1e-4),
        "p_under": pytest.approx(0.3085, abs=1e-4), "fair_over": pytest.approx(-162.1, abs=0.1),
        "fair_under": pytest.approx(162.1, abs=0.1),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("player", "ids"),
    [("tatum", [7]), ("7", [7]), ("77", [77]), ("JA", [7, 8]), ("brown%20", [8]), ("nobody", [])],
)
async def test_a_player_is_meant_by_id_or_a_part_of_his_name(player: str, ids: list[int]) -> None:
    """Whole ids, names in any case; who has no name is found by id, and who has no distribution is not."""
    rows = [
        predicted(7, "Jayson Tatum"), predicted(8, "Jaylen Brown"), predicted(77, None), predicted(9, "Jay None", None)
    ]  # fmt: skip
    world = World(predictions=rows)
    world.put()
    _, found = await world.call("GET", f"/v1/predictions/over?player={player}&line=4.5")
    assert [answer["player_id"] for answer in found] == ids


async def test_accuracy_asks_for_four_hundred_days_up_to_today() -> None:
    """Everything, where nothing is asked; sums and bins with all of it, leaks without market and cut."""
    world = World(accuracy=[{"n": 1}], accuracy_bins=[{"n": 2}], accuracy_leaks=[])
    status, answer = await world.call("GET", "/v1/accuracy")
    window = {"first": date(2023, 1, 29), "last": DAY, "mode": "", "system": ""}
    cut = {**window, "market": "", "tier": "", "lined": False, "by": "all"}
    assert world.warehouse.asked == [("accuracy", cut), ("accuracy_bins", cut), ("accuracy_leaks", window)]
    texts = {name: str(value) if isinstance(value, date) else value for name, value in cut.items()}
    assert (status, answer) == (200, {**texts, "sums": [{"n": 1}], "bins": [{"n": 2}], "suspects": []})


async def test_accuracy_is_narrowed_by_what_is_asked() -> None:
    """Each parameter where it belongs; without a first date, 400 days before the last."""
    leak = {
        "mode": "same_day", "system": "boosted", "regular_n": 0, "regular_minus_rate": None, "lined_n": 0,
        "lined_minus_line": None, "brier_n": 2000, "brier": 0.2,
    }  # fmt: skip
    world = World(accuracy=[], accuracy_bins=[], accuracy_leaks=[leak])
    query = "last=2024-02-04&mode=same_day&system=boosted&market=pra&tier=new&lined=true&by=tier"
    _, answer = await world.call("GET", f"/v1/accuracy?{query}")
    window = {"first": date(2022, 12, 31), "last": date(2024, 2, 4), "mode": "same_day", "system": "boosted"}
    assert world.warehouse.asked[2] == ("accuracy_leaks", window)
    cut = {**window, "market": "pra", "tier": "new", "lined": True, "by": "tier"}
    assert world.warehouse.asked[0] == ("accuracy", cut)
    assert [suspect["system"] for suspect in answer["suspects"]] == ["boosted"]
    await world.call("GET", "/v1/accuracy?first=2024-01-01&last=2024-02-04&lined=false")
    assert dict(world.warehouse.asked[3][1]).items() >= {"first": date(2024, 1, 1), "lined": False}.items()


async def test_the_root_says_who_answers_and_which_contract_it_speaks() -> None:
    """Only to those with a key, as every route of /v1."""
    world = World()
    assert await world.call("GET", "/v1/") == (200, {"service": "coordinator", "contract": API_VERSION})
    assert (await world.call("GET", "/v1/", headers={}))[0] == 401
