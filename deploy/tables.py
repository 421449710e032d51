"""The tables of docs/deploy.md, from the registries."""

from collections.abc import Iterable, Sequence

from deploy import project, pubsub
from deploy.cloudrun import invokers
from deploy.environment import MEANING, Environment
from deploy.pubsub import subscriptions
from deploy.scheduler import JOBS
from deploy.services import SERVICES
from shared.registries.schedules import PULSE_PATH, RUNS_PATH, SCHEDULES
from shared.registries.topics import TOPICS

_PLACE = Environment(**{name.lower(): name for name in MEANING if name != "OPERATORS"}, operators="user:OPERATORS")
"""Where the page deploys to: every name is its variable."""


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
    rows = [
        (
            s.name,
            f"`{s.cron}`",
            s.mode.value if s.path in (RUNS_PATH, PULSE_PATH) else "every",
            ", ".join(s.targets),
            s.why,
        )
        for s in SCHEDULES.values()
    ]
    rows += [(job.name, f"`{job.cron}`", "", "", job.why) for job in JOBS.values() if job.name not in SCHEDULES]
    return table(("schedule", "cron, Eastern", "mode", "up to", "why"), rows)


def made() -> str:
    """What set-up makes, grants and tables aside."""
    kinds: dict[str, list[str]] = {}
    for group in project.groups(_PLACE):
        if group.kind in ("api", "service account", "repository", "bucket", "database", "secret", "dataset", "budget"):
            names = (resource.name.partition("@")[0].removesuffix(".googleapis.com") for resource in group.wanted)
            kinds.setdefault(group.kind, []).extend(f"`{name}`" for name in names)
    return table(("kind", "made"), ((kind, ", ".join(names)) for kind, names in kinds.items()))


def grants() -> str:
    """Who may do what: role and account with the resources it is granted on."""
    rows: dict[tuple[str, str], list[str]] = {}
    called = (invokers(service, _PLACE) for service in SERVICES.values())
    for group in (*project.groups(_PLACE), *called, *pubsub.groups(_PLACE)):
        if group.kind.startswith("grant on "):
            place = group.kind.removeprefix("grant on ").rstrip(":").partition("@")[0]
            for resource in group.wanted:
                role, _, member = resource.name.partition(" to ")
                account = member.partition(":")[2].partition("@")[0]
                rows.setdefault((account, role), []).append(place)
    return table(
        ("account", "role", "on"),
        ((account, f"`{role}`", ", ".join(rows[account, role])) for account, role in sorted(rows)),
    )


def all_of_them() -> str:
    """Every table."""
    return f"{made()}\n{grants()}\n{services()}\n{topics()}\n{schedules()}"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = (head, ["---"] * len(head), *rows)
    return "".join(f"| {' | '.join(str(cell) for cell in line)} |\n" for line in lines)
