"""The evidence of every step: what is expected, there and refused, by hand."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.coordinator.domain.run import Batches, Evidence, Run
from services.coordinator.verify import evidence, export_key
from shared.errors import Permanent
from shared.markets import MARKETS
from shared.pipeline import STEPS
from shared.ports import Ports, Row
from shared.slate import Mode
from tests.unit.shared.places import set_clock
from tests.unit.shared.rows import SLATE, YESTERDAY, box, game, load, prediction, roster, row, tip

GAME, OTHER = "0022300900", "0022300901"
ASKED = ("moving_average",)
PER_PLAYER = len(MARKETS) * len(ASKED)
WRONG = "GSW@BOS on 2024-03-03 GSW scored 20 by its players, 22 by the result"


def run(**values: Any) -> Run:  # noqa: ANN401 - any field of a run
    """The overnight run of the slate."""
    known: dict[str, Any] = {
        "game_date": SLATE,
        "mode": Mode.OVERNIGHT,
        "generation": 1,
        "source": "test",
        "retrospective": False,
        "targets": ("export",),
        "steps": {},
        "batches": Batches(attempt=1, systems=ASKED),
        "created_at": datetime(2024, 3, 4, 12, tzinfo=UTC),
    }
    return Run.model_validate({**known, **values})


async def counted(ports: Ports, step: str, **values: Any) -> tuple[int, int, int]:  # noqa: ANN401 - as above
    """(expected, verified, quarantined)."""
    found = await evidence(run(**values), step, ports)
    return found.expected, found.verified, found.quarantined


def fetched(step: str, unit: str, outcome: str, **values: object) -> Row:
    """A line of the fetch ledger."""
    return row("raw.fetches", mode="overnight", step=step, unit=unit, outcome=outcome, **values)


def refused(step: str, record: str, reason: str) -> Row:
    """A record in quarantine."""
    return row("raw.quarantine", mode="overnight", step=step, unit=record, record=record, reason=reason)


def two_games() -> list[Row]:
    """The slate: BOS-GSW and LAL-UTA."""
    return [game(GAME), game(OTHER, home="LAL", away="UTA")]


@pytest.mark.parametrize("step", [name for name in STEPS if name not in ("schedule", "export", "injuries")])
async def test_a_day_without_games_expects_nothing(ports: Ports, step: str) -> None:
    """Zero of zero: success. Opening night has no earlier games, and that is no error."""
    await load(ports.warehouse, raw__games=[game("0022300950", SLATE + timedelta(days=1))])
    assert await counted(ports, step) == (0, 0, 0)


@pytest.mark.parametrize("step", [name for name in STEPS if name not in ("schedule", "export", "injuries")])
async def test_an_empty_warehouse_expects_nothing(ports: Ports, step: str) -> None:
    """Every query answers whole numbers also when no table has a row."""
    assert await counted(ports, step) == (0, 0, 0)


async def test_schedule_expects_the_seasons_schedule(ports: Ports) -> None:
    """Without any game of the season something is missing; a season without games tonight is fine."""
    empty = await evidence(run(), "schedule", ports)
    assert (empty.expected, empty.verified, empty.detail) == (1, 0, "no schedule of season 2023-24")
    await load(ports.warehouse, raw__games=[game("0022300800", YESTERDAY)])
    assert await counted(ports, "schedule") == (0, 0, 0)
    await load(ports.warehouse, raw__games=[*two_games(), game("0022300902", postponed=True)])
    assert await counted(ports, "schedule") == (2, 2, 0)


async def test_f01_box_scores_are_counted_per_game(ports: Ports) -> None:
    """One of three games is not three of three; a game with one team's rows is not there."""
    games = [game(f"002230080{n}", YESTERDAY) for n in range(3)]
    await load(
        ports.warehouse,
        raw__games=[*games, game("0022300803", YESTERDAY, postponed=True), *two_games()],
        raw__player_box_scores=[
            box("0022300800", 1, YESTERDAY),
            box("0022300800", 2, YESTERDAY, "GSW"),
            box("0022300801", 1, YESTERDAY),
        ],
    )
    found = await evidence(run(), "box_scores", ports)
    assert (found.expected, found.verified, found.quarantined) == (3, 1, 0)
    assert found.detail == "GSW@BOS on 2024-03-03 not collected"


