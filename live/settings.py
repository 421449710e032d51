"""Settings of the product on one machine, beside those of its four services."""

from pydantic import Field

from shared.runtime.settings import CommonSettings


class LiveSettings(CommonSettings):
    """What the process needs to know that the services do not."""

    port: int = Field(8780, ge=0, le=65535, description="port of the coordinator's API; 0 picks a free one")
    host: str = Field("127.0.0.1", description="address of the coordinator's API; 0.0.0.0 opens it to the network")
    disk_budget_gb: float = Field(
        20.0, gt=0, description="gigabytes that the workspace may take: raw payloads make room"
    )


OWN = ("host", "port", "log_level")
"""Of the settings that every service has, those that mean something on one machine."""
