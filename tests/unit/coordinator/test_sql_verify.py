"""The statements in sql/verify: what a step is expected to have, and has. A row on the wrong side of each condition."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from services.coordinator.domain.run import Evidence
from services.coordinator.sql import sql
from shared.pipeline import STEPS
from shared.ports import Params, Row
from shared.slate import eastern_instant
from tests.unit.shared.answers import MODES, TOMORROW, answers, near
from tests.unit.shared.rows import SLATE, YESTERDAY, box, game, prediction, roster, row, tip

CUTOFF = tip(SLATE, 7)
DAYS = (YESTERDAY, TOMORROW)
"""The dates beside the slate's."""
PARAMS: Params = {
    "game_date": SLATE,
    "mode": "overnight",
    "run_id": "run.2",
    "season": "2023-24",
    "systems": ("a", "b", "line"),
    "per_player": 2,
    "per_line": 1,
    "not_tipped_after": tip(SLATE),
}
ON_SLATE: dict[str, Any] = {"game_date": SLATE, "mode": "overnight"}


async def verified(step: str, **tables: Sequence[Row]) -> Evidence:
    """What the step's statement says of a warehouse with these rows."""
    [found] = await answers(sql(f"verify/{step}"), PARAMS, **tables)
    return Evidence(**found)


def seen(expected: int, there: int, detail: str = "", *, refused: int = 0) -> Evidence:
    """What it should say."""
    return Evidence(expected=expected, verified=there, quarantined=refused, detail=detail)


def ago(days: int) -> date:
    """So many days before the slate."""
    return SLATE - timedelta(days=days)


def played(game_id: str, day: date, home: int = 90, away: int = 80, **values: Any) -> list[Row]:  # noqa: ANN401 - columns
    """Both teams' box scores of BOS against GSW, two players each, the teams' points in two halves."""
    teams = (("BOS", "GSW", home, 100), ("GSW", "BOS", away, 200))
    return [
        box(game_id, player + half, day, team, opponent=other, points=points // 2, **values)
        for team, other, points, player in teams
        for half in (0, 1)
    ]


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


def quarantined(record: str, reason: str = "no minutes", **values: Any) -> Row:  # noqa: ANN401 - columns
    """A box score that was refused on the slate's night."""
    known = {**ON_SLATE, "step": "box_scores", "unit": "season", "record": record, "reason": reason}
    return row("raw.quarantine") | known | values


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


def fetched(step: str, unit: str, outcome: str, **values: Any) -> Row:  # noqa: ANN401 - columns
    """A line of the slate's fetch ledger."""
    return row("raw.fetches", step=step, unit=unit, outcome=outcome, **ON_SLATE) | values


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


TEAMS = [
    game("1"),
    game("2", home="GSW", away="DAL"),
    game("3", home="LAL", away="CHI"),
    game("4", home="UTA", away="MIA", postponed=True),
    game("5", YESTERDAY, home="UTA", away="MIA"),
    game("6", TOMORROW, home="UTA", away="MIA"),
]
"""BOS, GSW (twice), DAL, LAL and CHI play."""


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
    ("outcomes", "there"),
    [([], 0), (["loaded"], 1), (["empty"], 1), (["loaded", "empty"], 1), (["failed"], 0), (["quarantined"], 0)],
)
async def test_the_injury_feed_is_there_when_it_answered(outcomes: list[str], there: int) -> None:
    """Once is enough, twice is one feed; an empty list is an answer."""
    rows = [fetched("injuries", outcome, outcome) for outcome in outcomes]
    assert await verified("injuries", raw__fetches=rows) == seen(1, there)


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


def summary(game_id: str, player: int, day: date = YESTERDAY, **values: Any) -> Row:  # noqa: ANN401 - columns
    """A summarised game, known at the cutoff."""
    known = {"game_id": game_id, "player_id": player, "game_date": day, "available_at": CUTOFF}
    return row("analytics.player_game_summary") | known | values


