"""`make images`: every image built, started and tried on this machine, without a daemon and without a cloud.

buildah builds what Cloud Build would, from the same Dockerfile. Where the base cannot be pulled, one that mmdebstrap
makes stands in for it: the same Debian, with Debian's own Python 3.11. It is kept for the next time; nothing else is.
"""

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy import trial
from deploy.commands import output, say
from deploy.environment import MEANING, Environment
from deploy.services import ARCHIVE, BASE, SERVICES, Service
from shared.errors import Permanent

STAND_IN = "localhost/tipoff-base:stand-in"
REVISION = "tried-here"
LIVE = "live"
"""The image of the whole product on one machine."""
BUILD_SECONDS, TRY_SECONDS, SECONDS = 1200.0, 240.0, 120.0
MADE_UP = Environment.read(
    dict.fromkeys(MEANING, "1") | {"PROJECT": "no-such-project", "OPERATORS": "user:nobody@example.com"}
)
OF_THIS_MACHINE = ("/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt")
"""How this machine reaches packages; a build here reaches them likewise."""
APT_SOURCES = ("/etc/apt/sources.list", "/etc/apt/sources.list.d/debian.sources")


def run(names: Sequence[str]) -> None:
    """Build and try the images of some services; of all if none is named.

    Raises:
        Permanent: something is not installed, or an image is not as it must be; the message says which and why.
    """
    for name in names:
        if name not in (*SERVICES, LIVE):
            raise Permanent(f"there is no service {name!r}", remedy=f"there are {', '.join((*SERVICES, LIVE))}")
    if shutil.which("buildah") is None:
        raise Permanent("buildah is not installed", remedy="apt install buildah mmdebstrap")
    base = _base()
    for name in names or (*SERVICES, LIVE):
        if name == LIVE:
            with _built(LIVE, "live.Dockerfile", {"BASE": base}) as image:
                _try_live(image)
            continue
        service = SERVICES[name]
        given = {"BASE": base, "SERVICE": name, "PACKAGES": service.packages, "REVISION": REVISION}
        with _built(name, "Dockerfile", given) as image:
            _try(service, image, {})
            asyncio.run(_try_on_emulators(service, image))


def _buildah(*arguments: str, stdin: str = "", timeout: float = SECONDS) -> str:
    # Isolation by chroot needs no privilege that a container or a CI machine lacks.
    isolation = os.environ.get("BUILDAH_ISOLATION", "chroot")
    command = ["env", f"BUILDAH_ISOLATION={isolation}", "buildah", *arguments]
    return output(command, stdin=stdin, timeout=timeout).strip()


def _base() -> str:
    """The base; where it cannot be pulled, what stands in for it."""
    try:
        _buildah("pull", "--quiet", BASE, timeout=BUILD_SECONDS)
    except Permanent as error:
        say(f"{BASE} cannot be pulled here ({str(error).splitlines()[-1][-100:]})")
    else:
        say(f"base: {BASE} {_buildah('inspect', '--type=image', '--format={{.FromImageDigest}}', BASE)}")
        return BASE
    if STAND_IN.removesuffix(":stand-in") not in _buildah("images", "--format", "{{.Name}}").splitlines():
        _make_stand_in()
    say(f"base: {STAND_IN}, made by mmdebstrap, stands in for it")
    return STAND_IN


def _make_stand_in() -> None:
    """Debian 12 with Python, from where this machine gets its own packages if it is a Debian 12 itself."""
    say("making a base that stands in for it with mmdebstrap (2-5 minutes, once)")
    sources = [path for path in APT_SOURCES if Path(path).is_file() and "bookworm" in Path(path).read_text("utf-8")]
    with tempfile.TemporaryDirectory() as folder, _container("scratch") as container:
        tar, settings = Path(folder, "base.tar"), Path(folder, "apt.conf")
        options = [f"--aptopt={settings}"]
        settings.write_text(output(["apt-config", "dump", "Acquire"]), "utf-8")
        packages = "python3,python3-venv,python3-pip,ca-certificates"
        output(
            ["mmdebstrap", "--variant=minbase", f"--include={packages}", *options, "bookworm", str(tar), *sources],
            timeout=BUILD_SECONDS,
        )
        _buildah("add", "--quiet", container, str(tar), "/", timeout=BUILD_SECONDS)
        _buildah("run", container, "--", "ln", "--symbolic", "/usr/bin/python3", "/usr/local/bin/python")
        _buildah("commit", "--quiet", container, STAND_IN, timeout=BUILD_SECONDS)


