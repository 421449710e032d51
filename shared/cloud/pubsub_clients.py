"""The official asyncio clients, wired to the cloud or to an emulator, and how their calls are made."""

import asyncio
from dataclasses import dataclass

import google.auth
import grpc  # type: ignore[import-untyped]  # grpcio publishes no type information
from google.api_core.exceptions import Aborted, DeadlineExceeded, InternalServerError, ServiceUnavailable, Unknown
from google.api_core.retry import AsyncRetry, if_exception_type
from google.auth.exceptions import GoogleAuthError
from google.pubsub_v1 import PublisherAsyncClient, SubscriberAsyncClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcAsyncIOTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcAsyncIOTransport

from shared.cloud.pubsub_errors import FAILURES, translated
from shared.errors import Transient
from shared.runtime.logs import get_logger

SCOPES = ("https://www.googleapis.com/auth/pubsub",)
CREDENTIALS_TIMEOUT = 20.0
OPTIONS = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.enable_retries", 0),  # retries are AsyncRetry's, and bounded
)


@dataclass(frozen=True, slots=True)
class Clients:
    """Both clients."""

    publisher: PublisherAsyncClient
    subscriber: SubscriberAsyncClient

    async def close(self) -> None:
        """Close the channels."""
        await self.publisher.transport.close()  # type: ignore[no-untyped-call]  # google-cloud-pubsub
        await self.subscriber.transport.close()  # type: ignore[no-untyped-call]  # google-cloud-pubsub


async def connect(emulator: str | None) -> Clients:
    """Clients of the emulator at host:port, or of the cloud with the application default credentials.

    Raises:
        Permanent: there are no credentials.
    """
    if emulator is not None:
        return Clients(
            PublisherAsyncClient(transport=PublisherGrpcAsyncIOTransport(channel=_insecure(emulator))),
            SubscriberAsyncClient(transport=SubscriberGrpcAsyncIOTransport(channel=_insecure(emulator))),
        )
    try:
        # Asks files and, on Google Cloud, the metadata server: off the loop, and not for ever.
        async with asyncio.timeout(CREDENTIALS_TIMEOUT):
            credentials, _ = await asyncio.to_thread(google.auth.default, scopes=SCOPES)
    except (GoogleAuthError, TimeoutError) as error:
        raise translated(error, "credentials") from error
    return Clients(PublisherAsyncClient(credentials=credentials), SubscriberAsyncClient(credentials=credentials))


def bounded(seconds: float) -> AsyncRetry:
    """Retries of one call: what may pass in a moment is tried again, all within `seconds`."""
    predicate = if_exception_type(Aborted, InternalServerError, ServiceUnavailable, Unknown)
    return AsyncRetry(predicate=predicate, initial=0.1, maximum=2.0, multiplier=2.0, timeout=seconds)


def endless(path: str) -> AsyncRetry:
    """Retries of a pull from `path`: whatever may pass is tried again, with pauses of up to half a minute.

    A pull that was not answered in time is left to the caller: there may just have been no message.
    """

    def passes(error: Exception) -> bool:
        failed = isinstance(error, FAILURES) and not isinstance(error, DeadlineExceeded)
        return failed and isinstance(translated(error, path), Transient)

    def log(error: Exception) -> None:
        get_logger("pubsub").info("pull_failed", reason=str(translated(error, path)))

    return AsyncRetry(predicate=passes, initial=0.1, maximum=30.0, multiplier=2.0, timeout=None, on_error=log)


def _insecure(address: str) -> grpc.aio.Channel:
    return grpc.aio.insecure_channel(address, options=OPTIONS)
