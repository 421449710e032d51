"""Cloud Scheduler jobs, made from and compared with the registry (failure 34: a purge removed one, unnoticed)."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

from deploy.commands import Gcloud
from deploy.environment import Environment
from deploy.resources import Command, Found, Group, Resource, by_name
from deploy.services import SCHEDULED
from shared.errors import Permanent
from shared.registries.schedules import SCHEDULES, TIME_ZONE, Schedule

SCRIPT = "deploy/schedules.sh"
PREFIX = "tipoff-"
EXECUTIONS = Path(__file__).parent / "monitoring" / "queries" / "schedule_executions.txt"
"""The query, in Cloud Logging's language, of every attempt of every schedule."""


def groups(environment: Environment) -> Iterator[Group]:
    """What `schedules.sh` makes. Paused jobs stay paused."""
    yield Group(
        "schedule",
        ("scheduler", "jobs", "list", f"--location={environment.region}"),
        lambda answer: {name: _readable(job) for name, job in by_name(answer).items()},
        tuple(_declared(schedule, environment) for schedule in SCHEDULES.values()),
        SCRIPT,
        needs=("api cloudscheduler.googleapis.com",),
        ours=lambda name: name.startswith(PREFIX),
    )


def switch(gcloud: Gcloud, environment: Environment, verb: str, name: str) -> None:
    """Pause a schedule until it is resumed, or resume it."""
    gcloud.change("scheduler", "jobs", verb, PREFIX + known(name).name, f"--location={environment.region}")


def executions(gcloud: Gcloud, name: str | None) -> str:
    """A table of the last week's executions, of one schedule or of all."""
    query = " ".join(EXECUTIONS.read_text("utf-8").split())
    if name is not None:
        query += f' AND resource.labels.job_id="{PREFIX}{known(name).name}"'
    columns = "timestamp,resource.labels.job_id,httpRequest.status,severity,jsonPayload.status"
    return gcloud.text("logging", "read", query, "--freshness=7d", "--limit=500", f"--format=table({columns})")


def _declared(schedule: Schedule, environment: Environment) -> Resource:
    job, uri = PREFIX + schedule.name, environment.url(SCHEDULED) + schedule.path
    account, audience = environment.account("schedule"), environment.audience(SCHEDULED, "schedule")

    def commands(found: Found | None) -> tuple[Command, ...]:
        verb, headers = ("create", "headers") if found is None else ("update", "update-headers")
        flags = (
            f"--location={environment.region}",
            f"--description={schedule.why}",
            f"--schedule={schedule.cron}",
            f"--time-zone={TIME_ZONE}",
            f"--uri={uri}",
            "--http-method=POST",
            f"--message-body={schedule.body}",
            f"--oidc-service-account-email={account}",
            f"--oidc-token-audience={audience}",
            "--attempt-deadline=60s",
            "--max-retry-attempts=5",
            "--min-backoff=10s",
            "--max-backoff=300s",
            f"--{headers}=Content-Type=application/json",
        )
        return (("scheduler", "jobs", verb, "http", job, *flags),)

    wanted = {
        "description": schedule.why,
        "schedule": schedule.cron,
        "timeZone": TIME_ZONE,
        "attemptDeadline": "60s",
        "httpTarget": {
            "uri": uri,
            "httpMethod": "POST",
            "headers": {"Content-Type": "application/json"},
            "body": json.loads(schedule.body),
            "oidcToken": {"serviceAccountEmail": account, "audience": audience},
        },
        "retryConfig": {"retryCount": 5, "minBackoffDuration": "10s", "maxBackoffDuration": "300s"},
    }
    remedy = f"{SCRIPT} resume {schedule.name}"
    return Resource(job, commands, wanted, watched={"state": "ENABLED"}, remedy=remedy)


def known(name: str) -> Schedule:
    """A schedule by name, or Permanent."""
    if name not in SCHEDULES:
        raise Permanent(f"unknown schedule {name!r}", remedy=f"one of {', '.join(SCHEDULES)}")
    return SCHEDULES[name]


def _readable(job: Found) -> Found:
    """The job with its base64 body decoded, as far as it is JSON."""
    target = job.get("httpTarget", {})
    try:
        body = json.loads(base64.b64decode(target.get("body", "")))
    except ValueError:
        body = None
    return {**job, "httpTarget": {**target, "body": body}}