async def test_a_refused_game_is_quarantined_for_a_week(ports: Ports) -> None:
    """Then it is no longer news, and no longer expected."""
    ids = {"0022300801": 1, "0022300802": 7, "0022300803": 8}
    await load(
        ports.warehouse,
        raw__games=[game(id_, SLATE - timedelta(days=age)) for id_, age in ids.items()],
        raw__quarantine=[refused("box_scores", id_, "minutes do not add up") for id_ in ids],
    )
    found = await evidence(run(), "box_scores", ports)
    assert (found.expected, found.verified, found.quarantined) == (2, 0, 2)
    assert "minutes do not add up" in found.detail


async def test_f05_a_bulk_request_that_failed_is_a_unit_that_is_missing(ports: Ports) -> None:
    """Nobody may think that a season whose download failed had no games."""
    await load(
        ports.warehouse,
        raw__games=[game("0022300801", YESTERDAY)],
        raw__player_box_scores=[box("0022300801", 1, YESTERDAY), box("0022300801", 2, YESTERDAY, "GSW")],
        raw__fetches=[fetched("box_scores", "season 2022-23", "failed", reason="403")],
    )
    assert await counted(ports, "box_scores") == (2, 1, 0)


async def test_rosters_are_counted_per_team(ports: Ports) -> None:
    """A team is there with five players, and named when it is not."""
    await load(
        ports.warehouse,
        raw__games=two_games(),
        raw__rosters=[
            *(roster(n) for n in range(5)),
            *(roster(10 + n, "GSW") for n in range(4)),
            *(roster(20 + n, "LAL", YESTERDAY) for n in range(9)),
        ],
    )
    found = await evidence(run(), "rosters", ports)
    assert (found.expected, found.verified, found.quarantined) == (4, 1, 0)
    assert found.detail == "GSW has 4 players"


@pytest.mark.parametrize(("outcome", "verified"), [("loaded", 1), ("empty", 1), ("failed", 0), (None, 0)])
async def test_the_injury_feed_is_one_unit(ports: Ports, outcome: str | None, verified: int) -> None:
    """An empty list is an answer; a failed fetch, or none at all, is not."""
    if outcome is not None:
        await load(ports.warehouse, raw__fetches=[fetched("injuries", "feed", outcome, reason="why")])
    assert await counted(ports, "injuries") == (1, verified, 0)


async def test_lines_are_counted_per_game(ports: Ports) -> None:
    """A game is there when it was asked for and answered, with lines or without; another mode's ledger is another's."""
    await load(
        ports.warehouse,
        raw__games=[*two_games(), game("0022300902", home="MIA", away="NYK")],
        raw__fetches=[
            fetched("lines", GAME, "loaded"),
            fetched("lines", OTHER, "empty"),
            fetched("lines", "0022300902", "failed", reason="timed out"),
            fetched("lines", "0022300902", "loaded") | {"mode": "same_day"},
        ],
    )
    found = await evidence(run(), "lines", ports)
    assert (found.expected, found.verified, found.detail) == (3, 2, "timed out")


async def test_summaries_are_counted_per_player_and_game(ports: Ports) -> None:
    """Every earlier box score has its summary; what no feature may rest on any more is not counted."""
    summary = row("analytics.player_game_summary", game_id="0022300801", player_id=1, game_date=YESTERDAY)
    await load(
        ports.warehouse,
        raw__player_box_scores=[
            box("0022300801", 1, YESTERDAY), box("0022300801", 2, YESTERDAY), box(GAME, 1, SLATE),
            box("0022200001", 1, SLATE - timedelta(days=801)),
        ],
        analytics__player_game_summary=[summary],
    )  # fmt: skip
    found = await evidence(run(), "player_game_summary", ports)
    assert (found.expected, found.verified, found.detail) == (2, 1, "game 0022300801 is not summarised")


async def test_contexts_are_counted_per_rostered_player(ports: Ports) -> None:
    """Of the teams that play, in this mode."""
    contexts = [row("analytics.upcoming_player_game_context", player_id=1, mode=mode) for mode in Mode]
    await load(
        ports.warehouse,
        raw__games=[game(GAME)],
        raw__rosters=[roster(1), roster(2, "GSW"), roster(3, "MIA")],
        analytics__upcoming_player_game_context=contexts,
    )
    found = await evidence(run(), "upcoming_player_game_context", ports)
    assert (found.expected, found.verified, found.detail) == (2, 1, "GSW: roster not known at the cutoff")


