"""Corrections: a box score that the league has changed since supersedes what was loaded, and what it said is kept."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.analytics.processors import PROCESSORS
from services.scraper.steps import corrections
from services.scraper.steps.box_rows import judge
from shared.basketball.slate import Mode, eastern_instant
from shared.contract import StepReported, StepRequested
from shared.errors import Transient
from shared.ports import Row
from tests.unit.scraper import wire
from tests.unit.scraper.conftest import Rig
from tests.unit.scraper.fakes import BrokenWarehouse
from tests.unit.shared.rows import prediction

CDN = "nba_cdn"
UNIT = (CDN, wire.BOS_AT_NYK)
NEXT = date(2024, 3, 5)
"""The slate after the game."""
LATER = date(2024, 3, 7)
"""Three days after the game."""
ASH, BIRCH = (wire.player("NYK", number)[0] for number in range(2))


def home(*numbers: int, changed: dict[int, dict[str, object]] | None = None, score: int = wire.POINTS) -> wire.Json:
    """NYK with these players, some of them with other statistics."""
    changes = changed if changed is not None else {}
    players = [wire.cdn_player("NYK", n, **changes.get(n, {})) for n in (numbers or range(8))]
    return wire.cdn_team("NYK", players, score)


FIRST = wire.boxscore()
REBOUND: dict[str, object] = {"reboundsTotal": 6, "reboundsOffensive": 3}
CORRECTED = wire.boxscore(home=home(changed={0: {"assists": 4}, 1: REBOUND}))
"""Nyk Ash has two assists more, Nyk Birch a rebound."""


@pytest.fixture
async def loaded(rig: Rig) -> Rig:
    """The morning after, the box score loaded."""
    await rig.know_schedule(wire.game(score=(76, 76)))
    rig.upstreams.bodies[UNIT] = FIRST
    assert (await rig.run("box_scores", NEXT)).outcome == "done"
    rig.upstreams.asked.clear()
    return rig


def move(rig: Rig, day: date) -> None:
    """To 07:00 ET of another date."""
    rig.upstreams.now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    rig.clock.set(rig.upstreams.now, force=True)


async def ask_again(rig: Rig, day: date = LATER, body: bytes | None = CORRECTED, **run: Any) -> StepReported:  # noqa: ANN401 - as `run`
    """The step of a later slate, with what the CDN says by then."""
    move(rig, day)
    if body is None:
        del rig.upstreams.bodies[UNIT]
    else:
        rig.upstreams.bodies[UNIT] = body
    return await rig.run("box_scores", day, **run)


async def stored(rig: Rig) -> dict[int, Row]:
    return {row["player_id"]: row for row in await rig.rows("raw.player_box_scores")}


async def noted(rig: Rig) -> list[tuple[int, str, float | None, float | None]]:
    rows = await rig.rows("raw.corrections", "player_id, field")
    return [(row["player_id"], row["field"], row["was"], row["became"]) for row in rows]


NUMBERS = [(ASH, "assists", 2.0, 4.0), (BIRCH, "offensive_rebounds", 2.0, 3.0), (BIRCH, "rebounds", 5.0, 6.0)]


async def test_a_correction_supersedes_and_what_it_said_before_is_kept(loaded: Rig) -> None:
    """Three days later, with the stamps of the new payload; the other games' and players' numbers stay."""
    before = await stored(loaded)
    report = await ask_again(loaded)
    assert (report.outcome, report.counts["rows"], report.counts["units_loaded"]) == ("done", 16, 1)
    assert loaded.upstreams.units() == [UNIT]
    after = await stored(loaded)
    fetched = {"fetched_at": datetime(2024, 3, 7, 12, tzinfo=UTC)}
    assert after[ASH] == before[ASH] | fetched | {"assists": 4}
    assert after[BIRCH] == before[BIRCH] | fetched | {"rebounds": 6, "offensive_rebounds": 3}
    assert {player: after[player] for player in after.keys() - {ASH, BIRCH}} == {
        player: before[player] | fetched for player in before.keys() - {ASH, BIRCH}
    }
    assert await noted(loaded) == NUMBERS
    [row, *_] = await loaded.rows("raw.corrections", "player_id, field")
    assert row == {
        "game_id": wire.BOS_AT_NYK, "game_date": wire.GAME_DATE, "player_id": ASH, "player_name": "Nyk Ash",
        "field": "assists", "was": 2.0, "became": 4.0, "fetched_at": fetched["fetched_at"], "source": CDN,
    }  # fmt: skip


async def test_a_second_correction_is_kept_beside_the_first(loaded: Rig) -> None:
    """Each with when it was seen."""
    await ask_again(loaded)
    await ask_again(loaded, date(2024, 3, 8), FIRST)
    assert sorted(await noted(loaded)) == sorted(
        [*NUMBERS, *((player, field, became, was) for player, field, was, became in NUMBERS)]
    )
    assert (await stored(loaded))[ASH]["assists"] == 2


async def test_what_has_not_changed_is_not_sent_and_nothing_is_written(loaded: Rig) -> None:
    """The CDN answers 304 to what it last gave, be that the first payload or a corrected one."""
    before = await loaded.everything("raw.player_box_scores")
    report = await ask_again(loaded, body=FIRST)
    [request] = loaded.upstreams.asked
    assert set(request.conditions) == {"If-None-Match"}
    assert (report.outcome, report.counts["rows"], report.counts["units"]) == ("done", 0, 0)
    assert await loaded.everything("raw.player_box_scores") == before
    await ask_again(loaded, date(2024, 3, 8))
    [first, second] = [request.conditions for request in loaded.upstreams.asked]
    assert first == second
    assert (await ask_again(loaded, date(2024, 3, 9))).counts["units"] == 0
    assert loaded.upstreams.asked[-1].conditions != first
    assert len(await noted(loaded)) == 3


async def test_a_payload_with_the_same_numbers_changes_no_row(loaded: Rig) -> None:
    """It is another one all the same: the log knows it, so that it is not sent again."""
    before = await loaded.everything("raw.player_box_scores")
    other = wire.boxscore(home=home(changed={0: {"jerseyNum": "7"}}))
    report = await ask_again(loaded, body=other)
    assert (report.counts["rows"], await loaded.outcomes()) == (0, {wire.BOS_AT_NYK: "loaded"})
    assert await loaded.everything("raw.player_box_scores") == before
    assert (await ask_again(loaded, date(2024, 3, 8), other)).counts["units"] == 0


@pytest.mark.parametrize(
    "body",
    [
        wire.boxscore(home=home(changed={0: {"points": 20}})),
        wire.boxscore(home=home(0, 1, 2, 3, 4, 5, 6)),
    ],
)
async def test_a_correction_that_contradicts_itself_is_quarantined_and_the_old_stands(loaded: Rig, body: bytes) -> None:
    """With its reason; the next night it is asked for again, and once it is consistent it is loaded."""
    before = await loaded.everything("raw.player_box_scores")
    report = await ask_again(loaded, body=body)
    assert (report.outcome, report.counts["rows"]) == ("done", 0)
    assert await loaded.outcomes() == {wire.BOS_AT_NYK: "quarantined"}
    assert await loaded.column("raw.quarantine", "record") == [wire.BOS_AT_NYK]
    assert await loaded.everything("raw.player_box_scores") == before
    assert await noted(loaded) == []
    await ask_again(loaded, date(2024, 3, 8))
    assert await noted(loaded) == NUMBERS


async def test_a_game_that_is_not_final_any_more_or_not_given_stands(loaded: Rig) -> None:
    """What was loaded is not doubted by what is not there."""
    before = await loaded.everything("raw.player_box_scores")
    for body in (wire.boxscore(home=home(changed={0: {"assists": 4}}), status=2), None):
        report = await ask_again(loaded, body=body)
        assert (report.outcome, report.counts["rows"]) == ("done", 0)
        assert await loaded.everything("raw.player_box_scores") == before


async def test_a_player_who_comes_or_goes_is_a_correction(loaded: Rig) -> None:
    """His row as such, with his points."""
    line = {
        "points": 9, "fieldGoalsMade": 3, "threePointersMade": 1, "freeThrowsMade": 2,
    }  # fmt: skip
    newcomer = {**wire.cdn_player("NYK", 7, **line), "personId": 5299, "name": "Nyk Iris"}
    team = home(0, 1, 2, 3, 4, 5, 6)
    team["players"].append(newcomer)
    await ask_again(loaded, body=wire.boxscore(home=team))
    assert await noted(loaded) == [(5207, "row", 9.0, None), (5299, "row", None, 9.0)]
    assert {5207, 5299} & (await stored(loaded)).keys() == {5299}


async def test_who_did_not_play_is_corrected_with_the_game(loaded: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who played after all is absent no longer; of a game without a correction the list stays."""

    async def absent() -> list[int]:
        return await loaded.column("raw.absences", "player_id")

    row: Row = {
        "game_id": wire.BOS_AT_NYK, "game_date": wire.GAME_DATE, "player_id": 5299, "player_name": "Nyk Iris",
        "player_lookup": "nykiris", "team": "NYK", "reason": "DNP_COACH", "available_at": loaded.upstreams.now,
        "fetched_at": loaded.upstreams.now, "source": CDN,
    }  # fmt: skip
    await loaded.ports.warehouse.append("raw.absences", [row, row | {"game_id": "1"}, row | {"player_id": 5298}])
    await ask_again(loaded, body=FIRST)
    assert await absent() == [5298, 5299, 5299]
    listing = (row | {"player_id": 5298, "reason": "INACTIVE_INJURY"},)
    monkeypatch.setattr(corrections, "judge", lambda *given: replace(judge(*given), absences=listing))
    await ask_again(loaded, date(2024, 3, 8))
    assert await absent() == [5298, 5299]
    assert sorted(await loaded.column("raw.absences", "reason")) == ["DNP_COACH", "INACTIVE_INJURY"]


