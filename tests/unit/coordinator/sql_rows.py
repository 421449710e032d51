"""Rows of the slate for the statements in sql/complete, and what these say of them."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.coordinator.runs.run import NOTHING, Evidence
from services.coordinator.sql import sql
from shared.ports import Params, Row
from shared.tables import TABLES
from tests.unit.shared.answers import MODES, TOMORROW, answers, near
from tests.unit.shared.rows import SLATE, YESTERDAY, box, game, prediction, row, tip

CUTOFF = tip(SLATE, 7)
DAYS = (YESTERDAY, TOMORROW)
"""The dates beside the slate's."""
OWED: dict[str, str | int] = {
    "run_id": "run.2",
    "systems": "a b line",
    "per_player": 2,
    "per_line": 1,
    "not_tipped_after": tip(SLATE).isoformat(),
    "games": "",
}
ON_SLATE: dict[str, Any] = {"game_date": SLATE, "mode": "overnight"}
TEAM_STEPS = ("team_offense_game_summary", "team_defense_game_summary")
TEAMS = [
    game("1"),
    game("2", home="GSW", away="DAL"),
    game("3", home="LAL", away="CHI"),
    game("4", home="UTA", away="MIA", postponed=True),
    game("5", YESTERDAY, home="UTA", away="MIA"),
    game("6", TOMORROW, home="UTA", away="MIA"),
]
"""BOS, GSW (twice), DAL, LAL and CHI play."""
KEY = {"game_id": "2", "player_id": 102, "market": "points", "system": "b"}
AROUND = {"game_id": ("1", "3"), "player_id": (90, 199), "market": ("assists", "threes"), "system": ("aa", "c")}
"""What sorts before and after each part of that key."""


async def verified(step: str, owed: Mapping[str, str | int] = OWED, /, **tables: Sequence[Row]) -> Evidence:
    """What the step's statement says of the slate in a warehouse with these rows, where its run owes this."""
    slate = {"game_date": str(SLATE), "season": "2023-24", **owed}
    params: Params = {"first": SLATE, "last": SLATE, "mode": "overnight", "slates": [json.dumps(slate)]}
    rows = await answers(sql(f"complete/{step}"), params, **tables)
    assert [row.pop("game_date") for row in rows] in ([], [SLATE])
    return Evidence(**rows[0]) if rows else NOTHING


def seen(expected: int, verified: int, detail: str = "", *, refused: int = 0) -> Evidence:
    """The evidence that is expected of a statement."""
    return Evidence(expected=expected, verified=verified, quarantined=refused, detail=detail)


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


def quarantined(record: str, reason: str = "no minutes", **values: Any) -> Row:  # noqa: ANN401 - columns
    """A box score that was refused on the slate's night."""
    known = {**ON_SLATE, "step": "box_scores", "unit": "season", "record": record, "reason": reason}
    return row("raw.quarantine") | known | values


def fetched(step: str, unit: str, outcome: str, **values: Any) -> Row:  # noqa: ANN401 - columns
    """A line of the slate's fetch log."""
    return row("raw.fetches", step=step, unit=unit, outcome=outcome, **ON_SLATE) | values


def summary(game_id: str, player: int, day: date = YESTERDAY, **values: Any) -> Row:  # noqa: ANN401 - columns
    """A summarised game, known at the cutoff."""
    known = {"game_id": game_id, "player_id": player, "game_date": day, "available_at": CUTOFF}
    return row("analytics.player_game_summary") | known | values


def context(player: int, **values: Any) -> Row:  # noqa: ANN401 - columns
    """A player's context on the slate."""
    named = {"player_id": player, "player_name": f"P{player}", "cutoff_at": CUTOFF}
    return row("analytics.upcoming_player_game_context", **ON_SLATE) | named | values


def lined(player: int, market: str = "points", **values: Any) -> Row:  # noqa: ANN401 - columns
    """A player's main line of the game "2", known at the cutoff and fetched an hour before it."""
    known = {"market": market, "available_at": CUTOFF, "fetched_at": tip(SLATE, 6), "is_main": True}
    return row("raw.prop_lines", game_id="2", player_id=player, game_date=SLATE) | known | values


def unknown(line: Row) -> list[Row]:
    """Main lines like it that are another's, or were not known or not fetched in time; each of a book of its own."""
    second = timedelta(seconds=1)
    others = near(
        line, game_id=("1", "3"), player_id=(90, 199), is_main=(False,), available_at=(CUTOFF + second,),
        fetched_at=(line["fetched_at"] + second,),
    )  # fmt: skip
    return [each | {"bookmaker": f"{line['game_date']} {number}"} for number, each in enumerate(others)]


