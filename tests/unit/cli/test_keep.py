"""`tipoff backup` and `tipoff restore`: what they say, and what they refuse."""

import asyncio
import json
from pathlib import Path

import pytest

from devstack.workspace import Workspace
from shared.embedded.state import SQLiteState
from shared.embedded.warehouse import DuckDBWarehouse
from tests.e2e.command import DONE, FAILED, inside


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a workspace in which nothing runs."""
    home = tmp_path_factory.mktemp("home")
    workspace = Workspace(home, "night")
    workspace.make()

    async def fill() -> None:
        await DuckDBWarehouse(workspace.path / "warehouse.duckdb").close()
        await SQLiteState(workspace.path / "state.sqlite").close()

    asyncio.run(fill())
    return home


def test_a_workspace_goes_into_a_file_and_comes_back_from_it(home: Path, tmp_path: Path) -> None:
    """Dry runs write nothing; without secrets the restored one gets keys of its own; one that is not empty stays."""
    file, there = tmp_path / "b.tar", tmp_path / "there"
    would = json.loads(inside(home, "backup", file, "--dry-run", "--json").out)
    assert (would["would_write"], would["secrets"], file.exists()) == (str(file), False, False)
    made = inside(home, "backup", file)
    assert (made.code, "wrote" in made.out) == (DONE, True)
    holds = json.loads(inside(there, "restore", file, "--dry-run", "--json").out)
    assert (holds["secrets"], holds["files"], there.exists()) == (False, 2, False)
    restored = json.loads(inside(there, "restore", file, "--json").out)
    assert restored["workspace"] == str(there / "night")
    kept, made_anew = Workspace(home, "night").api_key, Workspace(there, "night").api_key
    assert kept != made_anew
    inside(there, "restore", file).refused(FAILED, "is not empty: --force replaces it")
    assert inside(there, "restore", file, "--force").code == DONE
    assert Workspace(there, "night").api_key == made_anew


def test_a_workspace_that_is_in_use_is_not_replaced(home: Path, tmp_path: Path) -> None:
    """Not by force either."""
    file = tmp_path / "b.tar"
    inside(home, "backup", file, "--with-secrets")
    with Workspace(home, "night").lock():
        inside(home, "restore", file, "--force").refused(FAILED, "is in use by process")
    inside(home, "restore", home / "current").refused(FAILED, "is no backup, or was cut off")
    inside(tmp_path / "empty", "backup", file).refused(FAILED, "nothing has been run")
