import re
from collections.abc import Iterator

import pytest

from deploy.access import WRITER, datasets, publishers
from deploy.services import SERVICES
from shared.registries.secrets import SECRETS
from shared.registries.sources import SOURCES
from shared.registries.topics import TOPICS
from shared.tables import STAGING, TABLES
from tests.unit.deploy.conftest import ROOT


def matches(service: str, pattern: str) -> Iterator[str]:
    """What a service's code and SQL hold of a pattern's one group."""
    for path in (ROOT / "services" / service).rglob("*.*"):
        if path.suffix in (".py", ".sql"):
            yield from re.findall(pattern, path.read_text("utf-8"))


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_may_read_every_table_that_its_code_names(service: str) -> None:
    """What follows from the steps is enough for the statements as they are."""
    named = {table for table in matches(service, r"\b([a-z]+\.[a-z_]+)\b") if table in TABLES}
    assert named
    assert {table.partition(".")[0] for table in named} <= set(datasets(service))


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_may_write_where_its_code_writes_and_by_way_of_staging(service: str) -> None:
    """A dataset that it only reads it cannot change."""
    writes = set(matches(service, r"\.(?:append|replace|transform)\(\s*\"([a-z]+)\.[a-z_]+\""))
    roles = datasets(service)
    assert {roles[dataset] for dataset in (*writes, STAGING)} == {WRITER}


def test_only_who_has_steps_in_a_dataset_writes_there() -> None:
    """The whole of who writes what: raw is the scraper's alone."""
    written = {
        dataset: {service for service in SERVICES if datasets(service).get(dataset) == WRITER}
        for dataset in ("raw", "analytics", "features", "predictions", "ops")
    }
    assert written == {
        "raw": {"scraper"},
        "analytics": {"analytics"},
        "features": {"analytics"},
        "predictions": {"analytics", "coordinator", "worker"},
        "ops": {"scraper", "analytics", "coordinator", "worker"},
    }


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_may_publish_to_the_topics_that_its_code_names(service: str) -> None:
    """And to the dead letter of what it consumes."""
    for topic in matches(service, r"publish\(\s*\"([a-z-]+)\""):
        assert service in publishers(topic)
    for each in TOPICS.values():
        assert (service in publishers(each.dead_letter)) == (service == each.consumer)


def test_a_secret_is_read_by_its_service_alone() -> None:
    """No other service's code names it."""
    for secret in SECRETS.values():
        constant = secret.name.upper().replace("-", "_")
        using = {service for service in SERVICES if any(matches(service, rf"\b({constant})\b"))}
        if secret.name in {
            name for source in SOURCES.values() for name in (source.secret, source.proxy)
        }:  # the scraper asks the sources
            using.add("scraper")
        assert using == {secret.service}
