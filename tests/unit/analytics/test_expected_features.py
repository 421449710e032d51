"""Every feature of the contract on a tiny league, worked out by hand.

Boston plays Golden State tonight. The features are those of one player of Boston, which has one other player and five
who have left. Golden State has one player, with the same box score in every game.
"""

import math
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shared.ports import Row, Warehouse
from shared.registries.features import FEATURES
from shared.tables import TABLES
from tests.unit.analytics.conftest import NIGHT, Process
from tests.unit.shared.rows import SLATE, box, game, injury, load, prop, roster

HIM, OTHER, RIVAL, STRANGER = 1, 2, 8, 9
CUTOFF = datetime(2024, 3, 4, 7, tzinfo=ZoneInfo("America/New_York"))
TONIGHT = "0022300900"
DAYS_AGO = (2, 5, 9, 14, 20, 330, 340)
"""Boston against Golden State, who were at home only in the newest; the oldest two are last season's."""

STATS = (
    *("minutes", "points", "rebounds", "assists", "threes", "threes_attempted", "field_goals_made"),
    *("field_goals_attempted", "free_throws_made", "free_throws_attempted", "turnovers", "fouls", "offensive_rebounds"),
    *("steals", "blocks"),
)


def _stats(*values: float) -> Row:
    return dict(zip(STATS, values, strict=True))


def _nothing(minutes: float) -> Row:
    return _stats(minutes, *[0] * 14)


HIS = (
    None,  # he missed the newest
    _stats(30.0, 24, 8, 6, 2, 5, 9, 16, 4, 5, 3, 2, 2, 3, 1),
    _stats(40.0, 10, 4, 8, 1, 4, 4, 10, 1, 2, 1, 4, 1, 0, 2),
    _stats(20.0, 17, 6, 1, 3, 6, 6, 12, 2, 2, 2, 1, 0, 1, 0),
    *[_nothing(10.0)] * 3,
)
OTHERS = (
    _stats(20.0, 8, 10, 2, 0, 0, 4, 6, 0, 0, 1, 3, 4, 1, 0),
    _stats(35.0, 8, 10, 2, 0, 0, 4, 6, 0, 0, 1, 3, 4, 0, 1),
)
RIVALS = _stats(30.0, 14, 9, 4, 1, 3, 5, 11, 3, 4, 2, 1, 3, 1, 0)
STRANGERS = _stats(30.0, 12, 6, 5, 2, 4, 4, 9, 2, 3, 1, 2, 1, 2, 1)
UNQUOTED = ("pra", "pr", "pa", "ra", "steals", "blocks")
"""Markets that no book has a line of."""
QUOTE = ("line", "line_books", "line_spread", "line_p_over")

