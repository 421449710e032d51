"""From a box score to rows, or to the reason why not."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.scraper.domain.box import Box, Line
from services.scraper.domain.names import Known, Names
from services.scraper.domain.wire import Parsed, Refusal
from services.scraper.payloads import Collected
from services.scraper.steps.box_rows import Judged, identified, judge
from shared.ports import Row

FETCHED = datetime(2024, 3, 5, 11, tzinfo=UTC)
TIP = datetime(2024, 3, 5, 0, 30, tzinfo=UTC)
GAME: Row = {
    "game_id": "0022300900",
    "game_date": date(2024, 3, 4),
    "season": "2023-24",
    "season_type": "playin",
    "tip_utc": TIP,
    "home_team": "NYK",
    "away_team": "BOS",
    "home_points": 155,
    "away_points": 150,
    "loaded_from": None,
}
STATISTICS = {
    "minutes": 48.25,
    "points": 31,
    "rebounds": 12,
    "offensive_rebounds": 4,
    "defensive_rebounds": 8,
    "assists": 9,
    "field_goals_made": 11,
    "field_goals_attempted": 22,
    "threes": 5,
    "threes_attempted": 13,
    "free_throws_made": 6,
    "free_throws_attempted": 7,
    "steals": 3,
    "blocks": 2,
    "turnovers": 1,
    "fouls": 10,
    "plus_minus": -14.0,
}


def _lines(team: str, first_id: int, points: int) -> tuple[Line, ...]:
    """Five starters with the figures of STATISTICS but for their points."""
    common: dict[str, Any] = STATISTICS | {"points": points}
    return tuple(
        Line(player_id=first_id + n, player_name=f"{team.title()} No. {n}", team=team, starter=True, **common)
        for n in range(5)
    )


NYK, BOS = _lines("NYK", 10, 31), _lines("BOS", 20, 30)
BOX = Box("0022300900", final=True, lines=NYK + BOS, score={"NYK": 155, "BOS": 150})


def _got(fetched_at: datetime = FETCHED) -> Collected[Box]:
    return Collected(Parsed((BOX,)), "nba_cdn", "raw/key", fetched_at, None, 1)


def test_a_row_says_everything_of_a_line() -> None:
    """Game, player, team, opponent, home, every figure, and that it is known three hours after tip-off."""
    judged = judge(GAME, BOX, _got())
    assert (judged.game_id, judged.refusals, len(judged.rows)) == ("0022300900", (), 10)
    known = {
        "game_id": "0022300900",
        "game_date": date(2024, 3, 4),
        "season": "2023-24",
        "season_type": "playin",
        "available_at": datetime(2024, 3, 5, 3, 30, tzinfo=UTC),
        "fetched_at": FETCHED,
        "source": "nba_cdn",
        "starter": True,
        **STATISTICS,
    }
    assert judged.rows[0] == known | {
        "player_id": 10, "player_name": "Nyk No. 0", "player_lookup": "nykno0", "team": "NYK", "opponent": "BOS",
        "is_home": True,
    }  # fmt: skip
    assert judged.rows[9] == known | {
        "player_id": 24, "player_name": "Bos No. 4", "player_lookup": "bosno4", "team": "BOS", "opponent": "NYK",
        "is_home": False, "points": 30,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fetched_at", "available_at"),
    [
        (datetime(2024, 3, 5, 3, 29, tzinfo=UTC), datetime(2024, 3, 5, 3, 29, tzinfo=UTC)),
        (datetime(2024, 3, 5, 3, 31, tzinfo=UTC), datetime(2024, 3, 5, 3, 30, tzinfo=UTC)),
    ],
)
def test_a_box_score_is_known_three_hours_after_tip_off_or_when_it_was_fetched(
    fetched_at: datetime, available_at: datetime
) -> None:
    """Whichever is earlier."""
    assert {row["available_at"] for row in judge(GAME, BOX, _got(fetched_at)).rows} == {available_at}


def test_f11_an_inconsistent_game_has_no_rows_but_its_reason() -> None:
    """And those of its lines that could not be read, under the game's id."""
    unreadable = (Refusal("Nyk No. 5", "no 'assists'"), Refusal("Nyk No. 6", "minutes is None, not a number"))
    judged = judge(GAME, replace(BOX, refused=unreadable), _got())
    reason = "2 unreadable lines, the first of Nyk No. 5: no 'assists'"
    assert judged == Judged(
        "0022300900",
        [],
        (
            Refusal("0022300900", reason),
            Refusal("0022300900 Nyk No. 5", "no 'assists'"),
            Refusal("0022300900 Nyk No. 6", "minutes is None, not a number"),
        ),
    )
    assert judged.reason == reason


@pytest.mark.parametrize(
    ("home", "away", "reason"),
    [
        (155, 151, "the players of BOS have 150 points, the team 151"),
        (154, 150, "the players of NYK have 155 points, the team 154"),
        (0, 0, "the players of NYK have 155 points, the team 0"),
    ],
)
def test_the_final_score_must_agree(home: int, away: int, reason: str) -> None:
    """Home points are the home team's, also where they are zero."""
    assert judge(GAME | {"home_points": home, "away_points": away}, BOX, _got()).reason == reason


def test_a_game_whose_final_score_is_not_known_yet_is_loaded() -> None:
    """There is nothing to compare with."""
    assert len(judge(GAME | {"home_points": None, "away_points": None}, BOX, _got()).rows) == 10


def test_a_game_with_nobody_matched_says_so() -> None:
    """It was consistent: there is no other reason."""
    assert Judged("0022300900", []).reason == "no player could be matched to an id"


def _row(name: str, team: str = "NYK") -> Row:
    return {
        "game_id": "0022300900",
        "player_id": None,
        "player_name": name,
        "team": team,
        "points": len(name),
        "source": "balldontlie",
    }


def test_f17_rows_get_the_ids_of_their_names() -> None:
    """By the team, else by the only one anywhere; who fits nobody, or somebody once more, is refused."""
    names = Names([Known(11, "Jo Doe", "NYK"), Known(12, "Al Roe", "BOS"), Known(13, "Ed Poe", "MIA")])
    rows = [_row("Un Known"), _row("Jo Doe"), _row("Jo Doe Jr."), _row("Al Roe", "BOS"), _row("Ed Poe", "BOS")]
    found, refused = identified(rows, names)
    assert found == [
        _row("Jo Doe") | {"player_id": 11},
        _row("Al Roe", "BOS") | {"player_id": 12},
        _row("Ed Poe", "BOS") | {"player_id": 13},
    ]
    assert refused == [
        Refusal("0022300900 Un Known", "no known player of NYK is called 'Un Known'"),
        Refusal("0022300900 Jo Doe Jr.", "'Jo Doe' is the same player, 11"),
    ]
    assert rows[1]["player_id"] is None
