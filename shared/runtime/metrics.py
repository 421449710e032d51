"""Every metric, declared once. A name that is not here does not exist: using one is a type error."""

from prometheus_client import CollectorRegistry, Counter, Histogram

REGISTRY = CollectorRegistry()

MESSAGES = Counter(
    "tipoff_messages",
    "Deliveries handled, by verdict: done, skip, nack, dead, cancelled",
    ["topic", "verdict"],
    registry=REGISTRY,
)
HANDLER_SECONDS = Histogram("tipoff_handler_seconds", "Seconds to handle a delivery", ["topic"], registry=REGISTRY)
REQUESTS = Counter(
    "tipoff_upstream_requests", "Requests to upstreams, by outcome", ["source", "outcome"], registry=REGISTRY
)
STEPS = Counter("tipoff_steps", "Steps finished, by status", ["step", "status"], registry=REGISTRY)
PREDICTIONS = Counter("tipoff_predictions", "Predictions published", ["mode"], registry=REGISTRY)
PUBLISHED = Counter("tipoff_published", "Messages that runs have sent", ["topic"], registry=REGISTRY)
