"""What each of Pub/Sub's failures is to us (failure 28: BadRequest treated as transient, six days ungraded)."""

import grpc  # type: ignore[import-untyped]  # grpcio publishes no type information
import pytest
from google.api_core.exceptions import RetryError, from_grpc_status
from google.auth.exceptions import DefaultCredentialsError, RefreshError, TransportError

from shared.cloud.pubsub_errors import translated
from shared.errors import Permanent, Transient

PATH = "projects/demo/topics/work"
KINDS = {
    "CANCELLED": Transient,
    "UNKNOWN": Transient,
    "INVALID_ARGUMENT": Permanent,
    "DEADLINE_EXCEEDED": Transient,
    "NOT_FOUND": Permanent,
    "ALREADY_EXISTS": Permanent,
    "PERMISSION_DENIED": Permanent,
    "RESOURCE_EXHAUSTED": Transient,
    "FAILED_PRECONDITION": Permanent,
    "ABORTED": Transient,
    "OUT_OF_RANGE": Permanent,
    "UNIMPLEMENTED": Permanent,
    "INTERNAL": Transient,
    "UNAVAILABLE": Transient,
    "UNAUTHENTICATED": Permanent,
}


@pytest.mark.parametrize("status", KINDS)
def test_f28_every_status_has_its_kind(status: str) -> None:
    """As the client raises it and as bare gRPC does, one line that names the topic."""
    code = grpc.StatusCode[status]
    errors = (
        from_grpc_status(code, "because"),  # type: ignore[no-untyped-call]  # google-api-core
        grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(), "because"),
    )
    for error in errors:
        failure = translated(error, PATH)
        assert isinstance(failure, KINDS[status])
        assert PATH in str(failure)
        assert "because" in str(failure)
        assert "\n" not in str(failure)


def test_f05_a_403_is_permanent_and_says_what_is_missing() -> None:
    """Not an empty result, not a retry: the roles to grant."""
    error = from_grpc_status(grpc.StatusCode.PERMISSION_DENIED, "no")  # type: ignore[no-untyped-call]  # google-api-core
    failure = translated(error, PATH)
    assert isinstance(failure, Permanent)
    assert "roles/pubsub.publisher" in str(failure)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (DefaultCredentialsError("none found"), Permanent),  # type: ignore[no-untyped-call]  # google-auth
        (RefreshError("revoked", retryable=False), Permanent),  # type: ignore[no-untyped-call]  # google-auth
        (RefreshError("busy", retryable=True), Transient),  # type: ignore[no-untyped-call]  # google-auth
        (TransportError("reset", retryable=True), Transient),  # type: ignore[no-untyped-call]  # google-auth
        (RetryError("given up", cause=ConnectionError("refused")), Transient),  # type: ignore[no-untyped-call]  # google-api-core
        (TimeoutError(), Transient),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_failures_without_a_status_have_a_kind(error: Exception, kind: type[Exception]) -> None:
    """Credentials that are not there stay away; what timed out may work next time."""
    failure = translated(error, PATH)
    assert isinstance(failure, kind)
    assert type(error).__name__ in str(failure)
