"""A gRPC server that answers every call with one status, or never."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc  # type: ignore[import-untyped]  # grpcio publishes no type information
import grpc.aio  # type: ignore[import-untyped]  # as above

TRANSIENT = ["ABORTED", "CANCELLED", "DEADLINE_EXCEEDED", "INTERNAL", "RESOURCE_EXHAUSTED", "UNAVAILABLE", "UNKNOWN"]
PERMANENT = ["DATA_LOSS", "INVALID_ARGUMENT", "OUT_OF_RANGE", "PERMISSION_DENIED", "UNAUTHENTICATED", "UNIMPLEMENTED"]
"""The statuses that mean the same whatever was asked."""


class Refusing:
    """Every method there is; `status` is the name of a gRPC status, or None for no answer at all."""

    def __init__(self, status: str | None) -> None:
        self.status = status
        self.calls = 0

    def service(self, _: object) -> Any:  # noqa: ANN401 - grpc is untyped
        return grpc.stream_stream_rpc_method_handler(self._answer)

    async def _answer(self, _: object, context: Any) -> None:  # noqa: ANN401 - grpc is untyped
        self.calls += 1
        if self.status is None:
            await asyncio.Event().wait()
        else:
            await context.abort(grpc.StatusCode[self.status], "the reason\nin two lines")


@asynccontextmanager
async def refusing(status: str | None) -> AsyncIterator[tuple[str, Refusing]]:
    """The server's `host:port`, and what it was asked."""
    server, handler = grpc.aio.server(), Refusing(status)
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}", handler
    finally:
        await server.stop(grace=None)
