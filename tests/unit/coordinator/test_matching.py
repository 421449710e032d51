"""Filters of predictions."""

import pytest

from services.coordinator.api.matching import matching
from services.coordinator.api.queries import PredictionsQuery
from shared.ports import Row
from tests.unit.coordinator.routes import World


def row(player: int, name: str | None, team: str, **values: object) -> Row:
    known = {
        "player_id": player, "player_name": name, "team_abbr": team, "game_id": "0022300900", "home_team": "DEN",
        "away_team": "BOS", "recommendation": "pass", "edge": None,
    }  # fmt: skip
    return known | values


ROWS = [
    row(1, "Nikola Jokić", "DEN", recommendation="over", edge=0.1),
    row(1, "Nikola Jokić", "DEN", recommendation="no_line"),
    row(2, "Jayson Tatum", "BOS", recommendation="under", edge=-0.2),
    row(3, None, "NYK", game_id="0022300901", home_team="NYK", away_team="LAL", edge=0.05),
]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [0, 1, 2, 3]),
        ({"player": "JOKIC"}, [0, 1]),
        ({"player": "jok nik"}, [0, 1]),
        ({"player": "3"}, [3]),
        ({"player": "nobody"}, []),
        ({"team": "BOS"}, [2]),
        ({"game": "BOS@DEN"}, [0, 1, 2]),
        ({"game": "DEN@BOS"}, [0, 1, 2]),
        ({"game": "NYK"}, [3]),
        ({"game": "DEN@NYK"}, []),
        ({"game": "0022300901"}, [3]),
        ({"recommendation": "under"}, [2]),
        ({"picks": "true"}, [0, 2]),
        ({"picks": "true", "recommendation": "pass"}, []),
        ({"order": "edge"}, [2, 0, 3, 1]),
        ({"recommendation": "over", "game": "BOS@DEN", "player": "jokić", "team": "DEN"}, [0]),
        ({"recommendation": "over", "team": "BOS"}, []),
    ],
    ids=lambda each: "-".join(each.values()) or "all" if isinstance(each, dict) else "",
)
def test_predictions_fit_everything_that_is_asked_for(query: dict[str, str], found: list[int]) -> None:
    """Names without accents and by part; in the order that is asked for."""
    assert matching(ROWS, PredictionsQuery.model_validate(query)) == [ROWS[number] for number in found]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("system=bosted", "system: bosted is unknown: one of best, "),
        ("team=XYZ", "team: XYZ is no team: one of "),
        ("game=boston", "game: "),
        ("recommendation=maybe", "recommendation: "),
        ("player=", "player: "),
        ("order=name", "order: "),
    ],
    ids=["system", "team", "game", "recommendation", "player", "order"],
)
async def test_what_cannot_be_is_refused(query: str, error: str) -> None:
    """400 that names the field, not a list without rows."""
    status, answer = await World().call("GET", f"/v1/predictions?{query}")
    assert (status, answer["error"].startswith(error)) == (400, True), answer


async def test_filters_come_before_the_parts_of_a_list() -> None:
    """A part of what fits, and the link keeps the filters."""
    world = World(predictions=ROWS)
    query = "game_date=2024-03-04&mode=overnight&player=jokic&limit=1"
    first = await world.answer("GET", f"/v1/predictions?{query}")
    assert (first.json, first.following) == (ROWS[:1], f"/v1/predictions?{query}&offset=1")
    second = await world.answer("GET", str(first.following))
    assert (second.json, second.following) == (ROWS[1:2], None)
