import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
SERVICES = ("scraper", "analytics", "coordinator", "worker")
LOCKS = (*SERVICES, "local", "dev")


def output(*command: str) -> str:
    """What a command prints, run at the root of the repository."""
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=30).stdout


def canonical(requirement: str) -> str:
    """The normalised name of a requirement: "types-PyYAML>=6" -> "types-pyyaml"."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\s\[<>=!~;]", requirement, maxsplit=1)[0]).lower()


def direct(extra: str) -> set[str]:
    """Names of the packages an extra asks for itself, the base and the extras it includes among them."""
    extras = PROJECT["optional-dependencies"]
    names = {canonical(requirement) for requirement in PROJECT["dependencies"]}
    for requirement in extras[extra]:
        included = re.fullmatch(r"tipoff\[(.+)\]", requirement)
        names |= set().union(*map(direct, included[1].split(","))) if included else {canonical(requirement)}
    return names


def pins(lock: str) -> set[str]:
    """The `name==version` lines of a lock, with their markers."""
    text = (ROOT / "requirements" / f"{lock}.txt").read_text("utf-8")
    return {line.removesuffix(" \\") for line in text.splitlines() if "==" in line and not line.startswith((" ", "#"))}


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_records_no_addresses(lock: str) -> None:
    """A lock says what to install and never where from."""
    text = (ROOT / "requirements" / f"{lock}.txt").read_text("utf-8")
    assert not re.search(r"://|--(extra-)?index-url|--default-index|--find-links|--trusted-host", text)


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_pins_every_direct_dependency(lock: str) -> None:
    """What pyproject.toml asks for is in the lock: `make lock` was run after the last change."""
    assert direct(lock) <= {canonical(pin) for pin in pins(lock)}


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_hashes_every_pin(lock: str) -> None:
    """Each pinned package is followed by at least one hash."""
    lines = (ROOT / "requirements" / f"{lock}.txt").read_text("utf-8").splitlines()
    followers = [after for line, after in zip(lines, [*lines[1:], ""], strict=True) if re.match(r"[a-z0-9]", line)]
    assert followers
    assert all(after.startswith("    --hash=sha256:") for after in followers)


@pytest.mark.parametrize("service", [*SERVICES, "local"])
def test_service_runs_on_the_versions_that_were_tested(service: str) -> None:
    """A lock, that of one machine too, pins nothing that the development lock does not pin to the same version."""
    assert {pin.split(" ;")[0] for pin in pins(service)} <= {pin.split(" ;")[0] for pin in pins("dev")}


CLOUD_ADAPTERS = {
    "scraper": {"bus", "warehouse", "secrets"},
    "analytics": {"bus", "warehouse"},
    "coordinator": {"bus", "warehouse", "state", "secrets"},
    "worker": {"bus", "warehouse"},
}
"""The ports that stand on a package of the cloud's, by service; DuckDB is never in an image."""


@pytest.mark.parametrize("service", SERVICES)
def test_f19_service_imports_only_what_its_image_installs(service: str) -> None:
    """Whatever a service imports, through `shared` and the adapters of its ports too, is in its own lock."""
    graph = grimp.build_graph("services", "shared", include_external_packages=True, cache_dir=None)
    unused = {"shared.embedded.warehouse"} | {
        f"shared.cloud.{port}"
        for port in ("bus", "warehouse", "state", "secrets")
        if port not in CLOUD_ADAPTERS[service]
    }
    if service != "coordinator":  # no other one has something to say
        unused.add("shared.runtime.voice")
    for module in unused & graph.find_modules_directly_imported_by("shared.runtime.profiles"):
        graph.remove_import(importer="shared.runtime.profiles", imported=module)
    imported = {name.split(".")[0] for name in graph.find_upstream_modules(f"services.{service}", as_package=True)}
    outside = imported - sys.stdlib_module_names - {"services", "shared"}
    distributions = packages_distributions()
    installed = {canonical(pin) for pin in pins(service)}
    assert {name for name in outside if not {canonical(d) for d in distributions[name]} & installed} == set()


def test_every_decision_is_in_the_index() -> None:
    """The index of docs/adr links each decision once, and nothing else."""
    folder = ROOT / "docs" / "adr"
    linked = re.findall(r"\]\((\d{4}-[a-z0-9-]+\.md)\)", (folder / "README.md").read_text("utf-8"))
    assert linked == sorted(path.name for path in folder.glob("[0-9]*.md"))


def test_every_decision_has_the_same_parts() -> None:
    """A decision is numbered like its file and gives status, context, decision and consequences."""
    for path in (ROOT / "docs" / "adr").glob("[0-9]*.md"):
        text = path.read_text("utf-8")
        assert text.startswith(f"# {path.name[:4]}. "), path.name
        assert re.search(r"^Status: (accepted|superseded by \d{4})$", text, re.MULTILINE), path.name
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"], path.name


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_help_lists_every_verb() -> None:
    """`make help` explains each phony target of the Makefile."""
    declared = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert declared is not None
    assert re.findall(r"^  make (\S+) +\S", output("make", "help"), re.MULTILINE) == declared[1].split()


def test_ci_runs_make_test() -> None:
    """The CI workflow calls .ci/run, and .ci/run calls `make test`."""
    assert (ROOT / ".ci" / "run").read_text("utf-8").endswith("make test\n")
    assert "- run: .ci/run\n" in (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")


@pytest.mark.skipif(shutil.which("git") is None or not (ROOT / ".git").exists(), reason="not a git checkout")
def test_no_file_names_a_place_on_one_machine() -> None:
    """Nothing that is committed knows the absolute path of anybody's home or workplace."""
    place = re.compile(rb"(?<![\w.~$}-])/(?:home|Users|root|work)/\w")
    named = [path for path in output("git", "ls-files", "-z").split("\0") if path and (ROOT / path).is_file()]
    assert named
    assert [path for path in named if place.search((ROOT / path).read_bytes())] == []
