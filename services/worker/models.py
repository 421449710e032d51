"""The models a worker has in memory: fetched from the archive by digest, checked, kept while they are in use."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.errors import Permanent
from shared.ports import Archive
from shared.registries.features import FEATURE_CONTRACT_VERSION, FEATURES
from shared.registries.systems import SYSTEMS
from shared.runtime.logs import get_logger

KEPT = 12
"""Models kept: two modes' worth of learned systems and then some."""

_log = get_logger("worker")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of the artifacts that a batch names."""

    models: Mapping[str, Any]
    """System -> its model."""
    refused: Mapping[str, str]
    """System -> why its artifact was refused."""


class Models:
    """A cache by digest, which changes no prediction: equal digests are equal models."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._kept: OrderedDict[str, Any] = OrderedDict()
        self._loading = asyncio.Lock()

    async def load(self, wanted: Mapping[str, str]) -> Loaded:
        """The models of learned systems by digest; what cannot be loaded is refused, and the rest goes on.

        Raises:
            Transient: the archive cannot be reached.
        """
        models: dict[str, Any] = {}
        refused: dict[str, str] = {}
        async with self._loading:
            for system, digest in wanted.items():
                try:
                    models[system] = await self._one(system, digest)
                except Permanent as error:
                    refused[system] = str(error)
                    _log.error("artifact_refused", system=system, digest=digest, reason=str(error))
        return Loaded(models, refused)

    async def _one(self, system: str, digest: str) -> Any:  # noqa: ANN401 - the system's own model
        if digest in self._kept:
            self._kept.move_to_end(digest)
            return self._kept[digest]
        if system not in SYSTEMS or not SYSTEMS[system].learned:
            raise Permanent(f"no learned system {system!r} is known", remedy="deploy the coordinator's revision")
        data = await self._archive.get(f"models/{system}/{digest}")
        model = await asyncio.to_thread(open_model, data, system, digest)
        self._kept[digest] = model
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return model


def open_model(data: bytes, system: str, digest: str) -> Any:  # noqa: ANN401 - the system's own model
    """A model from its artifact's bytes, everything checked.

    Raises:
        Permanent: see `artifact.unpack`, `artifact.check` and `golden.verify`; or LightGBM cannot be loaded.
    """
    from services.worker.domain import artifact, golden, systems  # noqa: PLC0415 - numpy only once there is work

    found = artifact.unpack(data, system=system, digest=digest)
    artifact.check(found, contract_version=FEATURE_CONTRACT_VERSION, features=frozenset(FEATURES))
    load = systems.system(system).load
    if load is None:
        raise Permanent(f"system {system} takes no artifact", remedy="deploy the coordinator's revision")
    model = load(found)
    golden.verify(found, model)
    return model
