"""gRPC methods made of plain ones: what one refuses is a status and a line; what is not served says so by name."""

import inspect
from collections.abc import Callable
from typing import Any, NoReturn

import grpc  # type: ignore[import-untyped]  # grpcio publishes no type information


class Refused(Exception):  # noqa: N818 - an answer, not a fault
    """A gRPC status other than OK, and its one line."""

    def __init__(self, code: grpc.StatusCode, text: str) -> None:
        super().__init__(text)
        self.code = code


class NotServed(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpcio is untyped
    """Every method that no handler before it serves."""

    def __init__(self, server: str) -> None:
        self._server = server

    def service(self, handler_call_details: Any) -> Any:  # noqa: ANN401 - grpcio is untyped
        """Refuse it, whatever it is."""
        method = handler_call_details.method.rpartition(".")[2].replace("/", ".")

        async def refuse(_: object, context: Any) -> None:  # noqa: ANN401 - grpcio is untyped
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{method} is not implemented by this {self._server}")

        return grpc.unary_unary_rpc_method_handler(refuse)


def unary(method: Callable[[Any], Any], parse: Callable[[bytes], Any], write: Callable[[Any], bytes]) -> Any:  # noqa: ANN401 - grpcio is untyped
    """A handler of `method`, which takes the request and returns the reply, or raises `Refused`."""

    async def call(message: Any, context: Any) -> Any:  # noqa: ANN401 - grpcio is untyped
        try:
            reply = method(message)
            return await reply if inspect.isawaitable(reply) else reply
        except Refused as refusal:
            await abort(context, refusal)

    return grpc.unary_unary_rpc_method_handler(call, parse, write)


async def abort(context: Any, refusal: Refused) -> NoReturn:  # noqa: ANN401 - grpcio is untyped
    """Answer a call with a refusal."""
    await context.abort(refusal.code, str(refusal))
    raise AssertionError("abort raises")
