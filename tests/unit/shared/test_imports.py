import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.services import SERVICES
from shared.runtime.imports import CLOUD_PORTS, LOCAL_ONLY, problems, unused
from tests.unit.house.test_house import CLOUD_ADAPTERS

ROOT = Path(__file__).parents[3]

LAZY = """
def later():
    {statement}
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package on the path."""
    folder = tmp_path / "made_up"
    (folder / "inner").mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "inner" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    for name in [name for name in sys.modules if name.split(".")[0] == "made_up"]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("import no_such_package", "No module named 'no_such_package'"),
        ("from json import no_such_name", "cannot import name 'no_such_name' from 'json'"),
        ("from made_up.broken import name", "libgomp.so.1: cannot open shared object file"),
    ],
)
def test_f50_a_missing_import_within_a_function_is_found(package: Path, statement: str, why: str) -> None:
    """A package, a name or a library of the system that is missing at the first use only: the line says where."""
    (package / "broken.py").write_text("raise OSError('libgomp.so.1: cannot open shared object file')\n")
    (package / "inner" / "lazy.py").write_text(LAZY.format(statement=statement))
    found = [problem for problem in problems("made_up") if "lazy" in problem.split(":")[0]]
    assert len(found) == 1
    assert found[0].startswith(f"made_up.inner.lazy: {statement}: {why}")


def test_what_is_imported_is_followed(package: Path) -> None:
    """Through `shared`, and through what else a function imports of its own package; what is there is no problem."""
    (package / "inner" / "lazy.py").write_text(LAZY.format(statement="from shared.runtime import profiles"))
    (package / "ports.py").write_text("def used(ports):\n    ports.bus\n")
    assert list(problems("made_up")) == []
    assert {"shared.runtime.profiles", "shared.cloud.bus", "google.pubsub_v1"} <= sys.modules.keys()


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_is_asked_for_the_adapters_that_its_service_uses(service: str) -> None:
    """Those of the ports that its source names; never for DuckDB."""
    source = "".join(path.read_text("utf-8") for path in (ROOT / "services" / service).rglob("*.py"))
    used = {port for port in CLOUD_PORTS if f"shared.cloud.{port}" not in unused(source)}
    assert used == CLOUD_ADAPTERS[service]
    assert LOCAL_ONLY in unused(source)


def test_it_answers_as_a_command() -> None:
    """What the Dockerfile runs succeeds where everything is installed."""
    command = [sys.executable, "-m", "shared.runtime.imports", "analytics"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
