"""Settings of the analytics service."""

from pydantic import Field

from shared.settings import CommonSettings


class AnalyticsSettings(CommonSettings):
    """What the analytics service needs beyond the common settings."""

    concurrency: int = Field(4, ge=1, description="steps processed at once")
    regrade_days: int = Field(
        7, ge=7, description="days whose slates are graded again each night: at least the week evidence is asked of"
    )
