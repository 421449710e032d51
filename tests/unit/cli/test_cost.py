"""Cloud Run's share of a night, by hand."""

from typing import Any, cast

import pytest

from cli.cost import cloud_run
from client.answers import Run
from deploy.prices import cloud_run_usd, gibibytes
from deploy.services import SERVICES, Service


def run_of(slate: str, mode: str, **seconds: float) -> Run:
    """A run whose steps took so long."""
    steps: dict[str, Any] = {name: {"seconds": taken} for name, taken in seconds.items()}
    return cast("Run", {"game_date": slate, "mode": mode, "steps": steps})


def test_an_instance_costs_its_processor_and_its_memory() -> None:
    """An hour of two processors and half a gibibyte, by the list of 2026."""
    service = Service("some", max_instances=1, concurrency=1, memory="512Mi", cpu=2)
    assert gibibytes(service) == 0.5
    assert cloud_run_usd(service, 3600) == pytest.approx(2 * 3600 * 0.000024 + 0.5 * 3600 * 0.0000025)


def test_the_seconds_of_a_slates_steps_add_up_by_service() -> None:
    """Every run of the slate and mode; others, and what is no step any more, are not in it."""
    rows = [{"game_date": "2024-03-04", "mode": "overnight"}] * 2
    runs = [
        run_of("2024-03-04", "overnight", schedule=2.0, box_scores=3.0, predict=1.0, gone=9.0),
        run_of("2024-03-04", "same_day", schedule=50.0),
        run_of("2024-03-05", "overnight", schedule=70.0),
    ]
    scraper, other = cloud_run(rows, runs)
    assert scraper == {
        "game_date": "2024-03-04", "mode": "overnight", "service": "scraper", "purpose": "cloud_run",
        "seconds": 5.0,
        "vcpu_seconds": 5.0 * SERVICES["scraper"].cpu, "gib_seconds": 5.0 * gibibytes(SERVICES["scraper"]),
        "usd": cloud_run_usd(SERVICES["scraper"], 5.0),
    }  # fmt: skip
    assert other["seconds"] == 1.0
    assert cloud_run([], runs) == []
