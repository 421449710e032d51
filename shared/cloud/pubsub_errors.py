"""What Pub/Sub's failures are to us (https://cloud.google.com/pubsub/docs/reference/error-codes)."""

import grpc  # type: ignore[import-untyped]  # grpcio publishes no type information
from google.api_core.exceptions import GoogleAPICallError, GoogleAPIError, NotFound, from_grpc_error
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError

from shared.cloud.errors import classified
from shared.errors import Permanent, Transient

ROLE = "roles/pubsub.publisher and roles/pubsub.subscriber"
CREATE = "create it with deploy/pubsub.sh; on an emulator PubSubBus.ensure() does"
LOGIN = "give the process a service account, or run: gcloud auth application-default login"

FAILURES = (GoogleAPIError, grpc.aio.AioRpcError, GoogleAuthError, TimeoutError)
"""What a call of the client may raise."""


def translated(error: Exception, name: str) -> Transient | Permanent:
    """The kind of failure of a call about the topic or subscription `name`, in one line."""
    what = f"Pub/Sub {name}"
    if isinstance(error, grpc.aio.AioRpcError):
        error = from_grpc_error(error)  # type: ignore[no-untyped-call]  # google-api-core
    if isinstance(error, NotFound):
        return Permanent(f"{what}: {error.message}", remedy=CREATE)
    if isinstance(error, GoogleAPICallError):
        return classified(error, what, role=ROLE)
    line = f"{what}: {type(error).__name__}: {' '.join(str(error).split())}"
    if isinstance(error, DefaultCredentialsError):
        return Permanent(line, remedy=LOGIN)
    if isinstance(error, GoogleAuthError) and not error.retryable:
        return Permanent(line, remedy=LOGIN)
    # A token server that may answer soon, retries used up (their last cause is in the line), no answer in time.
    return Transient(line)
