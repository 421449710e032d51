"""Filters of predictions."""

import pytest

from services.coordinator.api.matching import matching
from services.coordinator.api.queries import PredictionsQuery
from shared.ports import Row
from tests.unit.coordinator.routes import World


def row(player: int, name: str | None, team: str, **values: object) -> Row:
    known = {
        "player_id": player, "player_name": name, "team_abbr": team, "game_id": "0022300900", "home_team": "DEN",
        "away_team": "BOS", "system": "boosted", "recommendation": "pass",
    }  # fmt: skip
    return known | values


ROWS = [
    row(1, "Nikola Jokić", "DEN", recommendation="over"),
    row(1, "Nikola Jokić", "DEN", system="ensemble", recommendation="no_line"),
    row(2, "Jayson Tatum", "BOS", recommendation="under"),
    row(3, None, "NYK", game_id="0022300901", home_team="NYK", away_team="LAL"),
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
        ({"game": "DEN@BOS"}, []),
        ({"game": "0022300901"}, [3]),
        ({"system": "ensemble"}, [1]),
        ({"recommendation": "under"}, [2]),
        ({"recommendation": "over", "game": "BOS@DEN", "player": "jokić", "team": "DEN", "system": "boosted"}, [0]),
        ({"recommendation": "over", "team": "BOS"}, []),
    ],
    ids=lambda each: "-".join(each.values()) or "all" if isinstance(each, dict) else "",
)
def test_predictions_fit_everything_that_is_asked_for(query: dict[str, str], found: list[int]) -> None:
    """Names without accents and by part; in the order of the rows."""
    assert matching(ROWS, PredictionsQuery.model_validate(query)) == [ROWS[number] for number in found]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("system=best", "system: best is unknown: one of "),
        ("team=XYZ", "team: XYZ is no team: one of "),
        ("game=BOS", "game: "),
        ("recommendation=maybe", "recommendation: "),
        ("player=", "player: "),
    ],
    ids=["system", "team", "game", "recommendation", "player"],
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
