from pathlib import Path

import pytest

from devstack.history import write
from devstack.league.season import OPENING_NIGHT, tables
from tests.e2e.leagues import small
from tests.e2e.nights import FIRST, LAST, Replayed, replay


@pytest.fixture(scope="session")
def league_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated league of four weeks as a history folder."""
    folder = tmp_path_factory.mktemp("league")
    write(tables(11, OPENING_NIGHT, 26, 6), folder)
    return folder


@pytest.fixture(scope="session")
def small_league(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight teams, two games on each date of the same weeks, as a history folder."""
    folder = tmp_path_factory.mktemp("small_league")
    small(folder, OPENING_NIGHT, 26)
    return folder


@pytest.fixture(scope="session")
def undisturbed(league_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    """Two nights of the league in which nothing goes wrong, and the grading of the second."""
    return replay(tmp_path_factory.mktemp("undisturbed"), league_folder, FIRST, LAST)
