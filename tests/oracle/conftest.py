"""The worlds, one of each kind for the whole run: real ones where the shared data are."""

from collections.abc import Iterator

import pytest

from tests.oracle.generated import generated
from tests.oracle.real import real
from tests.oracle.world import World


@pytest.fixture(scope="session", params=["generated", "real"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Nights of the generated league, and of real seasons."""
    made = generated() if request.param == "generated" else real(request.getfixturevalue("shared_data"))
    yield made
    made.close()
