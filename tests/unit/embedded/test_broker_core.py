"""The broker by hand: one message, one instant, and exactly what happens."""

from typing import Any

import pytest

from shared.embedded.broker_core import Holder
from shared.embedded.subscription import Message, Policy
from shared.errors import Permanent
from tests.unit.embedded.brokers import MARKS, broker, datas, take


def test_a_message_is_delivered_as_it_was_published() -> None:
    """Id, data, attributes and instant; the first delivery is number 1."""
    core = broker()
    id_ = core.publish("work", b"x", {"key": "k"}, 3.5)
    leased = take(core, 4.0)
    assert leased.message == Message(id_, b"x", {"key": "k"}, 3.5)
    assert leased.attempt == 1
    assert id_ != core.publish("work", b"x", {}, 4.0)


def test_each_lease_has_a_name_of_its_own() -> None:
    """The subscription's, and a number."""
    core = broker()
    names = set()
    for _ in range(3):
        core.publish("work", b"x", {}, 0.0)
        names.add(take(core, 0.0).ack_id)
    assert len(names) == 3
    assert all(name.startswith("work/") and name.removeprefix("work/").isdigit() for name in names)


def test_what_the_limits_refuse_is_not_published() -> None:
    """Named by topic; nothing is owed, nor to a topic that does not exist."""
    core = broker()
    with pytest.raises(Permanent, match=r"^empty message for topic 'work'"):
        core.publish("work", b"", {}, 0.0)
    with pytest.raises(Permanent, match=r"^unknown topic 'nowhere': one of work, dead$"):
        core.publish("nowhere", b"x", {}, 0.0)
    assert core.depth("work") == 0


def test_a_name_that_is_taken_or_a_dead_letter_that_is_none_makes_no_subscription() -> None:
    """The subscription that is there stays as it is."""
    core = broker()
    settings: dict[str, Any] = {
        "ack_deadline": 1.0, "max_delivery_attempts": 9, "min_backoff": 9.0, "max_backoff": 9.0
    }  # fmt: skip
    with pytest.raises(Permanent, match=r"^subscription 'work' already exists$"):
        core.create_subscription("work", "work", Policy(**settings))
    for topic, dead_letter in (("work", "gone"), ("gone", None)):
        with pytest.raises(Permanent, match=r"^unknown topic 'gone': one of work, dead$"):
            core.create_subscription("new", topic, Policy(dead_letter_topic=dead_letter, **settings))
    assert core.ack_deadline("work") == 10.0
    core.create_subscription("new", "work", Policy(**settings))


def test_the_oldest_come_first_and_no_more_than_asked_for() -> None:
    """What was not pulled stays in its order."""
    core = broker()
    for data in (b"a", b"b", b"c", b"d"):
        core.publish("work", data, {}, 0.0)
    assert datas(core.pull("work", 3, 0.0)) == [b"a", b"b", b"c"]
    assert datas(core.pull("work", 3, 0.0)) == [b"d"]
    assert core.pull("work", 3, 0.0) == []
    assert core.pull("work", 0, 0.0) == []


def test_a_pull_ends_at_its_bytes_but_gives_one_message_at_least() -> None:
    """2 + 3 bytes fit into 5, one more does not; a message of 9 bytes comes alone."""
    core = broker()
    for data in (b"aa", b"bbb", b"c", b"x" * 9, b"d"):
        core.publish("work", data, {}, 0.0)
    assert datas(core.pull("work", 9, 0.0, max_bytes=5)) == [b"aa", b"bbb"]
    assert datas(core.pull("work", 9, 0.0, max_bytes=5)) == [b"c"]
    assert datas(core.pull("work", 9, 0.0, max_bytes=5)) == [b"x" * 9]
    assert datas(core.pull("work", 9, 0.0, max_bytes=0)) == [b"d"]


