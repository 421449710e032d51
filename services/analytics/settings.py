"""Settings of the analytics service."""

from pydantic import Field

from shared.basketball.slate import MAX_REGRADED_DAYS
from shared.runtime.settings import CommonSettings


class AnalyticsSettings(CommonSettings):
    """What the analytics service needs beyond the common settings."""

    concurrency: int = Field(8, ge=1, description="steps processed at once: no fewer than a phase has")
    regrade_days: int = Field(
        10,
        ge=7,
        le=MAX_REGRADED_DAYS,
        description="days whose slates are graded again each night: as long as box scores are corrected",
    )
    job_timeout_s: float = Field(300.0, gt=0, description="seconds a statement of a step may take")
    job_maximum_bytes: int = Field(
        20 * 2**30, gt=0, description="bytes a statement of a step may bill; one that would bill more is refused"
    )
    job_attempts: int = Field(3, ge=1, description="attempts at a step's statements before the message is given back")
    job_retry_s: float = Field(1.0, ge=0, description="seconds before the second attempt at most; doubled each time")
