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
}


@dataclass(frozen=True, slots=True)
class Environment:
    """The five variables of `deploy/env.example`; every other name is derived, so that no script has to ask."""

    project: str
    project_number: str
    region: str
    repository: str
    archive_bucket: str

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
        if not variables["PROJECT_NUMBER"].isdigit():
            raise Permanent(f"PROJECT_NUMBER={variables['PROJECT_NUMBER']!r} is not a number")
        return cls(**{field.name: variables[field.name.upper()] for field in fields(cls)})

    def name(self, service: str) -> str:
        """The Cloud Run service."""
        return f"tipoff-{service}"

    def url(self, service: str, tag: str = "") -> str:
        """Base URL of a service, or of the revision with a traffic tag: Cloud Run's deterministic form."""
        prefix = f"{tag}---" if tag else ""
        return f"https://{prefix}{self.name(service)}-{self.project_number}.{self.region}.run.app"

    def account(self, service: str) -> str:
        """The service account that a service runs as; `invoker` is the one that may call the services."""
        return f"tipoff-{service}@{self.project}.iam.gserviceaccount.com"

    @property
    def invoker(self) -> str:
        """The service account whose tokens Pub/Sub, Cloud Scheduler and the identity check send."""
        return self.account("invoker")

    def image(self, service: str, revision: str) -> str:
        """The image of a service at a revision."""
        return f"{self.region}-docker.pkg.dev/{self.project}/{self.repository}/{service}:{revision}"

    @property
    def pubsub_agent(self) -> str:
        """Google's own account that forwards to dead letters and mints the tokens of pushes."""
        return f"serviceAccount:service-{self.project_number}@gcp-sa-pubsub.iam.gserviceaccount.com"
