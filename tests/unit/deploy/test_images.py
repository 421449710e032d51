import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from deploy.__main__ import main
from deploy.services import BASE, PORT, SERVICES, USER
from shared.registries.pipeline import STEPS
from shared.registries.topics import TOPICS
from tests.unit.deploy.conftest import ENVIRONMENT, ROOT

DEPLOY = ROOT / "deploy"


DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")


def test_every_service_is_deployable_and_nothing_else() -> None:
    """Registry, folders of deploy/, packages of services/ and locks name the same services."""
    assert set(SERVICES) == {path.parent.name for path in DEPLOY.glob("*/deploy.sh")}
    assert set(SERVICES) == {path.parent.name for path in (ROOT / "services").glob("*/__main__.py")}
    assert {step.service for step in STEPS.values()} | {topic.consumer for topic in TOPICS.values()} <= set(SERVICES)


def test_f23_the_dockerfile_names_no_service() -> None:
    """Whose code is copied, imported and started is one build argument, so no image can start another's service."""
    assert not [service for service in SERVICES if service in DOCKERFILE]
    assert DOCKERFILE.endswith('CMD ["sh", "-c", "exec python -m services.$SERVICE"]\n')


def test_f19_an_image_installs_only_its_own_lock_and_proves_its_imports() -> None:
    """Hashes are required, one lock is copied, and the service's imports are done before the image is."""
    assert re.findall(r"requirements/(\S+)", DOCKERFILE) == ["${SERVICE}.txt"]
    assert re.findall(r"COPY (services/\S+)", DOCKERFILE) == ["services/__init__.py", "services/${SERVICE}/"]
    assert "--require-hashes" in DOCKERFILE
    assert "&& python -m shared.runtime.imports ${SERVICE}\n" in DOCKERFILE


def test_f50_an_image_installs_what_its_libraries_need_of_the_system() -> None:
    """What the registry names is installed, nothing beside it; where LightGBM is locked, that is libgomp1."""
    assert "apt-get install --quiet --yes --no-install-recommends $PACKAGES \\\n" in DOCKERFILE
    assert "rm -rf /var/lib/apt/lists/*" in DOCKERFILE
    locks = {name: (ROOT / "requirements" / f"{name}.txt").read_text("utf-8") for name in SERVICES}
    assert {name: service.packages for name, service in SERVICES.items()} == {
        name: "libgomp1" if "\nlightgbm==" in lock else "" for name, lock in locks.items()
    }


def test_images_are_pinned_and_run_without_root() -> None:
    """The base names Python's and Debian's version and is recorded; the last user is a numeric one that is not root."""
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"${BASE}"}
    assert BASE.endswith("/python:3.11-slim-bookworm")
    assert "\nLABEL org.opencontainers.image.base.name=$BASE " in DOCKERFILE
    assert re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE) == [f"{USER}:{USER}"]
    assert f"TIPOFF_PORT={PORT}" in DOCKERFILE


def test_an_image_without_a_revision_is_not_built() -> None:
    """The revision is a build argument that must be given, and becomes the image's own."""
    assert 'ARG REVISION\nRUN test -n "$REVISION"\n' in DOCKERFILE
    assert "\nENV SERVICE=$SERVICE TIPOFF_REVISION=$REVISION " in DOCKERFILE


def test_cloud_build_uses_the_dockerfile_of_the_service() -> None:
    """Service, revision and image are substitutions: nothing has a default that could be another service's."""
    build = yaml.safe_load((DEPLOY / "cloudbuild.yaml").read_text("utf-8"))
    (step,) = build["steps"]
    assert "docker build --file=deploy/Dockerfile " in step["args"][-1]
    given = dict(re.findall(r'--build-arg=(\w+)="(\S+)"', step["args"][-1]))
    assert given == {"BASE": "$$base"} | {name: f"${{_{name}}}" for name in ("SERVICE", "PACKAGES", "REVISION")}
    assert given.keys() == set(re.findall(r"^ARG (\w+)$", DOCKERFILE, re.MULTILINE))
    assert build["images"] == ["${_IMAGE}"]
    assert "substitutions" not in build


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_the_base_is_resolved_said_and_built_from(tmp_path: Path) -> None:
    """Cloud Build's step builds from the digest that the base has today, and hands it out."""
    script = yaml.safe_load((DEPLOY / "cloudbuild.yaml").read_text("utf-8"))["steps"][0]["args"][-1]
    fake = tmp_path / "docker"
    fake.write_text('#!/bin/sh\necho "$@" >>"$0.log"\n[ "$1" != inspect ] || echo python@sha256:ba5e\n')
    fake.chmod(0o755)
    for name in ("SERVICE", "PACKAGES", "REVISION", "BASE", "IMAGE"):  # as Cloud Build substitutes
        script = script.replace(f"${{_{name}}}", f"the-{name.lower()}")
    environment = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "BUILDER_OUTPUT": str(tmp_path)}
    subprocess.run(["bash", "-euc", script.replace("$$", "$")], env=environment, check=True, timeout=60)
    assert (tmp_path / "output").read_text() == "python@sha256:ba5e"
    pulled, _, built = (tmp_path / "docker.log").read_text().splitlines()
    assert pulled == "pull --quiet the-base"
    assert " --build-arg=BASE=python@sha256:ba5e --build-arg=SERVICE=the-service " in built


@pytest.mark.parametrize(
    ("names", "error"),
    [
        (["worker"], "error: buildah is not installed: apt install buildah mmdebstrap\n"),
        (
            ["worker", "nobody"],
            "error: there is no service 'nobody': there are scraper, analytics, coordinator, worker, live\n",
        ),
    ],
)
def test_images_that_cannot_be_tried_are_one_line(
    names: list[str], error: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where buildah is not installed, and where there is no such service."""
    monkeypatch.setenv("PATH", "")
    assert main(["images", *names]) == 1
    assert capsys.readouterr().err == error


@pytest.mark.parametrize("service", SERVICES)
def test_a_request_may_last_as_long_as_a_push_is_waited_for(service: str) -> None:
    """Cloud Run does not cut a push off before Pub/Sub gives it up."""
    deadlines = [topic.ack_deadline for topic in TOPICS.values() if topic.consumer == service]
    assert f"--timeout={max(deadlines):.0f}" in SERVICES[service].flags(ENVIRONMENT)


def test_who_uses_the_archive_has_it_mounted() -> None:
    """A service whose code touches the archive port gets the bucket, and only such a service."""
    using = {
        service
        for service in SERVICES
        for path in (ROOT / "services" / service).rglob("*.py")
        if re.search(r"\barchive\.(put|get|list)\(", Path(path).read_text("utf-8"))
    }
    assert using == {name for name, service in SERVICES.items() if service.archive}
