"""google.pubsub.v1.Publisher."""

from devstack.pubsub_server.broker import Broker
from devstack.pubsub_server.config import TOPIC_FIELDS
from devstack.pubsub_server.paging import page
from devstack.pubsub_server.refusal import check_fields, check_name, invalid, unimplemented
from devstack.pubsub_server.wire import (
    EMPTY,
    ListTopicsResponse,
    ListTopicSubscriptionsResponse,
    Pb,
    PublishResponse,
    Topic,
)
from shared.errors import Permanent
from shared.runtime.message_limits import check_message

MAX_BATCH = 1000
"""Messages in one publish request."""


class Publisher:
    """Each method takes the request and returns the reply, or raises `Refused`."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def create_topic(self, request: Pb) -> Pb:
        """Create a topic."""
        check_fields(request, TOPIC_FIELDS)
        topic = Topic()
        topic.CopyFrom(request)
        self._broker.create_topic(topic)
        return topic

    def get_topic(self, request: Pb) -> Pb:
        """One topic."""
        return self._broker.topic(request.topic)

    def list_topics(self, request: Pb) -> Pb:
        """The project's topics, by name."""
        names, token = page(self._broker.topics, request, prefix=f"{request.project}/topics/")
        return ListTopicsResponse(topics=[self._broker.topics[name] for name in names], next_page_token=token)

    def delete_topic(self, request: Pb) -> Pb:
        """Delete a topic."""
        self._broker.delete_topic(request.topic)
        return EMPTY

    def list_topic_subscriptions(self, request: Pb) -> Pb:
        """The names of a topic's subscriptions."""
        self._broker.topic(request.topic)
        of_topic = [name for name, each in self._broker.subscriptions.items() if each.topic == request.topic]
        names, token = page(of_topic, request)
        return ListTopicSubscriptionsResponse(subscriptions=names, next_page_token=token)

    def publish(self, request: Pb) -> Pb:
        """Publish all of the messages or, if there is anything wrong with one, none."""
        broker, topic = self._broker, request.topic
        check_name(topic, "topics")
        broker.topic(topic)
        if not 0 < len(request.messages) <= MAX_BATCH:
            raise invalid(f"a publish request has 1 to {MAX_BATCH} messages (got {len(request.messages)})")
        if any(message.ordering_key for message in request.messages):
            raise unimplemented("PubsubMessage.ordering_key")
        messages = [(message.data, dict(message.attributes)) for message in request.messages]
        try:
            for data, attributes in messages:
                check_message(topic, data, attributes)
        except Permanent as error:
            raise invalid(str(error)) from error
        now = broker.time.now()
        reply = PublishResponse(
            message_ids=[broker.core.publish(topic, data, attributes, now) for data, attributes in messages]
        )
        broker.rearm()
        return reply
