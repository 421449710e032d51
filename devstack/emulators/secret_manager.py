"""A small Secret Manager on the loopback address, in Google's wire format: enough for Google's own client.

It creates secrets, adds versions and gives them out, from memory. Everything else answers UNIMPLEMENTED, by name.
Tipoff's services find it through `SECRET_MANAGER_EMULATOR_HOST`.
"""

import argparse
import asyncio
import re
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]  # grpcio publishes no type information
import grpc.aio  # type: ignore[import-untyped]  # as above
from dotenv import dotenv_values
from google.cloud.secretmanager_v1 import types

from devstack.rpc import NotServed, Refused, unary
from shared.embedded.secrets import PREFIX

SERVICE = "google.cloud.secretmanager.v1.SecretManagerService"
MAX_PAYLOAD_BYTES = 65_536
_VERSION = re.compile(r"(?P<secret>projects/[^/]+/secrets/[^/]+)/versions/(?P<number>latest|[1-9][0-9]*)")
_SECRET_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")


class SecretManager:
    """Secrets by resource name (`projects/P/secrets/S`) and the payloads of their versions, oldest first."""

    def __init__(self, project: str = "", secrets: Mapping[str, str] | None = None) -> None:
        """Start with one version of each of `secrets` (by id) in `project`; an empty value is a secret without one."""
        given = secrets if secrets is not None else {}
        self._versions: dict[str, list[bytes]] = {
            f"projects/{project}/secrets/{name}": [value.encode()] if value else [] for name, value in given.items()
        }

    def create(self, request: types.CreateSecretRequest) -> types.Secret:
        """CreateSecret."""
        if _SECRET_ID.fullmatch(request.secret_id) is None:
            raise Refused(grpc.StatusCode.INVALID_ARGUMENT, f"The provided Secret ID [{request.secret_id}] is invalid.")
        name = f"{request.parent}/secrets/{request.secret_id}"
        if name in self._versions:
            raise Refused(grpc.StatusCode.ALREADY_EXISTS, f"Secret [{name}] already exists.")
        self._versions[name] = []
        return types.Secret(name=name)

    def add(self, request: types.AddSecretVersionRequest) -> types.SecretVersion:
        """AddSecretVersion."""
        versions = self._of(request.parent)
        size = len(request.payload.data)
        if not 0 < size <= MAX_PAYLOAD_BYTES:
            raise Refused(
                grpc.StatusCode.INVALID_ARGUMENT, f"Secret Payload has {size} bytes, not 1 to {MAX_PAYLOAD_BYTES}."
            )
        versions.append(request.payload.data)
        return types.SecretVersion(
            name=f"{request.parent}/versions/{len(versions)}", state=types.SecretVersion.State.ENABLED
        )

    def access(self, request: types.AccessSecretVersionRequest) -> types.AccessSecretVersionResponse:
        """AccessSecretVersion."""
        asked = _VERSION.fullmatch(request.name)
        if asked is None:
            raise Refused(grpc.StatusCode.INVALID_ARGUMENT, f"[{request.name}] is no name of a secret version.")
        versions = self._of(asked["secret"])
        number = len(versions) if asked["number"] == "latest" else int(asked["number"])
        if not 1 <= number <= len(versions):
            raise Refused(grpc.StatusCode.NOT_FOUND, f"Secret Version [{request.name}] not found.")
        return types.AccessSecretVersionResponse(
            name=f"{asked['secret']}/versions/{number}", payload=types.SecretPayload(data=versions[number - 1])
        )

    def secret(self, request: types.GetSecretRequest) -> types.Secret:
        """GetSecret."""
        self._of(request.name)
        return types.Secret(name=request.name)

    def _of(self, secret: str) -> list[bytes]:
        if secret not in self._versions:
            raise Refused(grpc.StatusCode.NOT_FOUND, f"Secret [{secret}] not found or has no versions.")
        return self._versions[secret]


def handlers(manager: SecretManager) -> list[Any]:
    """Which method of `manager` answers which call; every other is refused by name."""
    methods: dict[str, tuple[Callable[[Any], Any], Any, Any]] = {
        "AccessSecretVersion": (manager.access, types.AccessSecretVersionRequest, types.AccessSecretVersionResponse),
        "AddSecretVersion": (manager.add, types.AddSecretVersionRequest, types.SecretVersion),
        "CreateSecret": (manager.create, types.CreateSecretRequest, types.Secret),
        "GetSecret": (manager.secret, types.GetSecretRequest, types.Secret),
    }
    served = {
        name: unary(method, asked.deserialize, reply.serialize) for name, (method, asked, reply) in methods.items()
    }
    return [grpc.method_handlers_generic_handler(SERVICE, served), NotServed("Secret Manager")]


@asynccontextmanager
async def secret_manager(manager: SecretManager, *, port: int = 0) -> AsyncIterator[str]:
    """Serve `manager` on the loopback address; yields its `host:port` (0 picks a free port)."""
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(handlers(manager))
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    try:
        yield f"127.0.0.1:{bound}"
    finally:
        await server.stop(grace=None)


def read_env_file(path: Path) -> dict[str, str]:
    """The secrets of the local profile's file, by id: `TIPOFF_SECRET_ODDS_API_KEY` is `odds-api-key`."""
    values = dotenv_values(path, interpolate=False)
    return {
        variable.removeprefix(PREFIX).lower().replace("_", "-"): value
        for variable, value in values.items()
        if variable.startswith(PREFIX) and value is not None
    }


async def _serve(manager: SecretManager, port: int) -> None:
    stopped = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, stopped.set)
    async with secret_manager(manager, port=port) as host_port:
        print(f"export SECRET_MANAGER_EMULATOR_HOST={host_port}", flush=True)  # noqa: T201 - its one output
        await stopped.wait()


def main() -> None:
    """Serve secrets in the foreground until SIGINT or SIGTERM, and say how clients find them."""
    parser = argparse.ArgumentParser(prog="python -m devstack.emulators.secret_manager", description=main.__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--project", default="tipoff-local", help="the project whose secrets the file has")
    parser.add_argument("--env-file", type=Path, help=f"secrets to start with, as {PREFIX}NAME=value")
    given = parser.parse_args()
    if given.env_file is not None and not given.env_file.is_file():
        parser.error(f"no file {given.env_file}")
    secrets = read_env_file(given.env_file) if given.env_file is not None else {}
    asyncio.run(_serve(SecretManager(given.project, secrets), given.port))


if __name__ == "__main__":
    main()
