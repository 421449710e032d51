"""google.pubsub.v1.Subscriber, but for StreamingPull."""

import asyncio
from collections.abc import Sequence

import grpc  # type: ignore[import-untyped]  # grpcio publishes no type information

from devstack.pubsub_server.broker import Broker
from devstack.pubsub_server.config import MUTABLE, check_deadline, check_push, check_subscription
from devstack.pubsub_server.delivery import CHUNK_BYTES, fill
from devstack.pubsub_server.paging import page
from devstack.pubsub_server.refusal import invalid, unimplemented
from devstack.pubsub_server.wire import EMPTY, ListSubscriptionsResponse, Pb, PullResponse, Subscription
from devstack.rpc import Refused
from shared.embedded.broker_core import Leased

PULL_WAIT = 20.0
"""Real seconds after which a pull without messages is answered with none."""


class Subscriber:
    """Each method takes the request and returns the reply, or raises `Refused`."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def create_subscription(self, request: Pb) -> Pb:
        """Create a subscription."""
        subscription = Subscription()
        subscription.CopyFrom(request)
        check_subscription(subscription)
        subscription.state = Subscription.State.ACTIVE
        self._broker.create_subscription(subscription)
        return subscription

    def get_subscription(self, request: Pb) -> Pb:
        """One subscription."""
        return self._broker.subscription(request.subscription)

    def list_subscriptions(self, request: Pb) -> Pb:
        """The project's subscriptions, by name."""
        known = self._broker.subscriptions
        names, token = page(known, request, prefix=f"{request.project}/subscriptions/")
        return ListSubscriptionsResponse(subscriptions=[known[name] for name in names], next_page_token=token)

    def update_subscription(self, request: Pb) -> Pb:
        """Replace the fields that the mask names."""
        fields = list(request.update_mask.paths)
        if not fields:
            raise invalid("update_mask is empty")
        changed = Subscription()
        changed.CopyFrom(self._broker.subscription(request.subscription.name))
        for field in fields:
            if field not in MUTABLE:
                raise unimplemented(f"UpdateSubscription of {field}")
        request.update_mask.MergeMessage(
            request.subscription, changed, replace_message_field=True, replace_repeated_field=True
        )
        check_subscription(changed)
        self._broker.update_subscription(changed)
        return changed

    def modify_push_config(self, request: Pb) -> Pb:
        """Switch between pull and push."""
        check_push(request.push_config)
        changed = Subscription()
        changed.CopyFrom(self._broker.subscription(request.subscription))
        changed.push_config.CopyFrom(request.push_config)
        self._broker.update_subscription(changed)
        return EMPTY

    def delete_subscription(self, request: Pb) -> Pb:
        """Delete a subscription."""
        self._broker.delete_subscription(request.subscription)
        return EMPTY

    async def pull(self, request: Pb) -> Pb:
        """Up to `max_messages`; waits for the first unless told to return immediately."""
        name = request.subscription
        refuse_push(self._broker.subscription(name))
        if request.max_messages <= 0:
            raise invalid("No max_messages specified")
        leased: Sequence[Leased] = ()
        with self._broker.bell(name) as bell:
            try:
                async with asyncio.timeout(PULL_WAIT):
                    while not (leased := self._lease(request)) and not request.return_immediately:
                        await bell.wait()
                        bell.clear()
            except TimeoutError:
                pass  # no messages is an answer
        attempts = self._broker.subscription(name).HasField("dead_letter_policy")
        return fill(PullResponse(), leased, self._broker.time, count_attempts=attempts)

    def _lease(self, request: Pb) -> Sequence[Leased]:
        name, broker = request.subscription, self._broker
        broker.subscription(name)
        leased = broker.core.pull(name, request.max_messages, broker.time.now(), max_bytes=CHUNK_BYTES)
        broker.rearm()
        return leased

    def acknowledge(self, request: Pb) -> Pb:
        """The messages are done with."""
        self._broker.subscription(request.subscription)
        if not request.ack_ids:
            raise invalid("No ack ids specified.")
        self._broker.ack(request.subscription, request.ack_ids)
        return EMPTY

    def modify_ack_deadline(self, request: Pb) -> Pb:
        """The leases end `ack_deadline_seconds` from now; 0 gives the messages back."""
        self._broker.subscription(request.subscription)
        if not request.ack_ids:
            raise invalid("No ack ids specified.")
        check_deadline("ack_deadline_seconds", request.ack_deadline_seconds, least=0)
        seconds = request.ack_deadline_seconds
        self._broker.modify(request.subscription, [(ack_id, seconds) for ack_id in request.ack_ids])
        return EMPTY


def refuse_push(subscription: Pb) -> None:
    """Who is pushed to does not pull."""
    if subscription.push_config.push_endpoint:
        raise Refused(
            grpc.StatusCode.FAILED_PRECONDITION, f"{subscription.name} is a push subscription: it cannot be pulled from"
        )
