"""The scraper's statements: what is known already, and what is still to be collected."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from services.scraper.fetch_log import _SCOPE
from services.scraper.task import sql
from shared.ports import Params, Row
from tests.unit.shared.answers import MODES, TOMORROW, answers, near
from tests.unit.shared.rows import SLATE, YESTERDAY, box, game, roster, row, tip

LATER = SLATE + timedelta(days=2)


async def asked(name: str, params: Params, **tables: Sequence[Row]) -> list[Row]:
    """The statement's answer."""
    return await answers(sql(name), params, **tables)


async def test_the_slate_is_its_games_that_are_played_earliest_first() -> None:
    """Of two at once the lower id first."""
    found = await asked(
        "slate_games",
        {"game_date": SLATE},
        raw__games=[
            game("2", tip_utc=tip(SLATE, 21)),
            game("4", home="LAL", away="UTA"),
            game("3", home="NYK", away="WAS"),
            game("1", postponed=True),
            game("5", YESTERDAY),
            game("6", TOMORROW),
        ],
    )
    at = tip(SLATE)
    assert found == [
        {"game_id": "3", "game_date": SLATE, "tip_utc": at, "home_team": "NYK", "away_team": "WAS"},
        {"game_id": "4", "game_date": SLATE, "tip_utc": at, "home_team": "LAL", "away_team": "UTA"},
        {"game_id": "2", "game_date": SLATE, "tip_utc": tip(SLATE, 21), "home_team": "BOS", "away_team": "GSW"},
    ]


async def test_the_roster_is_that_of_the_slates_date() -> None:
    """Neither the one before nor the one after."""
    rows = [roster(1), roster(2, "GSW", YESTERDAY), roster(3, "GSW", TOMORROW)]
    found = await asked("roster", {"game_date": SLATE}, raw__rosters=rows)
    assert found == [{"player_id": 1, "player_name": "Player 1", "team": "BOS"}]


async def test_players_are_known_from_rosters_and_earlier_box_scores() -> None:
    """Each name and team once, by player, name and team; tonight's box scores are not known, its rosters are."""
    rosters = [
        roster(3, "BOS"),
        roster(2, "UTA", player_name="B"),
        roster(2, "GSW", YESTERDAY, player_name="B"),
        roster(2, "GSW", YESTERDAY - timedelta(days=1), player_name="B"),
        roster(2, "BOS", YESTERDAY - timedelta(days=2), player_name="C"),
        roster(9, "BOS", TOMORROW),
    ]
    boxes = [
        box("1", 1, YESTERDAY, "LAL", player_name="Z"),
        box("2", 2, YESTERDAY, "GSW", player_name="B"),
        box("3", 2, YESTERDAY, "LAL", player_name="B"),
        box("4", 8, SLATE, player_name="late"),
        box("5", 8, TOMORROW, player_name="later"),
    ]
    found = await asked("known_players", {"game_date": SLATE}, raw__rosters=rosters, raw__player_box_scores=boxes)
    columns = ("player_id", "player_name", "team")
    assert [tuple(one) for one in found] == [columns] * 6
    assert [tuple(one.values()) for one in found] == [
        (1, "Z", "LAL"), (2, "B", "GSW"), (2, "B", "LAL"), (2, "B", "UTA"), (2, "C", "BOS"), (3, "Player 3", "BOS"),
    ]  # fmt: skip


async def test_results_are_those_of_a_seasons_games() -> None:
    """By the game's season; a result without a game is none."""

    def result(game_id: str, home: int, away: int) -> Row:
        return row("raw.game_results", game_id=game_id, home_points=home, away_points=away)

    found = await asked(
        "results",
        {"season": "2023-24"},
        raw__games=[game("1"), game("2"), game("3", season="2022-23"), game("4", season="2024-25"), game("5")],
        raw__game_results=[
            result("1", 90, 80),
            result("3", 1, 2),
            result("4", 3, 4),
            result("5", 70, 60),
            result("6", 5, 6),
        ],
    )
    assert sorted(found, key=lambda one: str(one["game_id"])) == [
        {"game_id": "1", "home_points": 90, "away_points": 80},
        {"game_id": "5", "home_points": 70, "away_points": 60},
    ]


async def test_a_season_is_unfinished_by_its_games_without_a_result() -> None:
    """Postponed games owe none; a season whose schedule was asked for and is empty has nothing to wait for."""

    def fetched(unit: str, **values: object) -> Row:
        return row("raw.fetches", step="schedule", outcome="empty", unit=unit) | values

    found = await asked(
        "seasons",
        {},
        raw__games=[
            game("1"),
            game("2"),
            game("3"),
            game("4", postponed=True),
            game("5", season="2022-23"),
            game("6", season="2021-22", postponed=True),
        ],
        raw__game_results=[row("raw.game_results", game_id=id_) for id_ in ("2", "5", "0", "9")],
        raw__fetches=[
            fetched("2020-21"),
            fetched("2020-21", mode="same_day"),
            fetched("2023-24"),
            fetched("2019-20", outcome="failed"),
            fetched("2018-19", outcome="loaded"),
            fetched("2017-18", step="box_scores"),
            fetched("2016-17", step="yy"),
        ],
    )
    # 2023-24: 1 and 3
    assert {one["season"]: one["unfinished"] for one in found} == {
        "2023-24": 2,
        "2022-23": 0,
        "2021-22": 0,
        "2020-21": 0,
    }
    assert len(found) == 4


