"""Settings of the worker."""

from pydantic import Field

from shared.settings import CommonSettings


class WorkerSettings(CommonSettings):
    """What the worker needs beyond the common settings."""

    concurrency: int = Field(2, ge=1, description="batches predicted at once")
