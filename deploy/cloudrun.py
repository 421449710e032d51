"""Deploying and rolling back a service: no traffic before the candidate is ready and who it should be (failures 4, 23).

A revision is named after commit and settings, so that deploying the same twice is deploying it once.
"""

import base64
import re
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from deploy import identity
from deploy.commands import Gcloud, output, say
from deploy.environment import CALLERS, CANDIDATE, Environment
from deploy.grants import policy
from deploy.resources import Found, Group, Resource, apply
from deploy.revisions import ALL, commit_of, described_traffic, pinned, previous, serving_of, traffic_of
from deploy.services import BASE, SERVICES, Service
from shared.errors import Permanent

REVISION = re.compile(r"[0-9a-z][0-9a-z-]{2,25}")


@dataclass(frozen=True, slots=True)
class CloudRun:
    """One service on Cloud Run."""

    gcloud: Gcloud
    environment: Environment
    service: Service
    sleep: Callable[[float], None] = field(default=time.sleep)

    @property
    def name(self) -> str:
        """Its name there."""
        return self.environment.name(self.service.name)

    def deploy(self, revision: str, percent: int = ALL) -> None:
        """Build, deploy without traffic, check, switch (`percent` of the traffic), check again or give traffic back.

        If this revision has all traffic already, only check.

        Raises:
            Permanent: the candidate is not as it must be, or was not any more once it had traffic.
        """
        traffic = self.traffic()
        wanted = self.revision_name(revision)
        if traffic == {wanted: ALL}:
            self.check_serving(wanted, revision)
            return
        if wanted in {item["metadata"]["name"] for item in self.revisions()}:
            say(f"{wanted} is there without traffic: checking it again")
            self.tag(wanted)
        else:
            self.build(revision)
            self.create(wanted, revision, first=traffic is None and not self.gcloud.dry_run)
        apply(self.gcloud, [invokers(self.service, self.environment)])
        self.check(revision)
        before = self.predecessor(traffic, wanted)
        share = percent if before else ALL
        self.switch({wanted: share, before: ALL - share} if share < ALL else {wanted: share})
        try:
            # Of a split only the candidate's own URL says which revision answers.
            self.check(revision, tag="" if share == ALL else CANDIDATE, settling=True, remedy="")
        except Permanent as error:
            if not before:
                raise
            self.switch({before: ALL})
            raise Permanent(f"{wanted} with traffic: {error}", remedy=f"{before} serves again") from error
        if share < ALL:
            say("the same command goes on: with another --percent, or without for all traffic")

    def check_serving(self, wanted: str, revision: str) -> None:
        """Check a revision that has all traffic already; that of a first deploy that was cut short is then pinned."""
        apply(self.gcloud, [invokers(self.service, self.environment)])
        back = f"it has all traffic: deploy/rollback.sh {self.service.name}" if len(self.revisions()) > 1 else ""
        self.check(revision, tag="", remedy=back)
        if all(pinned(service) for service in self._services()):
            say(f"{wanted} serves already: nothing to do")
        else:
            self.switch({wanted: ALL})

    def predecessor(self, traffic: Mapping[str, int] | None, wanted: str) -> str:
        """The revision that gets the traffic back: the one with most of it besides the wanted; "" if there is none."""
        if self.gcloud.dry_run:
            return f"{self.name}-previous-00000000"
        others = {name: share for name, share in (traffic if traffic is not None else {}).items() if name != wanted}
        return max(others, key=lambda name: others[name], default="")

    def revision_name(self, revision: str) -> str:
        """The Cloud Run revision of a commit: named after it and the settings it runs with."""
        flags = " ".join(self.service.flags(self.environment))
        return f"{self.name}-{revision}-{zlib.crc32(flags.encode()):08x}"

    def declared(self, revision: str) -> Resource:
        """How it has to run: this revision, its variables and account, behind IAM (failures 21 and 32)."""
        wanted = {
            "serving": self.revision_name(revision),
            "account": self.environment.account(self.service.name),
            "variables": self.service.variables(self.environment),
            "audiences": self.service.audiences(self.environment),
            "ingress": "all",
            "open": {},
        }
        return Resource(self.name, wanted=wanted, remedy=f"deploy/{self.service.name}/deploy.sh")

    def rollback(self, to: str | None) -> None:
        """Give all traffic back to the newest ready revision older than the serving one, or to `to`.

        It must answer as itself; what it stands on is not looked at, for that may be why one rolls back.
        """
        serving = self.serving()
        if to is None:
            found = self.revisions()
            to = f"{self.name}-previous-00000000" if self.gcloud.dry_run else previous(found, serving)
        elif not to.startswith(f"{self.name}-"):
            raise Permanent(f"{to} is no revision of {self.name}", remedy=f"they are named {self.name}-...")
        if to == serving:
            say(f"{to} serves already: nothing to do")
            return
        self.tag(to)
        self.check(commit_of(self.name, to), path=identity.ALIVE)
        self.switch({to: ALL})

    def serving(self) -> str | None:
        """The revision that has all traffic; None if the service is not there, "" if traffic is split."""
        found = self._services()
        return serving_of(found[0]) if found else None

    def traffic(self) -> dict[str, int] | None:
        """Percent of the traffic by revision; None if the service is not there."""
        found = self._services()
        return traffic_of(found[0]) if found else None

    def revisions(self) -> list[dict[str, Any]]:
        """All revisions, newest first."""
        return self._list("revisions", f"--service={self.name}", "--sort-by=~metadata.creationTimestamp")

    def build(self, revision: str) -> None:
        """Have Cloud Build make and push the image from this checkout, and say which base it found."""
        substitutions = {
            "_SERVICE": self.service.name,
            "_PACKAGES": self.service.packages,
            "_REVISION": revision,
            "_BASE": BASE,
            "_IMAGE": self.environment.image(self.service.name, revision),
        }
        base = self.gcloud.change(
            "builds",
            "submit",
            ".",
            "--config=deploy/cloudbuild.yaml",
            f"--region={self.environment.region}",
            f"--service-account=projects/{self.environment.project}/serviceAccounts/{self.environment.account('build')}",
            f"--gcs-source-staging-dir=gs://{self.environment.build_bucket}/source",
            f"--substitutions={','.join(f'{name}={value}' for name, value in substitutions.items())}",
            "--format=value(results.buildStepOutputs[0])",
            "--suppress-logs",
        )
        if not self.gcloud.dry_run:
            say(f"built from {base64.b64decode(base).decode()}")

    def create(self, name: str, revision: str, *, first: bool) -> None:
        """Deploy a revision as candidate. The first of a service cannot be kept from traffic: there is no other."""
        # The mount's owner (`mount-options`) is an option of the beta command only.
        command = ("beta", "run", "deploy") if self.service.archive else ("run", "deploy")
        self.gcloud.change(
            *command,
            self.name,
            f"--region={self.environment.region}",
            f"--image={self.environment.image(self.service.name, revision)}",
            f"--revision-suffix={name.removeprefix(self.name + '-')}",
            f"--tag={CANDIDATE}",
            *([] if first else ["--no-traffic"]),
            *self.service.flags(self.environment),
        )

    def tag(self, name: str) -> None:
        """Make a revision reachable as candidate."""
        self._traffic(f"--update-tags={CANDIDATE}={name}")

    def check(self, revision: str, tag: str = CANDIDATE, **how: Any) -> None:  # noqa: ANN401 - as `identity.check` has it
        """Require what answers under `tag` to be this service at `revision`, ready; raises Permanent if it is not."""
        token = self.gcloud.text(
            "auth",
            "print-identity-token",
            f"--impersonate-service-account={self.environment.account('operator')}",
            f"--audiences={self.environment.audience(self.service.name, 'operator')}",
            "--include-email",
        ).strip()
        url = self.environment.url(self.service.name, tag)
        if self.gcloud.dry_run:
            path = how.get("path", identity.READY)
            say(f"would require {url}{path} to answer as {self.service.name} {revision}, healthy")
        else:
            identity.check(url, self.service.name, revision, token, self.sleep, **how)

    def switch(self, shares: Mapping[str, int]) -> None:
        """Give revisions their percent of the traffic."""
        self._traffic(f"--to-revisions={','.join(f'{name}={percent}' for name, percent in shares.items())}")
        if not self.gcloud.dry_run:
            say(f"{described_traffic(shares)} serves")

    def _traffic(self, flag: str) -> None:
        self.gcloud.change("run", "services", "update-traffic", self.name, f"--region={self.environment.region}", flag)

    def _services(self) -> list[dict[str, Any]]:
        return self._list("services", f"--filter=metadata.name={self.name}")

    def _list(self, what: str, *flags: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.gcloud.ask(
            "run", what, "list", f"--region={self.environment.region}", *flags
        )
        return found


def groups(gcloud: Gcloud, environment: Environment, revision: str) -> Iterator[Group]:
    """What the services' `deploy.sh` make."""
    runs = [CloudRun(gcloud, environment, service) for service in SERVICES.values()]
    yield Group(
        "service",
        ("run", "services", "list", f"--region={environment.region}"),
        lambda answer: {item["metadata"]["name"]: described(item) for item in answer},
        tuple(run.declared(revision) for run in runs),
        "deploy/<service>/deploy.sh",
        needs=("api run.googleapis.com",),
    )
    for run in runs:
        yield invokers(run.service, environment)


def invokers(service: Service, environment: Environment) -> Group:
    """Who may call a service: its callers' accounts, and nobody else."""
    grants = [("roles/run.invoker", environment.member(caller)) for caller in CALLERS]
    script, region = f"deploy/{service.name}/deploy.sh", f"--region={environment.region}"
    return policy("service", "run services", environment.name(service.name), grants, script, region)


def described(service: Mapping[str, Any]) -> Found:
    """A service as far as it is declared."""
    template = service["spec"]["template"]["spec"]
    container = template["containers"][0]
    notes = {key.rpartition("/")[2]: value for key, value in service["metadata"].get("annotations", {}).items()}
    return {
        "serving": described_traffic(traffic_of(service)),
        "account": template.get("serviceAccountName"),
        "variables": {item["name"]: item.get("value", item.get("valueFrom", "")) for item in container.get("env", ())},
        # The one way to open a service to all that leaves no trace in its policy.
        "open": notes.get("invoker-iam-disabled"),
        "audiences": re.findall(r'"([^"]+)"', notes.get("custom-audiences", "")),
        "ingress": notes.get("ingress"),
    }


def current_revision(given: str, *, dry_run: bool) -> str:
    """The commit that is checked out, or what REVISION says where the checkout is not a git one.

    Raises:
        Permanent: there are uncommitted changes: what is deployed must be in the history (failure 21).
    """
    revision = given or output(["git", "rev-parse", "--short=12", "HEAD"]).strip()
    if REVISION.fullmatch(revision) is None:
        raise Permanent(f"revision {revision!r} cannot name a Cloud Run revision", remedy="use the commit's short hash")
    if not given and not dry_run and output(["git", "status", "--porcelain"]).strip():
        raise Permanent("the checkout has uncommitted changes", remedy="commit or stash them, then deploy")
    return revision