def test_a_lease_ends_exactly_at_its_deadline() -> None:
    """Up to there nobody else gets the message; from there on it is in backoff, counted from the deadline."""
    core = broker()
    core.publish("work", b"x", {}, 0.0)
    first = take(core, 2.0)
    core.expire(11.999)
    assert core.next_wakeup(11.999) == pytest.approx(0.001)
    assert core.pull("work", 1, 11.999) == []
    core.expire(12.0)
    assert core.next_wakeup(12.0) == 1.0  # the first backoff
    assert not core.ack(first.ack_id, 12.0)
    assert core.pull("work", 1, 12.999) == []
    assert take(core, 13.0).attempt == 2


def test_an_acknowledgement_at_the_deadline_comes_too_late() -> None:
    """A moment before it is in time."""
    for now, in_time in ((9.999, True), (10.0, False)):
        for answer in ("ack", "nack"):
            core = broker()
            core.publish("work", b"x", {}, 0.0)
            leased = take(core, 0.0)
            assert getattr(core, answer)(leased.ack_id, now) is in_time
            assert core.depth("work") == (0 if in_time and answer == "ack" else 1)


def test_what_is_looked_at_late_has_happened_in_time() -> None:
    """A lease that ran out at 10 and its backoff of 1 s are over at 11, though nobody looked before 50."""
    core = broker()
    core.publish("work", b"x", {}, 0.0)
    take(core, 0.0)
    assert take(core, 50.0).attempt == 2


def test_publishing_lets_time_pass_too() -> None:
    """What was given back comes before what is published after it is ready again."""
    core = broker()
    core.publish("work", b"old", {}, 0.0)
    core.nack(take(core, 0.0).ack_id, 0.0)
    core.publish("work", b"new", {}, 1.0)
    assert datas(core.pull("work", 9, 1.0)) == [b"old", b"new"]


def test_a_pull_may_have_a_lease_of_its_own() -> None:
    """Also one of no time at all."""
    core = broker()
    core.publish("work", b"x", {}, 0.0)
    take(core, 0.0, ack_deadline=25.0)
    assert core.next_wakeup(0.0) == 25.0
    assert take(core, 26.0, ack_deadline=0.0).attempt == 2
    core.expire(26.0)
    assert core.next_wakeup(26.0) == 2.0  # the second backoff


def test_an_extension_counts_from_now_and_the_old_deadline_is_forgotten() -> None:
    """Leased at 0 for 10 s, extended at 8 by 10: until 18; at 17.999 by 5; shortened at 18 to 0.5: until 18.5."""
    core = broker()
    core.publish("work", b"x", {}, 0.0)
    leased = take(core, 0.0)
    assert core.modify_deadline(leased.ack_id, 10.0, 8.0) is True
    core.expire(10.0)
    assert core.next_wakeup(10.0) == 8.0
    assert core.modify_deadline(leased.ack_id, 5.0, 17.999) is True
    assert core.next_wakeup(17.999) == pytest.approx(5.0)
    assert core.modify_deadline(leased.ack_id, 0.5, 18.0) is True
    assert core.next_wakeup(18.0) == 0.5
    assert core.modify_deadline(leased.ack_id, 10.0, 18.5) is False
    assert core.pull("work", 1, 19.499) == []
    assert take(core, 19.5).attempt == 2


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_an_extension_by_nothing_is_a_nack(seconds: float) -> None:
    """The message comes again after its backoff; of a lease that has ended it is none."""
    core = broker()
    core.publish("work", b"x", {}, 0.0)
    leased = take(core, 0.0)
    assert core.modify_deadline(leased.ack_id, seconds, 2.0)
    assert core.next_wakeup(2.0) == 1.0
    assert not core.modify_deadline(leased.ack_id, seconds, 2.0)
    assert take(core, 3.0).attempt == 2


