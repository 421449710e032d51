"""The one boundary: every failure becomes one of three kinds, and the bus is told."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from pydantic import TypeAdapter, ValidationError

from shared.contract import Message, StepReported
from shared.errors import AlreadyExists, Conflict, Permanent, Skip, Transient
from shared.ports import BusHandler, Delivery, Nack
from shared.registries.topics import Topic
from shared.runtime import metrics
from shared.runtime.boundary import classify, failure_of, guarded
from shared.runtime.deadline import left
from tests.clock import FakeClock
from tests.simulation.fakes import RecordingBus

TOPIC = Topic("boundary-test", "tester", max_delivery_attempts=5)
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

    return guarded(handler, topic=TOPIC, bus=bus, clock=FakeClock(), log=log)


def delivery(data: bytes = REPORT.encode(), attempt: int = 3) -> Delivery:
    """A delivery of the report."""
    return Delivery("1", data, {"key": "k", "kind": "step_reported"}, attempt)


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


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (TimeoutError("30 s"), Transient, "TimeoutError: 30 s"),
        (ConnectionResetError("reset"), Transient, "ConnectionResetError: reset"),
        (ValueError("first\nsecond"), Permanent, "unexpected ValueError: first"),
        (ExceptionGroup("g", [Transient("a"), Permanent("b"), Permanent("c")]), Permanent, "b"),
        (ExceptionGroup("g", [Transient("a"), Transient("b")]), Transient, "a"),
        (ExceptionGroup("g", [Skip("a"), Transient("b")]), Skip, "a"),
        (ExceptionGroup("g", [TimeoutError("a"), KeyError("b")]), Permanent, "unexpected KeyError: 'b'"),
        (ExceptionGroup("g", [Transient("a"), ExceptionGroup("h", [Permanent("b")])]), Permanent, "b"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_words_of_a_failure_name_it_in_one_line(error: Exception, kind: type[Exception], words: str) -> None:
    """Of several at once the first that trying again cannot mend, else the first."""
    found = classify(error)
    assert (type(found), str(found)) == (kind, words)


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


@pytest.mark.parametrize(("attempt", "dead"), [(0, False), (1, False), (4, False), (5, True), (6, True)])
async def test_what_may_pass_goes_to_the_dead_letter_at_the_topics_last_attempt(
    bus: RecordingBus, log: Log, attempt: int, *, dead: bool
) -> None:
    """Of five; with its reason, which the bus itself would not know. 0 is a bus that does not count."""
    handler = boundary(bus, log, Transient("upstream is away"))
    fields: dict[str, Any] = {"reason": "upstream is away", "topic": "boundary-test", "key": "k", "attempt": attempt}
    before = counted("dead"), counted("nack")
    if dead:
        await handler(delivery(attempt=attempt))
        marks = {"key": "k", "kind": "step_reported", "reason": "upstream is away"}
        assert bus.published == [("boundary-test-dead", REPORT.encode(), marks)]
        assert log.events == [("error", "message_dead", {"exc_info": False, **fields})]
    else:
        with pytest.raises(Nack, match=r"^upstream is away$"):
            await handler(delivery(attempt=attempt))
        assert log.events == [("warning", "message_nacked", fields)]
    assert (counted("dead"), counted("nack")) == (before[0] + dead, before[1] + (not dead))
    assert len(bus.published) == dead


@pytest.mark.parametrize("attempt", [1, 5])
async def test_a_skip_is_acknowledged_at_any_attempt(bus: RecordingBus, log: Log, attempt: int) -> None:
    """It never goes to the dead letter."""
    await boundary(bus, log, Skip("nothing to do"))(Delivery("1", REPORT.encode(), {}, attempt))
    fields = {"reason": "nothing to do", "topic": "boundary-test", "key": "", "attempt": attempt}
    assert (bus.published, log.events) == ([], [("info", "message_skipped", fields)])


async def test_several_failures_at_once_need_no_traceback(bus: RecordingBus, log: Log) -> None:
    """A step's tasks failed together: the worst is the reason."""
    await boundary(bus, log, ExceptionGroup("two", [Transient("a"), Permanent("b")]))(delivery())
    assert (bus.published[0][2]["reason"], log.events[0][2]["exc_info"]) == ("b", False)


