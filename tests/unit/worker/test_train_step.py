"""The step `train`: due or not, enough or not, which rows it reads, and what it leaves behind."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.coordinator.sql import sql as coordinator_sql
from services.worker import training as step
from services.worker.domain.artifact import Manifest
from services.worker.domain.training import contest as contests
from services.worker.domain.training.contest import Verdict
from services.worker.domain.training.frame import Frame, Split
from services.worker.domain.training.run import Trained, Training
from services.worker.handlers import on_task
from services.worker.models import Loaded, Models
from services.worker.settings import WorkerSettings
from shared.basketball.slate import Mode
from shared.contract import BatchReported, BatchRequested, PredictionTask, StepReported, StepRequested
from shared.errors import Permanent
from shared.ports import Params, Ports, Row
from shared.registries.features import FEATURE_CONTRACT_VERSION
from shared.registries.systems import HAND_MADE, LEARNED, expected
from shared.runtime.settings import load
from tests.unit.shared import rows
from tests.unit.shared.places import MORNING, drain, embedded_ports
from tests.unit.worker.league import day_after, frame, store

DAY = date(2024, 3, 4)
SETTINGS = load(WorkerSettings, retrain_days=28, training_days=30, training_slates=8)
SEVEN_ET = datetime(2024, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
async def ports(tmp_path: Path) -> AsyncIterator[Ports]:
    async with embedded_ports(tmp_path) as ports:
        yield ports


async def ask(ports: Ports, day: date = DAY, *, retrain: bool = False, mode: Mode = Mode.OVERNIGHT) -> StepReported:
    """Ask a fresh worker to train for a slate; its report."""
    request = StepRequested(
        run_id=f"{day}.{mode}.1", game_date=day, mode=mode, step="train", attempt=2, retrain=retrain
    )
    await on_task(request, ports, Models(ports.archive), SETTINGS)
    [report] = await drain(ports, "coordinator-events")
    assert isinstance(report, StepReported)
    assert (report.run_id, report.step, report.attempt) == (f"{day}.{mode}.1", "train", 2)
    assert 0.0 <= report.seconds < 60.0
    return report


def registered_model(system: str, day: date, status: str = "champion", **values: object) -> Row:
    """A model of an earlier training."""
    known = {
        "digest": f"{system} of {day}", "mode": "overnight", "libraries": "{}", "metrics": "{}", "training_first": day,
        "training_last": day, "created_at": datetime(2024, 1, 1, tzinfo=UTC),
    }  # fmt: skip
    return rows.row("predictions.models", system=system, game_date=day, status=status, **known) | values


def served(day: date, player: int = 1, **values: object) -> Row:
    """A player's features as they were served to a slate; his game is named after the date."""
    return (
        rows.row(
            "features.ml_feature_store", game_id=f"00223{day:%m%d}0", player_id=player, game_date=day, mode="overnight"
        )
        | values
    )


def played(
    day: date, player: int = 1, available_at: datetime = datetime(2024, 1, 1, tzinfo=UTC), **values: object
) -> Row:
    """What he did in that game."""
    known = {"game_id": f"00223{day:%m%d}0", "player_id": player, "game_date": day, "minutes": 30.0, "points": 20}
    return rows.row("analytics.player_game_summary", available_at=available_at, **known) | values


async def slates(ports: Ports, count: int = 8, last: date = DAY - timedelta(days=1)) -> None:
    """As many slates of one player who played, the last on a date."""
    days = [last - timedelta(days=n) for n in range(count)]
    await rows.load(
        ports.warehouse,
        features__ml_feature_store=[served(day) for day in days],
        analytics__player_game_summary=[played(day) for day in days],
    )


def made(system: str, digest: str = "abc") -> Trained:
    """A new model."""
    manifest = Manifest(
        system, "overnight", "2024-03-04", "2024-02-05", "2024-03-03", 7, 1, FEATURE_CONTRACT_VERSION, ("fatigue",),
        {"numpy": "2", "lightgbm": "4"}, {"newest": {"points": {"n": 3}}},
    )  # fmt: skip
    return Trained(system, f"bytes of {system}".encode(), digest, manifest, {}, None)


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Frame, str, date]]:
    """A training that gives a model of `boosted` and one of `ensemble`; the frames it was given are kept."""
    seen: list[tuple[Frame, str, date]] = []

    def fit(known: Frame, mode: str, as_of: date) -> Training:
        seen.append((known, mode, as_of))
        trained = {name: made(name, f"new {name}") for name in ("boosted", "ensemble")}
        return Training(trained, {}, Split(known, known.take(np.arange(1))))

    monkeypatch.setattr(step, "_fit", fit)
    return seen