def test_a_lease_cannot_be_renewed_once_it_has_ended() -> None:
    """Neither after an acknowledgement nor after a nack."""
    core = broker()
    for answer in (core.ack, core.nack):
        core.publish("work", b"x", {}, 0.0)
        leased = core.pull("work", 1, 0.0)[0]
        assert answer(leased.ack_id, 0.0)
        assert not core.modify_deadline(leased.ack_id, 10.0, 0.0)
        assert not answer(leased.ack_id, 0.0)


def test_each_backoff_is_twice_the_one_before_up_to_the_largest() -> None:
    """1, 2, 4, 4, 4 s; each counts from its own nack."""
    core = broker(max_delivery_attempts=9)
    core.publish("work", b"x", {}, 0.0)
    now = 0.0
    for attempt, pause in enumerate((1.0, 2.0, 4.0, 4.0, 4.0), 1):
        leased = take(core, now)
        assert leased.attempt == attempt
        assert core.nack(leased.ack_id, now + 0.5)
        assert core.next_wakeup(now + 0.5) == pause
        assert core.pull("work", 1, now + 0.5 + pause - 0.001) == []
        now += 0.5 + pause


def test_the_last_delivery_goes_to_the_dead_letter_at_once_and_not_before() -> None:
    """Four deliveries are nacked: three come again, the fourth is a dead letter with origin, count and reason."""
    core = broker()
    core.publish("work", b"x", {"key": "k", "reason": "its own"}, 0.0)
    for attempt, now in ((1, 0.0), (2, 1.0), (3, 3.0), (4, 7.0)):
        assert (core.depth("work"), core.depth("dead")) == (1, 0)
        leased = take(core, now)
        assert leased.attempt == attempt
        core.nack(leased.ack_id, now)
    assert (core.depth("work"), core.depth("dead"), core.next_wakeup(7.0)) == (0, 1, None)
    letter = take(core, 7.0, "dead")
    assert (letter.message.data, letter.message.published_at, letter.attempt) == (b"x", 7.0, 1)
    assert letter.message.attributes == {
        "key": "k", MARKS[0]: "work", MARKS[1]: "4", MARKS[2]: "nacked at delivery 4 of 4"
    }  # fmt: skip


def test_a_last_lease_that_runs_out_says_so() -> None:
    """It died at its deadline, whenever somebody looks; a path is marked by its last part."""
    core = broker(name="projects/p/subscriptions/work", max_delivery_attempts=1)
    core.publish("work", b"x", {}, 0.0)
    take(core, 0.0, "projects/p/subscriptions/work")
    letter = take(core, 15.0, "dead")
    assert letter.message.published_at == 10.0
    assert letter.message.attributes == {
        MARKS[0]: "work", MARKS[1]: "1", MARKS[2]: "ack deadline exceeded at delivery 1 of 1"
    }  # fmt: skip


@pytest.mark.parametrize("gone", [True, False])
def test_without_a_dead_letter_a_message_is_retried_beyond_its_attempts(gone: bool) -> None:  # noqa: FBT001 - a case
    """None was given, or its topic has been deleted."""
    core = broker(dead_letter="dead" if gone else None, max_delivery_attempts=1)
    if gone:
        core.delete_topic("dead")
    core.publish("work", b"x", {}, 0.0)
    core.nack(take(core, 0.0).ack_id, 0.0)
    core.nack(take(core, 1.0).ack_id, 1.0)
    assert (take(core, 3.0).attempt, core.depth("work"), core.depth("dead")) == (3, 1, 0)


def test_what_was_given_back_comes_in_the_order_of_its_instants() -> None:
    """Behind what is ready already."""
    core = broker()
    for data in (b"a", b"b", b"c"):
        core.publish("work", data, {}, 0.0)
    first, second = core.pull("work", 2, 0.0)
    core.nack(second.ack_id, 0.0)
    core.nack(first.ack_id, 0.5)
    assert datas(core.pull("work", 9, 1.0)) == [b"c", b"b"]
    assert datas(core.pull("work", 9, 1.499)) == []
    assert datas(core.pull("work", 9, 1.5)) == [b"a"]


