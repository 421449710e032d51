"""A subscription's settings: which are understood, their limits, and what they mean to the core."""

from devstack.pubsub_server.refusal import check_fields, invalid, unimplemented
from devstack.pubsub_server.wire import Pb
from shared.embedded.subscription import Policy

DEFAULT_ACK_DEADLINE, MIN_ACK_DEADLINE, MAX_ACK_DEADLINE = 10, 10, 600
DEFAULT_ATTEMPTS, MIN_ATTEMPTS, MAX_ATTEMPTS = 5, 5, 100
MAX_BACKOFF = 600.0
DEFAULT_MIN_BACKOFF, DEFAULT_MAX_BACKOFF = 10.0, 600.0
"""Of a retry policy that leaves them out. Without a policy redelivery is immediate, over push after a short backoff."""
PUSH_MIN_BACKOFF, PUSH_MAX_BACKOFF = 0.1, 60.0

TOPIC_FIELDS = frozenset({"name", "labels"})
SUBSCRIPTION_FIELDS = frozenset(
    {
        "name", "topic", "push_config", "ack_deadline_seconds", "labels", "expiration_policy", "retry_policy",
        "dead_letter_policy", "state",
    }
)  # fmt: skip
PUSH_FIELDS = frozenset({"push_endpoint", "oidc_token", "attributes"})
MUTABLE = frozenset({"push_config", "ack_deadline_seconds", "labels", "retry_policy", "dead_letter_policy"})


def check_subscription(subscription: Pb) -> None:
    """Refuse what this server does not do, and what Pub/Sub would not accept; fill in the defaults."""
    check_fields(subscription, SUBSCRIPTION_FIELDS)
    check_push(subscription.push_config)
    if subscription.ack_deadline_seconds == 0:
        subscription.ack_deadline_seconds = DEFAULT_ACK_DEADLINE
    check_deadline("ack_deadline_seconds", subscription.ack_deadline_seconds)
    if subscription.HasField("dead_letter_policy"):
        dead = subscription.dead_letter_policy
        if dead.max_delivery_attempts == 0:
            dead.max_delivery_attempts = DEFAULT_ATTEMPTS
        if not MIN_ATTEMPTS <= dead.max_delivery_attempts <= MAX_ATTEMPTS:
            raise invalid(
                f"max_delivery_attempts must be {MIN_ATTEMPTS} to {MAX_ATTEMPTS} (got {dead.max_delivery_attempts})"
            )
    low, high = _backoff(subscription)
    if not 0 <= low <= high <= MAX_BACKOFF:
        raise invalid(
            f"retry_policy: 0 <= minimum_backoff <= maximum_backoff <= {MAX_BACKOFF:g} s (got {low:g}, {high:g})"
        )


def check_push(push: Pb) -> None:
    """Only http(s) endpoints, with or without an OIDC token."""
    check_fields(push, PUSH_FIELDS)
    if push.push_endpoint and not push.push_endpoint.startswith(("http://", "https://")):
        raise invalid(f"Invalid push endpoint: (endpoint={push.push_endpoint})")
    if push.HasField("oidc_token") and not push.oidc_token.service_account_email:
        raise invalid("oidc_token needs a service_account_email")
    for name, value in push.attributes.items():
        if (name, value) not in {("x-goog-version", "v1"), ("x-goog-version", "v1beta2")}:
            raise unimplemented(f"PushConfig.attributes[{name}={value}]")


def check_deadline(name: str, seconds: int, *, least: int = MIN_ACK_DEADLINE) -> None:
    """Ack deadlines have limits."""
    if not least <= seconds <= MAX_ACK_DEADLINE:
        raise invalid(f"{name} must be {least} to {MAX_ACK_DEADLINE} (got {seconds})")


def policy(subscription: Pb) -> Policy:
    """What the core is told."""
    low, high = _backoff(subscription)
    dead = subscription.dead_letter_policy if subscription.HasField("dead_letter_policy") else None
    return Policy(
        ack_deadline=float(subscription.ack_deadline_seconds),
        max_delivery_attempts=dead.max_delivery_attempts if dead is not None else DEFAULT_ATTEMPTS,
        min_backoff=low,
        max_backoff=high,
        dead_letter_topic=dead.dead_letter_topic if dead is not None else None,
    )


def _backoff(subscription: Pb) -> tuple[float, float]:
    retry = subscription.retry_policy
    if not subscription.HasField("retry_policy"):
        return (PUSH_MIN_BACKOFF, PUSH_MAX_BACKOFF) if subscription.push_config.push_endpoint else (0.0, 0.0)
    low = retry.minimum_backoff.ToNanoseconds() / 1e9 if retry.HasField("minimum_backoff") else DEFAULT_MIN_BACKOFF
    high = retry.maximum_backoff.ToNanoseconds() / 1e9 if retry.HasField("maximum_backoff") else DEFAULT_MAX_BACKOFF
    return low, high
