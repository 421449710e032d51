"""Settings: one frozen model per service, read once from the environment, each field described.

Variables are `TIPOFF_` plus the field's name in capitals. All problems are reported at once.
"""

from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.errors import Permanent
from shared.registries import home as where
from shared.registries.keys import CERTS_URL

PREFIX = "TIPOFF_"


class CommonSettings(BaseSettings):
    """What every service needs to know."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    profile: Literal["local", "gcp"] = Field(
        "local", description="local: embedded adapters in one process; gcp: the cloud's own services"
    )
    home: Path = Field(
        Path(where.DEFAULT), description="folder of the local profile's state: warehouse, archive, sessions"
    )
    archive: Path | None = Field(None, description="folder of the raw payloads and exports; default: archive/ in home")
    clock_file: Path | None = Field(
        None, description="file with a virtual clock's instant, for replays in several processes; default: wall clock"
    )
    state_store: Literal["firestore", "sqlite"] | None = Field(
        None, description="adapter of the state port; default: the profile's"
    )
    project: str | None = Field(None, validate_default=True, description="Google Cloud project; needed in profile gcp")
    region: str | None = Field(
        None, description="where the warehouse's datasets lie and are made; default: BigQuery's own, the US"
    )
    delivery: Literal["pull", "push"] = Field(
        "pull", description="pull: consume from the bus; push: Pub/Sub POSTs each message to /push/{subscription}"
    )
    push_audience: str = Field(
        "", validate_default=True, description="audience that push tokens are made for; needed for delivery push"
    )
    push_emails: str = Field(
        "",
        validate_default=True,
        description="service accounts that may push, separated by commas; needed for delivery push",
    )
    schedule_audience: str = Field("", description="audience that the schedules' tokens are made for")
    schedule_emails: str = Field("", description="service accounts that schedules call as; default: none may")
    people_audience: str = Field("", description="audience that the tokens of people and their tools are made for")
    viewers: str = Field("", description="accounts that may read with an identity token, separated by commas")
    operators: str = Field("", description="accounts that may also ask for runs and resolve alerts")
    admins: str = Field("", description="accounts that may also make and revoke API keys")
    door: str = Field(
        "", description="URL of this service behind Cloud Run's IAM, which checks tokens and removes their signatures"
    )
    doors: str = Field("", description="URLs, separated by spaces, at which strangers must be turned away")
    token_certs_url: str = Field(
        CERTS_URL,
        description="certificates that identity tokens are verified with: JSON, PEM by key id",
    )
    revision: str = Field("dev", description="deployed revision, shown by /healthz and compared by `tipoff doctor`")
    host: str = Field("127.0.0.1", description="address the service's HTTP face binds")
    port: int = Field(0, ge=0, le=65535, description="port of the service's HTTP face; 0 picks a free one")
    usd_per_tib: float = Field(
        6.25, ge=0, description="US dollars for each tebibyte billed: BigQuery's on-demand price in the US"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least severe level logged")
    log_format: Literal["json", "console"] = Field("json", description="json for machines, console for people")

    @field_validator("project")
    @classmethod
    def _cloud_needs_a_project(cls, project: str | None, info: ValidationInfo) -> str | None:
        if project is None and info.data.get("profile") == "gcp":
            raise PydanticCustomError("missing", "profile gcp needs it")
        return project

    @field_validator("push_audience", "push_emails")
    @classmethod
    def _push_needs_an_identity(cls, value: str, info: ValidationInfo) -> str:
        if not value.strip(" ,") and info.data.get("delivery") == "push":
            raise PydanticCustomError("missing", "delivery push needs it")
        return value

    def masked(self) -> dict[str, str]:
        """Every setting as text, secrets starred: fit for the log line a service starts with."""
        return {name: "***" if isinstance(value, SecretStr) else str(value) for name, value in self}


def accounts(emails: str) -> frozenset[str]:
    """The addresses of a list separated by commas."""
    return frozenset(email.strip() for email in emails.split(",")) - {""}


S = TypeVar("S", bound=CommonSettings)


def load(model: type[S], **overrides: object) -> S:
    """Read settings from the environment; `overrides` win.

    Raises:
        Permanent: naming every missing or invalid variable, with its meaning.
    """
    try:
        return model(**overrides)  # type: ignore[arg-type]  # overrides are checked by the model itself
    except ValidationError as error:
        raise Permanent("settings: " + "; ".join(_problem(model, dict(e)) for e in error.errors())) from error


def _problem(model: type[CommonSettings], error: dict[str, object]) -> str:
    location = error["loc"]
    if not isinstance(location, tuple) or not location:
        return str(error["msg"]).removeprefix("Value error, ")
    name = str(location[0])
    field = model.model_fields.get(name)
    meaning = f" ({field.description})" if field is not None and field.description else ""
    what = "is missing" if error["type"] == "missing" else f"is invalid: {error['msg']}"
    return f"{PREFIX}{name.upper()} {what}{meaning}"
