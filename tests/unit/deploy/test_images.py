import re
from pathlib import Path

import pytest
import yaml

from deploy.services import PORT, SERVICES, USER
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
    """Hashes are required, one lock is copied, and the service is imported before the image is done."""
    assert re.findall(r"requirements/(\S+)", DOCKERFILE) == ["${SERVICE}.txt"]
    assert re.findall(r"COPY (services/\S+)", DOCKERFILE) == ["services/__init__.py", "services/${SERVICE}/"]
    assert "--require-hashes" in DOCKERFILE
    assert 'python -c "import services.${SERVICE}.__main__"' in DOCKERFILE


def test_images_are_pinned_and_run_without_root() -> None:
    """Base images name Python's and Debian's version; the last user is a numeric one that is not root."""
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"python:3.11-slim-bookworm"}
    assert re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE) == [f"{USER}:{USER}"]
    assert f"TIPOFF_PORT={PORT}" in DOCKERFILE


def test_an_image_without_a_revision_is_not_built() -> None:
    """The revision is a build argument that must be given, and becomes the image's own."""
    assert 'ARG REVISION\nRUN test -n "$REVISION"\nENV SERVICE=$SERVICE TIPOFF_REVISION=$REVISION' in DOCKERFILE


def test_cloud_build_uses_the_dockerfile_of_the_service() -> None:
    """Service, revision and image are substitutions: nothing has a default that could be another service's."""
    build = yaml.safe_load((DEPLOY / "cloudbuild.yaml").read_text("utf-8"))
    assert build["steps"][0]["args"][1:4] == [
        "--file=deploy/Dockerfile",
        "--build-arg=SERVICE=${_SERVICE}",
        "--build-arg=REVISION=${_REVISION}",
    ]
    assert build["images"] == ["${_IMAGE}"]
    assert "substitutions" not in build


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
