"""Readings that are asked for together."""

import asyncio

import pytest

from services.coordinator.api.together import Together
from shared.errors import Transient


class Reader:
    """Answers with the number of the reading, once it may."""

    def __init__(self) -> None:
        self.begun = 0
        self.may = asyncio.Event()

    async def read(self, key: str) -> str:
        self.begun += 1
        number = self.begun
        await self.may.wait()
        if key == "broken":
            raise Transient("away")
        return f"{key} {number}"


async def turns(number: int = 5) -> None:
    """Let whoever can go on."""
    for _ in range(number):
        await asyncio.sleep(0)


async def test_who_asks_during_a_reading_gets_the_next_one_together() -> None:
    """One for the first, one for all who came after it began; another key does not wait."""
    reader = Reader()
    together = Together(reader.read)
    first = asyncio.create_task(together.get("a"))
    await turns()
    later = [asyncio.create_task(together.get("a")) for _ in range(9)]
    await turns()
    assert reader.begun == 1
    reader.may.set()
    assert await first == "a 1"
    assert await asyncio.gather(*later) == ["a 2"] * 9
    assert (await together.get("a"), await together.get("b")) == ("a 3", "b 4")


async def test_a_failure_is_everybodys_and_not_kept() -> None:
    """The next asking reads again."""
    reader = Reader()
    reader.may.set()
    together = Together(reader.read)
    failed = await asyncio.gather(*(together.get("broken") for _ in range(3)), return_exceptions=True)
    assert [str(error) for error in failed] == ["away"] * 3
    assert reader.begun == 1
    with pytest.raises(Transient, match="away"):
        await together.get("broken")


async def test_who_hangs_up_ends_it_for_nobody_else() -> None:
    """Not even who asked first; and if all do, nobody misses the failure."""
    reader = Reader()
    together = Together(reader.read)
    first, second = (asyncio.create_task(together.get("a")) for _ in range(2))
    await turns()
    first.cancel()
    await turns()
    reader.may.set()
    assert await second == "a 1"
    reader.may.clear()
    alone = asyncio.create_task(together.get("broken"))
    await turns()
    alone.cancel()
    reader.may.set()
    await turns()
    assert alone.cancelled()
    assert (await together.get("a")).startswith("a ")