async def test_a_handlers_time_is_observed(bus: RecordingBus, log: Log) -> None:
    """By the clock, whatever the verdict."""
    clock = FakeClock()

    async def slow(_: Message) -> None:
        await clock.sleep(2.5)
        raise Skip("late")

    def observed(what: str) -> float:
        value = metrics.REGISTRY.get_sample_value(f"tipoff_handler_seconds_{what}", {"topic": TOPIC.name})
        return 0.0 if value is None else value

    before = observed("sum"), observed("count")
    await clock.sleep(100)
    await guarded(slow, topic=TOPIC, bus=bus, clock=clock, log=log)(delivery())
    assert (observed("sum"), observed("count")) == (before[0] + 2.5, before[1] + 1)


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


@pytest.mark.parametrize(
    ("reason", "kept"),
    [
        ("x" * 1024, "x" * 1024),
        ("x" * 1025, "x" * 1024),
        ("é" * 600, "é" * 512),
        ("x" + "é" * 600, "x" + "é" * 511),  # 1 + 2 x 511 bytes: half a letter is none
    ],
    ids=["fits", "one too many", "two bytes each", "half a letter"],
)
async def test_a_reason_is_cut_to_an_attributes_1024_bytes(bus: RecordingBus, log: Log, reason: str, kept: str) -> None:
    """Pub/Sub's limit of a value: a longer reason is cut, not refused."""
    await boundary(bus, log, Permanent(reason))(delivery())
    assert bus.published[0][2]["reason"] == kept


async def test_a_reason_holds_no_credential(bus: RecordingBus, log: Log) -> None:
    """A dead letter is kept, and read by others than its log."""
    await boundary(bus, log, Permanent("GET https://a.example/?apiKey=c4n4ry: HTTP 403"))(delivery())
    assert bus.published[0][2]["reason"] == "GET https://a.example/?apiKey=*** HTTP 403"


async def test_a_newer_reason_takes_the_place_of_an_older(bus: RecordingBus, log: Log) -> None:
    """A dead letter that was replayed and died again."""
    replayed = Delivery("1", REPORT.encode(), {"reason": "before", "key": "k"}, 1)
    await boundary(bus, log, Permanent("now"))(replayed)
    assert bus.published[0][2] == {"reason": "now", "key": "k"}


async def test_a_cancelled_delivery_is_not_done(bus: RecordingBus, log: Log) -> None:
    """A service that stops gives the message back; the count says so."""
    before = counted("done"), counted("cancelled")
    with pytest.raises(asyncio.CancelledError):
        await boundary(bus, log, asyncio.CancelledError())(delivery())
    assert (counted("done"), counted("cancelled"), bus.published) == (before[0], before[1] + 1, [])


async def test_a_handler_that_is_not_done_in_time_is_ended_and_nacked(bus: RecordingBus, log: Log) -> None:
    """Before the bus delivers the message again; what it asks of others in the meantime knows how long it has."""
    rest: list[float] = []

    async def hang(_: Message) -> None:
        rest.append(left())
        await asyncio.Event().wait()

    topic = replace(TOPIC, ack_deadline=0.05)
    with pytest.raises(Nack, match=r"^not done within 0\.045 s, nine tenths of the acknowledgement deadline$"):
        await guarded(hang, topic=topic, bus=bus, clock=FakeClock(), log=log)(delivery())
    assert rest[0] <= 0.045
    assert (bus.published, log.events[0][1]) == ([], "message_nacked")


@pytest.mark.parametrize(
    ("error", "kind"), [(None, None), (Skip("s"), Skip), (Transient("t"), Transient), (KeyError("bug"), Permanent)]
)
async def test_how_some_work_fails_can_be_asked(error: Exception | None, kind: type[Exception] | None) -> None:
    """As the boundary sees it, a bug included; None if it does not fail."""

    async def work() -> None:
        if error is not None:
            raise error

    failure = await failure_of(work())
    assert failure is None if kind is None else isinstance(failure, kind)
