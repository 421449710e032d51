"""A box score that the league corrects days later."""

import json
from datetime import timedelta
from typing import Any

import pytest

from devstack.corrections import Correction
from devstack.history import History
from devstack.upstream.balldontlie import box_scores
from devstack.upstream.boxscore import box_score
from devstack.upstream.gamelog import GameLog
from devstack.upstream.wire import Answer
from shared.errors import Permanent
from tests.unit.devstack.tiny import FIRST, TIP, ZEROS, played, tiny

LATER = TIP + timedelta(days=3)
EARLY = timedelta(seconds=1)
BOSTON = [played(FIRST, 1, "Ann One", "BOS"), played(FIRST, 2, "Bob Two", "BOS")]
TEAMS = [{"game_id": FIRST, "team": team, **ZEROS, "ast": 7, "pts": 20} for team in ("BOS", "PHI")]
BEFORE = tiny(player_games=BOSTON, team_games=TEAMS)


def body(answer: Answer) -> Any:  # noqa: ANN401 - JSON
    return json.loads(answer.body)


def test_every_source_shows_a_correction_from_its_instant_on() -> None:
    """The CDN, stats.nba.com and BallDontLie show the first version until then, and the corrected one since."""
    history = BEFORE.correcting(Correction(FIRST, 1, LATER, {"ast": 9}))
    log = GameLog(history)
    season = {"Season": "2024-25", "SeasonType": "Regular Season"}

    def assists(now: Any) -> list[object]:  # noqa: ANN401 - an instant
        cdn = body(box_score(history, FIRST, now))["game"]["homeTeam"]
        players, teams = (
            body(log.answer({**season, "PlayerOrTeam": kind}, now))["resultSets"][0] for kind in ("P", "T")
        )
        column = [table["headers"].index("AST") for table in (players, teams)]
        bdl = body(box_scores(history, {"date": "2024-11-01"}, now))["data"][0]["home_team"]["players"]
        return [
            [person["statistics"]["assists"] for person in cdn["players"][:2]],
            cdn["statistics"]["assists"],
            [row[column[0]] for row in players["rowSet"]],
            [row[column[1]] for row in teams["rowSet"]],
            [person["ast"] for person in bdl[:2]],
        ]

    assert assists(LATER - EARLY) == [[0, 0], 0, [0, 0], [7, 7], [0, 0]]
    assert assists(LATER) == [[9, 0], 9, [9, 0], [16, 7], [9, 0]]
    assert assists(LATER - EARLY) == [[0, 0], 0, [0, 0], [7, 7], [0, 0]]


def test_a_correction_is_a_newer_file() -> None:
    """The CDN's box score says when it was last written; a history with corrections has another fingerprint."""
    history = BEFORE.correcting(Correction(FIRST, 1, LATER, {"ast": 9}))
    written = [box_score(history, FIRST, now).headers["Last-Modified"] for now in (LATER - EARLY, LATER)]
    assert written == ["Sat, 02 Nov 2024 03:00:00 GMT", "Tue, 05 Nov 2024 00:00:00 GMT"]
    assert history.fingerprint != BEFORE.fingerprint
    assert history.correcting(Correction(FIRST, 2, LATER, {"ast": 1})).fingerprint != history.fingerprint


def test_corrections_follow_each_other() -> None:
    """A later one goes over an earlier one, whatever the order they came in; the history itself stays as it was."""
    first, second = Correction(FIRST, 1, LATER, {"ast": 9, "stl": 1}), Correction(FIRST, 1, LATER + EARLY, {"ast": 8})
    for history in (BEFORE.correcting(second, first), BEFORE.correcting(first).correcting(second)):
        (row, _) = history.at(LATER + EARLY).players(FIRST)
        assert (row["ast"], row["stl"]) == (8, 1)
        assert history.at(LATER).players(FIRST)[0]["ast"] == 9
    assert BEFORE.at(LATER + EARLY) is BEFORE


def test_points_move_within_a_team() -> None:
    """Points may go from one player to another; the score stands."""
    pair = (Correction(FIRST, 1, LATER, {"pts": 8}), Correction(FIRST, 2, LATER, {"pts": 12}))
    corrected: History = BEFORE.correcting(*pair)
    assert [row["pts"] for row in corrected.at(LATER).players(FIRST)] == [8, 12]
    with pytest.raises(Permanent, match=r"correction of game 0022400001 changes its score: move points"):
        BEFORE.correcting(pair[0])


@pytest.mark.parametrize(
    ("correction", "said"),
    [
        (Correction(FIRST, 99, LATER, {"ast": 1}), "player 99: no such line"),
        (Correction("0022499999", 1, LATER, {"ast": 1}), "game 0022499999, player 1: no such line"),
        (Correction(FIRST, 1, LATER, {"assists": 1}), "column assists"),
    ],
)
def test_what_cannot_be_corrected_is_refused(correction: Correction, said: str) -> None:
    """A player who did not play, a game or a column that is not there."""
    with pytest.raises(Permanent, match=said):
        BEFORE.correcting(correction)
