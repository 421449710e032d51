"""The one boundary: every failure becomes one of three kinds, and the bus is told."""

import asyncio
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from pydantic import TypeAdapter, ValidationError

from shared import metrics
from shared.boundary import classify, guarded
from shared.contract import Message, StepReported
from shared.errors import AlreadyExists, Conflict, Permanent, Skip, Transient
from shared.ports import BusHandler, Delivery, Nack
from shared.topics import Topic
from tests.contract.fakes import SimulatedClock
from tests.simulation.fakes import RecordingBus

TOPIC = Topic("boundary-test", "tester")
REPORT = StepReported(run_id="r", step="s", attempt=1, outcome="done")


class Log:
    """Records events."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, dict[str, Any]]] = []

    def __getattr__(self, level: str) -> Any:  # noqa: ANN401 - a method of any level
        return lambda event, **fields: self.events.append((level, event, fields))


@pytest.fixture
def bus() -> RecordingBus:
    return RecordingBus()


@pytest.fixture
def log() -> Log:
    return Log()


def boundary(bus: RecordingBus, log: Log, error: BaseException | None = None) -> BusHandler:
    """A guarded handler that fails in one way."""

    async def handler(message: Message) -> None:
        assert message == REPORT
        if error is not None:
            raise error

    return guarded(handler, topic=TOPIC, bus=bus, clock=SimulatedClock(), log=log)


def delivery(data: bytes = REPORT.encode()) -> Delivery:
    """A delivery of the report."""
    return Delivery("1", data, {"key": "k", "kind": "step_reported"}, 3)


def counted(verdict: str) -> float:
    """How many deliveries ended so."""
    registry: CollectorRegistry = metrics.REGISTRY
    value = registry.get_sample_value("tipoff_messages_total", {"topic": TOPIC.name, "verdict": verdict})
    return 0.0 if value is None else value


def validation_error() -> ValidationError:
    """What pydantic raises."""
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(int).validate_python("x")
    return caught.value


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Transient("t"), Transient),
        (Conflict("c"), Transient),
        (TimeoutError(), Transient),
        (ConnectionResetError("reset"), Transient),
        (ConnectionRefusedError("refused"), Transient),
        (BrokenPipeError(), Transient),
        (Permanent("p"), Permanent),
        (AlreadyExists("a"), Permanent),
        (ValueError("bad request"), Permanent),
        (KeyError("column"), Permanent),
        (PermissionError("403"), Permanent),
        (FileNotFoundError("model"), Permanent),
        (ZeroDivisionError(), Permanent),
        (AssertionError(), Permanent),
        (validation_error(), Permanent),
        (Skip("s"), Skip),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value.__name__,
)
def test_f28_every_exception_has_its_kind(error: Exception, kind: type[Exception]) -> None:
    """What may pass is transient, what is wrong stays wrong; a kind is kept as it is."""
    found = classify(error)
    assert isinstance(found, kind)
    if isinstance(error, Transient | Permanent | Skip):
        assert found is error
    else:
        assert type(error).__name__ in str(found)


async def test_success_is_acknowledged(bus: RecordingBus, log: Log) -> None:
    """Nothing else happens."""
    before = counted("done")
    await boundary(bus, log)(delivery())
    assert (bus.published, log.events, counted("done")) == ([], [], before + 1)


async def test_a_skip_is_acknowledged_with_its_reason(bus: RecordingBus, log: Log) -> None:
    """Nothing to do, and that is right."""
    before = counted("skip")
    await boundary(bus, log, Skip("not yet final"))(delivery())
    [(level, event, fields)] = log.events
    assert (level, event, fields["reason"], fields["attempt"]) == ("info", "message_skipped", "not yet final", 3)
    assert (bus.published, counted("skip")) == ([], before + 1)


async def test_what_may_pass_is_nacked(bus: RecordingBus, log: Log) -> None:
    """The bus brings it again."""
    before = counted("nack")
    with pytest.raises(Nack, match="upstream is away"):
        await boundary(bus, log, Transient("upstream is away"))(delivery())
    assert (bus.published, log.events[0][1], counted("nack")) == ([], "message_nacked", before + 1)


async def test_f26_what_is_permanent_goes_to_the_dead_letter_once(bus: RecordingBus, log: Log) -> None:
    """Acknowledged, and published with data, attributes and reason; never answered as if it might pass."""
    before = counted("dead")
    await boundary(bus, log, Permanent("403: the key is wrong", remedy="renew it"))(delivery())
    [(topic, data, attributes)] = bus.published
    assert (topic, data) == ("boundary-test-dead", REPORT.encode())
    assert attributes == {"key": "k", "kind": "step_reported", "reason": "403: the key is wrong: renew it"}
    assert log.events[0][2]["exc_info"] is False
    assert counted("dead") == before + 1


async def test_f13_a_bug_goes_to_the_dead_letter_with_its_traceback(bus: RecordingBus, log: Log) -> None:
    """Nothing is swallowed: it is named, logged whole, and not tried for ever."""
    await boundary(bus, log, KeyError("points"))(delivery())
    assert bus.published[0][2]["reason"] == "unexpected KeyError: 'points'"
    [(level, event, fields)] = log.events
    assert (level, event, fields["exc_info"]) == ("error", "message_dead", True)


@pytest.mark.parametrize("data", [b"garbage", b'{"kind": [], "version": 1, "body": {}}'])
async def test_what_cannot_be_read_goes_to_the_dead_letter(bus: RecordingBus, log: Log, data: bytes) -> None:
    """The handler never sees it."""
    await boundary(bus, log)(delivery(data))
    assert bus.published[0][:2] == ("boundary-test-dead", data)


@pytest.mark.parametrize("refusal", [Transient("the bus is away"), Permanent("more than 10 MB")])
async def test_a_dead_letter_that_cannot_be_sent_is_tried_again(
    bus: RecordingBus, log: Log, refusal: Exception
) -> None:
    """The bus is away, or refuses: nack, so that the poison is neither lost nor the end of the consumer."""

    async def refuse(_: str) -> None:
        raise refusal

    bus.before = refuse
    with pytest.raises(Nack, match=str(refusal)):
        await boundary(bus, log, Permanent("p"))(delivery())


async def test_a_reason_fits_an_attribute(bus: RecordingBus, log: Log) -> None:
    """Pub/Sub's attribute values have at most 1,024 bytes: a longer reason is cut, not refused."""
    await boundary(bus, log, Permanent("é" * 3_000))(delivery())
    assert 100 < len(bus.published[0][2]["reason"].encode()) <= 1024


async def test_a_cancelled_delivery_is_not_done(bus: RecordingBus, log: Log) -> None:
    """A service that stops gives the message back; the count says so."""
    before = counted("done")
    with pytest.raises(asyncio.CancelledError):
        await boundary(bus, log, asyncio.CancelledError())(delivery())
    assert counted("done") == before