def played(player: int, day: object, **values: object) -> Row:
    """A summarised game."""
    at = datetime(2024, 2, 1, tzinfo=UTC)
    known = {"game_id": "0022300801", "player_id": player, "game_date": day, "available_at": at}
    return row("analytics.player_game_summary") | known | values


def context(player: int, **values: object) -> Row:
    """A context of the slate, overnight."""
    at = datetime(2024, 3, 4, 12, tzinfo=UTC)
    return row("analytics.upcoming_player_game_context", mode="overnight", player_id=player, cutoff_at=at) | values


async def test_form_is_counted_per_player_with_a_game_in_the_window(ports: Ports) -> None:
    """Rookies before their first game have none, and are not missed; who has no form but games is named."""
    await load(
        ports.warehouse,
        analytics__upcoming_player_game_context=[context(n, player_name=f"P{n}") for n in (1, 2, 3, 4)],
        analytics__player_game_summary=[
            played(1, YESTERDAY),
            played(2, SLATE - timedelta(days=400)),
            played(3, SLATE - timedelta(days=801)),
            played(4, SLATE),
        ],
        features__player_daily_cache=[row("features.player_daily_cache", mode="overnight", player_id=1)],
    )
    found = await evidence(run(), "player_daily_cache", ports)
    assert (found.expected, found.verified, found.detail) == (2, 1, "P2 has no form")


async def test_form_is_not_expected_of_what_was_unknown_at_the_cutoff(ports: Ports) -> None:
    """A debut whose box score came after the cutoff gives no form: expecting it would fail the night."""
    debut = played(1, YESTERDAY, available_at=datetime(2024, 3, 4, 12, 0, 1, tzinfo=UTC))
    await load(
        ports.warehouse, analytics__upcoming_player_game_context=[context(1)], analytics__player_game_summary=[debut]
    )
    assert await counted(ports, "player_daily_cache") == (0, 0, 0)


def served(player: int, hour: int = 19) -> Row:
    """Features of a player."""
    return row("features.ml_feature_store", mode="overnight", game_id=GAME, player_id=player, tip_utc=tip(SLATE, hour))


async def test_features_are_counted_per_player_with_form(ports: Ports) -> None:
    """Everybody with form is served."""
    form = [row("features.player_daily_cache", mode="overnight", player_id=n) for n in (1, 2)]
    await load(ports.warehouse, features__player_daily_cache=form, features__ml_feature_store=[served(1)])
    assert await counted(ports, "ml_feature_store") == (2, 1, 0)


def staged(player: int, market: str = "points", **values: object) -> Row:
    """A staged prediction of the run."""
    known = {"mode": "overnight", "run_id": "2024-03-04.overnight.1", "generation": 1, "system": "moving_average"}
    return row("predictions.staging", game_id=GAME, player_id=player, market=market, **known) | values


async def test_predictions_are_counted_per_player_market_and_system(ports: Ports) -> None:
    """Of the games that have not tipped off; in a retrospective run, of all. Another generation's do not count."""
    await load(
        ports.warehouse,
        features__ml_feature_store=[served(1), served(2), served(3, 1)],
        predictions__staging=[
            *(staged(1, market) for market in MARKETS),
            staged(2),
            *(staged(3, market, run_id="2024-03-04.overnight.2") for market in MARKETS),
        ],
    )
    assert await counted(ports, "predict") == (2 * PER_PLAYER, len(MARKETS) + 1, 0)
    assert await counted(ports, "predict", retrospective=True) == (3 * PER_PLAYER, len(MARKETS) + 1, 0)
    set_clock(ports, tip(SLATE))
    assert (await counted(ports, "predict"))[0] == 0


async def test_f24_a_player_staged_twice_does_not_stand_for_one_who_is_missing(ports: Ports) -> None:
    """A batch that a smaller second dispatch left behind cannot make up for a player who was never predicted."""
    await load(
        ports.warehouse,
        features__ml_feature_store=[served(1), served(2)],
        predictions__staging=[staged(1, market, batch=batch) for market in MARKETS for batch in (0, 1)],
    )
    assert await counted(ports, "predict") == (2 * PER_PLAYER, PER_PLAYER, 0)


async def test_f24_a_player_nobody_waits_for_does_not_stand_for_one_who_is_missing(ports: Ports) -> None:
    """Whose game tipped off between two dispatches is still staged, and is not counted for somebody else."""
    await load(
        ports.warehouse,
        features__ml_feature_store=[served(1, 13), served(2), served(3)],
        predictions__staging=[staged(player, market) for market in MARKETS for player in (1, 2)],
    )
    set_clock(ports, tip(SLATE, 13))
    assert await counted(ports, "predict") == (2 * PER_PLAYER, PER_PLAYER, 0)