async def test_player_games_are_there_when_they_are_summarised() -> None:
    """Box scores before the slate, back to the 800th day, each by its own game and player."""
    boxes = [
        box("0", 101, YESTERDAY),
        box("2", 101, YESTERDAY),
        box("2", 105, YESTERDAY),
        box("3", 101, ago(800)),
        box("4", 101, ago(801)),
        box("5", 101, SLATE),
        box("6", 101, TOMORROW),
    ]
    there = [summary(one["game_id"], one["player_id"], one["game_date"]) for one in boxes]
    missing = [
        box("2", 103, YESTERDAY),
        box("7", 101, YESTERDAY),  # its summary is dated on the slate
        box("8", 101, ago(800)),  # its summary is dated a day earlier
        box("9", 101, YESTERDAY),  # its summary is dated tomorrow
    ]
    others = near(summary("2", 103), game_id=("1", "99"), player_id=(102, 104))
    dated = [summary("7", 101, SLATE), summary("8", 101, ago(801)), summary("9", 101, TOMORROW)]
    found = await verified(
        "player_game_summary",
        raw__player_box_scores=[*boxes, *missing],
        analytics__player_game_summary=[*there, *others, *dated],
    )
    assert found == seen(8, 4, "game 2 is not summarised")


TEAM_STEPS = ("team_offense_game_summary", "team_defense_game_summary")


@pytest.mark.parametrize("step", TEAM_STEPS)
async def test_team_games_are_there_when_they_are_summarised(step: str) -> None:
    """Of games whose both teams have box scores, back to the 800th day, each by its own game and team."""

    def team(game_id: str, abbr: str, day: date = YESTERDAY) -> Row:
        return row(f"analytics.{step}", game_id=game_id, game_date=day) | {"team_abbr": abbr}

    dates = {"2": YESTERDAY, "3": ago(800), "4": ago(801), "5": SLATE, "6": TOMORROW}
    missing = {"7": YESTERDAY, "8": ago(800), "9": YESTERDAY}
    boxes = [one for id_, day in (dates | missing).items() for one in played(id_, day)]
    alone = [
        box(id_, player, YESTERDAY, "LAL", opponent=other)
        for id_ in ("1", "98")
        for player, other in ((300, "BOS"), (301, "GSW"), (302, "UTA"))
    ]
    found = await verified(
        step,
        raw__player_box_scores=[*boxes, *alone],
        **{
            f"analytics__{step}": [
                *(team(id_, abbr, day) for id_, day in dates.items() for abbr in ("BOS", "GSW")),
                *near(team("7", "BOS"), game_id=("1", "99"), team_abbr=("ATL", "GSW")),
                *(team("8", abbr, ago(801)) for abbr in ("BOS", "GSW")),
                *(team("9", abbr, day) for abbr, day in (("BOS", SLATE), ("GSW", TOMORROW))),
            ]
        },
    )
    # there: both teams of 2 and 3, and GSW of 7
    assert found == seen(10, 5, "game 7 is not summarised")


@pytest.mark.parametrize("step", TEAM_STEPS)
async def test_summarised_team_games_leave_nothing_to_say(step: str) -> None:
    """No game is named."""
    rows = [row(f"analytics.{step}", game_id="2", game_date=YESTERDAY, team_abbr=team) for team in ("BOS", "GSW")]
    found = await verified(step, raw__player_box_scores=played("2", YESTERDAY), **{f"analytics__{step}": rows})
    assert found == seen(2, 2)


def context(player: int, **values: Any) -> Row:  # noqa: ANN401 - columns
    """A player's context on the slate."""
    named = {"player_id": player, "player_name": f"P{player}", "cutoff_at": CUTOFF}
    return row("analytics.upcoming_player_game_context", **ON_SLATE) | named | values


