"""The one boundary: between the bus and a service's handlers, and the only place that catches everything.

Each failure is mapped to one of the three kinds. `Skip` is acknowledged with its reason. `Permanent` goes to the dead
letter once, with its reason. `Transient` is nacked and redelivered with backoff; at the topic's last attempt it goes to
the dead letter too, with its reason, where the bus itself would not know one. An exception that is none of the three
is a bug: `Permanent`, with its traceback in the log. A handler that is not done by its topic's time limit is ended:
`Transient`.
"""

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from typing import Any

from structlog.contextvars import bound_contextvars

from shared.contract import Message, decode
from shared.errors import Permanent, Skip, TipoffError, Transient
from shared.ports import Bus, BusHandler, Clock, Delivery, Nack
from shared.registries.topics import Topic
from shared.runtime import metrics
from shared.runtime.deadline import limited
from shared.runtime.redaction import redacted

_ATTRIBUTE_BYTES = 1024
"""Pub/Sub's limit of an attribute's value."""

MessageHandler = Callable[[Message], Awaitable[None]]


def classify(error: Exception) -> Transient | Permanent | Skip:
    """The kind of failure an exception is; of several at once, one that trying again cannot mend comes first."""
    if isinstance(error, Transient | Permanent | Skip):
        return error
    if isinstance(error, ExceptionGroup):
        kinds = [classify(inner) for inner in error.exceptions]
        return next((kind for kind in kinds if isinstance(kind, Permanent)), kinds[0])
    if isinstance(error, TimeoutError | ConnectionError):
        return Transient(f"{type(error).__name__}: {error}")
    first_line = str(error).partition("\n")[0]
    return Permanent(f"unexpected {type(error).__name__}: {first_line}")


async def failure_of(work: Awaitable[object]) -> Transient | Permanent | Skip | None:
    """How some work fails, as the boundary sees it; None if it does not. For who must decide what then happens."""
    try:
        await work
    except Exception as error:  # noqa: BLE001 - this is the boundary
        return classify(error)
    return None


def guarded(handler: MessageHandler, *, topic: Topic, bus: Bus, clock: Clock, log: Any) -> BusHandler:  # noqa: ANN401 - structlog
    """Turn a handler of messages into a handler of deliveries: decode, handle, map failures, count."""

    async def on_delivery(delivery: Delivery) -> None:
        key = delivery.attributes.get("key", "")
        with bound_contextvars(key=key, run_id=key.partition("/")[0]) if key else nullcontext():
            await on_message(delivery)

    async def on_message(delivery: Delivery) -> None:
        started = clock.monotonic()
        verdict = "cancelled"
        try:
            async with limited(topic.time_limit):
                await handler(decode(delivery.data))
            verdict = "done"
        except Exception as error:
            failure = classify(error)
            fields = {"topic": topic.name, "key": delivery.attributes.get("key", ""), "attempt": delivery.attempt}
            if isinstance(failure, Skip):
                verdict = "skip"
                log.info("message_skipped", reason=str(failure), **fields)
            elif isinstance(failure, Transient) and delivery.attempt < topic.max_delivery_attempts:
                verdict = "nack"
                log.warning("message_nacked", reason=str(failure), **fields)
                raise Nack(str(failure)) from error
            else:
                verdict = "dead"
                unknown = not isinstance(error, TipoffError | ExceptionGroup)
                log.error("message_dead", reason=str(failure), exc_info=unknown, **fields)  # noqa: TRY400 - a known failure needs no traceback
                await _bury(bus, topic, delivery, str(failure))
        finally:
            metrics.MESSAGES.labels(topic.name, verdict).inc()
            metrics.HANDLER_SECONDS.labels(topic.name).observe(clock.monotonic() - started)

    return on_delivery


async def _bury(bus: Bus, topic: Topic, delivery: Delivery, reason: str) -> None:
    """Send to the dead letter; if that cannot be done now, the message itself has to come again."""
    short = redacted(reason).encode()[:_ATTRIBUTE_BYTES].decode(errors="ignore")
    try:
        await bus.publish(topic.dead_letter, delivery.data, {**delivery.attributes, "reason": short})
    except TipoffError as error:
        raise Nack(str(error)) from error
