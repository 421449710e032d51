"""Cloud Scheduler jobs, made from and compared with the registry (failure 34: a purge removed one, unnoticed)."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from deploy.commands import Gcloud, same
from deploy.environment import Environment
from shared.errors import Permanent
from shared.registries.schedules import SCHEDULES, TIME_ZONE, Schedule

PREFIX = "tipoff-"
EXECUTIONS = Path(__file__).parent / "monitoring" / "queries" / "schedule_executions.txt"
"""The query, in Cloud Logging's language, of every attempt of every schedule."""


@dataclass(frozen=True, slots=True)
class Scheduler:
    """The jobs of one project and region."""

    gcloud: Gcloud
    environment: Environment

    def apply(self) -> None:
        """Create what is missing, update what differs; paused jobs stay paused and nothing is ever deleted."""
        deployed = self._deployed()
        for schedule in SCHEDULES.values():
            job = PREFIX + schedule.name
            if job not in deployed:
                self._change("create", "http", job, *self._flags(schedule), "--headers=Content-Type=application/json")
            elif not same(self._wanted(schedule), _readable(deployed[job])):
                flags = (*self._flags(schedule), "--update-headers=Content-Type=application/json")
                self._change("update", "http", job, *flags)

    def differences(self) -> Iterator[str]:
        """What is deployed otherwise than the registry says, one line each."""
        deployed = self._deployed()
        for schedule in SCHEDULES.values():
            job = deployed.pop(PREFIX + schedule.name, None)
            if job is None:
                yield f"missing: {schedule.name} ({schedule.why}); deploy/schedules.sh creates it"
                continue
            if not same(self._wanted(schedule), _readable(job)):
                yield f"different: {schedule.name} is {_short(job)}; deploy/schedules.sh mends it"
            if job.get("state") != "ENABLED":
                yield f"{str(job.get('state')).lower()}: {schedule.name}; deploy/schedules.sh resume {schedule.name}"
        for extra in sorted(deployed):
            yield f"extra: {extra} is not in shared/registries/schedules.py; add it there or delete the job"

    def switch(self, action: Literal["pause", "resume"], name: str) -> None:
        """Stop a schedule from firing, or let it fire again."""
        self._change(action, PREFIX + known(name).name)

    def executions(self, name: str | None) -> str:
        """A table of the last week's executions, of one schedule or of all."""
        query = " ".join(EXECUTIONS.read_text("utf-8").split())
        if name is not None:
            query += f' AND resource.labels.job_id="{PREFIX}{known(name).name}"'
        columns = "timestamp,resource.labels.job_id,httpRequest.status,severity,jsonPayload.status"
        return self.gcloud.text("logging", "read", query, "--freshness=7d", "--limit=500", f"--format=table({columns})")

    def _change(self, *arguments: str) -> None:
        self.gcloud.change("scheduler", "jobs", *arguments, f"--location={self.environment.region}")

    def _deployed(self) -> dict[str, dict[str, Any]]:
        jobs = self.gcloud.ask("scheduler", "jobs", "list", f"--location={self.environment.region}")
        named = {str(job["name"]).rpartition("/")[2]: job for job in jobs}
        return {name: job for name, job in named.items() if name.startswith(PREFIX)}

    def _flags(self, schedule: Schedule) -> list[str]:
        base = self.environment.url("coordinator")
        return [
            f"--description={schedule.why}",
            f"--schedule={schedule.cron}",
            f"--time-zone={TIME_ZONE}",
            f"--uri={base}{schedule.path}",
            "--http-method=POST",
            f"--message-body={schedule.body}",
            f"--oidc-service-account-email={self.environment.invoker}",
            f"--oidc-token-audience={base}",
            "--attempt-deadline=60s",
            "--max-retry-attempts=5",
            "--min-backoff=10s",
            "--max-backoff=300s",
        ]

    def _wanted(self, schedule: Schedule) -> dict[str, Any]:
        """How Cloud Scheduler describes the job once it is as the flags say, with the body decoded."""
        base = self.environment.url("coordinator")
        return {
            "description": schedule.why,
            "schedule": schedule.cron,
            "timeZone": TIME_ZONE,
            "attemptDeadline": "60s",
            "httpTarget": {
                "uri": f"{base}{schedule.path}",
                "httpMethod": "POST",
                "headers": {"Content-Type": "application/json"},
                "body": json.loads(schedule.body),
                "oidcToken": {"serviceAccountEmail": self.environment.invoker, "audience": base},
            },
            "retryConfig": {"retryCount": 5, "minBackoffDuration": "10s", "maxBackoffDuration": "300s"},
        }


def known(name: str) -> Schedule:
    """A schedule by name, or Permanent."""
    if name not in SCHEDULES:
        raise Permanent(f"unknown schedule {name!r}", remedy=f"one of {', '.join(SCHEDULES)}")
    return SCHEDULES[name]


def _readable(job: dict[str, Any]) -> dict[str, Any]:
    """The job with its base64 body decoded, as far as it is JSON."""
    target = job.get("httpTarget", {})
    try:
        body = json.loads(base64.b64decode(target.get("body", "")))
    except ValueError:
        body = None
    return {**job, "httpTarget": {**target, "body": body}}


def _short(job: dict[str, Any]) -> str:
    return f"{job.get('schedule')} {job.get('timeZone')} -> {job.get('httpTarget', {}).get('uri')}"