def market_context(player: int, market: str = "points", **values: Any) -> Row:  # noqa: ANN401 - columns
    """What the market says of him on the slate."""
    return row("analytics.player_market_context", **ON_SLATE) | {"player_id": player, "market": market} | values


def team_context(abbr: str, **values: Any) -> Row:  # noqa: ANN401 - columns
    """A team's context on the slate."""
    return row("analytics.upcoming_team_game_context", **ON_SLATE) | {"team_abbr": abbr, "cutoff_at": CUTOFF} | values


def record(abbr: str, **values: Any) -> Row:  # noqa: ANN401 - columns
    """A team's record on the slate."""
    return row("analytics.team_daily_record", **ON_SLATE) | {"team_abbr": abbr} | values


def defended(abbr: str, day: date = YESTERDAY, **values: Any) -> Row:  # noqa: ANN401 - columns
    """A team's game in defence, known at the cutoff."""
    known = {"game_id": f"{day}", "game_date": day, "available_at": CUTOFF, "possessions_allowed": 0.5}
    return row("analytics.team_defense_game_summary") | known | {"team_abbr": abbr} | values


def staged(player: int, market: str, system: str, **values: Any) -> Row:  # noqa: ANN401 - columns
    """A staged prediction of the run."""
    key = {"game_id": "2", "player_id": player, "market": market, "system": system, "run_id": "run.2"}
    return row("predictions.staging", **ON_SLATE) | key | values


def batches(rows: Sequence[Row]) -> list[Row]:
    """The rows, each in a batch of its own."""
    return [one | {"batch": 10 + number} for number, one in enumerate(rows)]


def predicted(game_id: str, player: int, day: date = YESTERDAY, generation: int = 1, **values: Any) -> Row:  # noqa: ANN401 - columns
    """A published prediction, an hour before tip-off."""
    at = tip(day, 18)
    return prediction(game_id, player, day, generation, system="b", predicted_at=at) | values


def graded(game_id: str, player: int, day: date = YESTERDAY, **values: Any) -> Row:  # noqa: ANN401 - columns
    """A grade of it."""
    kind = {"game_id": game_id, "player_id": player, "game_date": day, "market": "points", "system": "b"}
    return row("predictions.prediction_grades", mode="overnight", run_id="run.2") | kind | values


def history(game_id: str, player: int, day: date = YESTERDAY, **values: Any) -> Row:  # noqa: ANN401 - columns
    """A line of the grades' history."""
    kind = {"game_id": game_id, "player_id": player, "game_date": day, "market": "points", "system": "b"}
    rest = {"mode": "overnight", "run_id": "run.2", "revision": 1}
    return row("predictions.prediction_grades_history") | kind | rest | values


def served(player: int, at: datetime = tip(SLATE, 20), **values: Any) -> Row:  # noqa: ANN401, B008 - columns; an instant
    """A player's features on the slate."""
    key = {"game_id": "2", "player_id": player, "tip_utc": at}
    return row("features.ml_feature_store", **ON_SLATE) | key | values


def elsewhere(days: Sequence[date]) -> list[dict[str, Any]]:
    """Columns of a row of another date or mode than the slate's."""
    return [{"game_date": day} for day in days] + [{"mode": mode} for mode in MODES]


def team_summary(step: str, game_id: str, abbr: str, day: date = YESTERDAY) -> Row:
    """A team's summarised game; the step is one of `TEAM_STEPS`."""
    return row(f"analytics.{step}", game_id=game_id, game_date=day) | {"team_abbr": abbr}


def featured(step: str, player: int, **values: Any) -> Row:  # noqa: ANN401 - columns
    """A player's row on the slate in the table of features that the step makes."""
    return row(f"features.{step}", **ON_SLATE) | {"player_id": player} | values


def zones(abbr: str, **values: Any) -> Row:  # noqa: ANN401 - columns
    """A team's defence by zones on the slate."""
    return row("features.team_defense_zone_analysis", **ON_SLATE) | {"team_abbr": abbr} | values


def daily(day: date, count: int = 1, **values: Any) -> Row:  # noqa: ANN401 - columns
    """A date's sum over so many predictions of points by system b."""
    kind = {"game_date": day, "market": "points", "system": "b", "mode": "overnight"}
    return row("predictions.system_daily_performance", predictions=count) | kind | values


def full(table: str, seed: int, **values: object) -> Row:
    """A row whose columns all differ, from each other and from those of another seed."""
    found: Row = {}
    for number, column in enumerate(TABLES[table].columns):
        count = 1000 * seed + number
        found[column.name] = {
            "STRING": f"s{count}",
            "INT64": count,
            "FLOAT64": count + 0.5,
            "BOOL": bool(number % 2),
            "DATE": SLATE,
            "TIMESTAMP": datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=count),
        }[column.type]
    return found | values
