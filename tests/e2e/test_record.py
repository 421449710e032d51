"""The sealed record of replayed nights: it holds, one changed field is seen, and a stranger can verify an export."""

import asyncio
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar, cast

import pytest

from services.coordinator.record.verify import EVER, check_chain, check_slates
from shared.embedded.state import SQLiteState
from shared.embedded.warehouse import DuckDBWarehouse
from shared.ports import Ports
from tests import tampering
from tests.e2e.command import DONE, FAILED, REPOSITORY, inside
from tests.e2e.nights import FIRST, LAST, Replayed

pytestmark = pytest.mark.network

T = TypeVar("T")
FEW, MANY = 15, 500
"""Changes that are made one after another."""


@pytest.fixture
def home(undisturbed: Replayed, tmp_path: Path) -> Path:
    """A home whose warehouse may be changed."""
    return Path(shutil.copytree(undisturbed.home, tmp_path / "home"))


@pytest.fixture(scope="module")
def export(undisturbed: Replayed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The record, as anybody gets it."""
    file = tmp_path_factory.mktemp("export") / "record.jsonl"
    done = inside(undisturbed.home, "verify", "--export", file)
    assert done.code == DONE, done
    return file


def with_ports(home: Path, work: Callable[[Ports], Awaitable[T]]) -> T:
    """What is done with the warehouse and the state store of a home's workspace."""
    [folder] = [file.parent for file in home.glob("*/warehouse.duckdb")]

    async def done() -> T:
        warehouse, state = DuckDBWarehouse(folder / "warehouse.duckdb"), SQLiteState(folder / "state.sqlite")
        try:
            return await work(cast("Ports", SimpleNamespace(warehouse=warehouse, state=state)))
        finally:
            await warehouse.close()
            await state.close()

    return asyncio.run(done())


async def _problems(ports: Ports, slate: date) -> list[Any]:
    chain = await check_chain(ports, *EVER)
    return [*chain["problems"], *(await check_slates(ports, slate, slate))["problems"]]


async def _tampered(ports: Ports, changes: int, seed: int) -> list[str]:
    """Of so many changes those that nobody sees."""
    assert isinstance(ports.warehouse, DuckDBWarehouse)
    dice, unseen = random.Random(seed), []  # noqa: S311 - a seed to replay, not a secret
    slates = (await check_chain(ports, *EVER))["slates"]
    for _ in range(changes):
        change = await tampering.drawn(ports.warehouse, slates, dice)
        await change.apply(ports.warehouse)
        if change.slate not in {problem["game_date"] for problem in await _problems(ports, change.slate)}:
            unseen.append(str(change))
        await change.undo(ports.warehouse)
    assert [problem for slate in slates for problem in await _problems(ports, slate)] == []
    return unseen


def test_a_replay_is_sealed_and_holds(undisturbed: Replayed) -> None:
    """Two publishes and the grades of both; every prediction and grade is compared."""
    report = inside(undisturbed.home, "verify", "--json").json
    count = len(undisturbed.predictions)
    assert (report["holds"], report["problems"], report["entries"], report["slates"]) == (True, [], 4, 2)
    assert (report["predictions"], report["grades"], report["unsealed"]) == (count, count, 0)
    words = inside(undisturbed.home, "verify", "--from", str(LAST))
    assert (words.code, words.err) == (DONE, "")
    assert words.out.startswith("1 slate holds: ")
    assert report["head"]["sha256"] in words.out


def test_a_window_without_a_slate_is_refused(undisturbed: Replayed) -> None:
    """Nothing was compared, so nothing is said to hold."""
    for flags in ((), ("--json",)):
        nothing = inside(undisturbed.home, "verify", "--from", "2024-12-01", *flags)
        nothing.refused(FAILED, "nothing to verify from 2024-12-01", "`tipoff runs`")


def test_one_changed_field_is_seen(home: Path) -> None:
    """Of a prediction, line, price, instant, box score or grade, in a warehouse of replayed nights."""
    assert with_ports(home, lambda ports: _tampered(ports, FEW, seed=1)) == []


@pytest.mark.proof
def test_the_long_proof_of_the_same(home: Path) -> None:
    """Five hundred of five hundred."""
    assert with_ports(home, lambda ports: _tampered(ports, MANY, seed=2)) == []


@pytest.mark.proof
def test_the_long_proof_on_a_season(tmp_path: Path) -> None:
    """The same in the home that TIPOFF_SEASON names: `tipoff replay` has made it in an hour."""
    if "TIPOFF_SEASON" not in os.environ:
        pytest.skip("no replayed season: TIPOFF_SEASON names a home with one")
    [warehouse] = Path(os.environ["TIPOFF_SEASON"]).glob("*/warehouse.duckdb")
    folder = tmp_path / "season"
    folder.mkdir()
    for name in ("warehouse.duckdb", "state.sqlite"):
        shutil.copy(warehouse.with_name(name), folder)
    assert with_ports(tmp_path, lambda ports: _tampered(ports, MANY, seed=3)) == []


def test_the_first_slate_that_does_not_hold_is_named(home: Path) -> None:
    """In one line, with why and what to do; exit code 1."""

    async def change(ports: Ports) -> None:
        assert isinstance(ports.warehouse, DuckDBWarehouse)
        text = "UPDATE predictions.player_prop_predictions SET mean = mean + 1"
        await ports.warehouse._duck.run(lambda connection: connection.execute(text).fetchall(), "tampering")

    with_ports(home, change)
    words = (f"{FIRST} same_day does not hold", "are not what was sealed (entry 1), and 3 more", "restore the slate")
    inside(home, "verify").refused(FAILED, *words)
    report = inside(home, "verify", "--json")
    assert (report.code, report.json["holds"]) == (FAILED, False)
    inside(home, "verify", "--from", str(LAST), "--to", str(FIRST)).refused(2, "is before")


def stranger(export: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """The program of docs/record.md, run by a Python that has nothing but its standard library."""
    [text] = re.findall(r"```python\n(.*?)```", (REPOSITORY / "docs" / "record.md").read_text(), re.DOTALL)
    assert sum(bool(line.strip()) for line in text.splitlines()) <= 40
    program = folder / "verify.py"
    program.write_text(text)
    command = [sys.executable, "-I", "-S", str(program), str(export)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_stranger_verifies_an_export_without_tipoff(undisturbed: Replayed, export: Path, tmp_path: Path) -> None:
    """The documented program says that all entries hold, and the head."""
    found = stranger(export, tmp_path)
    head = inside(undisturbed.home, "verify", "--json").json["head"]["sha256"]
    count = len(undisturbed.predictions)
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout == f"4 entries hold, {count} predictions among them; the head is {head}\n"


@pytest.mark.parametrize("seed", range(12))
def test_one_changed_byte_of_an_export_is_seen(export: Path, tmp_path: Path, seed: int) -> None:
    """By the same program: it names an entry, or does not read the file at all."""
    data, dice = bytearray(export.read_bytes()), random.Random(seed)  # noqa: S311 - a seed to replay, not a secret
    blanks = {at for at, byte in enumerate(data) if byte in b" "}
    at = dice.choice([at for at in (dice.randrange(len(data)) for _ in range(50)) if at not in blanks])
    data[at] ^= 1 << dice.randrange(4)
    changed = tmp_path / "changed.jsonl"
    changed.write_bytes(data)
    assert stranger(changed, tmp_path).returncode != 0, f"byte {at} of {len(data)}"
