"""The broker against an oracle: a naive model that knows what every message must be doing at every instant."""

from dataclasses import dataclass
from typing import Literal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from shared.embedded.broker_core import BrokerCore
from shared.embedded.subscription import DELIVERY_COUNT, REASON, SOURCE_SUBSCRIPTION, Policy

ACK_DEADLINE = 10.0
MAX_ATTEMPTS = 3
MIN_BACKOFF = 2.0
MAX_BACKOFF = 3.0


def broker(*, dead_letter: str | None = "dead") -> BrokerCore:
    core = BrokerCore()
    core.create_topic("dead")
    core.create_topic("work")
    core.create_subscription("dead", "dead", Policy(ACK_DEADLINE, MAX_ATTEMPTS, 0.0, 0.0))
    core.create_subscription("work", "work", Policy(ACK_DEADLINE, MAX_ATTEMPTS, MIN_BACKOFF, MAX_BACKOFF, dead_letter))
    return core


@dataclass
class Expected:
    """What the model knows of one message."""

    data: bytes
    state: Literal["ready", "leased", "backoff", "acked", "dead"] = "ready"
    attempts: int = 0
    until: float = 0.0
    ack_id: str = ""

    def fail(self, at: float) -> None:
        if self.attempts == MAX_ATTEMPTS:
            self.state = "dead"
        else:
            self.state, self.until = "backoff", at + min(MAX_BACKOFF, MIN_BACKOFF * 2 ** (self.attempts - 1))

    def pass_time(self, now: float) -> None:
        if self.state == "leased" and self.until <= now:
            self.fail(self.until)
        if self.state == "backoff" and self.until <= now:
            self.state = "ready"


class BrokerMachine(RuleBasedStateMachine):
    """Publish, pull, ack, nack, extend and wait in any order; compare with the model after every step."""

    def __init__(self) -> None:
        super().__init__()
        self.core = broker()
        self.now = 0.0
        self.expected: list[Expected] = []
        self.letters: list[bytes] = []

    def in_state(self, *states: str) -> list[Expected]:
        return [message for message in self.expected if message.state in states]

    def any_lease(self, data: st.DataObject) -> Expected:
        return data.draw(st.sampled_from(self.in_state("leased")))

    @rule()
    def publish(self) -> None:
        self.expected.append(Expected(str(len(self.expected)).encode()))
        self.core.publish("work", self.expected[-1].data, {"key": "k"}, self.now)

    @rule(number=st.integers(1, 4))
    def pull(self, number: int) -> None:
        """A pull leases only what is ready, as many as there are, and counts the attempt."""
        ready = self.in_state("ready")
        leased = self.core.pull("work", number, self.now)
        assert len(leased) == min(number, len(ready))
        for delivery in leased:
            message = self.expected[int(delivery.message.data)]
            assert message.state == "ready"
            message.attempts += 1
            assert delivery.attempt == message.attempts
            message.state, message.until = "leased", self.now + ACK_DEADLINE
            message.ack_id = delivery.ack_id

    @precondition(lambda self: self.in_state("leased"))
    @rule(data=st.data())
    def ack(self, data: st.DataObject) -> None:
        message = self.any_lease(data)
        assert self.core.ack(message.ack_id, self.now)
        message.state = "acked"

    @precondition(lambda self: self.in_state("leased"))
    @rule(data=st.data())
    def nack(self, data: st.DataObject) -> None:
        message = self.any_lease(data)
        assert self.core.nack(message.ack_id, self.now)
        message.fail(self.now)

    @precondition(lambda self: self.in_state("leased"))
    @rule(data=st.data(), seconds=st.sampled_from([0.0, 1.0, 30.0]))
    def modify_deadline(self, data: st.DataObject, seconds: float) -> None:
        message = self.any_lease(data)
        assert self.core.modify_deadline(message.ack_id, seconds, self.now)
        message.until = self.now + seconds
        message.pass_time(self.now)

    @precondition(lambda self: any(message.ack_id for message in self.expected if message.state != "leased"))
    @rule(data=st.data())
    def answer_too_late(self, data: st.DataObject) -> None:
        """A lease that has ended can be neither acknowledged nor refused nor extended."""
        ended = [m.ack_id for m in self.expected if m.ack_id and m.state != "leased"]
        ack_id = data.draw(st.sampled_from(ended))
        assert not self.core.ack(ack_id, self.now)
        assert not self.core.nack(ack_id, self.now)
        assert not self.core.modify_deadline(ack_id, 5.0, self.now)

    @rule(seconds=st.sampled_from([0.5, 2.0, 3.0, 10.0, 100.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        for message in self.expected:
            message.pass_time(self.now)

    @rule()
    def read_dead_letters(self) -> None:
        for letter in self.core.pull("dead", 100, self.now):
            assert letter.message.attributes["key"] == "k"
            assert letter.message.attributes[SOURCE_SUBSCRIPTION] == "work"
            assert letter.message.attributes[DELIVERY_COUNT] == str(MAX_ATTEMPTS)
            assert letter.message.attributes[REASON].endswith("at delivery 3 of 3")
            assert self.core.ack(letter.ack_id, self.now)
            self.letters.append(bytes(letter.message.data))

    @invariant()
    def nothing_is_lost_and_nothing_comes_twice(self) -> None:
        """Owed is what is neither acknowledged nor dead; every dead message is one letter."""
        self.core.expire(self.now)
        dead = self.in_state("dead")
        assert self.core.depth("work") == len(self.in_state("ready", "leased", "backoff"))
        assert self.core.depth("dead") == len(dead) - len(self.letters)
        assert len(set(self.letters)) == len(self.letters)
        assert set(self.letters) <= {message.data for message in dead}

    @invariant()
    def it_says_when_to_look_again(self) -> None:
        """The next wake-up is the earliest end of a lease or a backoff."""
        timed = [message.until - self.now for message in self.in_state("leased", "backoff")]
        self.core.expire(self.now)
        wakeup = self.core.next_wakeup(self.now)
        assert wakeup == (pytest.approx(min(timed)) if timed else None)

    def teardown(self) -> None:
        """Whoever keeps pulling and acknowledging gets everything that is owed, once."""
        owed = {message.data for message in self.in_state("ready", "leased", "backoff")}
        dead_later: set[bytes] = set()
        for message in self.in_state("leased"):
            if message.attempts == MAX_ATTEMPTS:
                dead_later.add(message.data)  # its last lease runs out below
        received: list[bytes] = []
        for _ in range(3):
            self.now += 100.0
            for delivery in self.core.pull("work", 1000, self.now):
                received.append(bytes(delivery.message.data))
                assert self.core.ack(delivery.ack_id, self.now)
        assert sorted(received) == sorted(owed - dead_later)
        assert self.core.depth("work") == 0


TestBroker = BrokerMachine.TestCase
TestBroker.settings = settings(max_examples=15, stateful_step_count=40)


def test_without_a_dead_letter_topic_a_message_is_retried_for_ever() -> None:
    """Backoff stays at its maximum and does not overflow."""
    core = broker(dead_letter=None)
    core.publish("work", b"x", {}, 0.0)
    for attempt in range(1, 1200):
        (leased,) = core.pull("work", 1, attempt * MAX_BACKOFF)
        assert leased.attempt == attempt
        core.nack(leased.ack_id, attempt * MAX_BACKOFF)


def test_attributes_are_copied() -> None:
    """The publisher may reuse its dictionary."""
    core = broker()
    attributes = {"key": "before"}
    core.publish("work", b"x", attributes, 0.0)
    attributes["key"] = "after"
    assert core.pull("work", 1, 0.0)[0].message.attributes == {"key": "before"}
