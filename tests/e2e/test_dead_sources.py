"""Each source dead for whole nights, in a storm too, from the first request on: the night goes on."""

from datetime import date
from pathlib import Path

import pytest

from shared.registries.sources import SOURCES
from tests.e2e.nights import FIRST, LAST, Replayed, replay

pytestmark = pytest.mark.network

HOSTS = {name: source.base_url.removeprefix("https://") for name, source in SOURCES.items()}
ALONE = {"odds_api"}
"""Sources without a second: a night without them is degraded."""


def _dead(
    folder: Path, history: Path, source: str, first: date, last: date, how: str = "blocked", weather: str = "storm"
) -> Replayed:
    return replay(folder, history, first, last, faults=f"{weather},{how}:{HOSTS[source]}")


def _check(nights: Replayed, source: str) -> None:
    """Complete, or degraded and says why; every game is predicted; nobody's limit is broken."""
    for night in nights.report["nights"]:
        assert night["status"] in ("complete", "degraded"), night
        assert night["status"] == "complete" or night["reasons"], night
    if source not in ALONE:
        assert {night["status"] for night in nights.report["nights"]} == {"complete"}
    totals = nights.report["upstream"]["totals"]
    assert (totals["rate_limit_violations"], totals["retry_after_violations"]) == (0, 0)


def test_a_night_without_stats_nba_com(league_folder: Path, undisturbed: Replayed, tmp_path: Path) -> None:
    """As it is for cloud addresses. Every player is predicted who is when it answers."""
    night = _dead(tmp_path, league_folder, "nba_stats", LAST, LAST, weather="none")
    _check(night, "nba_stats")
    assert night.keyed().keys() == {key for key, row in undisturbed.keyed().items() if row["game_date"] == LAST}


@pytest.mark.proof
@pytest.mark.parametrize("how", ["blocked", "hung", "refused"])
@pytest.mark.parametrize("source", SOURCES)
def test_nights_without_any_one_source(league_folder: Path, tmp_path: Path, source: str, how: str) -> None:
    """Whichever it is, and however it is dead."""
    _check(_dead(tmp_path, league_folder, source, FIRST, LAST, how=how), source)


@pytest.mark.proof
def test_a_real_night_on_an_empty_warehouse_without_stats_nba_com(shared_data: Path, tmp_path: Path) -> None:
    """Three seasons of history included: schedules and box scores come from the CDN, game by game."""
    night = date(2024, 3, 4)
    nights = _dead(tmp_path, shared_data, "nba_stats", night, night, weather="none")
    _check(nights, "nba_stats")
    assert len({row["game_id"] for row in nights.predictions}) >= 1
