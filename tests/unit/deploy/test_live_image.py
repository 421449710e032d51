"""The image of the whole product on one machine, and the compose file that runs it."""

import re
import tomllib

import yaml

from deploy.services import BASE, USER
from tests.unit.deploy.conftest import ROOT

DOCKERFILE = (ROOT / "deploy" / "live.Dockerfile").read_text("utf-8")
IGNORED = (ROOT / "deploy" / "live.Dockerfile.dockerignore").read_text("utf-8").splitlines()
[SERVICE] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"].values()
PACKAGES = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"]["find"][
    "include"
]


def test_it_holds_every_package_and_installs_only_what_is_locked() -> None:
    """Each package of pyproject.toml is copied and let through; hashes are required; LightGBM has its library."""
    folders = {name.removesuffix("*") for name in PACKAGES}
    assert set(re.findall(r"^COPY (\w+)/ \1/$", DOCKERFILE, re.MULTILINE)) == folders
    assert {f"!{folder}/" for folder in folders} < set(IGNORED)
    assert IGNORED[1] == "*"
    assert "--no-deps --require-hashes --requirement /requirements.txt" in DOCKERFILE
    assert re.findall(r"requirements/(\S+)", DOCKERFILE) == ["local.txt"]
    assert " libgomp1 " in DOCKERFILE


def test_it_stands_on_the_same_base_and_runs_without_root() -> None:
    """As the images of the cloud; its volume is its user's own."""
    assert f"ARG BASE={BASE}\n" in DOCKERFILE
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"${BASE}"}
    assert re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE) == [f"{USER}:{USER}"]
    assert "chown tipoff:tipoff /data" in DOCKERFILE


def test_compose_runs_it_hardened_and_only_for_this_machine() -> None:
    """It starts again by itself, may write its volume and /tmp, and gains nothing; the API is not the network's."""
    assert SERVICE["build"]["dockerfile"] == "deploy/live.Dockerfile"
    assert (SERVICE["restart"], SERVICE["read_only"], SERVICE["cap_drop"]) == ("unless-stopped", True, ["ALL"])
    assert SERVICE["security_opt"] == ["no-new-privileges:true"]
    assert (SERVICE["volumes"], SERVICE["tmpfs"]) == (["tipoff:/data"], ["/tmp"])  # noqa: S108 - the container's
    assert "TIPOFF_HOME=/data" in DOCKERFILE
    [port] = SERVICE["ports"]
    assert port == f"127.0.0.1:{SERVICE['environment']['TIPOFF_PORT']}:{SERVICE['environment']['TIPOFF_PORT']}"
    assert f"http://127.0.0.1:{SERVICE['environment']['TIPOFF_PORT']}/healthz" in DOCKERFILE


def test_its_log_is_rotated() -> None:
    """A container's log has no bound of its own."""
    assert {"max-size", "max-file"} <= SERVICE["logging"]["options"].keys()