async def test_player_contexts_are_there_by_roster() -> None:
    """Rostered players of the slate's teams, each by his own context of this date and mode."""
    others = [roster(105, "UTA"), roster(106, "BOS", YESTERDAY), roster(107, "BOS", TOMORROW), roster(110, "ATL")]
    found = await verified(
        "upcoming_player_game_context",
        raw__games=[TEAMS[0], *TEAMS[2:]],
        raw__rosters=[roster(101, "BOS"), roster(102, "GSW"), roster(103, "LAL"), roster(104, "CHI"), *others],
        analytics__upcoming_player_game_context=[
            context(101),
            context(104),
            *near(context(102), game_date=DAYS, mode=MODES, player_id=(90, 99)),
            *near(context(103), player_id=(108, 109)),
            *(context(each["player_id"]) for each in others),
        ],
    )
    assert found == seen(4, 2, "GSW: roster not known at the cutoff")


async def test_contexts_of_all_leave_nothing_to_say() -> None:
    """No team is named."""
    found = await verified(
        "upcoming_player_game_context",
        raw__games=[game("1")],
        raw__rosters=[roster(101, "BOS")],
        analytics__upcoming_player_game_context=[context(101)],
    )
    assert found == seen(1, 1)


def team_context(abbr: str, **values: Any) -> Row:  # noqa: ANN401 - columns
    """A team's context on the slate."""
    return row("analytics.upcoming_team_game_context", **ON_SLATE) | {"team_abbr": abbr, "cutoff_at": CUTOFF} | values


async def test_team_contexts_are_there_by_team() -> None:
    """Teams that play, each once, by its own context of this date and mode."""
    found = await verified(
        "upcoming_team_game_context",
        raw__games=TEAMS,
        analytics__upcoming_team_game_context=[
            *(team_context(abbr) for abbr in ("BOS", "GSW", "DAL", "UTA", "MIA")),
            *near(team_context("CHI"), game_date=DAYS, mode=MODES, team_abbr=("ATL", "XXX")),
        ],
    )
    assert found == seen(5, 3, "CHI has no context")


async def test_contexts_of_all_teams_leave_nothing_to_say() -> None:
    """No team is named."""
    rows = [team_context(abbr) for abbr in ("BOS", "GSW")]
    found = await verified(
        "upcoming_team_game_context", raw__games=[game("1")], analytics__upcoming_team_game_context=rows
    )
    assert found == seen(2, 2)


@pytest.mark.parametrize(("step", "what"), [("player_daily_cache", "form"), ("player_shot_zone_analysis", "zones")])
async def test_form_is_there_for_players_with_games_known_at_the_cutoff(step: str, what: str) -> None:
    """Back to the 400th day, and known by the very instant of the cutoff."""

    def form(player: int, **values: Any) -> Row:  # noqa: ANN401 - columns
        return row(f"features.{step}", **ON_SLATE) | {"player_id": player} | values

    found = await verified(
        step,
        analytics__upcoming_player_game_context=[
            *(context(100 + n) for n in range(1, 7)),
            context(107, game_date=YESTERDAY),
            context(108, game_date=TOMORROW),
            context(109, mode="manual"),
            context(110, mode="same_day"),
            context(111),
        ],
        analytics__player_game_summary=[
            summary("1", 101, ago(1)),
            summary("2", 101, ago(2)),
            summary("1", 102, ago(400)),
            summary("1", 103, ago(401)),
            summary("1", 104, SLATE),
            summary("2", 104, TOMORROW),
            summary("1", 105, available_at=CUTOFF + timedelta(microseconds=1)),
            *(summary("1", player) for player in (107, 108, 109, 110)),
            summary("3", 111, ago(2)),
            summary("1", 100),
            summary("1", 199),
        ],
        **{
            f"features__{step}": [
                form(101),
                *near(form(102), game_date=DAYS, mode=MODES, player_id=(90, 198)),
                *(form(player) for player in (103, 104, 105, 107, 108, 109, 110)),
            ]
        },
    )
    # expected: 101, 102 and 111
    assert found == seen(3, 1, f"P102 has no {what}")