async def test_what_another_source_rounds_is_no_correction(rig: Rig) -> None:
    """A log has whole minutes. A number on which the two differ is one, and the game is then the CDN's."""
    await rig.know_schedule(wire.game(score=(76, 76)))
    rig.settings = rig.settings.model_copy(update={"bulk_threshold": 0})
    rig.upstreams.bodies["nba_stats", "2023-24-regular"] = wire.gamelog(*wire.log_of(wire.BOS_AT_NYK, "NYK", "BOS"))
    await rig.run("box_scores", NEXT)
    before = await stored(rig)
    assert {(row["source"], row["minutes"]) for row in before.values()} == {("nba_stats", 30.0)}
    await ask_again(rig, body=FIRST)
    assert (await noted(rig), await stored(rig)) == ([], before)
    await ask_again(rig, date(2024, 3, 8))
    assert await noted(rig) == NUMBERS
    assert {(row["source"], row["minutes"]) for row in (await stored(rig)).values()} == {(CDN, 30.5)}


async def test_older_games_are_left_alone_and_a_retrospective_run_corrects_nothing(loaded: Rig) -> None:
    """The last ten days are asked for again, as set; the past is replayed as it was."""
    await ask_again(loaded, date(2024, 3, 14), retrospective=True)
    assert loaded.upstreams.asked == []
    await ask_again(loaded, date(2024, 3, 15))
    assert loaded.upstreams.asked == []
    loaded.settings = loaded.settings.model_copy(update={"correction_days": 0})
    await ask_again(loaded, NEXT)
    assert loaded.upstreams.asked == []
    loaded.settings = loaded.settings.model_copy(update={"correction_days": 10})
    await ask_again(loaded, date(2024, 3, 14))
    assert (loaded.upstreams.units(), await noted(loaded)) == ([UNIT], NUMBERS)


