"""What each service asks of Cloud Run, once."""

from dataclasses import dataclass

from deploy.environment import CALLERS, Environment
from shared.registries.keys import CERTS_URL
from shared.registries.topics import TOPICS

BASE = "docker.io/library/python:3.11-slim-bookworm"
"""What every image stands on; Cloud Build finds out which digest that is today, and builds from the digest."""
PORT = 8080
SCHEDULED = "coordinator"
"""The service that schedules ask for work; the others they only wake."""
ARCHIVE = "/archive"
USER = 10001
"""Numeric user and group of the images; the archive is mounted as theirs."""


def door(service: str, environment: Environment) -> str:
    """Where a stranger is turned away by IAM or not at all: the service itself answers there everybody."""
    return f"{environment.url(service)}/healthz/"


def doors(environment: Environment) -> str:
    """All of them, for the watch."""
    return " ".join(door(name, environment) for name in SERVICES)


@dataclass(frozen=True, slots=True)
class Service:
    """One deployable."""

    name: str
    max_instances: int
    concurrency: int
    """Requests an instance takes at once: more than it works on, so that a push waits instead of being refused."""
    memory: str = "512Mi"
    cpu: int = 1
    archive: bool = False
    """Whether the archive's bucket is mounted."""
    packages: str = ""
    """Debian packages that its libraries need, separated by spaces."""

    @property
    def timeout(self) -> int:
        """Seconds a request may take: as long as Pub/Sub waits for the acknowledgement of a push."""
        return round(max(topic.ack_deadline for topic in TOPICS.values() if topic.consumer == self.name))

    def audiences(self, environment: Environment) -> list[str]:
        """What tokens for it may be made for."""
        return [environment.audience(self.name, caller) for caller in CALLERS]

    def variables(self, environment: Environment) -> dict[str, str]:
        """Environment variables. TIPOFF_REVISION is not among them: it is part of the image, so it cannot lie."""
        return {
            "TIPOFF_PROFILE": "gcp",
            "TIPOFF_PROJECT": environment.project,
            "TIPOFF_DELIVERY": "push",
            "TIPOFF_REGION": environment.region,
            "TIPOFF_DOOR": door(self.name, environment),
            "TIPOFF_PEOPLE_AUDIENCE": environment.audience(self.name, "operator"),
            "TIPOFF_TOKEN_CERTS_URL": CERTS_URL,
            "TIPOFF_OPERATORS": environment.account("operator"),
            # Empty, so that a deploy takes away, and the check names, whoever was let in by hand.
            "TIPOFF_VIEWERS": "",
            "TIPOFF_ADMINS": "",
            **{
                f"TIPOFF_{caller.upper()}_{what}": value
                for caller in CALLERS
                if caller != "operator"
                for what, value in (
                    ("AUDIENCE", environment.audience(self.name, caller)),
                    ("EMAILS", environment.account(caller)),
                )
            },
            **({"TIPOFF_ARCHIVE": ARCHIVE} if self.archive else {}),
            **({"TIPOFF_DOORS": doors(environment)} if self.name == SCHEDULED else {}),
        }

    def flags(self, environment: Environment) -> list[str]:
        """Flags of `gcloud run deploy`, without image, revision and traffic. Variables are only ever updated."""
        variables = ",".join(f"{name}={value}" for name, value in self.variables(environment).items())
        flags = [
            f"--service-account={environment.account(self.name)}",
            f"--update-env-vars={variables}",
            f"--set-custom-audiences={','.join(self.audiences(environment))}",
            "--no-allow-unauthenticated",
            "--ingress=all",
            "--min-instances=0",
            f"--max-instances={self.max_instances}",
            f"--concurrency={self.concurrency}",
            f"--timeout={self.timeout}",
            f"--cpu={self.cpu}",
            f"--memory={self.memory}",
            f"--port={PORT}",
            "--cpu-boost",
            f"--startup-probe=httpGet.path=/healthz,httpGet.port={PORT},periodSeconds=2,failureThreshold=30",
        ]
        if self.archive:
            mount = f"mount-options=uid={USER};gid={USER}"
            flags += [
                "--execution-environment=gen2",
                f"--add-volume=name=archive,type=cloud-storage,bucket={environment.archive_bucket},{mount}",
                f"--add-volume-mount=volume=archive,mount-path={ARCHIVE}",
            ]
        return flags


# Memory follows from `tipoff bench size` (docs/benchmarks.md): half as much again as the peak, 256 MB more where
# the archive is mounted, whose gcsfuse counts as the service's, and the next size up. One vCPU each: of a night no
# service takes more than seconds of it, and what is long, a training, is one thread's work.
SERVICES = {
    service.name: service
    for service in (
        # One instance: its throttles are per process, and an upstream's rate limit is for all of us. It waits for
        # upstreams most of the time: forty pushes may wait beside the steps that it works on. 174 MB were measured on a
        # league of two months: twice as much is left for the log of a whole season.
        Service("scraper", max_instances=1, concurrency=40, memory="1Gi", archive=True),
        # 134 MB. It waits for BigQuery, eight steps at a time; a second instance is for a backfill.
        Service("analytics", max_instances=2, concurrency=20),
        # 233 MB. Short events, and readers of the API: any two instances decide alike, by compare-and-set.
        Service("coordinator", max_instances=2, concurrency=80, memory="1Gi", archive=True),
        # Predicting is arithmetic: two batches per instance, many instances. A training sets its memory: 1,054 MB, a
        # night takes 173. LightGBM stands on libgomp.
        Service("worker", max_instances=10, concurrency=2, memory="2Gi", archive=True, packages="libgomp1"),
    )
}
