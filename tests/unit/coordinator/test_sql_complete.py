"""Statements in sql/complete of the scraper's steps. A row on the wrong side of each condition."""

import pytest

from shared.ports import Row
from shared.registries.pipeline import STEPS
from tests.unit.coordinator.sql_rows import (
    DAYS,
    OWED,
    TEAMS,
    ago,
    fetched,
    played,
    quarantined,
    seen,
    verified,
)
from tests.unit.shared.answers import MODES, TOMORROW, near
from tests.unit.shared.rows import SLATE, YESTERDAY, box, game, roster, row


@pytest.mark.parametrize("step", [name for name in STEPS if name not in ("schedule", "injuries", "export", "train")])
async def test_an_empty_warehouse_expects_nothing(step: str) -> None:
    """Every statement answers whole numbers, and nothing in words, also when no table has a row."""
    assert await verified(step) == seen(0, 0)


async def test_the_schedule_is_there_with_the_slates_games() -> None:
    """Of this season and date, those that are played."""
    games = [
        game("2"),
        game("3"),
        game("4", postponed=True),
        game("5", season="2022-23"),
        game("6", season="2024-25"),
        *(game(str(day), day) for day in DAYS),
    ]
    assert await verified("schedule", raw__games=games) == seen(2, 2)


async def test_a_season_with_games_on_other_dates_expects_none_tonight() -> None:
    """One game of the season is a schedule."""
    assert await verified("schedule", raw__games=[game("1", YESTERDAY)]) == seen(0, 0)


async def test_a_season_without_a_game_lacks_its_schedule() -> None:
    """Other seasons' and postponed games are none."""
    games = [game("1", season="2022-23"), game("2", season="2024-25"), game("3", postponed=True)]
    assert await verified("schedule", raw__games=games) == seen(1, 0, "no schedule of season 2023-24")


async def test_box_scores_are_there_when_both_teams_are_and_add_up() -> None:
    """Of this season's games before the slate, as far back as 366 days."""
    games = [
        game("1", ago(1)),
        game("2", ago(366), season="2023-24"),
        game("3", SLATE),
        game("4", TOMORROW),
        game("5", ago(2), postponed=True),
        game("6", ago(2), season="2022-23"),
        game("7", ago(2), season="2024-25"),
    ]
    rows = [one for each in games for one in played(each["game_id"], each["game_date"], season="2023-24")]
    results = [
        row("raw.game_results", game_id=each["game_id"], home_points=90, away_points=80)
        for each in games
        if each["game_id"] != "2"
    ]
    found = await verified("box_scores", raw__games=games, raw__player_box_scores=rows, raw__game_results=results)
    assert found == seen(2, 2)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        played("1", YESTERDAY)[:2],
        [*played("1", YESTERDAY), box("1", 300, YESTERDAY, "UTA", points=0)],
        played("1", YESTERDAY, season="2022-23"),
        played("1", YESTERDAY, season="2024-25"),
        played("1", SLATE),
        played("1", ago(367), season="2023-24"),
        played("0", YESTERDAY),
        played("2", YESTERDAY),
    ],
    ids=["none", "one team", "three teams", "season before", "season after", "slate", "367 days", "game 0", "game 2"],
)
async def test_a_game_without_two_teams_rows_is_not_collected(rows: list[Row]) -> None:
    """Rows of another game, season or time are none of its own, and the names say which game it is."""
    games = [game("1", YESTERDAY)]
    found = await verified("box_scores", raw__games=games, raw__player_box_scores=rows)
    assert found == seen(1, 0, "GSW@BOS on 2024-03-03 not collected")


@pytest.mark.parametrize(
    ("home", "away", "detail"),
    [
        (91, 80, "BOS scored 90 by its players, 91 by the result"),
        (90, 82, "GSW scored 80 by its players, 82 by the result"),
        (80, 90, "GSW scored 80 by its players, 90 by the result"),
        (80, 80, "BOS scored 90 by its players, 80 by the result"),
    ],
)
async def test_a_game_that_does_not_add_up_is_quarantined(home: int, away: int, detail: str) -> None:
    """Home and away points are each their own team's; the last team by name is told of, before any refusal."""
    found = await verified(
        "box_scores",
        raw__games=[game("1", YESTERDAY)],
        raw__player_box_scores=played("1", YESTERDAY),
        raw__game_results=[row("raw.game_results", game_id="1", home_points=home, away_points=away)],
        raw__quarantine=[quarantined("1", "zero minutes")],
    )
    assert found == seen(1, 0, f"GSW@BOS on 2024-03-03 {detail}", refused=1)


