"""The local Secret Manager, through Google's own client."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import grpc.aio  # type: ignore[import-untyped]  # grpcio publishes no type information
import pytest
from google.api_core import exceptions
from google.cloud.secretmanager_v1 import SecretManagerServiceAsyncClient, types
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
    SecretManagerServiceGrpcAsyncIOTransport,
)

from devstack.emulators import secret_manager as module
from devstack.emulators.secret_manager import MAX_PAYLOAD_BYTES, SecretManager, read_env_file, secret_manager
from shared.cloud.secrets import SecretManagerSecrets
from shared.embedded.secrets import EnvironmentSecrets

SECRET = types.Secret(replication=types.Replication(automatic=types.Replication.Automatic()))
ENV_FILE = "TIPOFF_SECRET_ODDS_API_KEY='s3cret${x}'\nTIPOFF_SECRET_EMPTY=\nTIPOFF_SECRET_BARE\nOTHER=1\n"


@pytest.fixture
async def client() -> AsyncIterator[SecretManagerServiceAsyncClient]:
    async with secret_manager(SecretManager("p", {"given": "value", "without": ""})) as host_port:
        transport = SecretManagerServiceGrpcAsyncIOTransport(channel=grpc.aio.insecure_channel(host_port))
        async with SecretManagerServiceAsyncClient(transport=transport) as client:
            yield client


async def _read(client: SecretManagerServiceAsyncClient, secret: str, version: str = "latest") -> bytes:
    answer = await client.access_secret_version(name=f"projects/p/secrets/{secret}/versions/{version}")
    return answer.payload.data


@pytest.mark.network
async def test_the_latest_version_is_the_last_added(client: SecretManagerServiceAsyncClient) -> None:
    """Older ones stay readable by number."""
    created = await client.create_secret(parent="projects/p", secret_id="new", secret=SECRET)
    assert created == await client.get_secret(name="projects/p/secrets/new")
    for number, value in enumerate((b"one", b"two"), start=1):
        added = await client.add_secret_version(parent=created.name, payload=types.SecretPayload(data=value))
        assert added.name == f"projects/p/secrets/new/versions/{number}"
    assert (await _read(client, "new"), await _read(client, "new", "1")) == (b"two", b"one")
    assert await _read(client, "given") == b"value"


@pytest.mark.network
@pytest.mark.parametrize(("secret", "version"), [("none", "latest"), ("without", "latest"), ("given", "2")])
async def test_what_is_not_there_is_not_found(
    client: SecretManagerServiceAsyncClient, secret: str, version: str
) -> None:
    """No secret, no version yet, no such version."""
    with pytest.raises(exceptions.NotFound, match=f"projects/p/secrets/{secret}"):
        await _read(client, secret, version)


@pytest.mark.network
async def test_what_google_refuses_is_refused(client: SecretManagerServiceAsyncClient) -> None:
    """A taken id, a bad id, an empty or too long payload, a name that is none, a version for no secret."""
    with pytest.raises(exceptions.AlreadyExists, match="given"):
        await client.create_secret(parent="projects/p", secret_id="given", secret=SECRET)
    with pytest.raises(exceptions.InvalidArgument, match="a b"):
        await client.create_secret(parent="projects/p", secret_id="a b", secret=SECRET)
    for data in (b"", b"x" * (MAX_PAYLOAD_BYTES + 1)):
        with pytest.raises(exceptions.InvalidArgument, match=f"has {len(data)} bytes"):
            await client.add_secret_version(parent="projects/p/secrets/given", payload=types.SecretPayload(data=data))
    with pytest.raises(exceptions.InvalidArgument, match="a/b"):
        await _read(client, "a/b")
    with pytest.raises(exceptions.NotFound, match="none"):
        await client.add_secret_version(parent="projects/p/secrets/none", payload=types.SecretPayload(data=b"x"))


@pytest.mark.network
async def test_every_other_method_is_unimplemented_by_name(client: SecretManagerServiceAsyncClient) -> None:
    """Nothing is pretended."""
    with pytest.raises(exceptions.MethodNotImplemented, match="ListSecrets"):
        await client.list_secrets(parent="projects/p")


async def test_the_file_is_the_local_profiles_own(tmp_path: Path) -> None:
    """A name means the same in both; variables that are no secrets stay out."""
    path = tmp_path / ".env"
    path.write_text(ENV_FILE)
    secrets = read_env_file(path)
    assert secrets == {"odds-api-key": "s3cret${x}", "empty": ""}
    value = await EnvironmentSecrets({}, path).get("odds-api-key")
    assert value.get_secret_value() == secrets["odds-api-key"]


@pytest.mark.network
async def test_the_command_serves_a_file_until_it_is_told_to_end(tmp_path: Path) -> None:
    """It prints the variable the services read, and ends at once."""
    path = tmp_path / ".env"
    path.write_text(ENV_FILE)
    command = [sys.executable, "-m", module.__name__, "--project", "p", "--env-file", str(path)]
    environment = {**os.environ, "PYTHONPATH": str(Path(module.__file__).parents[2])}
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, env=environment)
    assert process.stdout is not None
    async with asyncio.timeout(30):
        variable, host_port = (await process.stdout.readline()).decode().strip().split("=")
        assert variable == "export SECRET_MANAGER_EMULATOR_HOST"
        secrets = SecretManagerSecrets("p", emulator_host=host_port)
        assert (await secrets.get("odds-api-key")).get_secret_value() == "s3cret${x}"
        await secrets.close()
        process.terminate()
        assert await process.wait() == 0


def test_the_command_names_a_missing_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A usage error, exit code 2."""
    monkeypatch.setattr(sys, "argv", ["secret_manager", "--env-file", str(tmp_path / "nowhere")])
    with pytest.raises(SystemExit, match="2"):
        module.main()
