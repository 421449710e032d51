"""Saying no the way Pub/Sub does."""

import re
from collections.abc import Iterable

import grpc  # type: ignore[import-untyped]  # grpcio publishes no type information

from devstack.pubsub_server.wire import Pb
from devstack.rpc import Refused

_NAME = re.compile(r"projects/[^/]+/(topics|subscriptions)/[A-Za-z][A-Za-z0-9._~+%-]{2,254}")


def invalid(text: str) -> Refused:
    """The request can never succeed."""
    return Refused(grpc.StatusCode.INVALID_ARGUMENT, text)


def not_found(name: str) -> Refused:
    """There is no such topic or subscription."""
    return Refused(grpc.StatusCode.NOT_FOUND, f"Resource not found (resource={name})")


def exists(name: str) -> Refused:
    """The name is taken."""
    return Refused(grpc.StatusCode.ALREADY_EXISTS, f"Resource already exists in the project (resource={name})")


def unimplemented(what: str) -> Refused:
    """This server does not do that."""
    return Refused(grpc.StatusCode.UNIMPLEMENTED, f"{what} is not implemented by this Pub/Sub server")


def check_name(name: str, kind: str) -> None:
    """`projects/{project}/{kind}/{id}`, the id of 3 to 255 of the allowed characters, not starting with `goog`."""
    match = _NAME.fullmatch(name)
    if match is None or match[1] != kind or name.rpartition("/")[2].startswith("goog"):
        raise invalid(f"Invalid [{kind}] name: (name={name})")


def check_ack_ids(subscription: str, ack_ids: Iterable[str]) -> None:
    """The ids of one subscription's deliveries settle no other's."""
    for ack_id in ack_ids:
        if not ack_id.startswith(f"{subscription}/"):
            raise invalid(f"Invalid ack id (ack_id={ack_id})")


def check_fields(message: Pb, supported: frozenset[str]) -> None:
    """Refuse a message in which a field is set that this server would have to ignore."""
    for field, _ in message.ListFields():
        if field.name not in supported:
            raise unimplemented(f"{message.DESCRIPTOR.name}.{field.name}")