EXPECTED: dict[str, float | None] = {
    # Newest game first: points 24, 10, 17, 0, 0, 0; rebounds 8, 4, 6; assists 6, 8, 1; threes 2, 1, 3; all three sums
    # 38, 22, 24.
    # Minutes weighted at alpha 0.05: 30 + 38 + 18.05 + 8.57375 + 8.14506 + 7.73781 = 110.50662; at 0.1: 101.9559.
    # Six weights add up to 4.68559 (alpha 0.1), 3.68928 (0.2), 5.298162 (0.05). The league has played 505 minutes.
    "points_season_mean": 12.75,  # 51 / 4
    "points_last_5": 10.2,  # 51 / 5
    "points_ewma": 9.98166719666,  # (24 + 0.9 x 10 + 0.81 x 17) / 4.68559
    "points_std_20": 10.31018913503,  # sqrt((965 - 51² / 6) / 5)
    "points_trend": 1.7,  # 51 / 5 - 51 / 6
    "points_per_minute": 0.4263175383075,  # (24 + 0.95 x 10 + 0.9025 x 17 + 36 x 191 / 505) / (110.50662 + 36)
    "points_per_minute_fast": 0.4377184417931,  # (24 + 0.9 x 10 + 0.81 x 17 + 36 x 191 / 505) / (101.9559 + 36)
    "rebounds_season_mean": 4.5,  # 18 / 4
    "rebounds_last_5": 3.6,  # 18 / 5
    "rebounds_ewma": 3.512898055528,  # (8 + 0.9 x 4 + 0.81 x 6) / 4.68559
    "rebounds_std_20": 3.521363372332,  # sqrt((116 - 18² / 6) / 5)
    "rebounds_trend": 0.6,  # 18 / 5 - 18 / 6
    "rebounds_per_minute": 0.1739464532776,  # (8 + 0.95 x 4 + 0.9025 x 6 + 36 x 116 / 505) / (110.50662 + 36)
    "rebounds_per_minute_fast": 0.1792551600236,  # (8 + 0.9 x 4 + 0.81 x 6 + 36 x 116 / 505) / (101.9559 + 36)
    "assists_season_mean": 3.75,  # 15 / 4
    "assists_last_5": 3,  # 15 / 5
    "assists_ewma": 2.990018332803,  # (6 + 0.9 x 8 + 0.81 x 1) / 4.68559
    "assists_std_20": 3.563705936241,  # sqrt((101 - 15² / 6) / 5)
    "assists_trend": 0.5,  # 15 / 5 - 15 / 6
    "assists_per_minute": 0.126237157119,  # (6 + 0.95 x 8 + 0.9025 x 1 + 36 x 56 / 505) / (110.50662 + 36)
    "assists_per_minute_fast": 0.1304915498933,  # (6 + 0.9 x 8 + 0.81 x 1 + 36 x 56 / 505) / (101.9559 + 36)
    "threes_season_mean": 1.5,  # 6 / 4
    "threes_last_5": 1.2,  # 6 / 5
    "threes_ewma": 1.137530172294,  # (2 + 0.9 x 1 + 0.81 x 3) / 4.68559
    "threes_std_20": 1.264911064067,  # sqrt((14 - 6² / 6) / 5)
    "threes_trend": 0.2,  # 6 / 5 - 6 / 6
    "threes_per_minute": 0.04640127565161,  # (2 + 0.95 x 1 + 0.9025 x 3 + 36 x 16 / 505) / (110.50662 + 36)
    "threes_per_minute_fast": 0.04690335142901,  # (2 + 0.9 x 1 + 0.81 x 3 + 36 x 16 / 505) / (101.9559 + 36)
    "pra_season_mean": 21,  # 84 / 4
    "pra_last_5": 16.8,  # 84 / 5
    "pra_ewma": 16.48458358499,  # (38 + 0.9 x 22 + 0.81 x 24) / 4.68559
    "pra_std_20": 16.29723902997,  # sqrt((2504 - 84² / 6) / 5)
    "pra_trend": 2.8,  # 84 / 5 - 84 / 6
    "pra_per_minute": 0.7265011487042,  # (38 + 0.95 x 22 + 0.9025 x 24 + 36 x 363 / 505) / (110.50662 + 36)
    "pra_per_minute_fast": 0.7474651517099,  # (38 + 0.9 x 22 + 0.81 x 24 + 36 x 363 / 505) / (101.9559 + 36)
    "pr_season_mean": 17.25,  # 69 / 4
    "pr_last_5": 13.8,  # 69 / 5
    "pr_ewma": 13.49456525219,  # (32 + 0.9 x 14 + 0.81 x 23) / 4.68559
    "pr_std_20": 13.82389236069,  # sqrt((1749 - 69² / 6) / 5)
    "pr_trend": 2.3,  # 69 / 5 - 69 / 6
    "pr_per_minute": 0.6002639915852,  # (32 + 0.95 x 14 + 0.9025 x 23 + 36 x 307 / 505) / (110.50662 + 36)
    "pr_per_minute_fast": 0.6169736018166,  # (32 + 0.9 x 14 + 0.81 x 23 + 36 x 307 / 505) / (101.9559 + 36)
    "pa_season_mean": 16.5,  # 66 / 4
    "pa_last_5": 13.2,  # 66 / 5
    "pa_ewma": 12.97168552946,  # (30 + 0.9 x 18 + 0.81 x 18) / 4.68559
    "pa_std_20": 12.82185633986,  # sqrt((1548 - 66² / 6) / 5)
    "pa_trend": 2.2,  # 66 / 5 - 66 / 6
    "pa_per_minute": 0.5525546954266,  # (30 + 0.95 x 18 + 0.9025 x 18 + 36 x 247 / 505) / (110.50662 + 36)
    "pa_per_minute_fast": 0.5682099916863,  # (30 + 0.9 x 18 + 0.81 x 18 + 36 x 247 / 505) / (101.9559 + 36)
    "ra_season_mean": 8.25,  # 33 / 4
    "ra_last_5": 6.6,  # 33 / 5
    "ra_ewma": 6.502916388331,  # (14 + 0.9 x 12 + 0.81 x 7) / 4.68559
    "ra_std_20": 6.442049363363,  # sqrt((389 - 33² / 6) / 5)
    "ra_trend": 1.1,  # 33 / 5 - 33 / 6
    "ra_per_minute": 0.3001836103967,  # (14 + 0.95 x 12 + 0.9025 x 7 + 36 x 172 / 505) / (110.50662 + 36)
    "ra_per_minute_fast": 0.3097467099168,  # (14 + 0.9 x 12 + 0.81 x 7 + 36 x 172 / 505) / (101.9559 + 36)
    "steals_season_mean": 1,  # 4 / 4
    "steals_last_5": 0.8,  # 4 / 5
    "steals_ewma": 0.8131313239101,  # (3 + 0.9 x 0 + 0.81 x 1) / 4.68559
    "steals_std_20": 1.211060141639,  # sqrt((10 - 4² / 6) / 5)
    "steals_trend": 0.1333333333333,  # 4 / 5 - 4 / 6
    "steals_per_minute": 0.0339357151963,  # (3 + 0.95 x 0 + 0.9025 x 1 + 36 x 15 / 505) / (110.50662 + 36)
    "steals_per_minute_fast": 0.03536859917331,  # (3 + 0.9 x 0 + 0.81 x 1 + 36 x 15 / 505) / (101.9559 + 36)
    "blocks_season_mean": 0.75,  # 3 / 4
    "blocks_last_5": 0.6,  # 3 / 5
    "blocks_ewma": 0.5975768259707,  # (1 + 0.9 x 2 + 0.81 x 0) / 4.68559
    "blocks_std_20": 0.8366600265341,  # sqrt((5 - 3² / 6) / 5)
    "blocks_trend": 0.1,  # 3 / 5 - 3 / 6
    "blocks_per_minute": 0.02222722525142,  # (1 + 0.95 x 2 + 0.9025 x 0 + 36 x 5 / 505) / (110.50662 + 36)
    "blocks_per_minute_fast": 0.02288003371776,  # (1 + 0.9 x 2 + 0.81 x 0 + 36 x 5 / 505) / (101.9559 + 36)
    "games_season": 4,  # not the two of spring 2023
    "games_total": 6,
    "minutes_season_mean": 25,  # (30 + 40 + 20 + 10) / 4
    "minutes_prior_mean": 10,  # (10 + 10) / 2
    "minutes_ewma": 23.66120218579,  # (30 + 32 + 12.8 + 5.12 + 4.096 + 3.2768) / 3.68928
    "minutes_ewma_slow": 20.85753889745,  # 110.50662 / 5.298162
    "minutes_last": 30,
    "minutes_last_3": 30,  # (30 + 40 + 20) / 3
    "minutes_last_10": 20,  # 120 / 6
    "minutes_std_20": 12.64911064067,  # sqrt((3200 - 120² / 6) / 5)
    "minutes_trend": 9.142461102548,  # 30 - 110.50662 / 5.298162
    "top_five_share_10": 0.8333333333333,  # 5 / 6; five men had more minutes in the oldest
    "minutes_rank_last": 2,  # the other man played 35 minutes
    # Attempts 16, 10, 12; threes 5, 4, 6; free throws 5, 2, 2; turnovers 3, 1, 2; fouls 2, 4, 1; offensive rebounds
    # 2, 1, 0.
    "shots_per_minute": 0.3287585847798,  # (16 + 9.5 + 10.83) / 110.50662
    "shots_per_minute_fast": 0.3405393900696,  # (16 + 9 + 9.72) / 101.9559
    "threes_attempted_per_minute": 0.1286348274882,  # (5 + 3.8 + 5.415) / 110.50662
    "free_throws_attempted_per_minute": 0.07877356125814,  # (5 + 1.9 + 1.805) / 110.50662
    "turnovers_per_minute": 0.05207832797709,  # (3 + 0.95 + 1.805) / 110.50662
    "fouls_per_minute": 0.0606524749377,  # (2 + 3.8 + 0.9025) / 110.50662
    "offensive_rebounds_per_minute": 0.02669523328105,  # (2 + 0.95 + 0) / 110.50662
    "possessions_used_per_minute": 0.4154972797105,  # (36.33 + 0.44 x 8.705 + 5.755) / 110.50662
    "true_shooting": 0.608095826216,  # 48.8425 / (2 x (36.33 + 0.44 x 8.705))
    "days_since_game": 5,
    "played_share_10": 0.8571428571429,  # 6 / 7; not the newest
    "played_share_5": 0.8,  # 4 / 5
    "missed_in_row": 1,
    "played_in_row": 0,  # he missed the newest
    "injury_status_days": 3,  # Questionable since three days before the cutoff
    "play_likelihood": 0.48,  # questionable, one game missed
    # The other man is worth (20 + 28) / 1.8 = 26.667 minutes and plays with 93 %: listed nowhere, none missed.
    "teammates_minutes": 24.8,  # 0.93 x 1600 / 60
    "teammates_absent_minutes": 1.866666666667,  # 0.07 x 1600 / 60
    "rotation_rank": 2,  # 0.48 x 23.7 minutes against 0.93 x 26.7
    "games_with_team_10": 6,
    # He was there once in the six; so were, once, five who have left, of 12 minutes each and nothing else. In 26.667
    # minutes he uses 26.667 x (7 + 0.95 x 7) / 53.25 = 6.836 possessions, has 26.667 x (19.5 + 36 x 116 / 505) / 89.25
    # = 8.297 rebounds and 26.667 x (3.9 + 36 x 56 / 505) / 89.25 = 2.358 assists.
    "vacated_minutes": -10.35555555556,  # (1600 + 5 x 720) / 6 / 60 - 0.93 x 1600 / 60
    "vacated_possessions": -5.218146666667,  # 6.836 / 6 - 0.93 x 6.836
    "vacated_rebounds": -6.333376666667,  # 8.297 / 6 - 0.93 x 8.297
    "vacated_assists": -1.79994,  # 2.358 / 6 - 0.93 x 2.358
    "days_rest": 2,
    "opponent_days_rest": 1,
    "games_last_4_days": 1,
    "games_last_7_days": 2,
    "games_last_14_days": 4,
    "travel_km": 4331,  # 6371 x 0.6798, the angle from San Francisco
    "clock_shift": 3,  # three hours eastward
    "minutes_last_7_days": 30,
    "minutes_last_14_days": 90,  # 30 + 40 + 20
    "fatigue": 0.34375,  # 0.5 / 2 + 0.5 x 30 / 160
    # Golden State allowed, newest game first: 10.32, 3, 22.2, 10.88, 14.88, 0, 0, 0 possessions, points 12, 8, 32, 10,
    # 17, rebounds 6, 10, 18, 4, 6, assists 5, 2, 8, 8, 1, twos 2, 4, 11, 3, 3, threes 2, 0, 2, 1, 3, free throws 2, 0,
    # 4, 1, 2; weighted 54.65358928, 70.900352, 40.061536, 21.793506, 20.743143, 7.105893, 8.096387.
    # The league: 155.36 possessions, 191 points, 116 rebounds, 56 assists, 55 twos, 16 threes, 33 free throws.
    # His shares of points times the factors below, less one.
    "zone_mismatch": 0.08642885518416,  # (25.115 x 0.0721 + 16.9725 x 0.2625 - 6.755 x 0.3026) / 48.8425
    # Pace, newest first: Boston 88.56, 62.695, 67.92, 159.84, 141.12, 141.12, 20.16; Golden State 88.32, 59.04, 135.84,
    # 90.56, 106.56 and three times 47.04; Los Angeles 88.32.
    "expected_pace": 89.59955819364,  # 585.41938616 / 6.033254 + 535.26839776 / 6.731591 - 1391.175 / 16
    "pace_factor": 0.9234010790381,  # 1 + (535.26839776 / 6.731591 - 1391.175 / 16) / (585.41938616 / 6.033254)
    "opponent_defensive_rating": 129.7267991618,  # 100 x 70.900352 / 54.65358928
    "opponent_points_factor": 1.05520185957,  # 70.900352 / 54.65358928 x 155.36 / 191
    "opponent_rebounds_factor": 0.98172563415,  # 40.061536 / 54.65358928 x 155.36 / 116
    "opponent_assists_factor": 1.106266087123,  # 21.793506 / 54.65358928 x 155.36 / 56
    "opponent_two_points_factor": 1.072092840124,  # 20.743143 / 54.65358928 x 155.36 / 55
    "opponent_threes_factor": 1.262464587211,  # 7.105893 / 54.65358928 x 155.36 / 16
    "opponent_free_throws_factor": 0.6974255326668,  # 8.096387 / 54.65358928 x 155.36 / 33
    "opponent_threes_attempted": 30.79218807347,  # 100 x 16.829036 / 54.65358928
    "three_attempt_share": 0.3912744288467,  # 14.215 / 36.33
    "free_throw_rate": 0.2396091384531,  # 8.705 / 36.33
    "two_accuracy": 0.5678272665612,  # 12.5575 / 22.115; 18.215 - 5.6575 of 36.33 - 14.215
    "three_accuracy": 0.3979950756243,  # 5.6575 / 14.215
    "free_throw_accuracy": 0.7759908098794,  # 6.755 / 8.705
    "two_points_share": 0.5142038183959,  # 25.115 / 48.8425
    "team_games_season": 5,
    "team_offensive_rating": 132.8571682652,  # 100 x 62.000375 / 46.66694
    # Golden State scored 14 points in each 11.76 possessions.
    "rating_gap": 24.48872933175,  # 132.857 - 119.048 - (119.048 - 129.727)
    "is_home": 1,
    "points_line": 23.5,  # the middle of 22.5, 23.5, 23.5
    "points_line_books": 3,
    "points_line_spread": 1,
    "points_line_p_over": 0.5108695652174,  # (1 / 2 + 12 / 22 / (12 / 22 + 1 / 2)) / 2
    "rebounds_line": 7.5,  # one book
    "rebounds_line_books": 1,
    "rebounds_line_spread": 0,
    "rebounds_line_p_over": 0.5689655172414,  # 150 / 250 / (150 / 250 + 100 / 220); -150 against +120
    "assists_line": 5,  # between 4 and 6
    "assists_line_books": 2,
    "assists_line_spread": 2,
    "assists_line_p_over": None,  # nobody quotes 5
    "threes_line": 2.5,  # the middle of 1.5, 2.5, 4.5
    "threes_line_books": 3,
    "threes_line_spread": 3,
    "threes_line_p_over": 0.4270462633452,  # 100 / 230 / (100 / 230 + 140 / 240); +130 against -140
    **{f"{market}_{what}": None for market in UNQUOTED for what in QUOTE},
}


