"""`python -m services.coordinator`: the service as a process of its own."""

from services.coordinator.app import build
from services.coordinator.settings import CoordinatorSettings
from shared.runtime.process import run

if __name__ == "__main__":
    run("coordinator", CoordinatorSettings, build)
