"""Artifacts: what training leaves behind and a worker predicts from, content-addressed and without pickle.

One zip with fixed time stamps, so that equal content has equal bytes and one SHA-256 names it:

    manifest.json      what it is: see `Manifest`
    arrays/<name>.npy  numbers (numpy's own format, never objects)
    trees/<name>.txt   LightGBM models in LightGBM's text format

A worker refuses an artifact whose bytes, libraries or feature contract are not those of its training, and one whose
golden predictions do not reproduce (failure 27). Refused is absent, with a reason; nothing stands in for it.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib import metadata
from typing import Any

import numpy as np
import numpy.typing as npt

from shared.errors import Permanent

FORMAT = 1
_EPOCH = (1980, 1, 1, 0, 0, 0)
_PINNED = ("numpy", "lightgbm")
"""Libraries whose version may change a prediction."""

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an artifact is."""

    system: str
    mode: str
    as_of: str
    """ISO date: only what was known at 07:00 ET of it was trained on."""
    training_first: str
    training_last: str
    """First and last slate trained on."""
    rows: int
    seed: int
    contract_version: str
    features: tuple[str, ...]
    """Names of the features it reads, in the order of its matrices."""
    libraries: dict[str, str]
    metrics: dict[str, Any] = field(default_factory=dict)
    """Walk-forward scores on the newest slates, as far as they are the model's own."""
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class Artifact:
    """An artifact in memory."""

    manifest: Manifest
    arrays: Mapping[str, Array]
    trees: Mapping[str, str]


def libraries() -> dict[str, str]:
    """Installed versions of the libraries that predictions depend on."""
    return {name: metadata.version(name) for name in _PINNED}


def digest_of(data: bytes) -> str:
    """SHA-256, hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def pack(artifact: Artifact) -> bytes:
    """The artifact's bytes; equal artifacts have equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        _add(archive, "manifest.json", json.dumps(asdict(artifact.manifest), sort_keys=True, indent=1).encode())
        for name, values in sorted(artifact.arrays.items()):
            raw = io.BytesIO()
            np.lib.format.write_array(raw, np.ascontiguousarray(values), version=(1, 0), allow_pickle=False)
            _add(archive, f"arrays/{name}.npy", raw.getvalue())
        for name, text in sorted(artifact.trees.items()):
            _add(archive, f"trees/{name}.txt", text.encode())
    return buffer.getvalue()


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, data, compresslevel=6)


def unpack(data: bytes, *, system: str, digest: str) -> Artifact:
    """Read an artifact that was asked for by its digest.

    Raises:
        Permanent: other bytes than were asked for, another format, or another system's.
    """
    found = digest_of(data)
    if found != digest:
        raise Permanent(
            f"artifact {system} {digest[:12]} has the digest {found[:12]}: its bytes were changed",
            remedy="restore it from a backup of the archive, or train again",
        )
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        if manifest.get("format") != FORMAT or manifest["system"] != system:
            raise Permanent(
                f"artifact {digest[:12]} is format {manifest.get('format')} of {manifest.get('system')}, "
                f"wanted format {FORMAT} of {system}",
                remedy="train again at this revision",
            )
        arrays = {
            name.removeprefix("arrays/").removesuffix(".npy"): np.load(
                io.BytesIO(archive.read(name)), allow_pickle=False
            )
            for name in archive.namelist()
            if name.startswith("arrays/")
        }
        trees = {
            name.removeprefix("trees/").removesuffix(".txt"): archive.read(name).decode()
            for name in archive.namelist()
            if name.startswith("trees/")
        }
    return Artifact(Manifest(**{**manifest, "features": tuple(manifest["features"])}), arrays, trees)


def check(artifact: Artifact, *, contract_version: str, features: frozenset[str]) -> None:
    """Refuse an artifact that was made in another world than this one.

    Raises:
        Permanent: another library version, another feature contract, or a feature that is not served any more.
    """
    made = artifact.manifest
    name = f"artifact {made.system} as of {made.as_of}"
    here = libraries()
    for library, version in sorted(made.libraries.items()):
        if here.get(library) != version:
            raise Permanent(
                f"{name} was trained with {library} {version}, here is {here.get(library, 'none')}",
                remedy="deploy the lock it was trained with, or train again",
            )
    unserved = sorted(set(made.features) - features)
    if unserved:
        raise Permanent(f"{name} needs feature {unserved[0]!r}, which is not served", remedy="train again")
    if made.contract_version != contract_version:
        raise Permanent(
            f"{name} was trained under feature contract {made.contract_version}, this is {contract_version}",
            remedy="train again",
        )
