"""Statements in sql/complete of summaries, contexts and features. A row on the wrong side of each condition."""

from datetime import timedelta
from functools import partial

import pytest

from tests.unit.coordinator.sql_rows import (
    CUTOFF,
    DAYS,
    TEAM_STEPS,
    TEAMS,
    ago,
    context,
    defended,
    elsewhere,
    featured,
    fetched,
    lined,
    market_context,
    played,
    record,
    seen,
    summary,
    team_context,
    team_summary,
    unknown,
    verified,
    zones,
)
from tests.unit.shared.answers import MODES, TOMORROW, near
from tests.unit.shared.rows import SLATE, YESTERDAY, box, game, roster, tip


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
    summaries = [summary(one["game_id"], one["player_id"], one["game_date"]) for one in boxes]
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
        analytics__player_game_summary=[*summaries, *others, *dated],
    )
    assert found == seen(8, 4, "game 2 is not summarised")


@pytest.mark.parametrize("step", TEAM_STEPS)
async def test_team_games_are_there_when_they_are_summarised(step: str) -> None:
    """Of games whose both teams have box scores, back to the 800th day, each by its own game and team."""
    team = partial(team_summary, step)
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
    rows = [team_summary(step, "2", abbr) for abbr in ("BOS", "GSW")]
    found = await verified(step, raw__player_box_scores=played("2", YESTERDAY), **{f"analytics__{step}": rows})
    assert found == seen(2, 2)


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


async def test_market_contexts_are_there_by_player_and_market() -> None:
    """Of main lines known at the cutoff, fetched when the mode's own odds were; once however many books post them."""
    asked = fetched("lines", "2", "loaded", fetched_at=tip(SLATE, 6))
    line, there = lined(101, bookmaker="a"), market_context(101)
    others = [line | {"market": "pra", "game_date": day, "bookmaker": f"{day}"} for day in DAYS]
    found = await verified(
        "player_market_context",
        analytics__upcoming_player_game_context=[
            *(context(player, game_id="2") for player in (101, 102)),
            *near(context(103, game_id="2"), game_date=DAYS, mode=MODES),
            context(104, game_id="5"),
        ],
        raw__fetches=[asked, *near(asked | {"unit": "5"}, game_date=DAYS, mode=MODES, step=("injuries", "rosters"))],
        raw__prop_lines=[
            line, lined(101, bookmaker="b"), lined(101, "assists"), lined(102), lined(103), lined(104, game_id="5"),
            *unknown(line | {"market": "threes"}), *others,
        ],
        analytics__player_market_context=[
            there, market_context(101, "rebounds"),
            *near(market_context(102), game_date=DAYS, mode=MODES, player_id=(90, 199), market=("assists", "threes")),
        ],
    )  # fmt: skip
    assert found == seen(3, 1, "P101: no consensus on assists")


async def test_team_contexts_are_there_by_team() -> None:
    """Teams that play, each once, by its own context of this date and mode."""
    found = await verified(
        "upcoming_team_game_context",
        raw__games=TEAMS,
        analytics__upcoming_team_game_context=[
            *(team_context(abbr) for abbr in ("BOS", "GSW", "DAL", "UTA", "MIA")),
            *near(team_context("CHI"), game_date=DAYS, mode=MODES, team_abbr=("ATL", "ZZZ")),
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


async def test_records_are_there_by_team() -> None:
    """Teams with a context of this date and mode, each with its own record of them."""
    contexts = near(team_context("CHI"), game_date=DAYS, mode=MODES)
    found = await verified(
        "team_daily_record",
        analytics__upcoming_team_game_context=[*(team_context(abbr) for abbr in ("BOS", "GSW", "DAL")), *contexts],
        analytics__team_daily_record=[
            record("BOS"), record("CHI"), record("DAL"), *near(record("GSW"), game_date=DAYS, mode=MODES),
        ],
    )  # fmt: skip
    assert found == seen(3, 2, "GSW has no record")


async def test_records_of_all_teams_leave_nothing_to_say() -> None:
    """No team is named."""
    rows = {"analytics__upcoming_team_game_context": [team_context("BOS")]}
    assert await verified("team_daily_record", **rows, analytics__team_daily_record=[record("BOS")]) == seen(1, 1)


@pytest.mark.parametrize(("step", "what"), [("player_daily_cache", "form"), ("player_shot_zone_analysis", "zones")])
async def test_form_is_there_for_players_with_games_known_at_the_cutoff(step: str, what: str) -> None:
    """Back to the 400th day, and known by the very instant of the cutoff."""
    form = partial(featured, step)

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


@pytest.mark.parametrize("step", ["player_daily_cache", "player_shot_zone_analysis"])
async def test_form_of_all_leaves_nothing_to_say(step: str) -> None:
    """No player is named; without a game nothing is expected, also of a player who has form."""
    rows = [featured(step, player) for player in (101, 102)]
    found = await verified(
        step,
        analytics__upcoming_player_game_context=[context(101), context(102)],
        analytics__player_game_summary=[summary("1", 101)],
        **{f"features__{step}": rows},
    )
    assert found == seen(1, 1)


async def test_defences_are_there_for_teams_with_games_known_at_the_cutoff() -> None:
    """Back to the 400th day, known by the very instant of the cutoff, with possessions."""
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
            *(defended(abbr) for abbr in ("IND", "LAC", "LAL", "MEM", "ATL", "ZZZ")),
            defended("UTA"),
        ],
        features__team_defense_zone_analysis=[
            zones("BOS"),
            *near(zones("GSW"), game_date=DAYS, mode=MODES, team_abbr=("ATL", "ZZZ")),
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
        features__team_defense_zone_analysis=[zones("BOS")],
    )
    assert found == seen(1, 1)


@pytest.mark.parametrize("step", ["player_composite_factors", "ml_feature_store"])
async def test_features_are_there_for_players_with_form(step: str) -> None:
    """Of this date and mode, each player his own."""
    form, made = partial(featured, "player_daily_cache"), partial(featured, step)
    others = elsewhere(DAYS)
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
