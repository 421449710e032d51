"""The wire format: the raw protobuf classes of google.pubsub.v1, and which method takes and returns which.

The classes are those inside the installed client's proto-plus types; the wrappers cost more than the broker itself.
"""

from typing import Any

from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]  # protobuf publishes no type information
from google.pubsub_v1.types import pubsub

Pb = Any
"""A protobuf message: the generated classes have no type information."""


def _raw(name: str) -> Pb:
    return getattr(pubsub, name).pb()


Topic = _raw("Topic")
Subscription = _raw("Subscription")
PublishResponse = _raw("PublishResponse")
PullResponse = _raw("PullResponse")
StreamingPullRequest = _raw("StreamingPullRequest")
StreamingPullResponse = _raw("StreamingPullResponse")
ListTopicsResponse = _raw("ListTopicsResponse")
ListTopicSubscriptionsResponse = _raw("ListTopicSubscriptionsResponse")
ListSubscriptionsResponse = _raw("ListSubscriptionsResponse")

PUBLISHER = "google.pubsub.v1.Publisher"
SUBSCRIBER = "google.pubsub.v1.Subscriber"

METHODS: dict[str, dict[str, Pb]] = {
    PUBLISHER: {
        "CreateTopic": Topic,
        "GetTopic": _raw("GetTopicRequest"),
        "ListTopics": _raw("ListTopicsRequest"),
        "DeleteTopic": _raw("DeleteTopicRequest"),
        "ListTopicSubscriptions": _raw("ListTopicSubscriptionsRequest"),
        "Publish": _raw("PublishRequest"),
    },
    SUBSCRIBER: {
        "CreateSubscription": Subscription,
        "GetSubscription": _raw("GetSubscriptionRequest"),
        "ListSubscriptions": _raw("ListSubscriptionsRequest"),
        "UpdateSubscription": _raw("UpdateSubscriptionRequest"),
        "ModifyPushConfig": _raw("ModifyPushConfigRequest"),
        "DeleteSubscription": _raw("DeleteSubscriptionRequest"),
        "Pull": _raw("PullRequest"),
        "Acknowledge": _raw("AcknowledgeRequest"),
        "ModifyAckDeadline": _raw("ModifyAckDeadlineRequest"),
    },
}
"""What each served unary method takes. StreamingPull is apart; everything else is UNIMPLEMENTED."""

EMPTY = Empty()
