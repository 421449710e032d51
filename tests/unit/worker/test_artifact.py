"""Artifacts: their bytes, and what a worker refuses to load, with reasons."""

import io
import json
import zipfile
from dataclasses import replace
from importlib import metadata

import numpy as np
import pytest

from services.worker.domain.artifact import (
    Artifact,
    Manifest,
    check,
    digest_of,
    libraries,
    pack,
    unpack,
)
from shared.errors import Permanent

MANIFEST = Manifest(
    system="similarity", mode="overnight", as_of="2024-03-04", training_first="2023-10-24",
    training_last="2024-03-03", rows=1500, seed=7, contract_version="2024.1", features=("is_home", "fatigue"),
    libraries={"numpy": metadata.version("numpy")}, metrics={"newest": {"points": {"n": 3}}},
)  # fmt: skip
MADE = Artifact(
    MANIFEST,
    {"centre": np.array([1.5, 2.5]), "player_id": np.array([[7, 8], [9, 10]]), "golden.names": np.array(["a", "bc"])},
    {"play": "tree\nTree=0\n", "points.spread": "another"},
)
SERVED = frozenset({"is_home", "fatigue", "days_rest"})


def test_what_is_packed_is_read_again() -> None:
    """Manifest, arrays with their types, and trees, under their names."""
    data = pack(MADE)
    found = unpack(data, system="similarity", digest=digest_of(data))
    assert found.manifest == MANIFEST
    assert found.trees == MADE.trees
    assert found.arrays.keys() == MADE.arrays.keys()
    for name, values in MADE.arrays.items():
        assert found.arrays[name].tolist() == values.tolist()
        assert found.arrays[name].dtype == values.dtype


def test_equal_artifacts_have_equal_bytes() -> None:
    """Whatever order their parts are given in; another number, other bytes."""
    turned = Artifact(
        replace(MANIFEST, metrics=dict(reversed(MANIFEST.metrics.items()))),
        dict(reversed(list(MADE.arrays.items()))),
        dict(reversed(list(MADE.trees.items()))),
    )
    assert pack(turned) == pack(MADE)
    assert pack(replace(MADE, arrays={**MADE.arrays, "centre": np.array([1.5, 2.6])})) != pack(MADE)


def test_an_artifact_is_a_plain_zip_without_a_clock() -> None:
    """Names, time stamps of 1980, compressed, readable by all; the manifest is sorted JSON."""
    with zipfile.ZipFile(io.BytesIO(pack(MADE))) as archive:
        entries = archive.infolist()
        text = archive.read("manifest.json").decode()
        array = archive.read("arrays/centre.npy")
    assert [entry.filename for entry in entries] == [
        "manifest.json", "arrays/centre.npy", "arrays/golden.names.npy", "arrays/player_id.npy", "trees/play.txt",
        "trees/points.spread.txt",
    ]  # fmt: skip
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.compress_type for entry in entries} == {zipfile.ZIP_DEFLATED}
    assert {entry.external_attr >> 16 for entry in entries} == {0o644}
    manifest = json.loads(text)
    assert text.startswith('{\n "as_of": "2024-03-04",\n')
    assert list(manifest) == sorted(manifest)
    assert manifest["format"] == 1
    assert array.startswith(b"\x93NUMPY\x01\x00")


def test_objects_are_no_numbers() -> None:
    """Nothing that pickle would have to read gets in, or out."""
    with pytest.raises(ValueError, match="allow_pickle"):
        pack(replace(MADE, arrays={"centre": np.array([{}], dtype=object)}))
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(pack(MADE))) as old, zipfile.ZipFile(buffer, "w") as new:
        new.writestr("manifest.json", old.read("manifest.json"))
        raw = io.BytesIO()
        np.save(raw, np.array([{}], dtype=object), allow_pickle=True)
        new.writestr("arrays/centre.npy", raw.getvalue())
    with pytest.raises(ValueError, match="allow_pickle"):
        unpack(buffer.getvalue(), system="similarity", digest=digest_of(buffer.getvalue()))


def test_f27_one_changed_byte_is_refused() -> None:
    """Wherever it is: both digests are named."""
    data = pack(MADE)
    digest = digest_of(data)
    for place in (0, len(data) // 2, len(data) - 1):
        other = bytearray(data)
        other[place] ^= 1
        with pytest.raises(Permanent, match="its bytes were changed") as refused:
            unpack(bytes(other), system="similarity", digest=digest)
        assert f"artifact similarity {digest[:12]} has the digest {digest_of(bytes(other))[:12]}:" in str(refused.value)


def test_the_digest_is_sha_256() -> None:
    """That of nothing is known to everybody."""
    nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # pragma: allowlist secret - a digest
    assert digest_of(b"") == nothing


def test_another_system_or_format_is_refused() -> None:
    """What was filed under a wrong name, or made by another revision."""
    data = pack(MADE)
    with pytest.raises(Permanent, match="is format 1 of similarity, wanted format 1 of boosted"):
        unpack(data, system="boosted", digest=digest_of(data))
    newer = pack(replace(MADE, manifest=replace(MANIFEST, format=2)))
    with pytest.raises(Permanent, match="is format 2 of similarity, wanted format 1 of similarity"):
        unpack(newer, system="similarity", digest=digest_of(newer))


def test_pinned_are_the_libraries_that_compute() -> None:
    """Numpy and LightGBM, at their installed versions."""
    assert libraries() == {"numpy": metadata.version("numpy"), "lightgbm": metadata.version("lightgbm")}


def checked(contract: str = "2024.1", **changes: object) -> None:
    """Check an artifact of this world, but for changes to its manifest."""
    manifest = replace(MANIFEST, libraries=libraries(), **changes)  # type: ignore[arg-type]  # fields of the manifest
    check(replace(MADE, manifest=manifest), contract_version=contract, features=SERVED)


def test_an_artifact_of_this_world_is_accepted() -> None:
    """Same libraries, same contract, all its features served."""
    checked()
    checked(features=())


@pytest.mark.parametrize(("library", "name"), [("numpy", "numpy"), ("lightgbm", "lightgbm")])
def test_f27_another_library_version_is_refused(library: str, name: str) -> None:
    """The message names library and versions."""
    made = {**libraries(), library: "0.0.1"}
    with pytest.raises(Permanent, match=f"trained with {name} 0.0.1, here is {libraries()[library]}") as refused:
        check(replace(MADE, manifest=replace(MANIFEST, libraries=made)), contract_version="2024.1", features=SERVED)
    assert "artifact similarity as of 2024-03-04" in str(refused.value)


def test_a_library_that_is_not_here_is_refused() -> None:
    """Whatever the model was trained with."""
    made = {**libraries(), "xgboost": "2.0"}
    with pytest.raises(Permanent, match=r"trained with xgboost 2\.0, here is none"):
        check(replace(MADE, manifest=replace(MANIFEST, libraries=made)), contract_version="2024.1", features=SERVED)


def test_a_feature_that_is_not_served_is_refused_by_name() -> None:
    """The model would read something else, or nothing; of several the first of the alphabet."""
    with pytest.raises(Permanent, match="needs feature 'aaa', which is not served"):
        checked(features=("zzz", "aaa", "is_home"))


def test_another_feature_contract_is_refused() -> None:
    """Same names with other meanings are not the same features."""
    with pytest.raises(Permanent, match=r"trained under feature contract 2024\.1, this is 2025\.1"):
        checked("2025.1")
