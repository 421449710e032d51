"""The models in memory: fetched once, kept while in use, refused with reasons."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.worker.domain import golden
from services.worker.domain.artifact import Artifact, Manifest, digest_of, libraries, pack
from services.worker.domain.distribution import Distributions
from services.worker.domain.systems import market_residual
from services.worker.domain.systems.base import Forecast, Inputs
from services.worker.models import KEPT, Models, open_model
from shared.embedded.archive import FileArchive
from shared.errors import Permanent, Transient
from shared.registries.features import FEATURE_CONTRACT_VERSION


def packed(first: float = 0.5, **changes: Any) -> bytes:  # noqa: ANN401 - fields of the manifest
    """An artifact of `market_residual` whose first coefficient is given, with one golden row."""
    arrays = {"coefficients.points": np.array([first, 0.0, 0.0])}
    manifest = Manifest(
        "market_residual", "overnight", "2024-03-04", "2023-10-24", "2024-03-03", 300, 1, FEATURE_CONTRACT_VERSION,
        ("points_line",), libraries(),
    )  # fmt: skip
    boosted = {"points": Forecast(Distributions(np.array([20.0]), np.array([4.0]), 1.0))}
    features = {f"points_{name}": np.array([20.0]) for name in ("line", "line_p_over", "season_mean")}
    inputs = Inputs(features, np.array([7]), None, {"boosted": boosted})
    model = market_residual.load(Artifact(manifest, arrays, {}))
    recorded = golden.record("market_residual", model, inputs)
    return pack(Artifact(replace(manifest, **changes), arrays | recorded, {}))


def test_an_artifact_opens_to_its_model() -> None:
    """Digest, libraries, contract, features and golden predictions hold."""
    data = packed(0.25)
    assert open_model(data, "market_residual", digest_of(data)).coefficients["points"].tolist() == [0.25, 0.0, 0.0]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"libraries": {"numpy": "0.1"}}, r"trained with numpy 0\.1"),
        ({"contract_version": "0"}, "feature contract 0"),
        ({"features": ("minutes_of_old",)}, "'minutes_of_old', which is not served"),
        ({"system": "similarity"}, "wanted format 1 of market_residual"),
    ],
)
def test_f27_an_artifact_of_another_world_is_refused(changes: dict[str, Any], reason: str) -> None:
    """What was trained with other libraries, under another contract, on other features, or for another system."""
    data = packed(**changes)
    with pytest.raises(Permanent, match=reason):
        open_model(data, "market_residual", digest_of(data))


def test_f27_what_does_not_reproduce_its_golden_rows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that computes otherwise is found out at load, whatever its version says."""
    data = packed()
    monkeypatch.setattr(market_residual, "PRICED", 0.61)
    with pytest.raises(Permanent, match="golden predictions of points do not reproduce"):
        open_model(data, "market_residual", digest_of(data))


def test_a_system_without_a_loader_takes_no_artifact() -> None:
    """A hand-made one."""
    data = packed(system="moving_average")
    with pytest.raises(Permanent, match="system moving_average takes no artifact"):
        open_model(data, "moving_average", digest_of(data))


class Counting(FileArchive):
    """An archive that counts what is fetched."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.fetched: list[str] = []

    async def get(self, key: str) -> bytes:
        self.fetched.append(key.rsplit("/", 1)[1])
        return await super().get(key)


@pytest.fixture
def archive(tmp_path: Path) -> Counting:
    return Counting(tmp_path)


async def stored(archive: Counting, data: bytes, system: str = "market_residual") -> str:
    """Put an artifact into the archive; its digest."""
    digest = digest_of(data)
    await archive.put(f"models/{system}/{digest}", data)
    return digest


async def load(models: Models, digest: str) -> Mapping[str, object]:
    """Load one model that must not be refused."""
    found = await models.load({"market_residual": digest})
    assert found.refused == {}
    return found.models


async def test_a_model_is_fetched_once(archive: Counting) -> None:
    """The second batch finds it in memory, the same."""
    digest, models = await stored(archive, packed()), Models(archive)
    assert await load(models, digest) == await load(models, digest)
    assert archive.fetched == [digest]


async def test_the_twelve_models_used_last_are_kept(archive: Counting) -> None:
    """Of thirteen the one goes that was used longest ago, not the one that was fetched first."""
    assert KEPT == 12
    digests = [await stored(archive, packed(n / 8)) for n in range(13)]
    models = Models(archive)
    for digest in digests[:12]:
        await load(models, digest)
    await load(models, digests[0])
    await load(models, digests[12])  # the second goes
    assert archive.fetched == digests
    for digest in (digests[0], digests[2], digests[12]):
        await load(models, digest)
    assert archive.fetched == digests
    await load(models, digests[1])
    assert archive.fetched == [*digests, digests[1]]


async def test_f15_what_cannot_be_loaded_is_refused_and_the_rest_goes_on(archive: Counting) -> None:
    """Spoilt bytes and an absent artifact have their reasons; the good one is there."""
    good, bad = await stored(archive, packed()), "f" * 64
    await archive.put(f"models/boosted/{bad}", packed())
    found = await Models(archive).load({"boosted": bad, "similarity": "e" * 64, "market_residual": good})
    assert set(found.models) == {"market_residual"}
    assert set(found.refused) == {"boosted", "similarity"}
    assert "its bytes were changed" in found.refused["boosted"]
    assert "e" * 64 in found.refused["similarity"]


async def test_a_refused_artifact_is_tried_again(archive: Counting) -> None:
    """It may be restored meanwhile."""
    data, models = packed(), Models(archive)
    digest = digest_of(data)
    assert set((await models.load({"market_residual": digest})).refused) == {"market_residual"}
    await stored(archive, data)
    assert set(await load(models, digest)) == {"market_residual"}


@pytest.mark.parametrize("system", ["oracle", "moving_average"])
async def test_only_learned_systems_are_loaded(archive: Counting, system: str) -> None:
    """Neither an unknown system nor a hand-made one; nothing is fetched for it."""
    found = await Models(archive).load({system: "a" * 64})
    assert found.models == {}
    assert f"no learned system '{system}' is known" in found.refused[system]
    assert archive.fetched == []


async def test_an_archive_that_cannot_be_reached_is_no_refusal(
    archive: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The batch is delivered again."""

    async def away(_: str) -> bytes:
        raise Transient("the archive is away")

    monkeypatch.setattr(archive, "get", away)
    with pytest.raises(Transient, match="away"):
        await Models(archive).load({"market_residual": "a" * 64})
