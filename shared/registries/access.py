"""Which datasets and topics each service touches, from the steps it owns and the topics it consumes."""

from shared.registries.pipeline import STEPS, Step, plan
from shared.registries.topics import TOPICS

LEDGERS = "ops"
"""The dataset of the ledgers, whose tables belong to no step."""


def written(service: str) -> frozenset[str]:
    """Datasets of its steps' tables. Every service writes the ledgers, too: what its statements cost."""
    return frozenset({LEDGERS, *(_dataset(step) for step in _own(service) if step.table)})


def read(service: str) -> frozenset[str]:
    """Datasets of its steps' tables and of those that they stand on."""
    return frozenset(_dataset(step) for step in plan(step.name for step in _own(service)) if step.table)


def published(service: str) -> tuple[str, ...]:
    """Topics that it publishes to, dead letters of what it consumes included."""
    own = [topic.name for topic in TOPICS.values() if service in topic.publishers]
    return (*own, *(topic.dead_letter for topic in TOPICS.values() if service == topic.consumer))


def _own(service: str) -> list[Step]:
    return [step for step in STEPS.values() if step.service == service]


def _dataset(step: Step) -> str:
    return step.table.partition(".")[0]
