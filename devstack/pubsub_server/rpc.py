"""gRPC methods made of plain ones: generic handlers over raw protobufs; what is not served says so by name."""

import inspect
import re
from collections.abc import Callable
from typing import Any, NoReturn

import grpc  # type: ignore[import-untyped]  # grpcio publishes no type information

from devstack.pubsub_server.broker import Broker
from devstack.pubsub_server.publisher import Publisher
from devstack.pubsub_server.refusal import Refused, unimplemented
from devstack.pubsub_server.streaming import streaming_pull
from devstack.pubsub_server.subscriber import Subscriber
from devstack.pubsub_server.wire import METHODS, PUBLISHER, SUBSCRIBER, Pb, StreamingPullRequest


def handlers(broker: Broker) -> list[Any]:
    """The generic handlers of a server on this broker."""
    served = {PUBLISHER: Publisher(broker), SUBSCRIBER: Subscriber(broker)}
    tables = {
        service: {
            name: _unary(getattr(served[service], _snake(name)), request.FromString)
            for name, request in methods.items()
        }
        for service, methods in METHODS.items()
    }
    tables[SUBSCRIBER]["StreamingPull"] = _streaming(broker)
    return [
        *(grpc.method_handlers_generic_handler(service, table) for service, table in tables.items()),
        _NotServed(),
    ]


class _NotServed(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpcio is untyped
    """Every other method."""

    def service(self, handler_call_details: Any) -> Any:  # noqa: ANN401 - grpcio is untyped
        method = handler_call_details.method.rpartition(".")[2].replace("/", ".")

        async def refuse(_: object, context: Any) -> None:  # noqa: ANN401 - grpcio is untyped
            await _abort(context, unimplemented(method))

        return grpc.unary_unary_rpc_method_handler(refuse)


def _unary(method: Callable[[Any], Any], parse: Callable[[bytes], Any]) -> Any:  # noqa: ANN401 - grpcio is untyped
    async def call(message: Any, context: Any) -> Pb:  # noqa: ANN401 - grpcio is untyped
        try:
            reply = method(message)
            return await reply if inspect.isawaitable(reply) else reply
        except Refused as refusal:
            await _abort(context, refusal)

    return grpc.unary_unary_rpc_method_handler(call, parse, _serialized)


def _streaming(broker: Broker) -> Any:  # noqa: ANN401 - grpcio is untyped
    async def call(_: object, context: Any) -> None:  # noqa: ANN401 - grpcio is untyped
        try:
            await streaming_pull(broker, context)
        except Refused as refusal:
            await _abort(context, refusal)

    return grpc.stream_stream_rpc_method_handler(call, StreamingPullRequest.FromString, _serialized)


async def _abort(context: Any, refusal: Refused) -> NoReturn:  # noqa: ANN401 - grpcio is untyped
    await context.abort(refusal.code, str(refusal))
    raise AssertionError("abort raises")


def _serialized(message: Pb) -> bytes:
    data: bytes = message.SerializeToString()
    return data


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