class _Cut(BrokenWarehouse):
    """Reads work; neither replacing in nor appending to one table does."""

    async def append(self, table: str, rows: list[Row]) -> int:
        if table == self._table:
            raise Transient(f"{table} cannot be written")
        written: int = await self._warehouse.append(table, rows)
        return written


@pytest.mark.parametrize("table", ["raw.corrections", "raw.absences", "raw.player_box_scores", "raw.fetches"])
async def test_a_crash_between_the_writes_mends_itself(loaded: Rig, table: str) -> None:
    """Whichever of the four was not written: the step, run again, leaves numbers, history and log as without it."""
    with pytest.raises(Transient, match="cannot be written"):
        await ask_again(loaded, warehouse=_Cut(loaded.ports.warehouse, table))
    loaded.upstreams.now += timedelta(minutes=5)
    loaded.clock.set(loaded.upstreams.now, force=True)
    assert (await loaded.run("box_scores", LATER)).outcome == "done"
    rows = await stored(loaded)
    assert (rows[ASH]["assists"], rows[BIRCH]["rebounds"]) == (4, 6)
    assert await noted(loaded) == NUMBERS
    assert await loaded.outcomes() == {wire.BOS_AT_NYK: "loaded"}
    assert (await ask_again(loaded, date(2024, 3, 8))).counts["units"] == 0