@pytest.mark.parametrize(("step", "what"), [("player_daily_cache", "form"), ("player_shot_zone_analysis", "zones")])
async def test_form_of_all_leaves_nothing_to_say(step: str, what: str) -> None:
    """No player is named; without a game nothing is expected, also of him who has `what`."""
    assert what
    rows = [row(f"features.{step}", **ON_SLATE) | {"player_id": player} for player in (101, 102)]
    found = await verified(
        step,
        analytics__upcoming_player_game_context=[context(101), context(102)],
        analytics__player_game_summary=[summary("1", 101)],
        **{f"features__{step}": rows},
    )
    assert found == seen(1, 1)


def defended(abbr: str, day: date = YESTERDAY, **values: Any) -> Row:  # noqa: ANN401 - columns
    """A team's game in defence, known at the cutoff."""
    known = {"game_id": f"{day}", "game_date": day, "available_at": CUTOFF, "possessions_allowed": 0.5}
    return row("analytics.team_defense_game_summary") | known | {"team_abbr": abbr} | values


async def test_defences_are_there_for_teams_with_games_known_at_the_cutoff() -> None:
    """Back to the 400th day, known by the very instant of the cutoff, with possessions."""

    def zones(abbr: str, **values: Any) -> Row:  # noqa: ANN401 - columns
        return row("features.team_defense_zone_analysis", **ON_SLATE) | {"team_abbr": abbr} | values

    unexpected = ("CHI", "DAL", "DEN", "HOU", "IND", "LAC", "LAL", "MEM")
    found = await verified(
        "team_defense_zone_analysis",
        analytics__upcoming_team_game_context=[
            *(team_context(abbr) for abbr in ("BOS", "GSW", "UTA", "CHI", "DAL", "DEN", "HOU")),
            team_context("IND", game_date=YESTERDAY),
            team_context("LAC", game_date=TOMORROW),
            team_context("LAL", mode="manual"),
            team_context("MEM", mode="same_day"),
        ],
        analytics__team_defense_game_summary=[
            defended("BOS", ago(1)),
            defended("BOS", ago(2)),
            defended("GSW", ago(400)),
            defended("CHI", ago(401)),
            defended("DAL", SLATE),
            defended("DAL", TOMORROW),
            defended("DEN", available_at=CUTOFF + timedelta(microseconds=1)),
            defended("HOU", possessions_allowed=0.0),
            *(defended(abbr) for abbr in ("IND", "LAC", "LAL", "MEM", "ATL", "XXX")),
            defended("UTA"),
        ],
        features__team_defense_zone_analysis=[
            zones("BOS"),
            *near(zones("GSW"), game_date=DAYS, mode=MODES, team_abbr=("ATL", "XXX")),
            *(zones(abbr) for abbr in unexpected),
        ],
    )
    # expected: BOS, GSW and UTA
    assert found == seen(3, 1, "GSW has no zones")


async def test_defences_of_all_leave_nothing_to_say() -> None:
    """No team is named."""
    found = await verified(
        "team_defense_zone_analysis",
        analytics__upcoming_team_game_context=[team_context("BOS")],
        analytics__team_defense_game_summary=[defended("BOS")],
        features__team_defense_zone_analysis=[row("features.team_defense_zone_analysis", **ON_SLATE, team_abbr="BOS")],
    )
    assert found == seen(1, 1)


@pytest.mark.parametrize("step", ["player_composite_factors", "ml_feature_store"])
async def test_features_are_there_for_players_with_form(step: str) -> None:
    """Of this date and mode, each player his own."""

    def form(player: int, **values: Any) -> Row:  # noqa: ANN401 - columns
        return row("features.player_daily_cache", **ON_SLATE) | {"player_id": player} | values

    def made(player: int, **values: Any) -> Row:  # noqa: ANN401 - columns
        return row(f"features.{step}", **ON_SLATE) | {"player_id": player} | values

    others: list[dict[str, Any]] = [{"game_date": day} for day in DAYS] + [{"mode": mode} for mode in MODES]
    found = await verified(
        step,
        features__player_daily_cache=[form(101), form(102), form(105), *(form(103, **other) for other in others)],
        **{
            f"features__{step}": [
                made(101),
                *near(made(102), game_date=DAYS, mode=MODES, player_id=(90, 199)),
                *(made(103, **other) for other in others),
            ]
        },
    )
    assert found == seen(3, 1)


