"""The server: gRPC on one port, its certificates over HTTP on another."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc  # type: ignore[import-untyped]  # grpcio publishes no type information
from aiohttp import web

from devstack.pubsub_server.broker import Broker, Time
from devstack.pubsub_server.keys import Keys
from devstack.pubsub_server.push import Pushers
from devstack.pubsub_server.rpc import handlers

OPTIONS = (
    ("grpc.max_receive_message_length", 64 << 20),  # Pub/Sub's own limits apply first, with a better message
    ("grpc.max_send_message_length", -1),
    ("grpc.so_reuseport", 0),  # a second server on the port fails instead of sharing it
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),  # clients send keep-alives every 30 s
    ("grpc.keepalive_permit_without_calls", 1),
)
HOST = "127.0.0.1"
GRACE = 0.2
"""Seconds in which calls under way may end when the server stops."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    address: str
    """host:port, for PUBSUB_EMULATOR_HOST."""
    certs_url: str
    """Where push tokens' certificates are: PEM by key id."""
    broker: Broker
    keys: Keys


@asynccontextmanager
async def serve(port: int = 0, *, speed: float = 1.0) -> AsyncIterator[Server]:
    """Serve on this machine while the context lasts; port 0 picks a free one.

    `speed` seconds of the server's time (ack deadlines, backoffs) pass in a real one.

    Raises:
        OSError: the port is taken.
    """
    broker, keys = Broker(Time(speed)), Keys()
    pushers = Pushers(broker, keys)
    server = grpc.aio.server(options=OPTIONS)
    for handler in handlers(broker):
        server.add_generic_rpc_handlers((handler,))
    try:
        bound = server.add_insecure_port(f"{HOST}:{port}")
    except RuntimeError as error:
        raise OSError(f"cannot listen on {HOST}:{port}: {error}") from error
    certs = await _serve_certs(keys)
    await server.start()
    try:
        address, certs_port = f"{HOST}:{bound}", certs.addresses[0][1]
        yield Server(address, f"http://{HOST}:{certs_port}/oauth2/v1/certs", broker, keys)
    finally:
        await pushers.close()
        broker.close()
        await server.stop(GRACE)
        await certs.cleanup()


async def _serve_certs(keys: Keys) -> web.AppRunner:
    async def certificates(_: web.Request) -> web.Response:
        return web.json_response(keys.certificates, headers={"Cache-Control": "public, max-age=3600"})

    app = web.Application()
    app.router.add_get("/oauth2/v1/certs", certificates)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    return runner