# --- what is made of it ----------------------------------------------------------------------------------------------


async def make(rig: Rig, day: date, *steps: str) -> None:
    """A night's processors, as the analytics service runs them."""
    for step in steps:
        request = StepRequested(run_id=f"{day}.1", game_date=day, mode=Mode.OVERNIGHT, step=step, attempt=1)
        await PROCESSORS[step].run(request, rig.ports.warehouse, regrade_days=10, now=eastern_instant(day))


GRADED = ("player_game_summary", "grade", "grade_history")
SERVED = ("player_game_summary", "upcoming_player_game_context", "player_daily_cache")


async def test_a_corrected_box_score_three_days_later_moves_features_and_grades_with_history(loaded: Rig) -> None:
    """Rows, the form served since and grades follow by the next night; what was graded before stays readable."""
    warehouse = loaded.ports.warehouse
    predicted: dict[str, Any] = {"market": "assists", "line": 2.5, "p_over": 0.4, "p_push": 0.0}
    await warehouse.append(
        "predictions.player_prop_predictions", [prediction(wire.BOS_AT_NYK, ASH, wire.GAME_DATE, **predicted)]
    )
    slates = (NEXT, LATER)
    games = [
        wire.game(f"002230091{n}", day=day, tip=f"{day + timedelta(days=1)}T00:30:00Z") for n, day in enumerate(slates)
    ]
    await loaded.know_schedule(wire.game(score=(76, 76)), *games)
    stamps = {"available_at": eastern_instant(NEXT), "fetched_at": eastern_instant(NEXT), "source": "nba_stats"}
    ash = {"player_id": ASH, "player_name": "Nyk Ash", "player_lookup": "nykash", "team": "NYK", "position": None}
    await warehouse.append("raw.rosters", [{"game_date": day, **ash, **stamps} for day in slates])

    async def form(day: date) -> list[float]:
        await make(loaded, day, *SERVED)
        rows = await loaded.rows("features.player_daily_cache")
        return [row["assists_ewma"] for row in rows if (row["game_date"], row["player_id"]) == (day, ASH)]

    await make(loaded, NEXT, *GRADED)
    [grade] = await loaded.rows("predictions.prediction_grades")
    assert (grade["actual"], grade["line_result"]) == (2.0, "under")
    assert await form(NEXT) == [2.0]
    await ask_again(loaded)
    await make(loaded, LATER, *GRADED)
    [grade] = await loaded.rows("predictions.prediction_grades")
    assert (grade["actual"], grade["line_result"]) == (4.0, "over")
    history = await loaded.rows("predictions.prediction_grades_history", "revision")
    assert [(row["revision"], row["actual"], row["line_result"]) for row in history] == [
        (1, 2.0, "under"), (2, 4.0, "over"),
    ]  # fmt: skip
    assert await form(LATER) == [4.0]
    summaries = await loaded.rows("analytics.player_game_summary")
    assert {row["player_id"]: row["assists"] for row in summaries}[ASH] == 4