TIPPED = tip(YESTERDAY, 22)


def box_from(source: str, game_id: str, player: int = 1, day: date = YESTERDAY) -> Row:
    """A box score that is loaded."""
    return box(game_id, player, day, source=source)


GAMES = [
    game("4", YESTERDAY, home="LAL", away="UTA", season_type="playoffs"),
    game("35", YESTERDAY),
    game("3", YESTERDAY, tip_utc=TIPPED),
    game("5", YESTERDAY, tip_utc=TIPPED + timedelta(microseconds=1)),
    game("6", YESTERDAY, postponed=True),
    game("7", SLATE, tip_utc=tip(YESTERDAY)),
    game("8", TOMORROW, tip_utc=tip(YESTERDAY)),
    game("9", date(2023, 1, 1)),
    game("2", YESTERDAY),
]
LOADED = [
    box_from("a", "2"),
    box_from("b", "2", 2),
    box_from("a", "2", 3),
    box_from("z", "3", 1, SLATE),
    box_from("z", "3", 2, TOMORROW),
    box_from("z", "0"),
    box_from("z", "99"),
]
RESULTS = [
    row("raw.game_results", game_id="4", home_points=101, away_points=99),
    *(row("raw.game_results", game_id=id_, home_points=1, away_points=2) for id_ in ("0", "3", "99")),
]


@pytest.mark.parametrize(
    ("again", "corrected_since", "ids"),
    [
        (False, SLATE, ["9", "3", "35", "4"]),
        (True, SLATE, ["9", "2", "3", "35", "4"]),
        (False, YESTERDAY, ["9", "2", "3", "35", "4"]),
        (False, YESTERDAY - timedelta(days=400), ["9", "2", "3", "35", "4"]),
    ],
)
async def test_played_games_are_those_over_before_the_slate(
    again: bool,  # noqa: FBT001 - a case
    corrected_since: date,
    ids: list[str],
) -> None:
    """Tipped off long enough ago, not postponed; those with a box score when asked for again, or of the last days."""
    params: Params = {
        "game_date": SLATE, "tipped_before": TIPPED, "again": again, "corrected_since": corrected_since
    }  # fmt: skip
    found = await asked(
        "played_games", params, raw__games=GAMES, raw__game_results=RESULTS, raw__player_box_scores=LOADED
    )
    assert [one["game_id"] for one in found] == ids
    names = ("home_points", "away_points", "loaded_from")
    rest: dict[str, Any] = {name: GAMES[0][name] for name in tuple(found[0]) if name not in names}
    assert found[-1] == rest | {"home_points": 101, "away_points": 99, "loaded_from": None}
    assert tuple(found[0]) == (
        "game_id", "season", "season_type", "game_date", "tip_utc", "home_team", "away_team", "home_points",
        "away_points", "loaded_from",
    )  # fmt: skip
    if len(ids) > 4:
        assert {name: found[1][name] for name in names} == {
            "home_points": None, "away_points": None, "loaded_from": "b",
        }  # fmt: skip


@pytest.mark.parametrize("table", ["raw.fetches", "raw.quarantine"])
async def test_the_fetch_logs_scope_is_a_step_of_a_slate_and_mode(table: str) -> None:
    """What it replaces, and what it looks at before."""
    params: Params = {"game_date": SLATE, "mode": "overnight", "step": "lines"}
    mine = row(table, **params)
    others = near(mine, game_date=(YESTERDAY, TOMORROW), mode=MODES, step=("injuries", "rosters"))
    rows = {table.replace(".", "__"): [*others, mine]}
    assert await answers(f"SELECT * FROM {table} WHERE {_SCOPE}", params, **rows) == [mine]  # noqa: S608 - a constant


async def test_what_a_unit_was_loaded_from_is_its_latest_fetch_of_two_weeks() -> None:
    """By source, in any mode; of the step and the units that are asked for, and loaded it must be."""
    known = {"step": "box_scores", "unit": "1", "source": "nba_cdn", "outcome": "loaded", "game_date": SLATE}
    first = row("raw.fetches", **known, mode="overnight", fetched_at=tip(SLATE), archive_key="a")
    rows = [
        first,
        first | {"mode": "same_day", "fetched_at": tip(SLATE, 21), "archive_key": "b"},
        first | {"source": "espn", "game_date": SLATE - timedelta(days=14), "archive_key": "c"},
        first | {"unit": "2", "game_date": SLATE - timedelta(days=15)},
        first | {"unit": "3"},
        first | {"unit": "4", "outcome": "failed"},
        first | {"unit": "5", "archive_key": None},
        first | {"unit": "6", "step": "lines"},
        first | {"unit": "7", "game_date": TOMORROW},
    ]
    params: Params = {"game_date": SLATE, "step": "box_scores", "units": ["1", "2", "4", "5", "6", "7"]}
    found = await asked("loaded_from", params, raw__fetches=rows)
    assert sorted((one["source"], one["unit"], one["archive_key"]) for one in found) == [
        ("espn", "1", "c"), ("nba_cdn", "1", "b"),
    ]  # fmt: skip
