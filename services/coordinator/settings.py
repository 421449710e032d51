"""Settings of the coordinator."""

from pathlib import Path

from pydantic import Field, field_validator

from services.coordinator.origins import origins
from shared.runtime.settings import CommonSettings


class CoordinatorSettings(CommonSettings):
    """What the coordinator needs beyond the common settings."""

    batch_size: int = Field(100, ge=1, le=2000, description="players per prediction batch")
    concurrency: int = Field(8, ge=1, description="events handled at once")
    nightly_budget_usd: float = Field(
        1.0, ge=0, description="US dollars that a run's warehouse statements may cost before an alert is raised"
    )
    alert_messages_per_hour: int = Field(
        12,
        ge=1,
        description="messages about alerts that a channel gets in an hour; what is held back comes in the next",
    )
    requests_per_second: float = Field(20.0, ge=0.1, description="requests of one caller; ten seconds' worth at once")
    resend: bool | None = Field(
        None,
        description="send again, at the start, what was at work: its bus ended with it; default: in profile local",
    )
    active_runs: int = Field(50, ge=1, description="open runs, beyond which only schedules begin one")
    public_pages: bool = Field(
        default=False,
        description="whether Tonight, Player with its search, and Record are open to who has not signed in",
    )
    session_minutes: float = Field(60.0, gt=0, description="minutes without use after which a session of the page ends")
    log_file: Path | None = Field(
        None, description="file that the services log to, for the log lines of a step; default: none is read"
    )
    cors_origins: str = Field(
        "",
        description="origins whose web pages may read the API, separated by spaces: https://host or https://host:port",
    )

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, value: str) -> str:
        origins(value)
        return value

    @property
    def resends(self) -> bool:
        """Whether what was at work is sent again at the start."""
        return self.profile == "local" if self.resend is None else self.resend
