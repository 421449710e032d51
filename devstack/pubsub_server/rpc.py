"""The server's gRPC methods: generic handlers over raw protobufs."""

import re
from typing import Any

import grpc  # type: ignore[import-untyped]  # grpcio publishes no type information

from devstack.pubsub_server.broker import Broker
from devstack.pubsub_server.publisher import Publisher
from devstack.pubsub_server.streaming import streaming_pull
from devstack.pubsub_server.subscriber import Subscriber
from devstack.pubsub_server.wire import METHODS, PUBLISHER, SUBSCRIBER, Pb, StreamingPullRequest
from devstack.rpc import NotServed, Refused, abort, unary


def handlers(broker: Broker) -> list[Any]:
    """The generic handlers of a server on this broker."""
    served = {PUBLISHER: Publisher(broker), SUBSCRIBER: Subscriber(broker)}
    tables = {
        service: {
            name: unary(getattr(served[service], _snake(name)), request.FromString, _serialized)
            for name, request in methods.items()
        }
        for service, methods in METHODS.items()
    }
    tables[SUBSCRIBER]["StreamingPull"] = _streaming(broker)
    return [
        *(grpc.method_handlers_generic_handler(service, table) for service, table in tables.items()),
        NotServed("Pub/Sub server"),
    ]


def _streaming(broker: Broker) -> Any:  # noqa: ANN401 - grpcio is untyped
    async def call(_: object, context: Any) -> None:  # noqa: ANN401 - grpcio is untyped
        try:
            await streaming_pull(broker, context)
        except Refused as refusal:
            await abort(context, refusal)

    return grpc.stream_stream_rpc_method_handler(call, StreamingPullRequest.FromString, _serialized)


def _serialized(message: Pb) -> bytes:
    data: bytes = message.SerializeToString()
    return data


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
