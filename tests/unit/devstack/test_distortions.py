"""Well-formed answers that are wrong."""

import copy
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devstack.league import generate
from devstack.upstream.balldontlie import box_scores
from devstack.upstream.boxscore import box_score
from devstack.upstream.distortions import poisoned, renamed
from devstack.upstream.espn import InjuryFeed
from devstack.upstream.espn_scoreboard import EspnScoreboard
from devstack.upstream.gamelog import GameLog
from devstack.upstream.odds import OddsFeed
from devstack.upstream.schedule import ScheduleFeed
from devstack.upstream.scoreboard import Scoreboard

LEAGUE = generate(days=4)
NOW = datetime(2024, 10, 25, 17, tzinfo=UTC)
GAME = LEAGUE.on(LEAGUE.dates[0])[0]
TODAY = LEAGUE.on(LEAGUE.dates[3])[0]
PAYLOADS: dict[str, Any] = {
    name: json.loads(answer.body)
    for name, answer in {
        "schedule": ScheduleFeed(LEAGUE).current(NOW),
        "scoreboard": Scoreboard(LEAGUE).answer(NOW),
        "box score": box_score(LEAGUE, GAME.game_id, NOW),
        "game log": GameLog(LEAGUE).answer({"Season": "2024-25", "DateTo": "2024-10-22"}, NOW),
        "injuries": InjuryFeed(LEAGUE).answer(NOW + timedelta(hours=6)),
        "espn": EspnScoreboard(LEAGUE).answer("20241024", NOW),
        "odds": OddsFeed(LEAGUE).event_odds(LEAGUE.event_id(TODAY.game_id), {"markets": "player_points"}, NOW),
        "events": OddsFeed(LEAGUE).events(NOW),
        "fallback": box_scores(LEAGUE, {"date": "2024-10-22"}, NOW),
    }.items()
}
payloads = pytest.mark.parametrize("name", PAYLOADS)


def leaves(payload: Any, path: str = "$") -> dict[str, object]:  # noqa: ANN401 - JSON
    """Path -> plain value."""
    items = payload.items() if isinstance(payload, dict) else enumerate(payload) if isinstance(payload, list) else None
    if items is None:
        return {path: payload}
    return {at: value for key, inner in items for at, value in leaves(inner, f"{path}.{key}").items()}


@payloads
def test_a_renamed_answer_has_all_values_under_other_names(name: str) -> None:
    """The records' fields, or a table's columns, are called otherwise; what they hold and what is around stays."""
    before, after = PAYLOADS[name], renamed(copy.deepcopy(PAYLOADS[name]))
    assert leaves(before) != leaves(after)
    plain = {path.replace("_v4", ""): value for path, value in leaves(after).items()}
    assert {path: str(value).replace("_V4", "") for path, value in plain.items()} == {
        path: str(value) for path, value in leaves(before).items()
    }


@payloads
@settings(max_examples=8)
@given(draw=st.integers(0, 2**32 - 1))
def test_a_poisoned_answer_has_one_wrong_record(name: str, draw: int) -> None:
    """All that differs is in one record; the answer is still JSON, and the same draw poisons the same record."""
    before = PAYLOADS[name]
    after = json.dumps(poisoned(copy.deepcopy(before), draw))
    old, new = leaves(before), leaves(json.loads(after))
    changed = {path for path in old.keys() | new.keys() if old.get(path, "none") != new.get(path, "none")}
    assert changed
    assert len({path.rsplit(".", 1)[0] for path in changed}) == 1
    assert json.dumps(poisoned(copy.deepcopy(before), draw)) == after


def test_an_answer_without_records_stays_as_it_is() -> None:
    """There is nothing to rename or to poison in an empty list."""
    nothing: list[Any] = [[], {"data": []}, {"message": "no"}]
    for payload in nothing:
        assert renamed(copy.deepcopy(payload)) == payload
        assert poisoned(copy.deepcopy(payload), 3) == payload
