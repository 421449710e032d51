"""The evidence of every step: what is expected, there and refused, by hand."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.coordinator.runs.run import NOTHING, Batches, Evidence, Run
from services.coordinator.steps.evidence import not_tipped_after, owed
from services.coordinator.steps.train import champions
from services.coordinator.steps.ways import ways_of
from shared.basketball.slate import Mode
from shared.errors import Permanent
from shared.ports import Ports, Row
from shared.registries.markets import MARKETS
from tests.unit.coordinator.memory import AnsweringWarehouse, memory_ports
from tests.unit.shared.archive import MemoryArchive
from tests.unit.shared.places import set_clock
from tests.unit.shared.rows import SLATE, YESTERDAY, box, game, load, row, tip

DAY = SLATE
NINE = datetime(2024, 3, 4, 14, tzinfo=UTC)
"""09:00 Eastern: no overnight run waits any more."""
GAME, OTHER = "0022300900", "0022300901"
ASKED = ("moving_average",)
PER_PLAYER = len(MARKETS) * len(ASKED)


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


async def evidence(run: Run, step: str, ports: Ports) -> Evidence:
    """As the coordinator asks for it."""
    return await ways_of(step).evidence(run, step, ports)


async def counted(ports: Ports, step: str, **values: Any) -> tuple[int, int, int]:  # noqa: ANN401 - as above
    """(expected, verified, quarantined)."""
    found = await evidence(run(**values), step, ports)
    return found.expected, found.verified, found.quarantined


def fetched(step: str, unit: str, outcome: str, **values: object) -> Row:
    """A line of the fetch log."""
    return row("raw.fetches", mode="overnight", step=step, unit=unit, outcome=outcome, **values)


def two_games() -> list[Row]:
    """The slate: BOS-GSW and LAL-UTA."""
    return [game(GAME), game(OTHER, home="LAL", away="UTA")]


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


async def test_f05_a_bulk_request_that_failed_is_a_unit_that_is_missing(ports: Ports) -> None:
    """Nobody may think that a season whose download failed had no games."""
    await load(
        ports.warehouse,
        raw__games=[game("0022300801", YESTERDAY)],
        raw__player_box_scores=[box("0022300801", 1, YESTERDAY), box("0022300801", 2, YESTERDAY, "GSW")],
        raw__fetches=[fetched("box_scores", "season 2022-23", "failed", reason="403")],
    )
    assert await counted(ports, "box_scores") == (2, 1, 0)


def served(player: int, hour: int = 19) -> Row:
    """Features of a player."""
    return row("features.ml_feature_store", mode="overnight", game_id=GAME, player_id=player, tip_utc=tip(SLATE, hour))


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
    expected = 2 * PER_PLAYER + 2 * len(MARKETS)  # the system made no row: all of them are expected
    assert await counted(ports, "predict", batches=batches) == (expected, 2 * PER_PLAYER, 0)
    rows = [staged(1, market, system="market_residual", **lined) for market in MARKETS if market != "threes"]
    await load(ports.warehouse, predictions__staging=rows)
    found = await evidence(run(batches=batches), "predict", ports)
    assert (found.expected, found.verified) == (expected - 2, 2 * PER_PLAYER + len(MARKETS) - 1)
    assert found.detail == f"rows by system: market_residual {len(MARKETS) - 1}, moving_average {2 * len(MARKETS)}"


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


async def test_a_step_without_a_query_cannot_be_verified(ports: Ports) -> None:
    """It is no step."""
    with pytest.raises(Permanent, match="unknown step 'no such step'"):
        await evidence(run(), "no such step", ports)


def run_of(**fields: Any) -> Run:  # noqa: ANN401 - any field of a run
    """A run with three systems owed: one hand-made, one learned, one about lines."""
    batches = Batches(
        systems=("moving_average", "boosted", "market_residual", "similarity"), absent={"similarity": "x"}
    )
    known = {
        "game_date": DAY, "mode": Mode.SAME_DAY, "generation": 2, "source": "test", "retrospective": False,
        "targets": ("export",), "steps": {}, "created_at": NINE, "batches": batches,
    }  # fmt: skip
    return Run.model_validate(known | fields)


def test_what_a_run_owes() -> None:
    """Of two systems about everything, 2 a player and market; of one about lines, one a line; all, looking back."""
    known = {"systems": "moving_average boosted market_residual", "per_player": 2 * len(MARKETS), "per_line": 1}
    known |= {"games": ""}
    cutoff, never = "2024-03-04T14:20:00+00:00", "1946-01-01T00:00:00+00:00"
    live = {"not_tipped_after": cutoff, "over_before": "2024-03-04T10:00:00+00:00"}
    assert owed(run_of(), 2, NINE) == {"run_id": "2024-03-04.same_day.2", **live, **known}
    past = owed(run_of(retrospective=True), 1, NINE)
    assert past == {"run_id": "2024-03-04.same_day.1", "not_tipped_after": never, **known}


@pytest.mark.parametrize(
    ("fields", "minutes"),
    [({}, 20), ({"final": True}, 0), ({"mode": Mode.OVERNIGHT}, 0), ({"mode": Mode.MANUAL}, 0)],
    ids=["same day", "final", "overnight", "manual"],
)
def test_on_the_day_only_a_final_pass_predicts_games_after_their_cutoff(fields: dict[str, Any], minutes: int) -> None:
    """Twenty minutes before tip-off; a final pass and the other modes predict until the tip-off itself."""
    assert not_tipped_after(run_of(**fields), NINE) == NINE + timedelta(minutes=minutes)


def test_a_pass_owes_its_games() -> None:
    """And no others of the slate."""
    assert owed(run_of(part="games-2", games=("1", "2")), 2, NINE)["games"] == "1 2"


async def test_evidence_is_the_row_of_the_steps_query() -> None:
    """Asked of the run's one date; without a row there is nothing."""
    answer = {"game_date": DAY, "expected": 4, "verified": 3, "quarantined": 1, "detail": "x"}
    warehouse = AnsweringWarehouse(complete__publish=[answer])
    ports = memory_ports(warehouse=warehouse)
    found = await evidence(run_of(), "publish", ports)
    assert found == Evidence(expected=4, verified=3, quarantined=1, detail="x")
    slate = {"game_date": "2024-03-04", "season": "2023-24", **owed(run_of(), 2, ports.clock.now())}
    asked = {"first": DAY, "last": DAY, "mode": "same_day", "slates": [json.dumps(slate)]}
    assert warehouse.asked == [("complete__publish", asked)]
    nothing = memory_ports(warehouse=AnsweringWarehouse(complete__publish=[]))
    assert await evidence(run_of(), "publish", nothing) == NOTHING


