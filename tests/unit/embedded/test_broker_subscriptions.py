"""The broker's topics and subscriptions: changed, deleted, and what is forgotten of their leases."""

from typing import Any

import pytest

from shared.embedded.subscription import Policy
from shared.errors import Permanent
from tests.unit.embedded.brokers import broker, datas, take


def test_a_changed_subscription_treats_what_comes_from_then_on() -> None:
    """Lease, backoffs, attempts and dead letter."""
    core = broker()
    core.create_topic("other")
    core.create_subscription(
        "other", "other", Policy(ack_deadline=10.0, max_delivery_attempts=9, min_backoff=1.0, max_backoff=1.0)
    )
    core.update_subscription(
        "work",
        Policy(ack_deadline=30.0, max_delivery_attempts=3, min_backoff=2.0, max_backoff=3.0, dead_letter_topic="other"),
    )
    assert core.ack_deadline("work") == 30.0
    core.publish("work", b"x", {}, 0.0)
    leased = take(core, 0.0)
    assert core.next_wakeup(0.0) == 30.0
    core.nack(leased.ack_id, 0.0)
    assert core.next_wakeup(0.0) == 2.0
    core.nack(take(core, 2.0).ack_id, 2.0)
    assert core.next_wakeup(2.0) == 3.0
    core.nack(take(core, 5.0).ack_id, 5.0)
    assert (core.depth("dead"), core.depth("other")) == (0, 1)


def test_a_change_to_what_does_not_exist_is_refused_and_changes_nothing() -> None:
    """An unknown dead letter, or an unknown subscription."""
    core = broker()
    settings: dict[str, Any] = {
        "ack_deadline": 1.0, "max_delivery_attempts": 9, "min_backoff": 9.0, "max_backoff": 9.0
    }  # fmt: skip
    with pytest.raises(Permanent, match=r"^unknown topic 'gone': one of work, dead$"):
        core.update_subscription("work", Policy(dead_letter_topic="gone", **settings))
    assert core.ack_deadline("work") == 10.0
    with pytest.raises(Permanent, match=r"^unknown subscription 'nobody': one of dead, work$"):
        core.update_subscription("nobody", Policy(dead_letter_topic=None, **settings))
    core.update_subscription("work", Policy(dead_letter_topic=None, **settings))
    assert core.ack_deadline("work") == 1.0


def test_a_subscription_gets_what_is_published_from_then_on() -> None:
    """Once for each subscription of the topic; making the topic again keeps them."""
    core = broker()
    core.publish("work", b"before", {}, 0.0)
    core.create_topic("work")
    core.create_subscription(
        "audit", "work", Policy(ack_deadline=1.0, max_delivery_attempts=5, min_backoff=0.0, max_backoff=0.0)
    )
    core.publish("work", b"after", {}, 0.0)
    assert datas(core.pull("audit", 9, 0.0)) == [b"after"]
    assert datas(core.pull("work", 9, 0.0)) == [b"before", b"after"]
    assert core.ack_deadline("audit") == 1.0


def test_a_deleted_topic_takes_no_more_and_its_subscriptions_keep_what_they_have() -> None:
    """And it cannot be deleted twice."""
    core = broker()
    core.publish("work", b"x", {}, 0.0)
    core.delete_topic("work")
    with pytest.raises(Permanent, match="unknown topic 'work'"):
        core.publish("work", b"y", {}, 0.0)
    with pytest.raises(Permanent, match="unknown topic 'work'"):
        core.delete_topic("work")
    assert datas(core.pull("work", 9, 0.0)) == [b"x"]


def test_a_deleted_subscription_is_forgotten_with_all_it_had() -> None:
    """Leases end, other subscriptions stay, and one of the same name begins with nothing."""
    core = broker()
    core.publish("work", b"leased", {}, 0.0)
    core.publish("dead", b"letter", {}, 0.0)
    leased = take(core, 0.0)
    letter = take(core, 0.0, "dead")
    core.publish("work", b"ready", {}, 0.0)
    forgotten = core._subscriptions["work"]
    core.delete_subscription("work")
    assert (len(forgotten.ready), core._topics["work"]) == (0, [])
    for refused in (core.ready, core.depth, core.ack_deadline, core.delete_subscription):
        with pytest.raises(Permanent, match="unknown subscription 'work': one of dead"):
            refused("work")
    assert not core.ack(leased.ack_id, 0.0)
    assert core.ack(letter.ack_id, 0.0)
    core.create_subscription(
        "work", "work", Policy(ack_deadline=1.0, max_delivery_attempts=5, min_backoff=0.0, max_backoff=0.0)
    )
    core.publish("work", b"new", {}, 0.0)
    assert datas(core.pull("work", 9, 0.0)) == [b"new"]


def test_leases_that_were_answered_at_once_are_forgotten_and_the_others_are_not() -> None:
    """Beside 3 that last, at most 72 entries are kept: twice the 4 leases of the moment, and 64."""
    core = broker()
    for _ in range(3):
        core.publish("work", b"held", {}, 0.0)
    core.pull("work", 3, 0.0)
    sizes = []
    for _ in range(1_000):
        core.publish("work", b"x", {}, 0.0)
        core.ack(take(core, 0.0).ack_id, 0.0)
        sizes.append(len(core._deadlines))
    assert max(sizes) == 72
    assert datas(core.pull("work", 9, 11.0)) == [b"held"] * 3


def test_forgetting_keeps_the_order_of_the_deadlines() -> None:
    """Leases for 30 and 20 s, with a short one between that is answered: the first deadline stays that of 20 s."""
    core = broker()

    def lease(seconds: float) -> str:
        core.publish("work", b"x", {}, 0.0)
        return take(core, 0.0, ack_deadline=seconds).ack_id

    lease(30.0)
    core.ack(lease(1.0), 0.0)
    lease(20.0)
    for _ in range(200):
        core.ack(lease(40.0), 0.0)
    assert core.next_wakeup(0.0) == 20.0
