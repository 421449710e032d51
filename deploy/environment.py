"""Where Tipoff is deployed, and the names that follow from it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

from shared.errors import Permanent

CANDIDATE = "candidate"
"""Traffic tag of the revision that is being checked."""

MEANING = {
    "PROJECT": "id of the Google Cloud project",
    "PROJECT_NUMBER": "its number: `gcloud projects describe PROJECT`",
    "REGION": "region of everything, for example us-east1",
    "REPOSITORY": "Docker repository in Artifact Registry",
    "ARCHIVE_BUCKET": "Cloud Storage bucket of raw payloads and exports",
    "BILLING_ACCOUNT": "the account that pays: `gcloud billing accounts list`",
    "BUDGET": "what a month may cost before its owners are told, in the account's currency",
    "OPERATORS": "who deploys and calls the API, for example user:ann@example.com,group:ops@example.com",
}

CALLERS = ("push", "schedule", "operator")
"""Who calls the services: Pub/Sub, Cloud Scheduler and people. Each has an account, and an audience at each service."""


@dataclass(frozen=True, slots=True)
class Environment:
    """The variables of `deploy/env.example`; every other name is derived, so that no script has to ask."""

    project: str
    project_number: str
    region: str
    repository: str
    archive_bucket: str
    billing_account: str
    budget: str
    operators: str

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Self:
        """Read from environment variables.

        Raises:
            Permanent: naming every variable that is missing.
        """
        missing = [f"{name} ({meaning})" for name, meaning in MEANING.items() if not variables.get(name)]
        if missing:
            raise Permanent(
                f"missing: {', '.join(missing)}", remedy="copy deploy/env.example to deploy/.env and edit it"
            )
        for name in ("PROJECT_NUMBER", "BUDGET"):
            if not variables[name].isdigit():
                raise Permanent(f"{name}={variables[name]!r} is not a whole number", remedy=MEANING[name])
        for member in variables["OPERATORS"].split(","):
            if member.partition(":")[0] not in ("user", "group", "serviceAccount", "domain"):
                raise Permanent(f"OPERATORS: {member!r} is no member of a policy", remedy=MEANING["OPERATORS"])
        return cls(**{field.name: variables[field.name.upper()] for field in fields(cls)})

    def name(self, service: str) -> str:
        """The Cloud Run service."""
        return f"tipoff-{service}"

    def url(self, service: str, tag: str = "") -> str:
        """Base URL of a service, or of the revision with a traffic tag: Cloud Run's deterministic form."""
        prefix = f"{tag}---" if tag else ""
        return f"https://{prefix}{self.name(service)}-{self.project_number}.{self.region}.run.app"

    def account(self, service: str) -> str:
        """The service account that a service runs as, or that one of `CALLERS` calls as."""
        return f"tipoff-{service}@{self.project}.iam.gserviceaccount.com"

    def member(self, name: str) -> str:
        """The same, as policies name it."""
        return f"serviceAccount:{self.account(name)}"

    def audience(self, service: str, caller: str) -> str:
        """What a caller's tokens for a service are made for: a push's are of no use as a schedule's."""
        return f"{self.url(service)}/{caller}"

    @property
    def build_bucket(self) -> str:
        """The bucket of the sources that images are built from."""
        return f"{self.project}-tipoff-builds"

    def image(self, service: str, revision: str) -> str:
        """The image of a service at a revision."""
        return f"{self.region}-docker.pkg.dev/{self.project}/{self.repository}/{service}:{revision}"

    @property
    def pubsub_agent(self) -> str:
        """Google's own account that forwards to dead letters and mints the tokens of pushes."""
        return f"serviceAccount:service-{self.project_number}@gcp-sa-pubsub.iam.gserviceaccount.com"