async def test_training_is_verified_by_its_champions_artifacts() -> None:
    """Which lie in the archive under system and digest; a missing one is named by 12 digits."""
    archive = MemoryArchive()
    rows: list[Row] = [{"system": "boosted", "digest": "a" * 64}, {"system": "ensemble", "digest": "b" * 64}]
    warehouse = AnsweringWarehouse(champions=rows)
    ports = memory_ports(archive=archive, warehouse=warehouse)
    assert await champions(run_of(), ports) == {"boosted": "a" * 64, "ensemble": "b" * 64}
    assert warehouse.asked == [("champions", {"game_date": DAY, "mode": "same_day"})]
    await archive.put(f"models/boosted/{'a' * 64}/model.txt", b"x")
    await archive.put(f"models/similarity/{'b' * 64}/model.txt", b"x")
    lost = f"not in the archive: ensemble {'b' * 12}"
    assert await evidence(run_of(), "train", ports) == Evidence(expected=2, verified=1, detail=lost)
    await archive.put(f"models/ensemble/{'b' * 64}/model.txt", b"x")
    assert await evidence(run_of(), "train", ports) == Evidence(expected=2, verified=2, detail="")
    archive.objects.clear()
    both = f"not in the archive: boosted {'a' * 12}, ensemble {'b' * 12}"
    assert (await evidence(run_of(), "train", ports)).detail == both
