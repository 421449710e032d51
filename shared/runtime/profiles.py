"""Which adapter stands behind each port: `local` is embedded, `gcp` the cloud's own services.

An adapter is imported and made at its first use: a service starts fast and loads only what it uses.
"""

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

from shared.errors import Permanent
from shared.ports import Clock, Ports
from shared.runtime.clock import WallClock
from shared.runtime.settings import CommonSettings, load

Factory = Callable[[CommonSettings, Clock], Any]


class Deferred:
    """Stands for a port and becomes its adapter at the first use."""

    def __init__(self, name: str, make: Callable[[], Any]) -> None:
        self._name = name
        self._make = make
        self.adapter: Any = None

    def __getattr__(self, attribute: str) -> Any:  # noqa: ANN401 - whatever the adapter has
        if self.adapter is None:
            try:
                self.adapter = self._make()
            except ImportError as error:
                raise Permanent(
                    f"port {self._name}: package {error.name} is not installed",
                    remedy="install tipoff with the service's extra, or `local` for the embedded profile",
                ) from error
        return getattr(self.adapter, attribute)

    async def finish(self) -> None:
        """Close the adapter if there is one and it wants to be closed."""
        close = getattr(self.adapter, "close", None)
        if close is not None:
            await close()


@asynccontextmanager
async def ports(settings: CommonSettings) -> AsyncIterator[Ports]:
    """The ports of the settings' profile, closed on leaving."""
    factories = _LOCAL if settings.profile == "local" else _GCP
    if settings.state_store is not None:
        factories = {**factories, "state": _sqlite if settings.state_store == "sqlite" else _firestore}
    clock = _clock(settings)
    deferred = {name: Deferred(name, partial(make, settings, clock)) for name, make in factories.items()}
    try:
        yield Ports(clock, **cast("dict[str, Any]", deferred))
    finally:
        for adapter in deferred.values():
            await adapter.finish()


@asynccontextmanager
async def embedded(home: Path, clock: Clock, **given: Any) -> AsyncIterator[Ports]:  # noqa: ANN401 - adapters by port
    """The embedded adapters on a folder, all made now; `given` stand in for some of them. All are closed on leaving."""
    settings = load(CommonSettings, home=home, archive=home / "archive")
    adapters: dict[str, Any] = dict(given)
    async with AsyncExitStack() as stack:
        for name, make in _LOCAL.items():
            if name not in adapters:
                adapters[name] = make(settings, clock)
            if name in ("warehouse", "state"):
                stack.push_async_callback(adapters[name].close)
        yield Ports(clock, **adapters)


def _clock(settings: CommonSettings) -> Clock:
    from shared.embedded.clock import FileClock  # noqa: PLC0415 - adapters are imported when used

    return WallClock() if settings.clock_file is None else FileClock(settings.clock_file)


def _embedded_bus(_: CommonSettings, clock: Clock) -> Any:  # noqa: ANN401 - see Factory
    from shared.embedded.bus import EmbeddedBus  # noqa: PLC0415 - adapters are imported when used

    return EmbeddedBus(clock)


def _duckdb(settings: CommonSettings, _: Clock) -> Any:  # noqa: ANN401 - see Factory
    from shared.embedded.warehouse import DuckDBWarehouse  # noqa: PLC0415 - adapters are imported when used

    return DuckDBWarehouse(settings.home / "warehouse.duckdb")


def _sqlite(settings: CommonSettings, _: Clock) -> Any:  # noqa: ANN401 - see Factory
    from shared.embedded.state import SQLiteState  # noqa: PLC0415 - adapters are imported when used

    return SQLiteState(settings.home / "state.sqlite")


def _environment(settings: CommonSettings, _: Clock) -> Any:  # noqa: ANN401 - see Factory
    from shared.embedded.secrets import EnvironmentSecrets  # noqa: PLC0415 - adapters are imported when used

    return EnvironmentSecrets(os.environ, settings.home / "secrets.env")


def _files(settings: CommonSettings, _: Clock) -> Any:  # noqa: ANN401 - see Factory
    from shared.embedded.archive import FileArchive  # noqa: PLC0415 - adapters are imported when used

    return FileArchive(settings.archive if settings.archive is not None else settings.home / "archive")


def _project(settings: CommonSettings) -> str:
    if settings.project is None:
        raise Permanent("TIPOFF_PROJECT is missing", remedy="set it to the Google Cloud project")
    return settings.project


def _pubsub(settings: CommonSettings, _: Clock) -> Any:  # noqa: ANN401 - see Factory
    from shared.cloud.bus import PubSubBus  # noqa: PLC0415 - adapters are imported when used

    return PubSubBus(_project(settings))


def _bigquery(settings: CommonSettings, _: Clock) -> Any:  # noqa: ANN401 - see Factory
    from shared.cloud.warehouse import BigQueryWarehouse  # noqa: PLC0415 - adapters are imported when used

    return BigQueryWarehouse(_project(settings), location=settings.region)


def _firestore(settings: CommonSettings, _: Clock) -> Any:  # noqa: ANN401 - see Factory
    from shared.cloud.state import FirestoreState  # noqa: PLC0415 - adapters are imported when used

    return FirestoreState(_project(settings))


def _secret_manager(settings: CommonSettings, _: Clock) -> Any:  # noqa: ANN401 - see Factory
    from shared.cloud.secrets import SecretManagerSecrets  # noqa: PLC0415 - adapters are imported when used

    return SecretManagerSecrets(_project(settings))


def _apprise(_: CommonSettings, __: Clock) -> Any:  # noqa: ANN401 - see Factory
    from shared.runtime.voice import AppriseVoice  # noqa: PLC0415 - adapters are imported when used

    return AppriseVoice()


def _doors(settings: CommonSettings, _: Clock) -> Any:  # noqa: ANN401 - see Factory
    from shared.cloud.doors import PublicDoors  # noqa: PLC0415 - adapters are imported when used

    return PublicDoors(settings.doors.split())


_LOCAL: Mapping[str, Factory] = {
    "bus": _embedded_bus,
    "warehouse": _duckdb,
    "state": _sqlite,
    "secrets": _environment,
    "archive": _files,
    "voice": _apprise,
}
_GCP: Mapping[str, Factory] = {
    "bus": _pubsub,
    "warehouse": _bigquery,
    "state": _firestore,
    "secrets": _secret_manager,
    "doors": _doors,
    "archive": _files,  # on a mounted bucket: Cloud Storage appears as a folder
    "voice": _apprise,
}
