"""Secrets of the cloud profile: Secret Manager."""

import asyncio
import os
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace

import grpc.aio  # type: ignore[import-untyped]  # grpcio publishes no type information
from google.api_core.exceptions import FailedPrecondition, NotFound
from google.cloud.secretmanager_v1 import SecretManagerServiceAsyncClient
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
    SecretManagerServiceGrpcAsyncIOTransport,
)
from pydantic import SecretStr
from structlog import get_logger

from shared.cloud.errors import google_errors
from shared.errors import Missing, Permanent, Transient
from shared.registries.secrets import SECRETS
from shared.runtime.redaction import as_secret

ROLE = "roles/secretmanager.secretAccessor"
EMULATOR = "SECRET_MANAGER_EMULATOR_HOST"
"""Tipoff's own variable, after the ones Google's clients have: `host:port` of a server without TLS or credentials."""

_log = get_logger("secrets")


@dataclass(frozen=True, slots=True)
class _Cached:
    value: SecretStr
    loaded_at: float
    refresh_at: float


class SecretManagerSecrets:
    """The latest version of each secret of one project, kept for `ttl` seconds. Values never reach a log or an error.

    A secret that cannot be loaded fails at once. Once loaded it outlives an outage: while refreshing it fails as
    `Transient` the old value stays, and the next refresh is tried after `retry_after` seconds. A refresh that fails as
    `Permanent` (the secret was deleted, disabled, or is no longer ours to read) fails the call.
    `SECRET_MANAGER_EMULATOR_HOST`, or `emulator_host` before it, leads to an emulator.
    """

    def __init__(
        self,
        project: str,
        *,
        ttl: float = 300.0,
        retry_after: float = 30.0,
        timeout: float = 10.0,
        monotonic: Callable[[], float] = time.monotonic,
        emulator_host: str | None = None,
    ) -> None:
        self._project = project
        self._ttl = ttl
        self._retry_after = retry_after
        self._timeout = timeout
        self._monotonic = monotonic
        self._cache: dict[str, _Cached] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        with google_errors(f"Secret Manager of project {project}", role=ROLE):
            self._client = _client(emulator_host if emulator_host is not None else os.environ.get(EMULATOR))

    async def get(self, name: str) -> SecretStr:
        """The secret's latest value, at most `ttl` seconds old while Secret Manager answers.

        Raises:
            Missing, Permanent: missing, empty, disabled or forbidden; the message names it, the project and the remedy.
            Transient: Secret Manager does not answer, and the secret was never loaded.
        """
        async with self._locks[name]:  # one refresh, however many ask
            cached = self._cache.get(name)
            if cached is not None and self._monotonic() < cached.refresh_at:
                return cached.value
            try:
                value = await self._access(name)
            except Transient as error:
                if cached is None:
                    raise
                value = self._kept(name, cached, error)
            else:
                now = self._monotonic()
                self._cache[name] = _Cached(value, now, now + self._ttl)
            return value

    async def close(self) -> None:
        """Close the connection."""
        await self._client.transport.close()  # type: ignore[no-untyped-call]  # Google's transport has no annotations

    def _kept(self, name: str, cached: _Cached, error: Transient) -> SecretStr:
        now = self._monotonic()
        self._cache[name] = replace(cached, refresh_at=now + self._retry_after)
        _log.warning("secret_not_refreshed", name=name, age_s=round(now - cached.loaded_at), reason=str(error))
        return cached.value

    async def _access(self, name: str) -> SecretStr:
        what = f"secret {name!r} of project {self._project}"
        version = f"projects/{self._project}/secrets/{name}/versions/latest"
        with google_errors(what, role=ROLE):
            try:
                answer = await self._client.access_secret_version(name=version, retry=None, timeout=self._timeout)
            except NotFound as error:
                remedy = f"{self._gcloud('create', name)} (or `versions add`, if it is there without a version)"
                raise Missing(f"{what} is missing", remedy=remedy) from error
            except FailedPrecondition as error:
                raise Permanent(
                    f"{what} is disabled or destroyed", remedy=self._gcloud("versions add", name)
                ) from error
        try:
            value = answer.payload.data.decode()
        except UnicodeDecodeError:
            # Not chained: the decoder's error carries the bytes.
            raise Permanent(f"{what} is not text", remedy=self._gcloud("versions add", name)) from None
        several = name in SECRETS and SECRETS[name].several
        return as_secret(value, what, self._gcloud("versions add", name), several=several)

    def _gcloud(self, verb: str, name: str) -> str:
        return f"gcloud secrets {verb} {name} --project={self._project} --data-file=FILE"


def _client(emulator_host: str | None) -> SecretManagerServiceAsyncClient:
    if emulator_host is None:
        return SecretManagerServiceAsyncClient()
    channel = grpc.aio.insecure_channel(emulator_host)
    return SecretManagerServiceAsyncClient(transport=SecretManagerServiceGrpcAsyncIOTransport(channel=channel))
