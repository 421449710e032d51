"""`python -m services.worker`: the service as a process of its own."""

from services.worker.app import build
from services.worker.settings import WorkerSettings
from shared.runtime.process import run

if __name__ == "__main__":
    run("worker", WorkerSettings, build)