async def test_what_is_published_is_what_was_staged(ports: Ports) -> None:
    """Per player and market of this run; an earlier run's publication proves nothing."""
    published = [
        prediction(GAME, 1, SLATE),
        prediction(GAME, 2, SLATE, generation=7),
        prediction(GAME, 2, SLATE, market="threes"),
    ]
    await load(
        ports.warehouse,
        predictions__staging=[staged(1), staged(2)],
        predictions__player_prop_predictions=published,
    )
    assert await counted(ports, "publish") == (2, 1, 0)


def grade_of(player: int) -> Row:
    """A grade of yesterday's prediction."""
    kind = {"mode": "overnight", "market": "points", "system": "moving_average"}
    return row("predictions.prediction_grades", game_id=GAME, player_id=player, game_date=YESTERDAY, **kind)


async def test_a_system_about_lines_owes_rows_only_where_there_is_a_line(ports: Ports) -> None:
    """A player without a line is not missing from it, and one with a line is."""
    batches = Batches(attempt=1, systems=("moving_average", "market_residual"))
    lined: dict[str, object] = {"line": 20.5, "p_over": 0.5, "p_push": 0.0}
    await load(
        ports.warehouse,
        features__ml_feature_store=[served(1), served(2)],
        predictions__staging=[staged(1, market) for market in MARKETS if market != "points"]
        + [staged(2, market) for market in MARKETS]
        + [staged(1, "points", **lined)],
    )
    assert await counted(ports, "predict", batches=batches) == (2 * PER_PLAYER + 1, 2 * PER_PLAYER, 0)
    await load(ports.warehouse, predictions__staging=[staged(1, "points", system="market_residual", **lined)])
    assert await counted(ports, "predict", batches=batches) == (2 * PER_PLAYER + 1, 2 * PER_PLAYER + 1, 0)


async def test_a_system_about_lines_owes_nothing_in_a_market_that_it_has_not_learned(ports: Ports) -> None:
    """Books that begin to quote a market degrade no night until the next training; other gaps still do."""
    batches = Batches(attempt=1, systems=("moving_average", "market_residual"))
    lined: dict[str, object] = {"line": 2.5, "p_over": 0.5, "p_push": 0.0}
    await load(
        ports.warehouse,
        features__ml_feature_store=[served(1), served(2)],
        predictions__staging=[staged(player, market, **lined) for market in MARKETS for player in (1, 2)],
    )
    owed = 2 * PER_PLAYER + 2 * len(MARKETS)  # it said nothing at all: that is owed
    assert await counted(ports, "predict", batches=batches) == (owed, 2 * PER_PLAYER, 0)
    said = [staged(1, market, system="market_residual", **lined) for market in MARKETS if market != "threes"]
    await load(ports.warehouse, predictions__staging=said)
    found = await evidence(run(batches=batches), "predict", ports)
    assert (found.expected, found.verified) == (owed - 2, 2 * PER_PLAYER + len(MARKETS) - 1)
    assert found.detail == "rows by system: market_residual 4, moving_average 10"


async def test_an_absent_system_owes_nothing(ports: Ports) -> None:
    """It is named elsewhere; what it staged before it went does not make up for others."""
    batches = Batches(attempt=1, systems=("moving_average", "boosted"), absent={"boosted": "changed"})
    rows = [staged(1, market, system="boosted") for market in MARKETS]
    await load(ports.warehouse, features__ml_feature_store=[served(1)], predictions__staging=rows)
    assert await counted(ports, "predict", batches=batches) == (PER_PLAYER, 0, 0)


async def test_champions_are_verified_in_the_archive(ports: Ports) -> None:
    """A registered model whose bytes are not there is missing, by name."""
    known = {"mode": "overnight", "status": "champion", "game_date": YESTERDAY}
    models = [row("predictions.models", system=name, digest="d" * 64, **known) for name in ("boosted", "similarity")]
    await load(ports.warehouse, predictions__models=models)
    await ports.archive.put(f"models/boosted/{'d' * 64}", b"x")
    found = await evidence(run(), "train", ports)
    assert (found.expected, found.verified) == (2, 1)
    assert found.detail == "not in the archive: similarity dddddddddddd"