async def registered(ports: Ports) -> list[Row]:
    """Every model, oldest first."""
    return await ports.warehouse.query("SELECT * FROM predictions.models ORDER BY game_date, system")


@pytest.mark.parametrize(("age", "retrain", "trains"), [(27, False, False), (28, False, True), (27, True, True)])
async def test_models_are_due_after_28_days(
    ports: Ports,
    fits: list[Any],
    age: int,
    retrain: bool,  # noqa: FBT001 - a parameter
    trains: bool,  # noqa: FBT001 - a parameter
) -> None:
    """Or where somebody asks for it. Young models are nothing to talk about."""
    await slates(ports)
    await rows.load(ports.warehouse, predictions__models=[registered_model("boosted", DAY - timedelta(days=age))])
    report = await ask(ports, retrain=retrain)
    assert (len(fits), report.counts["trained"], report.reason, report.outcome) == (
        int(trains), 2 if trains else 0, "", "done",
    )  # fmt: skip


async def test_the_newest_model_of_the_mode_decides(ports: Ports, fits: list[Any]) -> None:
    """Any system's, whatever became of it; not another mode's, and not one of a later slate."""
    await slates(ports)
    old, young, later = (DAY - timedelta(days=days) for days in (60, 1, -1))
    await rows.load(
        ports.warehouse,
        predictions__models=[
            registered_model("boosted", old), registered_model("boosted", young, mode="same_day"),
            registered_model("ensemble", later),
        ],
    )  # fmt: skip
    await ask(ports)
    assert len(fits) == 1
    await rows.load(ports.warehouse, predictions__models=[registered_model("similarity", young, "refused")])
    await ask(ports)
    assert len(fits) == 1


async def test_too_few_slates_are_said_and_no_error(ports: Ports, fits: list[Any]) -> None:
    """Seven of eight: the learned systems are absent, neither silently nor as a failure; or stay what they are."""
    await slates(ports, 7)
    report = await ask(ports)
    assert (report.outcome, report.reason) == (
        "done",
        (
            "nothing trained: 7 served slates of overnight before 2024-03-04, training needs 8; "
            "the learned systems are absent"
        ),
    )
    assert report.counts == {"trained": 0, "refused": 0, "challengers": 0, "training_rows": 0}
    await rows.load(ports.warehouse, predictions__models=[registered_model("boosted", date(2024, 1, 2))])
    assert (await ask(ports)).reason.endswith("training needs 8; the learned systems stay those of 2024-01-02")
    assert fits == []
    assert len(await registered(ports)) == 1


async def test_slates_are_counted_once_within_the_window_and_mode(ports: Ports, fits: list[Any]) -> None:
    """Not the players of a slate, not a slate too long ago, not the slate itself, not another mode's."""
    await slates(ports, 7)
    extra = [
        served(DAY - timedelta(days=1), 2), served(DAY - timedelta(days=31)), served(DAY),
        served(DAY - timedelta(days=20), mode="same_day"),
    ]  # fmt: skip
    await rows.load(ports.warehouse, features__ml_feature_store=extra)
    assert (await ask(ports)).reason.startswith("nothing trained: 7 served slates")
    await rows.load(ports.warehouse, features__ml_feature_store=[served(DAY - timedelta(days=30))])
    await ask(ports)
    assert len(fits) == 1


async def test_rows_of_the_window_with_their_own_outcomes_are_learned_from(ports: Ports, fits: list[Any]) -> None:
    """From 30 days before the slate up to the day before it, in the order of slate and player."""
    await slates(ports)
    first, last = DAY - timedelta(days=30), DAY - timedelta(days=1)
    await rows.load(
        ports.warehouse,
        features__ml_feature_store=[
            served(first, fatigue=0.5), served(last, 2, fatigue=0.25), served(first - timedelta(days=1)), served(DAY),
            served(last, 3, mode="same_day"),
        ],
        analytics__player_game_summary=[
            played(first, rebounds=7, assists=6, threes=5, minutes=12.5), played(last, 2, points=9),
            played(first - timedelta(days=1)), played(DAY),
        ],
    )  # fmt: skip
    report = await ask(ports)
    [(known, mode, as_of)] = fits
    assert (mode, as_of, report.counts["training_rows"]) == ("overnight", DAY, 10)
    days = [first] + [DAY - timedelta(days=n) for n in range(8, 0, -1)] + [last]
    assert [day.astype(object) for day in known.day] == days
    assert known.player_id.tolist() == [1] * 9 + [2]
    assert (known.features["fatigue"][0], known.features["fatigue"][9]) == (0.5, 0.25)
    by_hand = {"points": 20.0, "rebounds": 7.0, "assists": 6.0, "threes": 5.0, "pra": 33.0}
    assert {market: known.outcomes[market][0] for market in by_hand} == by_hand
    assert (known.minutes[0], known.outcomes["points"][9]) == (12.5, 9.0)


