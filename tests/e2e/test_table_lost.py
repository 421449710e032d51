"""A table of the warehouse is lost: what docs/runbooks/emergency/warehouse-table-lost.md says brings its rows back."""

import asyncio
import re
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from client.runs import follow
from devstack.driver import last_cutoff
from devstack.league import open_history
from devstack.workspace import Workspace, current
from devstack.world import started
from shared.basketball.slate import Mode
from shared.tables import DATASETS, TABLES
from tests.e2e.command import DONE, REPOSITORY, inside
from tests.e2e.nights import LAST, Replayed, query

pytestmark = pytest.mark.network

PAGE = (REPOSITORY / "docs" / "runbooks" / "emergency" / "warehouse-table-lost.md").read_text("utf-8")
MODE = Mode.SAME_DAY
PUBLISHED = "predictions.player_prop_predictions"
OFTEN = ("raw.player_box_scores", "raw.prop_lines", "predictions.prediction_grades")
"""Tables that are lost in every run of the tests; the others take as long, each."""


def remedies() -> dict[str, tuple[str, int]]:
    """Table -> the step that makes it and the phase to begin with, as the page's table says."""
    found: dict[str, tuple[str, int]] = {}
    for names, step, phase in re.findall(r"^\| (.+) \| (.+) \| (\d) \|$", PAGE, re.MULTILINE):
        whole = re.fullmatch(r"a table of `(\w+)`", names)
        if whole is None:
            found |= dict.fromkeys(re.findall(r"`([\w.]+)`", names), (step.strip("`"), int(phase)))
        else:
            found |= {name: (name.partition(".")[2], int(phase)) for name in TABLES if name.startswith(f"{whole[1]}.")}
    return found


def test_the_page_knows_what_becomes_of_every_table() -> None:
    """Each is made again by a step, or stands under what is lost."""
    lost = re.findall(r"`(\w+\.\w+)`", PAGE.partition("**Lost without a copy.**")[2])
    named = {name for name in lost if name.partition(".")[0] in DATASETS and name in TABLES}
    assert remedies().keys() | named == TABLES.keys()
    assert not remedies().keys() & named - {"raw.prop_lines", "raw.game_lines", "raw.injuries", "raw.rosters"}


@pytest.mark.parametrize(
    "table", [name if name in OFTEN else pytest.param(name, marks=pytest.mark.proof) for name in remedies()]
)
def test_a_lost_table_is_made_again_as_it_was(table: str, undisturbed: Replayed, tmp_path: Path) -> None:
    """Row by row, from what is there: no upstream is asked, and nothing is published anew."""
    home = tmp_path / "home"
    shutil.copytree(undisturbed.home, home)
    before, published = rows(home, table), rows(home, PUBLISHED)
    assert before
    workspace = current(home)
    assert workspace is not None
    with duckdb.connect(str(workspace.path / "warehouse.duckdb")) as connection:
        connection.execute(f"DROP TABLE {table}")
    assert inside(home, "schema", "apply").code == DONE
    assert rows(home, table) == []
    step, phase = remedies()[table]
    assert asyncio.run(made_again(workspace, undisturbed, step, phase)) == 0
    assert rows(home, table) == before
    assert rows(home, PUBLISHED) == published


async def made_again(workspace: Workspace, night: Replayed, step: str, phase: int) -> int:
    """Ask for a step of every slate whose run had it, oldest first; how many requests the upstreams got."""
    history = open_history(str(night.history))
    async with started(workspace, history, last_cutoff(history, LAST + timedelta(days=1), MODE)) as (stack, client):
        for old in await client.runs(mode=MODE.value):
            if step in old["steps"]:
                day = date.fromisoformat(old["game_date"])
                run = await client.start_run(day, MODE.value, targets=[step], from_phase=phase, retrospective=True)
                assert (await follow(client, run, lambda _: None))["status"] == "complete"
        return int(stack.upstream.stats()["totals"]["requests"])


def rows(home: Path, table: str) -> list[tuple[Any, ...]]:
    """All of a table but which run wrote it; the last digits of a sum depend on the order it was made in."""
    columns = ", ".join(column.name for column in TABLES[table].columns if column.name != "run_id")
    found = query(home, f"SELECT {columns} FROM {table} ORDER BY ALL")  # noqa: S608 - names of the registry
    return [tuple(round(value, 9) if isinstance(value, float) else value for value in row) for row in found]
