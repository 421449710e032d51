"""Settings of the worker."""

from pydantic import Field

from shared.runtime.settings import CommonSettings


class WorkerSettings(CommonSettings):
    """What the worker needs beyond the common settings."""

    concurrency: int = Field(2, ge=1, description="batches predicted at once")
    retrain_days: int = Field(28, ge=1, description="days after which a mode's models are trained again")
    training_days: int = Field(760, ge=1, description="how far back training looks: two seasons")
    training_slates: int = Field(60, ge=8, description="served slates below which nothing is trained")