async def test_a_home_team_that_sorts_after_its_guest_is_still_at_home() -> None:
    """Its points are the home points."""
    result = row("raw.game_results", game_id="1", home_points=80, away_points=90)
    found = await verified(
        "box_scores",
        raw__games=[game("1", YESTERDAY, home="GSW", away="BOS")],
        raw__player_box_scores=played("1", YESTERDAY),
        raw__game_results=[result],
    )
    assert found == seen(1, 1)


async def test_another_games_result_says_nothing() -> None:
    """A result counts for its own game only."""
    results = [row("raw.game_results", game_id=id_, home_points=1, away_points=2) for id_ in ("0", "2")]
    games, rows = [game("1", YESTERDAY)], played("1", YESTERDAY)
    found = await verified("box_scores", raw__games=games, raw__player_box_scores=rows, raw__game_results=results)
    assert found == seen(1, 1)


async def test_a_refused_game_is_news_for_a_week() -> None:
    """On the seventh day still, on the eighth it is expected no more; one that was collected since is there."""
    games = [game("1", ago(7)), game("2", ago(8)), game("3", ago(8)), game("4", ago(1)), game("5", ago(2))]
    found = await verified(
        "box_scores",
        raw__games=games,
        raw__player_box_scores=[*played("3", ago(8)), *played("4", ago(1))],
        raw__quarantine=[
            *(quarantined(each["game_id"]) for each in games[:4]),
            quarantined("1", "fouls", unit="bulk"),
        ],
    )
    # expected 1 (refused lately), 3 and 4 (there), 5 (not collected); 2 is no longer news; "02-25 no" < "02-26 no"
    assert found == seen(4, 2, "GSW@BOS on 2024-02-25 no minutes", refused=1)


async def test_a_refusal_of_another_night_step_or_game_is_none() -> None:
    """Such a game has not been collected, however long ago it was."""
    others = near(quarantined("1"), game_date=DAYS, mode=MODES, step=("aa", "rosters"), record=("0", "2"))
    found = await verified("box_scores", raw__games=[game("1", ago(8))], raw__quarantine=others)
    assert found == seen(1, 0, "GSW@BOS on 2024-02-25 not collected")


async def test_two_reasons_for_one_game_count_once() -> None:
    """The last by name is told, of the first game by name."""
    found = await verified(
        "box_scores",
        raw__games=[game("1", ago(2)), game("2", ago(2), away="UTA")],
        raw__quarantine=[quarantined("1", "a"), quarantined("1", "b", unit="bulk"), quarantined("2", "c")],
    )
    assert found == seen(2, 0, "GSW@BOS on 2024-03-02 b", refused=2)


async def test_f05_a_bulk_request_that_failed_is_missing() -> None:
    """Of this night, mode and step, and not of a single game, which is counted already."""
    failed = fetched("box_scores", "season", "failed", reason="403")
    found = await verified(
        "box_scores",
        raw__games=[game("1", TOMORROW)],
        raw__fetches=[
            failed,
            failed | {"unit": "playoffs", "reason": "timed out"},
            failed | {"unit": "1", "reason": "0"},
            *near(failed | {"reason": "0"}, game_date=DAYS, mode=MODES, step=("aa", "rosters")),
            fetched("box_scores", "cup", "empty", reason="0"),
            fetched("box_scores", "all-star", "loaded", reason="0"),
        ],
    )
    assert found == seen(2, 0, "403")


async def test_a_game_that_is_missing_is_told_before_a_request_that_failed() -> None:
    """It is the nearer cause."""
    failed = [fetched("box_scores", "season", "failed", reason="403")]
    found = await verified("box_scores", raw__games=[game("1", YESTERDAY)], raw__fetches=failed)
    assert found == seen(2, 0, "GSW@BOS on 2024-03-03 not collected")


