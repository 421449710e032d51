"""Launchers for Google's own Pub/Sub and Firestore emulators, where this machine's gcloud has them.

The Java programs are run directly, each in a process group of its own, on the loopback address: under gcloud's wrapper
scripts they are grandchildren that outlive a kill. State is in memory, and gone with the process.
"""

import argparse
import os
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from devstack.emulators import launch
from shared.errors import Permanent, Transient

_ENDS_WITH_US = ("/bin/sh", "-c", 'exec 3<&0; (read _ <&3; kill -9 -$$) & exec "$@" </dev/null 3<&-', "emulator")
"""Runs what follows, and ends its process group when the pipe that is its input breaks: however we die, by SIGKILL too.
(Linux's PR_SET_PDEATHSIG would end it with the thread that started it.)"""


@dataclass(frozen=True, slots=True)
class Emulator:
    """One of Google's emulators: where gcloud puts it and how it starts."""

    component: str
    """gcloud's name for it."""
    jar: str
    """Glob under the SDK's `platform` folder."""
    main: tuple[str, ...]
    """Java's arguments after the class path."""
    variable: str
    """The environment variable with which Google's clients find it."""


EMULATORS: Mapping[str, Emulator] = {
    "firestore": Emulator(
        "cloud-firestore-emulator",
        "cloud-firestore-emulator/cloud-firestore-emulator.jar",
        ("com.google.cloud.datastore.emulator.firestore.CloudFirestore", "start"),
        "FIRESTORE_EMULATOR_HOST",
    ),
    "pubsub": Emulator(
        "pubsub-emulator",
        "pubsub-emulator/lib/cloud-pubsub-emulator-*-all.jar",
        ("com.google.cloud.pubsub.testing.v1.Main",),
        "PUBSUB_EMULATOR_HOST",
    ),
}


def missing(name: str) -> str | None:
    """Why the emulator `name` ("firestore" or "pubsub") cannot run here, fit for `pytest.skip`; None if it can."""
    component = EMULATORS[name].component
    if _sdk() is None:
        return f"no gcloud on this machine, so no {name} emulator: install the Google Cloud CLI and {component}"
    if _jar(name) is None:
        return f"gcloud is here without its {name} emulator: gcloud components install {component}"
    if shutil.which("java") is None:
        return f"the {name} emulator needs Java, and there is no java on PATH"
    return None


@contextmanager
def running(name: str, *, port: int = 0, timeout: float = launch.START_TIMEOUT) -> Iterator[str]:
    """Run the emulator `name` ("firestore" or "pubsub"); yields its `host:port`. Blocks while it starts (1 to 3 s).

    Args:
        name: a key of `EMULATORS`.
        port: where it listens; 0 picks a free port.
        timeout: seconds it has to answer.

    Raises:
        Permanent: it is not installed, its port is taken, or it ended at once (with its last line).
        Transient: it did not answer in time.
    """
    reason = missing(name)
    if reason is not None:
        raise Permanent(reason)
    host_port = f"127.0.0.1:{launch.free_port(f'the {name} emulator', port)}"
    command = [*_ENDS_WITH_US, *_command(name, host_port)]
    with launch.running(f"the {name} emulator", command, f"http://{host_port}/", timeout=timeout):
        yield host_port


def firestore_emulator() -> AbstractAsyncContextManager[str]:
    """Google's Firestore emulator on this machine; the context is its `host:port`. See `running`."""
    return launch.off_loop(running("firestore"))


def pubsub_emulator() -> AbstractAsyncContextManager[str]:
    """Google's Pub/Sub emulator on this machine; the context is its `host:port`. See `running`."""
    return launch.off_loop(running("pubsub"))


def _sdk() -> Path | None:
    """The SDK's root: gcloud says so itself in scripts it runs; else it is where its command points to."""
    gcloud = shutil.which("gcloud")
    given = os.environ.get("CLOUDSDK_ROOT_DIR")
    candidates = [Path(given)] if given is not None else []
    candidates += [Path(gcloud).resolve().parent.parent] if gcloud is not None else []
    return next((root for root in candidates if (root / "platform").is_dir()), None)


def _jar(name: str) -> Path | None:
    sdk = _sdk()
    return None if sdk is None else max((sdk / "platform").glob(EMULATORS[name].jar), default=None)


def _command(name: str, host_port: str) -> list[str]:
    host, port = host_port.split(":")
    # English, because the Firestore emulator's error messages are only meant to be read in it.
    java = ["java", "-Duser.language=en", "-cp", str(_jar(name))]
    return [*java, *EMULATORS[name].main, f"--host={host}", f"--port={port}"]


def main() -> None:
    """Run one emulator in the foreground until SIGINT or SIGTERM, and say how clients find it."""
    parser = argparse.ArgumentParser(prog="python -m devstack.emulators.google", description=main.__doc__)
    parser.add_argument("name", choices=EMULATORS)
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda *_: sys.exit(0))  # unwinds `running`, which ends the emulator
    try:
        with running(given.name, port=given.port) as host_port:
            print(f"export {EMULATORS[given.name].variable}={host_port}", flush=True)  # noqa: T201 - its one output
            while True:
                signal.pause()
    except (Permanent, Transient) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
