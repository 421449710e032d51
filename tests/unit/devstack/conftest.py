from pathlib import Path

import pytest

from devstack.history import History
from devstack.league import generate


@pytest.fixture(scope="session")
def league() -> History:
    """The generated league."""
    return generate()


@pytest.fixture(scope="session")
def real(shared_data: Path) -> History:
    """The real history."""
    return History.open(shared_data)