KEY = {"game_id": "2", "player_id": 102, "market": "points", "system": "b"}
AROUND = {"game_id": ("1", "3"), "player_id": (90, 199), "market": ("assists", "threes"), "system": ("aa", "c")}
"""What sorts before and after each part of that key."""


def staged(player: int, market: str, system: str, **values: Any) -> Row:  # noqa: ANN401 - columns
    """A staged prediction of the run."""
    key = {"game_id": "2", "player_id": player, "market": market, "system": system, "run_id": "run.2"}
    return row("predictions.staging", **ON_SLATE) | key | values


def batches(rows: Sequence[Row]) -> list[Row]:
    """The rows, each in a batch of its own."""
    return [one | {"batch": 10 + number} for number, one in enumerate(rows)]


async def test_published_predictions_are_those_staged() -> None:
    """Each by game, player, market and system, of this run and date; what was staged twice is one."""
    mine = staged(102, "points", "b")
    other = staged(104, "points", "b")
    published = row("predictions.player_prop_predictions", **ON_SLATE) | KEY | {"run_id": "run.2"}
    elsewhere = published | {"player_id": 104}
    runs = ("run.1", "run.3")
    found = await verified(
        "publish",
        predictions__staging=[
            mine,
            mine | {"batch": 1},
            other,
            *batches(near(staged(105, "points", "b"), game_date=DAYS, run_id=runs)),
        ],
        predictions__player_prop_predictions=[published, *near(elsewhere, run_id=runs, **AROUND)],
    )
    assert found == seen(2, 1)
    for one in near(elsewhere, game_date=DAYS):
        found = await verified("publish", predictions__staging=[other], predictions__player_prop_predictions=[one])
        assert found == seen(1, 0)


@pytest.mark.parametrize("part", ["game_id", "player_id", "market", "system"])
async def test_predictions_that_differ_in_one_part_of_their_key_are_two(part: str) -> None:
    """What is staged for one is not staged for the other."""
    mine = staged(102, "points", "b")
    found = await verified("publish", predictions__staging=[mine, *batches(near(mine, **{part: AROUND[part]}))])
    assert found == seen(3, 0)


def predicted(game_id: str, player: int, day: date = YESTERDAY, generation: int = 1, **values: Any) -> Row:  # noqa: ANN401 - columns
    """A published prediction, an hour before tip-off."""
    at = tip(day, 18)
    return prediction(game_id, player, day, generation, system="b", predicted_at=at) | values


def graded(game_id: str, player: int, day: date = YESTERDAY, **values: Any) -> Row:  # noqa: ANN401 - columns
    """A grade of it."""
    kind = {"game_id": game_id, "player_id": player, "game_date": day, "market": "points", "system": "b"}
    return row("predictions.prediction_grades", mode="overnight", run_id="run.2") | kind | values


async def test_grades_are_there_for_predictions_of_the_last_week() -> None:
    """Back to the seventh day, made before tip-off, of games played on their date, in this mode."""
    games = [
        game("2", ago(1)),
        game("3", ago(7)),
        game("4", ago(8)),
        game("5", SLATE),
        game("6", ago(2), postponed=True),
        game("7", ago(3)),
        game("8", TOMORROW),
        game("1", ago(4), away="UTA"),
    ]
    found = await verified(
        "grade",
        raw__games=games,
        predictions__player_prop_predictions=[
            predicted("2", 101),
            predicted("2", 102),
            predicted("2", 103, predicted_at=tip(YESTERDAY)),  # at tip-off: too late
            predicted("2", 104, predicted_at=tip(YESTERDAY) + timedelta(seconds=1)),
            predicted("3", 101, ago(7)),
            predicted("4", 101, ago(8)),
            predicted("5", 101, SLATE),
            predicted("6", 101, ago(2)),
            predicted("7", 101, ago(2), predicted_at=tip(ago(3), 18)),  # the game was moved a day back
            predicted("8", 101, ago(2)),  # and one to tomorrow
            predicted("9", 101, ago(2)),  # no game of the schedule
            *(predicted("2", 105, mode=mode, run_id=mode) for mode in MODES),
            predicted("1", 101, ago(4)),
        ],
        predictions__prediction_grades=[
            graded("2", 101),
            graded("3", 101),
            *near(graded("2", 102), mode=MODES, **AROUND),
        ],
    )
    # expected 2 (101, 102), 3 and 1; there 2 (101) and 3
    assert found == seen(4, 2, "GSW@BOS on 2024-03-03: no box score")