@pytest.fixture
async def served(warehouse: Warehouse, process: Process) -> Row:
    """His row of the feature store."""
    days = [SLATE - timedelta(days=ago) for ago in DAYS_AGO]
    ids = [f"0022300{100 - ago // 10:03d}{number}" for number, ago in enumerate(DAYS_AGO)]
    sides = [("GSW", "BOS"), *[("BOS", "GSW")] * 6]
    yesterday = SLATE - timedelta(days=1)
    await load(
        warehouse,
        raw__games=[
            game(TONIGHT),
            *(game(game_id, day, *pair) for game_id, day, pair in zip(ids, days, sides, strict=True)),
            game("0022300800", yesterday, "LAL", "GSW"),
        ],
        raw__rosters=[roster(HIM), roster(OTHER), roster(RIVAL, "GSW")],
        raw__player_box_scores=[
            *(_boston(HIM, game_id, day, stats) for game_id, day, stats in zip(ids, days, HIS, strict=True) if stats),
            *(_boston(OTHER, game_id, day, stats) for game_id, day, stats in zip(ids, days, OTHERS, strict=False)),
            *(_boston(player, ids[6], days[6], _nothing(12.0)) for player in range(21, 26)),
            *(
                box(game_id, RIVAL, day, "GSW", opponent="BOS", **RIVALS)
                for game_id, day in zip(ids, days, strict=True)
            ),
            box("0022300800", RIVAL, yesterday, "GSW", opponent="LAL", **RIVALS),
            box("0022300800", STRANGER, yesterday, "LAL", opponent="GSW", **STRANGERS),
        ],
        raw__injuries=[injury(HIM, "Questionable", CUTOFF - timedelta(days=3))],
        raw__prop_lines=[
            _line("points", 22.5, "a", -130, 100),
            _line("points", 23.5, "b", -110, -110),
            _line("points", 23.5, "c", -120, 100),
            _line("rebounds", 7.5, "a", -150, 120),
            _line("assists", 4, "a", -110, -110),
            _line("assists", 6, "b", -110, -110),
            _line("threes", 1.5, "a", -110, -110),
            _line("threes", 2.5, "b", 130, -140),
            _line("threes", 4.5, "c", -110, -110),
        ],
    )
    rows = await process(*NIGHT)
    return next(row for row in rows if row["player_id"] == HIM)


