"""Secrets from Secret Manager: through the real client, the wire, and a small server."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import grpc  # type: ignore[import-untyped]  # grpcio publishes no type information
import pytest
from google.cloud.secretmanager_v1 import types
from structlog.testing import capture_logs

from devstack.emulators.secret_manager import SecretManager, secret_manager
from devstack.rpc import Refused
from shared.cloud.secrets import EMULATOR, SecretManagerSecrets
from shared.errors import Permanent, TipoffError, Transient
from tests.unit.cloud.refusing import PERMANENT, TRANSIENT, refusing

pytestmark = pytest.mark.network

KINDS: dict[str, type[TipoffError]] = {
    **dict.fromkeys(TRANSIENT, Transient),
    **dict.fromkeys([*PERMANENT, "FAILED_PRECONDITION", "NOT_FOUND", "ALREADY_EXISTS"], Permanent),
}


@dataclass
class Scripted(SecretManager):
    """One secret, its value and the server's health in the test's hands."""

    value: bytes = b"one"
    status: str | None = None
    now: float = 0.0
    calls: list[str] = field(default_factory=list)

    def access(self, request: types.AccessSecretVersionRequest) -> types.AccessSecretVersionResponse:
        self.calls.append(request.name)
        if self.status is not None:
            raise Refused(grpc.StatusCode[self.status], "not now")
        return types.AccessSecretVersionResponse(name=request.name, payload=types.SecretPayload(data=self.value))


@pytest.fixture
def server() -> Scripted:
    return Scripted()


@pytest.fixture
async def secrets(server: Scripted) -> AsyncIterator[SecretManagerSecrets]:
    async with secret_manager(server) as host_port:
        secrets = SecretManagerSecrets(
            "proj", ttl=300, retry_after=30, monotonic=lambda: server.now, emulator_host=host_port
        )
        yield secrets
        await secrets.close()


async def test_a_secret_is_read_once_and_then_every_ttl(server: Scripted, secrets: SecretManagerSecrets) -> None:
    """A rotated secret is seen when the old one is `ttl` seconds old, not before."""
    assert (await secrets.get("key")).get_secret_value() == "one"
    server.value, server.now = b"two", 299.9
    assert (await secrets.get("key")).get_secret_value() == "one"
    server.now = 300.0
    assert (await secrets.get("key")).get_secret_value() == "two"
    assert server.calls == ["projects/proj/secrets/key/versions/latest"] * 2


async def test_many_who_ask_at_once_cause_one_call(server: Scripted, secrets: SecretManagerSecrets) -> None:
    """A cold start does not storm Secret Manager."""
    values = await asyncio.gather(*(secrets.get("key") for _ in range(20)))
    assert {value.get_secret_value() for value in values} == {"one"}
    assert len(server.calls) == 1


async def test_a_loaded_secret_outlives_an_outage(server: Scripted, secrets: SecretManagerSecrets) -> None:
    """The old value stays, the log says so without it, and the next try comes after `retry_after` seconds."""
    await secrets.get("key")
    server.status, server.now = "UNAVAILABLE", 300.0
    with capture_logs() as lines:
        assert (await secrets.get("key")).get_secret_value() == "one"
        server.now = 329.0
        assert (await secrets.get("key")).get_secret_value() == "one"
    assert len(server.calls) == 2
    assert [(line["event"], line["name"], line["age_s"]) for line in lines] == [("secret_not_refreshed", "key", 300)]
    assert "one" not in str(lines)
    server.status, server.value, server.now = None, b"two", 330.0
    assert (await secrets.get("key")).get_secret_value() == "two"


async def test_a_first_load_fails_at_once(server: Scripted, secrets: SecretManagerSecrets) -> None:
    """There is nothing to fall back on, and nothing is remembered of the failure."""
    server.status = "UNAVAILABLE"
    with pytest.raises(Transient, match="'key' of project proj"):
        await secrets.get("key")
    server.status = None
    assert (await secrets.get("key")).get_secret_value() == "one"


@pytest.mark.parametrize("status", ["PERMISSION_DENIED", "NOT_FOUND", "FAILED_PRECONDITION"])
async def test_a_withdrawn_secret_is_not_kept(server: Scripted, secrets: SecretManagerSecrets, status: str) -> None:
    """Access that was taken away is gone at the next refresh."""
    await secrets.get("key")
    server.status, server.now = status, 300.0
    with pytest.raises(Permanent, match="key"):
        await secrets.get("key")


@pytest.mark.parametrize(
    ("status", "said"),
    {
        "NOT_FOUND": "'key' of project proj is missing: gcloud secrets create key --project=proj --data-file=FILE",
        "FAILED_PRECONDITION": "is disabled or destroyed: gcloud secrets versions add key --project=proj",
        "PERMISSION_DENIED": "'key' of project proj: .* roles/secretmanager.secretAccessor",
        "UNAUTHENTICATED": "'key' of project proj: .* gcloud auth application-default login",
    }.items(),
)
async def test_the_remedy_is_named(server: Scripted, secrets: SecretManagerSecrets, status: str, said: str) -> None:
    """What an operator has to do is in the message."""
    server.status = status
    with pytest.raises(Permanent, match=said):
        await secrets.get("key")


@pytest.mark.parametrize(("value", "said"), [(b"", "empty"), (b" \n", "empty"), (b"\xff\xfehidden", "not text")])
async def test_a_value_nobody_can_use_is_refused(
    server: Scripted, secrets: SecretManagerSecrets, value: bytes, said: str
) -> None:
    """An empty key fails where it is read, not at the upstream; its bytes are not shown."""
    server.value = value
    with pytest.raises(Permanent, match=f"'key' of project proj is {said}: gcloud secrets versions add key") as caught:
        await secrets.get("key")
    assert "hidden" not in repr(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("status", KINDS)
async def test_f28_each_status_is_of_one_kind(status: str) -> None:
    """One table, one line, one try."""
    async with refusing(status) as (host_port, server):
        secrets = SecretManagerSecrets("proj", emulator_host=host_port)
        with pytest.raises(KINDS[status], match="key") as caught:
            await secrets.get("key")
        await secrets.close()
    assert "\n" not in str(caught.value)
    assert server.calls == 1


async def test_a_server_that_hangs_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A load ends at its time limit, as transient."""
    async with refusing(None) as (host_port, _):
        monkeypatch.setenv(EMULATOR, host_port)
        secrets = SecretManagerSecrets("proj", timeout=0.2)
        started = time.monotonic()
        with pytest.raises(Transient, match="'key' of project proj: DeadlineExceeded"):
            await secrets.get("key")
        assert time.monotonic() - started < 5.0
        await secrets.close()
