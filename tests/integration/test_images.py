"""The images themselves; `tests/unit/deploy/test_images.py` reads what they are made of."""

import shutil

import pytest

from deploy.__main__ import main
from deploy.services import SERVICES


@pytest.mark.proof  # minutes, and packages from the network
@pytest.mark.skipif(shutil.which("buildah") is None, reason="buildah is not installed")
def test_f50_every_image_starts_and_the_workers_trains(capfd: pytest.CaptureFixture[str]) -> None:
    """Built, started as nobody in particular, asked, and told to end; what is missing here is named."""
    assert main(["images"]) == 0
    said = capfd.readouterr().err
    assert [f"{service}: strangers are refused; ends when told to" in said for service in SERVICES] == [True] * 4
    for service in ("scraper", "analytics", "coordinator"):
        assert f"{service}: healthy, as a user that can write nothing of the image; lacks warehouse: BigQuery" in said
    assert "worker: trained and opened again: similarity, boosted, market_residual, ensemble" in said
    assert [f"{service}: ready on the emulators: consumers, warehouse" in said for service in SERVICES] == [True] * 4