async def test_rosters_are_there_with_five_players() -> None:
    """A team that plays twice is one team; four players, or five of another date, are too few."""
    four = [roster(200 + n, "GSW") for n in range(4)]
    rosters = [
        *(roster(100 + n, "BOS") for n in range(5)),
        *four,
        *(roster(200 + n, "GSW", day) for n in range(5) for day in DAYS),
        *(roster(300 + n, "DAL") for n in range(6)),
        *(roster(400 + n, team) for n, team in enumerate(["UTA"] * 5 + ["ATL"] * 5)),
    ]
    found = await verified("rosters", raw__games=TEAMS, raw__rosters=rosters)
    assert found == seen(5, 2, "CHI has 0 players")
    found = await verified("rosters", raw__games=TEAMS[:2], raw__rosters=rosters)
    assert found == seen(3, 2, "GSW has 4 players")


async def test_full_rosters_leave_nothing_to_say() -> None:
    """No team is named."""
    rosters = [roster(100 * n + m, team) for n, team in enumerate(("BOS", "GSW"), 1) for m in range(5)]
    assert await verified("rosters", raw__games=[game("1")], raw__rosters=rosters) == seen(2, 2)


@pytest.mark.parametrize(
    ("outcomes", "count"),
    [([], 0), (["loaded"], 1), (["empty"], 1), (["loaded", "empty"], 1), (["failed"], 0), (["quarantined"], 0)],
)
async def test_the_injury_feed_is_there_when_it_answered(outcomes: list[str], count: int) -> None:
    """Once is enough, twice is one feed; an empty list is an answer."""
    rows = [fetched("injuries", outcome, outcome) for outcome in outcomes]
    assert await verified("injuries", raw__fetches=rows) == seen(1, count)


async def test_the_injury_feed_of_another_night_or_mode_is_none() -> None:
    """Nor is another step's; of two reasons the first by name is told."""
    answer = fetched("injuries", "feed", "loaded", reason="0")
    others = near(answer, game_date=DAYS, mode=MODES, step=("box_scores", "lines"))
    failed = [fetched("injuries", reason, "failed", reason=reason) for reason in ("hung up", "timed out")]
    assert await verified("injuries", raw__fetches=[*others, *failed]) == seen(1, 0, "hung up")


async def test_lines_are_there_for_games_whose_odds_were_answered() -> None:
    """Of the slate's games that are played; of two reasons the first by name is told."""
    answer = fetched("lines", "4", "loaded", reason="0")
    games = [game(f"1{n}") for n in range(3)] + [game(str(n)) for n in (1, 3, 4, 5)]
    others = [game("6", postponed=True), game("7", YESTERDAY), game("8", TOMORROW)]
    found = await verified(
        "lines",
        raw__games=[*games, *others],
        raw__fetches=[
            fetched("lines", "1", "loaded"),
            *(fetched("lines", f"1{n}", "empty") for n in range(3)),
            fetched("lines", "3", "failed", reason="timed out"),
            fetched("lines", "5", "quarantined", reason="hung up"),
            *near(answer, game_date=DAYS, mode=MODES, step=("injuries", "rosters"), unit=("", "9")),
            *(fetched("lines", each["game_id"], "loaded", reason="0") for each in others),
        ],
    )
    assert found == seen(7, 4, "hung up")


async def test_a_pass_owes_the_lines_of_its_games_alone() -> None:
    """A look at one game is not asked again because another's lines have failed."""
    world: dict[str, list[Row]] = {
        "raw__games": [game("1"), game("2"), game("3")],
        "raw__fetches": [fetched("lines", "1", "loaded"), fetched("lines", "2", "failed", reason="403")],
    }
    assert await verified("lines", {**OWED, "games": "1"}, **world) == seen(1, 1)
    assert await verified("lines", {**OWED, "games": "1 2"}, **world) == seen(2, 1, "403")
    assert await verified("lines", {**OWED, "games": ""}, **world) == seen(3, 1, "403")


async def test_names_that_match_nobody_are_quarantined_lines() -> None:
    """Each counts, beside the games; not one of another step, date or mode, nor a payload that was refused whole."""
    name = quarantined("Jo Doe", "is nobody", step="lines", unit="1")
    rows = [name, name | {"record": "Al Doe"}, name | {"unit": "2"}, name | {"record": "payload odds_api/event_odds"}]
    others = near(name, game_date=DAYS, mode=MODES, step=("injuries", "rosters"))
    found = await verified(
        "lines",
        raw__games=[game("1"), game("2"), game("3")],
        raw__fetches=[fetched("lines", "1", "loaded"), fetched("lines", "2", "loaded")],
        raw__quarantine=[*rows, *others],
    )
    assert found == seen(6, 2, "Al Doe: is nobody", refused=3)
