"""A broker with one subscription and a dead letter."""

from typing import Any

from shared.embedded.broker_core import BrokerCore, Leased
from shared.embedded.subscription import Policy

MARKS = ("CloudPubSubDeadLetterSourceSubscription", "CloudPubSubDeadLetterSourceDeliveryCount", "reason")


def broker(
    *,
    dead_letter: str | None = "dead",
    name: str = "work",
    rung: list[str] | None = None,
    **changes: Any,  # noqa: ANN401 - settings
) -> BrokerCore:
    """A subscription with a lease of 10 s, four deliveries and backoffs of 1 to 4 s, and a dead letter."""
    core = BrokerCore() if rung is None else BrokerCore(rung.append)
    for topic in ("work", "dead"):
        core.create_topic(topic)
    settings: dict[str, Any] = {
        "ack_deadline": 10.0, "max_delivery_attempts": 4, "min_backoff": 1.0, "max_backoff": 4.0
    }  # fmt: skip
    core.create_subscription("dead", "dead", Policy(**settings))
    core.create_subscription(name, "work", Policy(dead_letter_topic=dead_letter, **(settings | changes)))
    return core


def take(core: BrokerCore, now: float, name: str = "work", **options: Any) -> Leased:  # noqa: ANN401 - options of pull
    """The one message that is ready."""
    [leased] = core.pull(name, 100, now, **options)
    return leased


def datas(leased: list[Leased]) -> list[bytes]:
    """What was delivered, in order."""
    return [bytes(each.message.data) for each in leased]
