"""`python -m services.analytics`: the service as a process of its own."""

from services.analytics.app import build
from services.analytics.settings import AnalyticsSettings
from shared.runtime.process import run

if __name__ == "__main__":
    run("analytics", AnalyticsSettings, build)
