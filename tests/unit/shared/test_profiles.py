"""Which adapter stands behind each port, and when it is made."""

from pathlib import Path

import pytest

from shared.embedded.bus import EmbeddedBus
from shared.embedded.clock import FileClock
from shared.embedded.state import SQLiteState
from shared.embedded.warehouse import DuckDBWarehouse
from shared.errors import Permanent
from shared.runtime.clock import WallClock
from shared.runtime.profiles import Deferred, ports
from shared.runtime.settings import CommonSettings, load


def adapter(port: object) -> object:
    """What a port has become, if anything."""
    assert isinstance(port, Deferred)
    return port.adapter


async def test_adapters_are_made_at_their_first_use(tmp_path: Path) -> None:
    """A service loads only what it uses: an unused warehouse leaves no file."""
    async with ports(load(CommonSettings, home=tmp_path / "home")) as wired:
        assert isinstance(wired.clock, WallClock)
        assert not (tmp_path / "home").exists()
        await wired.bus.publish("worker-tasks", b"x")
        await wired.state.create("c", "1", {"n": 0})
        await wired.archive.put("a/b", b"x")
        assert await wired.warehouse.query("SELECT 1 AS one") == [{"one": 1}]
        assert isinstance(adapter(wired.bus), EmbeddedBus)
        assert isinstance(adapter(wired.state), SQLiteState)
        assert isinstance(adapter(wired.warehouse), DuckDBWarehouse)
        with pytest.raises(Permanent, match="secret 'first-keys' is missing"):
            await wired.secrets.get("first-keys")
    assert (tmp_path / "home" / "archive" / "a" / "b").read_bytes() == b"x"


async def test_what_was_written_is_there_next_time(tmp_path: Path) -> None:
    """Leaving closes the adapters: another process may open the files."""
    settings = load(CommonSettings, home=tmp_path, archive=tmp_path / "elsewhere")
    for number in range(2):
        async with ports(settings) as wired:
            await wired.state.create("c", str(number), {})
            assert len(await wired.state.list("c")) == number + 1
            assert await wired.warehouse.query("SELECT COUNT(*) AS n FROM raw.games") == [{"n": 0}]
            await wired.archive.put(f"k{number}", b"")
    assert sorted(path.name for path in (tmp_path / "elsewhere").iterdir() if path.is_file()) == ["k0", "k1"]


async def test_a_clock_file_makes_time_virtual(tmp_path: Path) -> None:
    """So that several processes replay the same instant."""
    async with ports(load(CommonSettings, clock_file=tmp_path / "clock")) as wired:
        assert isinstance(wired.clock, FileClock)


async def test_a_state_store_can_be_chosen_apart_from_the_profile(tmp_path: Path) -> None:
    """SQLite under the cloud profile, for tests of several processes."""
    settings = load(CommonSettings, home=tmp_path, profile="gcp", project="p", state_store="sqlite")
    async with ports(settings) as wired:
        assert await wired.state.get("c", "1") is None
        assert isinstance(adapter(wired.state), SQLiteState)


async def test_f19_a_missing_package_is_named_with_the_remedy() -> None:
    """Not a traceback in the middle of the night: which port, which package, what to install."""

    def make() -> object:
        raise ModuleNotFoundError("No module named 'oracledb'", name="oracledb")

    deferred = Deferred("warehouse", make)
    with pytest.raises(Permanent, match="port warehouse: package oracledb is not installed: install tipoff"):
        await deferred.query("SELECT 1")
    await deferred.finish()