async def test_grades_are_counted_per_prediction_that_counts(ports: Ports) -> None:
    """Of the last week, made before tip-off, of the latest generation; refused box scores are quarantined."""
    week = SLATE - timedelta(days=7)
    await load(
        ports.warehouse,
        raw__games=[
            game(GAME, YESTERDAY), game(OTHER, YESTERDAY), game("0022300700", week),
            game("0022300600", week - timedelta(days=1)),
        ],
        raw__quarantine=[refused("box_scores", OTHER, "scores differ")],
        predictions__player_prop_predictions=[
            prediction(GAME, 1, YESTERDAY), prediction(GAME, 1, YESTERDAY, 2), prediction(GAME, 2, YESTERDAY, 2),
            prediction(GAME, 3, YESTERDAY, 3, predicted_at=tip(YESTERDAY)),
            prediction(OTHER, 1, YESTERDAY),
            prediction("0022300700", 1, week),
            prediction("0022300600", 1, week - timedelta(days=1)),
            prediction(GAME, 1, SLATE),
        ],
        predictions__prediction_grades=[grade_of(1), grade_of(2)],
    )  # fmt: skip
    found = await evidence(run(), "grade", ports)
    assert (found.expected, found.verified, found.quarantined) == (4, 2, 1)
    assert found.detail == "GSW@BOS on 2024-02-26: no box score"


async def test_a_postponed_games_predictions_are_not_expected_to_be_graded(ports: Ports) -> None:
    """It was not played: there is nothing to wait for, tonight or all week."""
    await load(
        ports.warehouse,
        raw__games=[game(GAME, YESTERDAY, postponed=True), game(OTHER, SLATE + timedelta(days=1))],
        predictions__player_prop_predictions=[
            prediction(GAME, 1, YESTERDAY),
            prediction(OTHER, 1, YESTERDAY),  # moved to another date, under the same id
        ],
    )
    assert await counted(ports, "grade") == (0, 0, 0)


async def test_the_export_is_there_when_it_is_this_runs(ports: Ports) -> None:
    """The document in the archive names the run."""
    missing = await evidence(run(), "export", ports)
    assert (missing.expected, missing.verified) == (1, 0)
    assert export_key(run()) in missing.detail
    await ports.archive.put(export_key(run()), json.dumps({"run_id": run().run_id, "predictions": [{}]}).encode())
    assert await evidence(run(), "export", ports) == Evidence(expected=1, verified=1)


@pytest.mark.parametrize("predictions", [[{}], []])
async def test_f09_an_earlier_runs_export_proves_nothing(ports: Ports, predictions: list[Any]) -> None:
    """Not even an empty one: this run may have published since."""
    stale = {"run_id": "2024-03-04.overnight.1", "predictions": predictions}
    await ports.archive.put(export_key(run()), json.dumps(stale).encode())
    found = await evidence(run(generation=2), "export", ports)
    assert (found.expected, found.verified) == (1, 0)
    assert "2024-03-04.overnight.1" in found.detail


async def test_a_step_without_a_query_cannot_be_verified(ports: Ports) -> None:
    """Every step has a query, but for the export."""
    for step in STEPS:
        assert isinstance(await evidence(run(), step, ports), Evidence)
    with pytest.raises((Permanent, FileNotFoundError)):
        await evidence(run(), "no such step", ports)


@pytest.mark.parametrize(
    ("result", "quarantined", "detail"),
    [
        ({"home_points": 31, "away_points": 20}, 0, ""),
        (
            {"home_points": 31, "away_points": 22},
            1,
            WRONG,
        ),
        (None, 0, ""),
    ],
)
async def test_a_game_that_is_wrong_by_one_team_is_quarantined(
    ports: Ports, result: dict[str, int] | None, quarantined: int, detail: str
) -> None:
    """Players add up to their team and teams to the result, across tables; without a result nothing contradicts."""
    await load(
        ports.warehouse,
        raw__games=[game("0022300801", YESTERDAY)],
        raw__player_box_scores=[
            box("0022300801", 1, YESTERDAY, points=10),
            box("0022300801", 2, YESTERDAY, points=21),
            box("0022300801", 3, YESTERDAY, "GSW", points=20),
        ],
        raw__game_results=[]
        if result is None
        else [row("raw.game_results", game_id="0022300801", game_date=YESTERDAY, **result)],
    )
    found = await evidence(run(), "box_scores", ports)
    assert (found.expected, found.verified, found.quarantined) == (1, 1 - quarantined, quarantined)
    assert found.detail == detail
