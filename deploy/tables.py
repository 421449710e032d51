"""The tables of docs/deploy.md, from the registries."""

from collections.abc import Iterable, Sequence

from deploy.pubsub import subscriptions
from deploy.services import SERVICES
from shared.registries.schedules import SCHEDULES
from shared.registries.topics import TOPICS


def services() -> str:
    """What each service asks of Cloud Run."""
    rows = (
        (s.name, f"0-{s.max_instances}", s.concurrency, f"{s.timeout} s", s.cpu, s.memory, "yes" if s.archive else "no")
        for s in SERVICES.values()
    )
    return table(("service", "instances", "concurrency", "timeout", "CPU", "memory", "archive mounted"), rows)


def topics() -> str:
    """Every subscription."""
    rows = (
        (s.name, s.consumer, f"{s.ack_deadline} s", f"{s.backoff[0]}-{s.backoff[1]} s", s.max_attempts or "no limit")
        for topic in TOPICS.values()
        for s in subscriptions(topic)
    )
    return table(("topic and subscription", "pushed to", "ack deadline", "backoff", "attempts"), rows)


def schedules() -> str:
    """Every schedule."""
    rows = ((s.name, f"`{s.cron}`", s.mode.value, ", ".join(s.targets), s.why) for s in SCHEDULES.values())
    return table(("schedule", "cron, Eastern", "mode", "up to", "why"), rows)


def all_of_them() -> str:
    """The three tables."""
    return f"{services()}\n{topics()}\n{schedules()}"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = (head, ["---"] * len(head), *rows)
    return "".join(f"| {' | '.join(str(cell) for cell in line)} |\n" for line in lines)