async def test_grades_are_expected_of_the_latest_run_of_a_game_and_system() -> None:
    """A player whom it did not predict is not expected; another system's latest run, or game's, is its own."""
    found = await verified(
        "grade",
        raw__games=[game("2", YESTERDAY), game("3", YESTERDAY)],
        predictions__player_prop_predictions=[
            predicted("2", 101, generation=1),
            predicted("2", 102, generation=1),
            predicted("2", 101, generation=2),
            predicted("2", 103, generation=2),
            predicted("2", 103, generation=2, market="threes"),
            predicted("2", 104, generation=3, predicted_at=tip(YESTERDAY)),  # made too late: the second counts
            predicted("2", 101, generation=1, system="a"),
            predicted("3", 101, generation=1),
        ],
    )
    # of game 2 by system b: 101, 103 and 103's threes; by system a: 101; of game 3: 101
    assert found == seen(5, 0, "GSW@BOS on 2024-03-03: no box score")


async def test_ungraded_predictions_of_a_refused_game_are_quarantined() -> None:
    """Under the first reason by name; one that is graded is not, and another night's refusal is none."""
    refusal = quarantined("2", "minutes")
    found = await verified(
        "grade",
        raw__games=[game("2", YESTERDAY), game("4", YESTERDAY, home="ATL")],
        predictions__player_prop_predictions=[
            *(predicted("2", player) for player in (101, 102, 103)),
            predicted("4", 101),
        ],
        predictions__prediction_grades=[graded("2", 101), graded("2", 103), graded("4", 101)],
        raw__quarantine=[
            refusal,
            refusal | {"unit": "bulk", "reason": "fouls"},
            *near(refusal | {"reason": "a"}, game_date=DAYS, mode=MODES, step=("aa", "rosters"), record=("1", "3")),
        ],
    )
    assert found == seen(4, 3, "GSW@BOS on 2024-03-03: fouls", refused=1)
    found = await verified(
        "grade",
        raw__games=[game("2", YESTERDAY)],
        predictions__player_prop_predictions=[predicted("2", 101)],
        raw__quarantine=near(refusal, game_date=DAYS, mode=MODES, step=("aa", "rosters"), record=("1", "3")),
    )
    assert found == seen(1, 0, "GSW@BOS on 2024-03-03: no box score")


async def test_grades_of_all_leave_nothing_to_say() -> None:
    """No game is named."""
    found = await verified(
        "grade",
        raw__games=[game("2", YESTERDAY)],
        predictions__player_prop_predictions=[predicted("2", 101)],
        predictions__prediction_grades=[graded("2", 101)],
    )
    assert found == seen(1, 1)


def history(game_id: str, player: int, day: date = YESTERDAY, **values: Any) -> Row:  # noqa: ANN401 - columns
    """A line of the grades' history."""
    kind = {"game_id": game_id, "player_id": player, "game_date": day, "market": "points", "system": "b"}
    rest = {"mode": "overnight", "run_id": "run.2", "revision": 1}
    return row("predictions.prediction_grades_history") | kind | rest | values