async def test_f29_box_scores_that_were_not_known_at_seven_are_not_learned_from(ports: Ports, fits: list[Any]) -> None:
    """07:00 ET of the slate's date is 12:00 UTC in March: a box score of that instant is known, a later one is not."""
    await slates(ports)
    late = DAY - timedelta(days=20)
    at, after = SEVEN_ET, SEVEN_ET + timedelta(seconds=1)
    await rows.load(
        ports.warehouse,
        features__ml_feature_store=[served(late, 2), served(late, 3)],
        analytics__player_game_summary=[played(late, 2, at), played(late, 3, after)],
    )
    await ask(ports)
    [(known, _, _)] = fits
    here = known.day == np.datetime64(late)
    assert known.player_id[here].tolist() == [2, 3]
    assert known.minutes[here] == pytest.approx([30.0, np.nan], nan_ok=True)


async def test_what_is_trained_is_stored_and_registered(
    ports: Ports, fits: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes under their digest, a row per model with its verdict, and the verdicts in the report."""
    verdicts = {"boosted": Verdict("challenger", "worse", 0.5, 0.4), "ensemble": Verdict("champion", None)}
    monkeypatch.setattr(contests, "contest", lambda new, *_: verdicts[new.system])
    await slates(ports)
    report = await ask(ports)
    assert (report.outcome, report.reason) == ("done", "boosted is challenger: worse")
    assert report.counts == {"trained": 2, "refused": 0, "challengers": 1, "training_rows": 8}
    first, second = await registered(ports)
    assert first == {
        "game_date": DAY, "mode": "overnight", "system": "boosted", "digest": "new boosted",
        "training_first": date(2024, 2, 5), "training_last": date(2024, 3, 3), "row_count": 7,
        "contract_version": FEATURE_CONTRACT_VERSION, "libraries": '{"lightgbm": "4", "numpy": "2"}',
        "metrics": first["metrics"], "status": "challenger", "reason": "worse", "created_at": MORNING,
    }  # fmt: skip
    assert json.loads(first["metrics"]) == {
        "newest": {"points": {"n": 3}}, "status": "challenger", "reason": "worse", "score": 0.5, "champion_score": 0.4,
    }  # fmt: skip
    assert (second["system"], second["status"], second["reason"]) == ("ensemble", "champion", None)
    assert await ports.archive.get("models/boosted/new boosted") == b"bytes of boosted"
    assert await ports.archive.get("models/ensemble/new ensemble") == b"bytes of ensemble"
    assert len(fits) == 1


async def test_refused_and_skipped_systems_are_named(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with its reason; a new champion is nothing to talk about."""
    trained = {"boosted": replace(made("boosted"), leak="too good"), "ensemble": made("ensemble")}
    skipped = {"similarity": "no rows", "market_residual": "no lines"}
    monkeypatch.setattr(step, "_fit", lambda known, *_: Training(trained, skipped, Split(known, known)))
    await slates(ports)
    report = await ask(ports)
    assert report.reason == (
        "boosted is refused: too good; similarity not trained: no rows; market_residual not trained: no lines"
    )
    assert (report.counts["refused"], report.counts["trained"]) == (1, 2)


async def test_the_champion_in_force_is_what_a_new_model_meets(
    ports: Ports, fits: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest champion of its own system, loaded; a system that reads others has no model to meet, but a date."""
    met: dict[str, tuple[Any, ...]] = {}
    loads: list[dict[str, str]] = []

    def contest(new: Trained, newest: Frame, champion: object, since: date | None) -> Verdict:
        met[new.system] = (len(newest), champion, since)
        return Verdict("champion", None)

    async def loaded(_: Models, wanted: dict[str, str]) -> Loaded:
        loads.append(dict(wanted))
        return Loaded(dict.fromkeys(wanted, "the champion"), {})

    monkeypatch.setattr(contests, "contest", contest)
    monkeypatch.setattr(Models, "load", loaded)
    await slates(ports)
    await rows.load(
        ports.warehouse,
        predictions__models=[
            registered_model("boosted", date(2024, 1, 3)), registered_model("boosted", date(2024, 1, 2)),
            registered_model("boosted", date(2024, 1, 4), "challenger"),
            registered_model("similarity", date(2024, 1, 5)), registered_model("ensemble", date(2024, 1, 1)),
        ],
    )  # fmt: skip
    await ask(ports)
    assert loads == [{"boosted": "boosted of 2024-01-03"}]
    assert met == {"boosted": (1, "the champion", date(2024, 1, 3)), "ensemble": (1, None, date(2024, 1, 1))}
    assert len(fits) == 1


async def test_a_system_without_a_champion_meets_nobody(
    ports: Ports, fits: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a model nor a date; nothing is loaded."""
    met: list[tuple[Any, ...]] = []

    def contest(*args: Any) -> Verdict:  # noqa: ANN401 - whatever it is asked
        met.append(args[2:])
        return Verdict("champion", None)

    monkeypatch.setattr(contests, "contest", contest)
    await slates(ports)
    await ask(ports)
    assert met == [(None, None), (None, None)]
    assert len(fits) == 1


async def test_f29_what_happens_after_a_date_changes_nothing_that_is_learned_from(
    ports: Ports, fits: list[Any]
) -> None:
    """Features and box scores of the slate and later ones are not among the rows."""
    await slates(ports, 12)
    await ask(ports)
    later = [DAY + timedelta(days=n) for n in range(3)]
    await rows.load(
        ports.warehouse,
        features__ml_feature_store=[served(day, fatigue=9.0) for day in later],
        analytics__player_game_summary=[played(day, points=99, available_at=SEVEN_ET) for day in later],
    )
    await ask(ports, retrain=True)
    (before, *_), (after, *_) = fits
    assert before.day.tolist() == after.day.tolist()
    for name, values in before.features.items():
        assert np.array_equal(values, after.features[name], equal_nan=True)
    assert before.outcomes["points"].tolist() == after.outcomes["points"].tolist()


async def test_without_lightgbm_the_step_says_so(
    ports: Ports, fits: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run goes on without the learned systems; nothing is read for a training that cannot be."""

    def absent() -> None:
        raise Permanent("LightGBM cannot be loaded", remedy="install libgomp1")

    monkeypatch.setattr(step, "require_lightgbm", absent)
    await slates(ports)
    report = await ask(ports)
    assert report.outcome == "failed"
    assert "LightGBM cannot be loaded" in report.reason
    assert report.counts == {"trained": 0, "refused": 0, "challengers": 0, "training_rows": 0}
    assert fits == []


async def test_a_league_is_learned_registered_and_predicted(ports: Ports) -> None:
    """Every learned system gets a champion; training again changes nothing; f15: with one spoilt the others predict."""
    known = frame(11)
    day = day_after(11)
    await store(ports.warehouse, known)
    report = await ask(ports, day)
    assert (report.outcome, report.counts["trained"], report.reason) == ("done", len(LEARNED), "")
    stored = await registered(ports)
    assert {row["system"]: row["status"] for row in stored} == dict.fromkeys(LEARNED, "champion")
    assert {(row["game_date"], row["training_last"]) for row in stored} == {(day, day - timedelta(days=1))}
    assert (await ask(ports, day, retrain=True)).counts["trained"] == len(LEARNED)
    assert await registered(ports) == stored
    artifacts = {row["system"]: row["digest"] for row in stored}
    data = bytearray(await ports.archive.get(f"models/boosted/{artifacts['boosted']}"))
    data[-40] ^= 1
    await ports.archive.put(f"models/boosted/{'f' * 64}", bytes(data))
    tasks = tuple(
        PredictionTask(
            game_id="0022300900", player_id=n + 1, team="BOS", opponent="NYK", predicted_at="2024-03-04T12:00:00+00:00",
            features={name: None if np.isnan(v := values[n]) else float(v) for name, values in known.features.items()},
        )
        for n in range(4)
    )  # fmt: skip
    reports: list[BatchReported] = []
    for attempt, digest in ((1, artifacts["boosted"]), (2, "f" * 64)):
        batch = BatchRequested(
            run_id="2024-03-04.overnight.1", game_date=DAY, mode=Mode.OVERNIGHT, attempt=attempt, batch=0,
            systems=expected(LEARNED), artifacts={**artifacts, "boosted": digest}, tasks=tasks,
        )  # fmt: skip
        await on_task(batch, ports, Models(ports.archive), SETTINGS)
        reports += [one for one in await drain(ports, "coordinator-events") if isinstance(one, BatchReported)]
    whole, part = reports
    assert (whole.absent, set(part.absent)) == ({}, {"boosted", "market_residual", "ensemble"})
    assert "its bytes were changed" in part.absent["boosted"]
    assert part.absent["ensemble"] == "its member boosted is absent"
    params: Params = {"game_date": DAY, "run_id": "2024-03-04.overnight.1", "why": ""}
    published = await ports.warehouse.query(coordinator_sql("publish"), params)
    assert {row["system"] for row in published} == {*HAND_MADE, "similarity"}
