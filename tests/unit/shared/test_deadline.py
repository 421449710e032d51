"""The deadline of the work at hand, and that everything asked for on its behalf lies within it."""

import asyncio
import math
from inspect import signature

import pytest
from pydantic import BaseModel

from services.analytics.settings import AnalyticsSettings
from services.scraper.fetch import PARSING
from services.scraper.settings import ScraperSettings
from shared.cloud.bigquery_jobs import Limits
from shared.cloud.bus import PubSubBus
from shared.cloud.secrets import SecretManagerSecrets
from shared.cloud.state import FirestoreState
from shared.embedded.state import BUSY_SECONDS
from shared.errors import Transient
from shared.registries.topics import DEAD_LETTER_ACK_DEADLINE, TOPICS, time_limit
from shared.runtime.deadline import TooLate, due_within, left, limited, refuse_beyond

LIMITS = {name: topic.time_limit for name, topic in TOPICS.items()} | {"dead": time_limit(DEAD_LETTER_ACK_DEADLINE)}
"""Topic -> seconds a handler may take."""


def default(of: type[BaseModel], name: str) -> float:
    """A setting's value where nobody sets it."""
    return float(of.model_fields[name].default)


def given(of: type, name: str) -> float:
    """The value of a keyword argument that nobody gives."""
    return float(signature(of).parameters[name].default)


async def test_without_a_delivery_there_is_no_deadline() -> None:
    """Whoever asks through the API, or by a script, may wait as long as he likes."""
    assert left() == math.inf
    refuse_beyond(1e9, "a long wait")


async def test_work_that_is_not_done_by_its_deadline_is_ended_and_transient() -> None:
    """The work is cancelled; the failure says after how long."""
    ended: list[float] = []

    async def work() -> None:
        async with limited(0.02):
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(left())

    with pytest.raises(Transient, match=r"^not done within 0\.02 s, nine tenths of the acknowledgement deadline$"):
        await work()
    assert ended == [0.0]
    assert left() == math.inf


async def test_another_time_limit_within_is_no_deadline() -> None:
    """A TimeoutError of the work's own stays what it is."""
    with pytest.raises(TimeoutError, match="mine"):
        async with limited(60.0):
            raise TimeoutError("mine")


async def test_the_earlier_of_two_deadlines_holds() -> None:
    """Waiting for one's turn counts: the work that begins then has what is left. Tasks inherit it."""

    async def inherited() -> float:
        return left()

    with due_within(60.0):
        async with limited(600.0):
            assert 59.0 < await asyncio.create_task(inherited()) <= 60.0
        async with limited(30.0):
            assert 29.0 < left() <= 30.0
        assert 59.0 < left() <= 60.0
    with due_within(-1.0):
        assert left() == 0.0


async def test_a_wait_that_would_end_too_late_is_refused_at_once() -> None:
    """The message names both; one that ends in time is none of it."""
    with due_within(60.5):
        refuse_beyond(59.0, "HTTP 429")
        with pytest.raises(TooLate, match=r"^HTTP 429: a wait of 61 s, and the delivery has 60 s left$") as refused:
            refuse_beyond(61.0, "HTTP 429")
    assert refused.value.retry_after == 61.0


@pytest.mark.parametrize("topic", LIMITS)
def test_a_handler_ends_before_its_message_comes_again(topic: str) -> None:
    """Nine tenths of at most ten minutes, and at least as long as any single request it may make."""
    deadline = TOPICS[topic].ack_deadline if topic in TOPICS else DEAD_LETTER_ACK_DEADLINE
    assert LIMITS[topic] == pytest.approx(0.9 * deadline)
    limits = Limits()
    for seconds in (
        limits.job_timeout,
        limits.retry_timeout,
        limits.attempt_timeout,
        given(FirestoreState, "timeout"),
        given(SecretManagerSecrets, "timeout"),
        given(PubSubBus, "call_timeout"),
        BUSY_SECONDS,
    ):
        assert 2 * seconds <= LIMITS[topic]


def test_the_services_own_limits_lie_within_their_deliveries() -> None:
    """A statement of a processor; of the scraper all attempts of a request that is never answered."""
    assert default(AnalyticsSettings, "job_timeout_s") < LIMITS["analytics-tasks"]
    attempts = int(default(ScraperSettings, "attempts"))
    one = default(ScraperSettings, "attempt_timeout_s") + PARSING
    waits = [
        min(default(ScraperSettings, "retry_max_s"), default(ScraperSettings, "retry_base_s") * 2**n)
        for n in range(attempts - 1)
    ]
    assert attempts * one + sum(waits) < LIMITS["scraper-tasks"]
