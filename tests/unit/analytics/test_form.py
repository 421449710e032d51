"""`features.player_daily_cache` and the tables beside it where few or no games are known."""

from datetime import UTC, datetime, timedelta

from shared.basketball.slate import Mode
from shared.ports import Warehouse
from tests.unit.analytics.conftest import NIGHT, Process
from tests.unit.shared.rows import SLATE, YESTERDAY, box, game, load, roster, row, tip

EARLY = datetime(2024, 3, 4, 12, tzinfo=UTC)
LATE = EARLY + timedelta(hours=1)


async def test_a_slate_without_games_has_no_features(process: Process) -> None:
    """Nothing to predict, no error."""
    assert await process(*NIGHT) == []


async def test_a_league_without_possessions_has_no_factors(warehouse: Warehouse, process: Process) -> None:
    """A defence has rates by its own games; its factors are null while the league is not known to have any."""
    tonight = {"game_date": SLATE, "mode": "overnight"}
    defence = "analytics.team_defense_game_summary"
    await load(
        warehouse,
        analytics__upcoming_team_game_context=[
            row("analytics.upcoming_team_game_context", **tonight, team_abbr=team, cutoff_at=at)
            for team, at in (("BOS", EARLY), ("LAL", LATE))
        ],
        analytics__team_defense_game_summary=[
            row(defence, game_id="1", game_date=YESTERDAY, team_abbr="BOS", available_at=EARLY),
            row(
                defence,
                game_id="2",
                game_date=YESTERDAY,
                team_abbr="LAL",
                available_at=LATE,
                points_allowed=55,
                possessions_allowed=50.0,
            ),
        ],
    )
    [found] = await process("team_defense_zone_analysis")
    assert (found["team_abbr"], found["points_allowed_per_100"], found["points_factor"]) == ("LAL", 110, None)


async def test_form_does_not_wait_for_the_league(warehouse: Warehouse, process: Process) -> None:
    """The first player with a box score has form, but no rate per minute: the league has none to shrink it to."""
    tips = {"0022300900": ("BOS", "GSW", tip(SLATE, 13)), "0022300901": ("LAL", "UTA", tip(SLATE, 22))}
    await load(
        warehouse,
        raw__games=[game(game_id, home=home, away=away, tip_utc=at) for game_id, (home, away, at) in tips.items()],
        raw__rosters=[roster(1), roster(2, "LAL")],
        raw__player_box_scores=[box("0022300100", 2, YESTERDAY, "LAL", points=20, available_at=tip(SLATE, 20))],
    )
    steps = ("player_game_summary", "upcoming_player_game_context", "player_daily_cache")
    [found] = await process(*steps, mode=Mode.SAME_DAY)
    assert (found["player_id"], found["points_last_5"], found["points_per_minute"]) == (2, 20, None)


async def test_who_has_no_zones_is_served_without_them(warehouse: Warehouse, process: Process) -> None:
    """Neither his own shots nor the opponent's defence are needed: their features are null."""
    tonight = {"game_date": SLATE, "mode": "overnight"}
    player = {**tonight, "player_id": 1}
    await load(
        warehouse,
        analytics__upcoming_player_game_context=[
            row("analytics.upcoming_player_game_context", **player, team_abbr="BOS", opponent_team_abbr="GSW")
        ],
        analytics__upcoming_team_game_context=[
            row("analytics.upcoming_team_game_context", **tonight, team_abbr="BOS", games_last_7_days=3)
        ],
        features__player_daily_cache=[row("features.player_daily_cache", **player, points_last_5=21.0)],
        features__player_composite_factors=[row("features.player_composite_factors", **player, fatigue=0.25)],
    )
    [found] = await process("ml_feature_store")
    assert (found["points_last_5"], found["games_last_7_days"], found["fatigue"]) == (21, 3, 0.25)
    assert (found["three_attempt_share"], found["opponent_points_factor"]) == (None, None)
