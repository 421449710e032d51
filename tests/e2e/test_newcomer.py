"""A newcomer's path: every command of README, tutorial and how-tos, as it stands, on a clean clone.

Needs the package index, as a newcomer does. That there are such commands `tests/unit/house/test_commands.py` checks.
"""

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from devstack import daemon
from tests.pages import PAGES, ROOT, script

pytestmark = [pytest.mark.network, pytest.mark.proof]
TIMEOUT = 3600.0
"""Seconds a page may take on a busy machine: only a hang takes that long."""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What is committed, and nothing else; a stack that a page leaves running is stopped."""
    folder = tmp_path_factory.mktemp("newcomer") / "tipoff"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True, timeout=120)
    yield folder
    daemon.stop(folder / ".tipoff")


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_run_as_they_stand(page: str, clone: Path) -> None:
    """In one shell, in their order; the first that fails is named by page and line."""
    done = subprocess.run(
        ["bash", "-c", script(page)],
        cwd=clone,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


def _environment() -> Mapping[str, str]:
    """This machine's, without our settings and without the virtual environment of the tests."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("TIPOFF_", "PYTHON", "VIRTUAL_ENV"))
    }
    paths = [each for each in kept["PATH"].split(os.pathsep) if not (Path(each) / "tipoff").exists()]
    return kept | {"PATH": os.pathsep.join(paths)}
