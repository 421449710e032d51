"""For every test: no network, a hypothesis profile, and the shared data where it is at hand."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, Phase, settings

settings.register_profile("default", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("proof", settings.get_profile("default"), max_examples=2_000)
settings.register_profile(  # a mutant is killed by any example: none need be the smallest
    "mutants", settings.get_profile("default"), derandomize=True, database=None, phases=[Phase.explicit, Phase.generate]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

_REPOSITORY = Path(__file__).parents[1]


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Asyncio wakes its loop through a pair of unix sockets; pytest-socket reads this option when it is configured."""
    config.option.allow_unix_socket = True


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Block sockets; tests marked `network` may use the loopback address."""
    for item in items:
        if item.get_closest_marker("network") is None:
            item.add_marker("disable_socket")
        else:
            item.add_marker(pytest.mark.allow_hosts(["127.0.0.1", "::1"]))


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Whatever a test or the command in it sets up is its own: a silent command would silence the tests after it."""
    known = structlog.get_config()
    yield
    structlog.configure(**known)


def _shared(folder: str) -> Path:
    root = Path(os.environ.get("TIPOFF_SHARED", _REPOSITORY.parent / "shared"))
    path = root / folder
    if not path.is_dir():
        pytest.skip(f"no {folder} in {root}: set TIPOFF_SHARED")
    return path


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real history (Parquet tables)."""
    return _shared("data")


@pytest.fixture(scope="session")
def shared_payloads() -> Path:
    """Real payloads of the upstreams."""
    return _shared("payloads")