def _boston(player: int, game_id: str, day: date, stats: Row) -> Row:
    return box(game_id, player, day, opponent="GSW", **stats)


def _line(market: str, line: float, book: str, over: float, under: float) -> Row:
    prices = {"over_price": float(over), "under_price": float(under)}
    return prop(TONIGHT, HIM, float(line), book, CUTOFF, market=market, **prices)


def test_no_feature_is_without_an_expected_value() -> None:
    """A feature added to the contract is worked out here too."""
    assert EXPECTED.keys() == FEATURES.keys()


def test_the_store_serves_the_contract() -> None:
    """Every feature is a column of its source, and the feature store has them all in the contract's order."""
    for feature in FEATURES.values():
        column = TABLES[feature.origin.table].column(feature.column or feature.name)
        assert (column.type == "BOOL") == (feature.kind == "flag"), feature.name
        assert feature.low < feature.high
        assert 0 <= feature.nulls <= 1
    served = [column.name for column in TABLES["features.ml_feature_store"].columns]
    assert served[6:] == list(FEATURES)


def test_every_feature_is_what_the_arithmetic_says(served: Row) -> None:
    """Each feature served equals its value worked out by hand."""
    wrong = {name: (value, served[name]) for name, value in EXPECTED.items() if not _same(value, served[name])}
    assert not wrong


def _same(expected: float | None, found: float | None) -> bool:
    if expected is None or found is None:
        return expected is found
    return math.isclose(expected, found, rel_tol=1e-9, abs_tol=1e-9)
