"""Push delivery: Pub/Sub POSTs each message to `/push/{subscription}`; the status is the verdict.

204 acknowledges; 503 asks for redelivery; 401 and 403 answer whoever is not Pub/Sub acting for us. Cloud Run ends idle
instances, and a pulling consumer would keep one running: this is the same handlers without it.

https://cloud.google.com/pubsub/docs/push#receive_push
"""

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import BaseModel, Field, ValidationError

from shared.errors import TipoffError, Transient
from shared.ports import BusHandler, Delivery, Nack
from shared.runtime.access import ACCESS, Untrusted
from shared.runtime.deadline import due_within

MAX_BODY = 16 << 20
"""Bytes: a message of 10 MB in base64, and its envelope."""
BODY_SECONDS = 30.0


class _Message(BaseModel):
    data: str = ""
    attributes: dict[str, str] = Field(default_factory=dict)
    message_id: str = Field(alias="messageId")


class Envelope(BaseModel):
    """What Pub/Sub sends."""

    message: _Message
    subscription: str
    attempt: int = Field(0, alias="deliveryAttempt")

    def delivery(self) -> Delivery:
        """As the bus's handlers know it.

        Raises:
            ValueError: the data is not base64.
        """
        data = base64.b64decode(self.message.data, validate=True)
        return Delivery(self.message.message_id, data, self.message.attributes, self.attempt)


@dataclass(frozen=True, slots=True)
class Target:
    """A handler and how many deliveries it takes at once; more wait for their turn."""

    handler: BusHandler
    slots: asyncio.Semaphore
    time_limit: float
    """Seconds from the push until the handler has to be done; waiting for its turn counts."""


class Push:
    """The push face of a service."""

    def __init__(self, targets: Mapping[str, Target], log: Any) -> None:  # noqa: ANN401 - structlog
        self._targets = targets
        self._log = log

    def add_to(self, app: web.Application) -> None:
        """Add the route."""
        app[PUSH] = self
        app.router.add_post("/push/{subscription}", self._receive)

    async def _receive(self, request: web.Request) -> web.Response:
        target = self._targets.get(request.match_info["subscription"])
        with due_within(BODY_SECONDS if target is None else target.time_limit):
            return await self._checked(request, target)

    async def _checked(self, request: web.Request, target: Target | None) -> web.Response:
        try:
            await request.app[ACCESS].require_push(request)
        except Untrusted as untrusted:
            self._log.warning("push_refused", path=request.path, reason=str(untrusted))
            return web.Response(status=untrusted.status, text=str(untrusted))
        except Transient as failure:
            self._log.warning("push_unverified", path=request.path, reason=str(failure))
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE)
        return await self._deliver(request, target)

    async def _deliver(self, request: web.Request, target: Target | None) -> web.Response:
        name = request.match_info["subscription"]
        if target is None:
            return web.Response(status=HTTPStatus.NOT_FOUND, text=f"no consumer of {name}")
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await request.clone(client_max_size=MAX_BODY).read()
            delivery = Envelope.model_validate_json(body).delivery()
        except TimeoutError:
            return web.Response(status=HTTPStatus.REQUEST_TIMEOUT)
        except (ValidationError, ValueError, web.HTTPRequestEntityTooLarge) as error:
            self._log.error("push_malformed", subscription=name, reason=str(error))
            return web.Response(status=HTTPStatus.BAD_REQUEST, text="not a Pub/Sub push message")
        async with target.slots:
            return await self._answer(name, target.handler, delivery)

    async def _answer(self, name: str, handler: BusHandler, delivery: Delivery) -> web.Response:
        try:
            await handler(delivery)
        except Nack:
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE)
        except TipoffError as failure:  # the dead letter could not be published: the message must not be lost
            self._log.error("push_failed", subscription=name, reason=str(failure))
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE)
        return web.Response(status=HTTPStatus.NO_CONTENT)


PUSH: web.AppKey[Push] = web.AppKey("push", Push)
