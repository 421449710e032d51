"""Push subscriptions: each message is POSTed to the endpoint; success acknowledges, anything else is a nack.

https://cloud.google.com/pubsub/docs/push
"""

import asyncio
import base64
import io
import json
from datetime import UTC, datetime
from typing import Any

import aiohttp

from devstack.pubsub_server.broker import Broker
from devstack.pubsub_server.keys import Keys
from devstack.pubsub_server.wire import Pb
from shared.embedded.broker_core import Leased

SUCCESS = frozenset({102, 200, 201, 202, 204})
IN_FLIGHT = 100
"""Pushes of a subscription at once."""


class Pushers:
    """A pusher for each push subscription, started, replaced and stopped as they change."""

    def __init__(self, broker: Broker, keys: Keys) -> None:
        self._broker = broker
        self._keys = keys
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopped: list[asyncio.Task[None]] = []
        broker.on_change = self._changed

    async def close(self) -> None:
        """Stop all; what is under way is delivered again, had it anywhere to go."""
        for name in list(self._tasks):
            self._stop(name)
        await asyncio.gather(*self._stopped, return_exceptions=True)

    def _changed(self, name: str) -> None:
        self._stop(name)
        subscription = self._broker.subscriptions.get(name)
        if subscription is not None and subscription.push_config.push_endpoint:
            pusher = Pusher(self._broker, self._keys, subscription)
            self._tasks[name] = asyncio.create_task(pusher.run(), name=f"push {name}")
            self._tasks[name].add_done_callback(_complain)

    def _stop(self, name: str) -> None:
        self._stopped = [task for task in self._stopped if not task.done()]
        task = self._tasks.pop(name, None)
        if task is not None:
            task.cancel()
            self._stopped.append(task)


def _complain(task: asyncio.Task[None]) -> None:
    """A pusher runs until it is stopped: one that ends by itself is a bug, and is said at once."""
    if not task.cancelled() and (error := task.exception()) is not None:
        asyncio.get_running_loop().call_exception_handler({"message": f"{task.get_name()} failed", "exception": error})


class Pusher:
    """Pushes one subscription's messages, a bounded number at a time."""

    def __init__(self, broker: Broker, keys: Keys, subscription: Pb) -> None:
        self._broker = broker
        self._keys = keys
        self._name = subscription.name
        self._endpoint = subscription.push_config.push_endpoint
        self._oidc = subscription.push_config.oidc_token if subscription.push_config.HasField("oidc_token") else None
        self._counts = subscription.HasField("dead_letter_policy")
        self._deadline = float(subscription.ack_deadline_seconds)
        self._room = IN_FLIGHT

    async def run(self) -> None:
        """Push until cancelled."""
        timeout = aiohttp.ClientTimeout(total=self._broker.time.real(self._deadline))
        connector = aiohttp.TCPConnector(limit=self._room)
        async with (
            aiohttp.ClientSession(timeout=timeout, connector=connector) as session,
            asyncio.TaskGroup() as group,
        ):
            with self._broker.bell(self._name) as bell:
                while True:
                    bell.clear()
                    leased = self._broker.core.pull(self._name, self._room, self._broker.time.now())
                    self._broker.rearm()
                    self._room -= len(leased)
                    for delivery in leased:
                        group.create_task(self._push(session, delivery))
                    await bell.wait()

    async def _push(self, session: aiohttp.ClientSession, delivery: Leased) -> None:
        done = False
        try:
            done = await self._post(session, delivery)
        finally:
            self._room += 1
            if done:
                self._broker.ack(self._name, [delivery.ack_id])
            else:
                self._broker.modify(self._name, [(delivery.ack_id, 0)])

    async def _post(self, session: aiohttp.ClientSession, delivery: Leased) -> bool:
        body = json.dumps(self._body(delivery)).encode()
        headers = {"Content-Type": "application/json"}
        if self._oidc is not None:
            audience = self._oidc.audience or self._endpoint
            token = self._keys.token(self._oidc.service_account_email, audience)
            headers["Authorization"] = f"Bearer {token}"
        try:
            async with session.post(
                self._endpoint, data=io.BytesIO(body), headers=headers, allow_redirects=False
            ) as response:
                return response.status in SUCCESS
        except (aiohttp.ClientError, TimeoutError):
            return False

    def _body(self, delivery: Leased) -> dict[str, Any]:
        source = delivery.message
        published = datetime.fromtimestamp(self._broker.time.wall(source.published_at), UTC)
        stamp = published.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        message: dict[str, Any] = {
            "data": base64.b64encode(source.data).decode(),
            "messageId": source.id,
            "message_id": source.id,
            "publishTime": stamp,
            "publish_time": stamp,
        }
        if source.attributes:
            message["attributes"] = dict(source.attributes)
        body: dict[str, Any] = {"message": message, "subscription": self._name}
        if self._counts:
            body["deliveryAttempt"] = delivery.attempt
        return body