@contextmanager
def _built(name: str, file: str, given: Mapping[str, str]) -> Iterator[str]:
    """An image made by a file of deploy/, while it is wanted."""
    image, started = f"localhost/tipoff-{name}:{REVISION}", time.monotonic()
    ignoring = Path("deploy", f"{file}.dockerignore")
    say(f"{name}: building (1-3 minutes)")
    try:
        _buildah(
            *("build", "--quiet", "--pull=never", f"--file=deploy/{file}", f"--tag={image}"),
            # Docker's format, unlike buildah's own, has health checks.
            *(["--format=docker", f"--ignorefile={ignoring}"] if ignoring.is_file() else []),
            *(f"--build-arg={argument}={value}" for argument, value in given.items()),
            *(f"--volume={path}:{path}:ro" for path in OF_THIS_MACHINE if Path(path).is_file()),
            ".",
            timeout=BUILD_SECONDS,
        )
        size = _buildah("images", "--format", "{{.Size}}", image)
        say(f"{name}: built in {time.monotonic() - started:.0f} s, {size}")
        yield image
    finally:
        if image in _buildah("images", "--format", "{{.Name}}:{{.Tag}}").splitlines():
            _buildah("rmi", "--force", image)


def _try_live(image: str) -> None:
    """A night of the simulated world, and a backup of it, by the product's image as its own user."""
    with _container(image) as container:
        for command in (("--version",), ("demo",), ("backup", "/data/night.tar")):
            words = ("timeout", "--kill-after=5", f"{TRY_SECONDS:.0f}", "tipoff", *command)
            _buildah("run", container, "--", *words, timeout=TRY_SECONDS + 30.0)
            say(f"{LIVE}: tipoff {' '.join(command)} works")


async def _try_on_emulators(service: Service, image: str) -> None:
    """The same where everything is there that it stands on: it must be ready."""
    from devstack.emulators.cloud import emulated  # noqa: PLC0415 - the scripts need nothing but the standard library

    async with emulated(MADE_UP.project) as variables:
        # Google's emulator of Firestore needs Java and gcloud: SQLite stands in for it.
        state = {"TIPOFF_STATE_STORE": "sqlite", "TIPOFF_HOME": "/tmp"}  # noqa: S108 - the container's
        await asyncio.to_thread(_try, service, image, {**variables, **state, trial.EMULATED: "1"})


def _try(service: Service, image: str, variables: Mapping[str, str]) -> None:
    """Start a service as Cloud Run would, as far as a machine can, and run `deploy/trial.py` beside it."""
    variables = {
        **service.variables(MADE_UP),
        "TIPOFF_PORT": "0",  # the network is this machine's, where 8080 may be taken
        "NO_GCE_CHECK": "true",  # there are no credentials, also where this machine has some
        **variables,
    }
    archive = f"--mount=type=tmpfs,destination={ARCHIVE},tmpfs-mode=1777"
    with _container(image) as container:
        printed = _buildah(
            "run",
            *(f"--env={name}={value}" for name, value in variables.items()),
            *([archive] if service.archive else []),
            *(container, "--", "timeout", "--kill-after=5", f"{TRY_SECONDS:.0f}"),
            *("python", "-", service.name, REVISION),
            stdin=Path(trial.__file__).read_text("utf-8"),
            timeout=TRY_SECONDS + 30.0,
        )
    for line in printed.splitlines():
        if line.startswith(trial.FAILED):
            raise Permanent(f"{service.name}: {line.removeprefix(trial.FAILED)}")
        say(f"{service.name}: {line}")


@contextmanager
def _container(image: str) -> Iterator[str]:
    name = _buildah("from", "--pull=never", image)
    try:
        yield name
    finally:
        _buildah("rm", name)
