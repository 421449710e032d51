"""What must hold, seen from outside: from the writes of the store, the messages on the bus and the rows in the tables.

It believes nothing that the engine says of itself.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from functools import wraps
from itertools import count
from typing import ParamSpec

from services.coordinator.handlers import DEAD_LETTERS
from services.coordinator.pulse.pulse import SOURCE
from services.coordinator.runs.decide import MAX_ATTEMPTS
from shared.contract import BatchReported, BatchRequested, Message, RunEnded, StepReported, StepRequested, decode
from shared.errors import Permanent
from shared.ports import Row
from shared.registries.pipeline import STEPS
from tests.simulation.loop import Violation
from tests.simulation.ports import Documents

P = ParamSpec("P")
USABLE = ("done", "degraded")
_PENDING: Row = {"status": "pending", "attempt": 0}
SETTLED = (*USABLE, "failed", "blocked")


def _outside(check: Callable[P, None]) -> Callable[P, None]:
    """What the check finds wrong ends the night, whatever the code under test does with exceptions."""

    @wraps(check)
    def outside(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            check(*args, **kwargs)
        except AssertionError as error:
            raise Violation(str(error)) from error

    return outside


class Witness:
    """Sees every write of a run, every publish and every acknowledgement."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        documents.on_write = self.written
        self._instants = count(1)
        self.expected: dict[str, int] = {}
        """Step -> units that its source has, of the steps that are counted by unit."""
        self.decided: dict[str, int] = {}
        """Key -> when it was last decided."""
        self.sent: dict[str, int] = {}
        self._batches: defaultdict[tuple[str, int], set[int]] = defaultdict(set)
        """(run, attempt of `predict`) -> the batches that were sent."""
        self.delivered: set[str] = set()
        self._settled: set[tuple[str, str]] = set()
        self._leases: dict[tuple[str, str], str] = {}
        """(subscription, message) -> its latest delivery."""
        self._given_up: set[tuple[str, str, int]] = set()
        """(run, step, attempt) of which a failure was reported or a message died."""
        self.buried: set[bytes] = set()
        """Messages that went to a dead letter."""
        self.letters: set[str] = set()
        """Digests of the dead letters that were acknowledged."""
        self.generations: Counter[str] = Counter()
        """Who asked -> generations after a run's first that he started."""

    # Writes

    @_outside
    def written(self, key: str, before: Row | None, after: Row, asked: bool) -> None:  # noqa: FBT001 - a callback
        """A run was written."""
        old, new = [] if before is None else before["outbox"], after["outbox"]
        begun = before is None or before["generation"] != after["generation"]
        asked = asked or (begun and after["source"] == SOURCE)
        if before is not None and before["generation"] != after["generation"]:
            self._generation(before, after, asked=asked)
            before, old = None, []  # what an earlier generation had decided is about nothing any more
        elif before is None:
            assert asked, f"{key} began by itself"
        sent = len(old) - len(new)
        if before is not None and sent > 0 and old[sent:] == new:
            assert after == {**before, "outbox": new}, "more was changed than the outbox"
            for entry in old[:sent]:
                self._marked_sent(entry["attributes"]["key"])
            return
        assert new[: len(old)] == old, f"{key}: an older outbox is lost"
        added = [decode(entry["data"].encode()) for entry in new[len(old) :]]
        for message in added:
            self._decided(before, after, message, asked=asked)
        self._moved(f"{key}.{after['generation']}", before, after, {message.key for message in added}, asked=asked)

    def _generation(self, before: Row, after: Row, *, asked: bool) -> None:
        assert asked, f"{before['generation']} was followed by {after['generation']} though nobody asked"
        assert after["generation"] == before["generation"] + 1
        self.generations[after["source"]] += 1
        at_work = any(step["status"] == "running" for step in before["steps"].values())
        reconciled = before["source"] == after["source"] == "reconciler"
        assert not (reconciled and at_work), "the reconciler started twice what it found missing once"

    def _marked_sent(self, key: str) -> None:
        assert self.sent.get(key, 0) > self.decided[key], f"{key} is marked as sent and was not"

    def _decided(self, before: Row | None, after: Row, message: Message, *, asked: bool) -> None:
        known = message.key in self.decided
        if isinstance(message, StepRequested) and known:
            old = {} if before is None else before["steps"].get(message.step, {})
            resumed = asked and old.get("status") == "running" and old.get("attempt") == message.attempt
            assert resumed, f"{message.key} was triggered twice"
        if isinstance(message, RunEnded):
            assert not known, f"{message.key}: a run ends once"
        if isinstance(message, StepRequested):
            needed = [need for need in STEPS[message.step].needs if need not in after["stands_on"]]
            needs = {need: after["steps"][need]["status"] for need in needed}
            assert set(needs.values()) <= set(USABLE), f"{message.key} was asked for too early: {needs}"
        self.decided[message.key] = next(self._instants)

    def _moved(self, run_id: str, before: Row | None, after: Row, added: set[str], *, asked: bool) -> None:
        """Forward only, bounded, and nothing starts or ends without the message that says so."""
        for name, step in after["steps"].items():
            old = _PENDING if before is None else before["steps"].get(name, _PENDING)
            assert step["tries"] <= MAX_ATTEMPTS, f"{name} was tried {step['tries']} times"
            assert step["attempt"] >= old["attempt"]
            if old["status"] in USABLE or (old["status"] in SETTLED and not asked):
                assert step == old, f"{name} was {old['status']} and is {step['status']}"
            if step["status"] in USABLE and step["evidence"] is not None and name in self.expected:
                stated = step["evidence"]["expected"]
                assert stated == self.expected[name], f"{name} is {step['status']} and nobody has counted its rows"
            if old["status"] == "running" and not asked:
                self._because(run_id, name, old, step)
            if step["status"] == "running" and (old["status"], old["attempt"]) != ("running", step["attempt"]):
                assert f"{run_id}/{name}/{step['attempt']}" in added, f"{name} runs and nobody was asked"
        total = after["batches"]["total"]
        if total is not None:
            kept = after["steps"]["predict"]["generation"]  # a later generation may have kept them
            of = run_id if kept is None else f"{run_id.rpartition('.')[0]}.{kept}"
            sent = self._batches[of, after["batches"]["attempt"]]
            assert sent >= set(range(total)), f"{total} batches are planned, {sorted(sent)} were sent"
        if before is not None:
            assert after["decisions"][: len(before["decisions"])] == before["decisions"]
        ended = after["status"] != "running"
        assert ended == all(step["status"] in SETTLED for step in after["steps"].values())
        if ended and (before is None or before["status"] == "running"):
            assert any(key.startswith(f"{run_id}/ended/") for key in added), "a run ended and nobody is told"

    def _because(self, run_id: str, name: str, old: Row, step: Row) -> None:
        """What becomes of a step at work has a cause in this attempt, not in one that is past."""
        if step["attempt"] > old["attempt"]:
            reported = f"{run_id}/{name}/{old['attempt']}/reported"
            assert reported in self.sent, f"{name} is tried again and attempt {old['attempt']} is still at work"
        found = step["evidence"]
        if step["status"] in ("failed", "waiting") and (found is None or found["expected"] == found["verified"]):
            given_up = (run_id, name, step["attempt"]) in self._given_up
            assert given_up, f"{name} was given up at attempt {step['attempt']}, of which nobody said that it failed"

    # Messages

    @_outside
    def published(self, service: str, topic: str, data: bytes, attributes: Mapping[str, str]) -> None:
        """A message was accepted by the bus."""
        if topic.endswith("-dead"):
            self.buried.add(data)
            return
        key = attributes.get("key", "")
        if service == "coordinator" and attributes.get("kind") in (StepRequested.KIND, RunEnded.KIND):
            assert key in self.decided, f"{key} was sent before it was decided"
        if attributes.get("kind") == BatchRequested.KIND:
            batch = json.loads(data)["body"]
            self._batches[batch["run_id"], batch["attempt"]].add(batch["batch"])
        if attributes.get("kind") == StepReported.KIND:
            report = json.loads(data)["body"]
            if report["outcome"] == "failed":
                self._given_up.add((report["run_id"], report["step"], report["attempt"]))
        self.sent[key] = next(self._instants)

    @_outside
    def taken(self, subscription: str, id_: str, ack_id: str) -> None:
        """A message is delivered."""
        assert (subscription, id_) not in self._settled, f"{id_} of {subscription} was acknowledged and comes again"
        self._leases[subscription, id_] = ack_id

    @_outside
    def settled(self, subscription: str, id_: str, ack_id: str) -> None:
        """The broker says that a message will not come again."""
        assert self._leases[subscription, id_] == ack_id, f"{id_} of {subscription} is somebody else's by now"
        self._settled.add((subscription, id_))

    def forget_deliveries(self) -> None:
        """Another broker counts its messages from the start."""
        self._settled.clear()
        self._leases.clear()

    def died(self, data: bytes) -> None:
        """A dead letter is delivered: its step may be given up."""
        try:
            about = _attempt_of(decode(data), dead=True)
        except Permanent:
            return
        if about is not None:
            self._given_up.add(about)

    @_outside
    def nacked(self, reason: str) -> None:
        """A delivery is to come again."""
        assert "too many at once" not in reason, f"two coordinators are too many: {reason}"

    @_outside
    def acknowledged(self, subscription: str, data: bytes, attributes: Mapping[str, str]) -> None:
        """A message is done with: whatever it was to change has been changed."""
        if subscription.endswith("-dead"):
            marks = json.dumps(dict(attributes), sort_keys=True).encode()
            digest = hashlib.sha256(data + marks).hexdigest()
            assert digest in self._documents.of(DEAD_LETTERS), "a dead letter was acknowledged and is not recorded"
            self.letters.add(digest)
        try:
            message = decode(data)
        except Permanent:
            return
        self.delivered.add(message.key)
        if data in self.buried and not subscription.endswith("-dead"):
            return
        about = _attempt_of(message, dead=subscription.endswith("-dead"))
        if about is not None:
            assert not self._at_work(*about), (
                f"{message.key} was acknowledged on {subscription} and has changed nothing"
            )

    def _at_work(self, run_id: str, step: str, attempt: int) -> bool:
        """Whether the run is still at this attempt of the step."""
        key, _, generation = run_id.rpartition(".")
        run = self._documents.of("runs").get(key)
        if run is None or generation != str(run["generation"]):
            return False
        found = run["steps"].get(step, _PENDING)
        return (found["status"], found["attempt"]) == ("running", attempt)


def _attempt_of(message: Message, *, dead: bool) -> tuple[str, str, int] | None:
    """Run, step and attempt that a message, once handled, has settled or moved on."""
    match message:
        case StepReported():
            return message.run_id, message.step, message.attempt
        case StepRequested() if dead:
            return message.run_id, message.step, message.attempt
        case BatchRequested() | BatchReported() if dead:
            return message.run_id, "predict", message.attempt
    return None