def test_a_holder_is_charged_while_its_leases_last() -> None:
    """Messages and bytes; an acknowledgement, a nack, a deadline and a deletion each give back their own."""
    core = broker()
    holder = Holder()
    for data in (b"1", b"22", b"333", b"4444"):
        core.publish("work", data, {}, 0.0)
    one, two, *_ = core.pull("work", 3, 0.0, holder=holder)
    assert (holder.messages, holder.bytes) == (3, 6)
    core.pull("work", 1, 1.0, holder=holder)
    assert (holder.messages, holder.bytes) == (4, 10)
    core.ack(one.ack_id, 2.0)
    assert (holder.messages, holder.bytes) == (3, 9)
    core.nack(two.ack_id, 2.0)
    assert (holder.messages, holder.bytes) == (2, 7)
    core.expire(10.0)
    assert (holder.messages, holder.bytes) == (1, 4)
    core.delete_subscription("work")
    assert (holder.messages, holder.bytes) == (0, 0)


def test_depth_is_what_is_neither_acknowledged_nor_dead() -> None:
    """Ready, leased and in backoff."""
    core = broker()
    for _ in range(3):
        core.publish("work", b"x", {}, 0.0)
    leased = core.pull("work", 2, 0.0)
    core.nack(leased[0].ack_id, 0.0)
    assert core.depth("work") == 3
    core.ack(leased[1].ack_id, 0.0)
    assert not core.ack(leased[1].ack_id, 0.0)
    assert core.depth("work") == 2


def test_ready_is_what_a_pull_would_find() -> None:
    """Not what is leased or in backoff."""
    core = broker()
    assert not core.ready("work")
    core.publish("work", b"x", {}, 0.0)
    assert core.ready("work")
    core.nack(take(core, 0.0).ack_id, 0.0)
    assert not core.ready("work")
    core.expire(1.0)
    assert core.ready("work")


def test_the_next_wakeup_is_the_first_of_deadlines_and_backoffs() -> None:
    """Never negative; None where nothing is leased or in backoff."""
    core = broker()
    assert core.next_wakeup(0.0) is None
    core.publish("work", b"x", {}, 0.0)
    core.publish("work", b"y", {}, 0.0)
    assert core.next_wakeup(0.0) is None
    first, _ = core.pull("work", 2, 0.0)
    assert core.next_wakeup(4.0) == 6.0
    core.nack(first.ack_id, 4.0)
    assert core.next_wakeup(4.5) == 0.5
    assert core.next_wakeup(99.0) == 0.0
    core.expire(9.0)
    assert core.next_wakeup(9.0) == 1.0


def test_an_acknowledged_lease_wakes_nobody() -> None:
    """Its deadline is not waited for."""
    core = broker()
    core.publish("work", b"x", {}, 0.0)
    core.publish("work", b"y", {}, 5.0)
    first = core.pull("work", 1, 0.0)[0]
    core.pull("work", 1, 5.0)
    core.ack(first.ack_id, 5.0)
    assert core.next_wakeup(5.0) == 10.0


def test_everyone_who_may_pull_is_rung_for() -> None:
    """At publication, at the end of a backoff, and for a dead letter; not for what is gone."""
    rung: list[str] = []
    core = broker(rung=rung, max_delivery_attempts=2)
    core.publish("work", b"x", {}, 0.0)
    core.nack(take(core, 0.0).ack_id, 0.0)
    assert rung == ["work"]
    core.expire(1.0)
    assert rung == ["work", "work"]
    core.nack(take(core, 1.0).ack_id, 1.0)
    assert rung == ["work", "work", "dead"]
    core.publish("work", b"y", {}, 1.0)
    core.nack(take(core, 1.0).ack_id, 1.0)
    core.delete_subscription("work")
    core.expire(9.0)
    assert rung == ["work", "work", "dead", "work"]