async def test_the_history_is_there_as_the_grades_stand() -> None:
    """Grades of the last week in this mode, each with its run and whether it is void, in the last revision."""
    outside = [ago(8), SLATE, TOMORROW]
    found = await verified(
        "grade_history",
        predictions__prediction_grades=[
            graded("2", 101),
            graded("2", 102),
            graded("2", 103, ago(7)),
            graded("2", 104),
            graded("2", 105),
            graded("2", 106, voided=True),
            graded("2", 107),
            graded("2", 108),
            graded("2", 109),
            graded("2", 111),
            *(graded(f"9{n}", 101, day) for n, day in enumerate(outside)),
            *(graded("2", 110, mode=mode) for mode in MODES),
        ],
        predictions__prediction_grades_history=[
            history("2", 101, voided=True),
            history("2", 101, revision=2),
            history("2", 111, voided=True),
            history("2", 111, revision=2),
            *near(history("2", 102), mode=MODES, **AROUND),
            history("2", 103, ago(7)),
            history("2", 104, run_id="run.1"),
            history("2", 105, run_id="run.3"),
            history("2", 106),
            history("2", 107, voided=True),
            history("2", 108),
            history("2", 108, revision=2, run_id="run.3"),
            history("2", 109, ago(8)),
            *(history(f"9{n}", 101, day) for n, day in enumerate(outside)),
            *(history("2", 110, mode=mode) for mode in MODES),
        ],
    )
    # there: 101 and 111 in their second revisions, and 103
    assert found == seen(10, 3)


@pytest.mark.parametrize("day", [SLATE, ago(8)])
async def test_a_history_dated_outside_of_the_week_is_not_read(day: date) -> None:
    """Neither the slate's own nor an older one stands for last week's grades."""
    found = await verified(
        "grade_history",
        predictions__prediction_grades=[graded("2", 101)],
        predictions__prediction_grades_history=[history("2", 101, day)],
    )
    assert found == seen(1, 0)


async def test_histories_of_several_grades_have_a_last_revision_each() -> None:
    """By game, player, market and system."""
    first = history("2", 102)
    others = near(first, **AROUND)
    grades = [{**graded("2", 102), **{name: one[name] for name in KEY}} for one in (first, *others)]
    found = await verified(
        "grade_history",
        predictions__prediction_grades=grades,
        predictions__prediction_grades_history=[
            first, *(one | {"revision": 2 + n} for n, one in enumerate(others))
        ],
    )  # fmt: skip
    assert found == seen(9, 9)


async def test_daily_sums_are_there_when_they_count_as_many() -> None:
    """Slates, markets and systems with grades in the last week and mode; a sum over more or fewer is none."""

    def daily(day: date, count: int, market: str = "points", system: str = "b", **values: Any) -> Row:  # noqa: ANN401 - columns
        kind = {"game_date": day, "market": market, "system": system, "mode": "overnight"}
        return row("predictions.system_daily_performance", predictions=count) | kind | values

    outside = [ago(8), SLATE, TOMORROW]
    mine = daily(ago(1), 2)
    found = await verified(
        "system_daily_performance",
        predictions__prediction_grades=[
            graded("2", 101, ago(1)),
            graded("2", 102, ago(1)),
            graded("3", 101, ago(7)),
            graded("2", 101, ago(1), market="pra"),
            graded("2", 101, ago(1), system="c"),
            graded("2", 101, ago(1), market="rebounds"),
            graded("4", 101, ago(3)),
            *(graded(f"9{n}", 101, day) for n, day in enumerate(outside)),
            *(graded("2", 110, mode=mode) for mode in MODES),
        ],
        predictions__system_daily_performance=[
            mine,
            daily(ago(7), 1),
            daily(ago(1), 1, market="rebounds"),
            daily(ago(1), 2, market="pra"),
            daily(ago(1), 0, system="c"),
            *near(
                daily(ago(3), 1),
                game_date=(ago(4), ago(2)), mode=MODES, market=("assists", "threes"), system=("a", "d"),
            ),
            *(daily(day, 1) for day in outside),
        ],
    )  # fmt: skip
    # expected: points of b on three dates, pra and rebounds of b, points of c; there: points of b on two, and rebounds
    assert found == seen(6, 3)


