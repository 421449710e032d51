"""Cloud Scheduler jobs, made from and compared with the registry (failure 34: a purge removed one, unnoticed)."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from deploy.commands import Gcloud
from deploy.environment import Environment
from deploy.resources import Command, Found, Group, Resource, by_name
from deploy.services import SCHEDULED, SERVICES
from shared.errors import Permanent
from shared.registries.schedules import PULSE_PATH, SCHEDULES, TIME_ZONE, WARM, Schedule

SCRIPT = "deploy/schedules.sh"
PREFIX = "tipoff-"
EXECUTIONS = Path(__file__).parent / "monitoring" / "queries" / "schedule_executions.txt"
"""The query, in Cloud Logging's language, of every attempt of every schedule."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked, of which service and when."""

    name: str
    cron: str
    why: str
    service: str
    path: str
    body: str = ""
    """JSON that is posted; nothing is asked for by GET."""
    deadline: int = 60
    """Seconds for an answer."""
    retries: int = 5


class Patience(TypedDict, total=False):
    """Fields of a job."""

    deadline: int
    retries: int


def _patience(schedule: Schedule) -> Patience:
    """The pulse fires again within the minute: an attempt is over by then, and the next firing is its retry."""
    return Patience(deadline=50, retries=0) if schedule.path == PULSE_PATH else Patience()


JOBS = {
    job.name: job
    for job in (
        *(Job(s.name, s.cron, s.why, SCHEDULED, s.path, s.body, **_patience(s)) for s in SCHEDULES.values()),
        *(Job(f"warm-{name}", WARM, f"wakes the {name} before the fallbacks", name, "/readyz/") for name in SERVICES),
    )
}


def groups(environment: Environment) -> Iterator[Group]:
    """What `schedules.sh` makes. Paused jobs stay paused."""
    yield Group(
        "schedule",
        ("scheduler", "jobs", "list", f"--location={environment.region}"),
        lambda answer: {name: _readable(job) for name, job in by_name(answer).items()},
        tuple(_declared(job, environment) for job in JOBS.values()),
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


def _declared(job: Job, environment: Environment) -> Resource:
    name, uri = PREFIX + job.name, environment.url(job.service) + job.path
    account, audience = environment.account("schedule"), environment.audience(job.service, "schedule")
    method = "POST" if job.body else "GET"

    def commands(found: Found | None) -> tuple[Command, ...]:
        verb, headers = ("create", "headers") if found is None else ("update", "update-headers")
        flags = [
            f"--location={environment.region}",
            f"--description={job.why}",
            f"--schedule={job.cron}",
            f"--time-zone={TIME_ZONE}",
            f"--uri={uri}",
            f"--http-method={method}",
            f"--oidc-service-account-email={account}",
            f"--oidc-token-audience={audience}",
            f"--attempt-deadline={job.deadline}s",
            f"--max-retry-attempts={job.retries}",
            "--min-backoff=10s",
            "--max-backoff=300s",
        ]
        if job.body:
            flags += [f"--message-body={job.body}", f"--{headers}=Content-Type=application/json"]
        return (("scheduler", "jobs", verb, "http", name, *flags),)

    posted = {"headers": {"Content-Type": "application/json"}, "body": json.loads(job.body)} if job.body else {}
    wanted = {
        "description": job.why,
        "schedule": job.cron,
        "timeZone": TIME_ZONE,
        "attemptDeadline": f"{job.deadline}s",
        "httpTarget": {
            "uri": uri,
            "httpMethod": method,
            "oidcToken": {"serviceAccountEmail": account, "audience": audience},
            **posted,
        },
        "retryConfig": {"retryCount": job.retries, "minBackoffDuration": "10s", "maxBackoffDuration": "300s"},
    }
    remedy = f"{SCRIPT} resume {job.name}"
    return Resource(name, commands, wanted, watched={"state": "ENABLED"}, remedy=remedy)


def known(name: str) -> Job:
    """A job by name, or Permanent."""
    if name not in JOBS:
        raise Permanent(f"unknown schedule {name!r}", remedy=f"one of {', '.join(JOBS)}")
    return JOBS[name]


def _readable(job: Found) -> Found:
    """The job with its base64 body decoded, as far as it is JSON."""
    target = job.get("httpTarget", {})
    try:
        body = json.loads(base64.b64decode(target.get("body", "")))
    except ValueError:
        body = None
    return {**job, "httpTarget": {**target, "body": body}}
