"""A backfill in a simulated world."""

from datetime import timedelta

from client.backfill import backfill
from devstack.clocked import Clocked
from devstack.stack import Stack
from shared.basketball.slate import Mode, days
from tests.unit.client.coordinator import FIRST, TARGET, Coordinator, noon


async def test_every_slate_is_collected_at_its_own_instant() -> None:
    """While upstreams are asked about a slate the clock stands at its cutoff and nowhere else."""
    dates = days(FIRST, FIRST + timedelta(days=5))
    client = Coordinator()
    turns = Clocked(Stack({}, "key", None, client.clock), noon)  # type: ignore[arg-type]  # only its clock is used
    nights = await backfill(
        client,  # type: ignore[arg-type]  # a fake
        dates,
        Mode.BACKFILL,
        [TARGET],
        observe=lambda _: None,
        turns=turns,
        concurrency=3,
        every=0.0,
    )
    assert client.seen == {day: {noon(day)} for day in dates}
    assert [night["game_date"] for night in nights] == [str(day) for day in dates]