def served(player: int, at: datetime = tip(SLATE, 20), **values: Any) -> Row:  # noqa: ANN401, B008 - columns; an instant
    """A player's features on the slate."""
    key = {"game_id": "2", "player_id": player, "tip_utc": at}
    return row("features.ml_feature_store", **ON_SLATE) | key | values


async def test_predictions_are_expected_of_served_players_whose_game_has_not_tipped_off() -> None:
    """Two systems' worth each; at tip-off he is expected no more."""
    others: list[dict[str, Any]] = [{"game_date": day} for day in DAYS] + [{"mode": mode} for mode in MODES]
    found = await verified(
        "predict",
        features__ml_feature_store=[
            served(101, tip(SLATE) + timedelta(microseconds=1)),
            served(102),
            served(103, tip(SLATE)),
            served(104, tip(SLATE, 18)),
            *(served(105, **other) for other in others),
        ],
    )
    assert found == seen(4, 0, "nothing is staged")


async def test_staged_predictions_count_by_player_market_and_system() -> None:
    """Of this date, run and the systems asked, of players who are expected, each once."""
    mine = staged(101, "points", "a")
    found = await verified(
        "predict",
        features__ml_feature_store=[served(101), served(102), served(103, tip(SLATE))],
        predictions__staging=[
            mine,
            mine | {"batch": 1},
            mine | {"batch": 2, "line": 20.5},
            staged(101, "points", "b"),
            staged(102, "points", "b"),
            staged(102, "threes", "b"),
            *batches(near(staged(102, "points", "a"), game_date=DAYS, run_id=("run.1", "run.3"), game_id=("1", "3"))),
            staged(102, "points", "absent"),
            staged(103, "points", "a"),
            staged(90, "points", "a"),
            staged(199, "points", "a"),
        ],
    )
    # 2 players x 2, and one line; there: points of a; points twice and threes of b
    assert found == seen(5, 4, "rows by system: a 2, b 3")


async def test_a_line_is_expected_in_the_markets_of_which_most_systems_speak() -> None:
    """Of points a, b and line speak, of threes and assists two do: only the lines on points are owed."""
    lined = [
        *(staged(player, "points", system, line=20.5) for player in (101, 102) for system in ("a", "b")),
        staged(101, "points", "line", line=20.5),
        *(
            staged(player, market, system, line=2.5)
            for market in ("assists", "threes")
            for player in (101, 102, 103, 104)
            for system in ("a", "b")
        ),
        staged(105, "threes", "line"),  # no line: nothing is owed, and it is not spoken of
        staged(103, "points", "a"),
    ]
    served_to = [served(player) for player in (101, 102, 103, 104, 105)]
    found = await verified("predict", features__ml_feature_store=served_to, predictions__staging=lined)
    # 5 players x 2, and 101's and 102's points; there: 5 lined points, 16 assists and threes, 2 without a line
    assert found == seen(12, 23)


async def test_predictions_that_are_just_enough_leave_nothing_to_say() -> None:
    """As many as are owed."""
    rows = [staged(101, "points", "a"), staged(101, "threes", "a")]
    assert await verified("predict", features__ml_feature_store=[served(101)], predictions__staging=rows) == seen(2, 2)
    found = await verified("predict", features__ml_feature_store=[served(101)], predictions__staging=rows[:1])
    assert found == seen(2, 1, "rows by system: a 1")


async def test_lines_multiply_by_the_systems_about_lines_and_players_by_the_others() -> None:
    """3 players x 5 and 2 lines x 2."""
    params = {**PARAMS, "per_player": 5, "per_line": 2}
    [found] = await answers(
        sql("verify/predict"),
        params,
        features__ml_feature_store=[served(player) for player in (101, 102, 103)],
        predictions__staging=[staged(player, "points", "a", line=20.5) for player in (101, 102)],
    )
    assert Evidence(**found) == seen(19, 2, "rows by system: a 2")


def test_the_cutoff_of_these_tests_is_after_the_slates_midnight() -> None:
    """07:00 Eastern, seven hours later."""
    assert eastern_instant(SLATE) + timedelta(hours=7) == CUTOFF
