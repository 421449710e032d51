"""Messages: what is sent is what is read, and nothing is guessed."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contract import (
    KINDS,
    BatchReported,
    BatchRequested,
    Message,
    PredictionTask,
    StepReported,
    StepRequested,
    decode,
)
from shared.errors import Permanent
from shared.slate import Mode

text = st.text(max_size=20)
numbers = st.floats(allow_nan=False, allow_infinity=False)
attempts = st.integers(1, 9)
batches = st.integers(0, 99)
modes = st.sampled_from(Mode)
tasks = st.builds(
    PredictionTask,
    game_id=text,
    player_id=st.integers(0, 2**40),
    predicted_at=text,
    features=st.dictionaries(text, st.one_of(st.none(), numbers), max_size=4),
)
messages = st.one_of(
    st.builds(StepRequested, run_id=text, game_date=st.dates(), mode=modes, step=text, attempt=attempts),
    st.builds(
        StepReported,
        run_id=text,
        step=text,
        attempt=attempts,
        outcome=st.sampled_from(["done", "failed"]),
        reason=text,
        seconds=numbers,
        counts=st.dictionaries(text, st.integers(), max_size=3),
    ),
    st.builds(
        BatchRequested,
        run_id=text,
        game_date=st.dates(),
        mode=modes,
        attempt=attempts,
        batch=batches,
        systems=st.lists(text, max_size=2).map(tuple),
        tasks=st.lists(tasks, max_size=3).map(tuple),
    ),
    st.builds(BatchReported, run_id=text, attempt=attempts, batch=batches, rows=st.integers(), seconds=numbers),
)
REPORT = StepReported(run_id="2024-03-04.overnight.1", step="schedule", attempt=1, outcome="done")


def wire(**changes: object) -> bytes:
    """A report's envelope with something changed."""
    return json.dumps({**json.loads(REPORT.encode()), **changes}).encode()


def body(**changes: object) -> bytes:
    """A report with something changed in its body."""
    return wire(body={**json.loads(REPORT.encode())["body"], **changes})


@given(messages)
def test_what_is_sent_is_what_is_read(message: Message) -> None:
    """Every message survives the wire, zero and null included."""
    assert decode(message.encode()) == message


@given(messages)
def test_attributes_show_kind_version_and_key(message: Message) -> None:
    """A bus can be looked at without decoding bodies."""
    assert message.attributes() == {"kind": message.KIND, "version": str(message.VERSION), "key": message.key}


def test_keys_by_hand() -> None:
    """Run, step and attempt; run and batch: equal keys ask for the same effect, and no two kinds share one."""
    step = StepRequested(run_id="r", game_date=date(2024, 3, 4), mode=Mode.OVERNIGHT, step="lines", attempt=2)
    batch = BatchRequested(
        run_id="r", game_date=date(2024, 3, 4), mode=Mode.OVERNIGHT, attempt=2, batch=0, systems=(), tasks=()
    )
    assert (step.key, batch.key) == ("r/lines/2", "r/batch/0")
    assert StepReported(run_id="r", step="lines", attempt=2, outcome="done").key == "r/lines/2/reported"
    assert BatchReported(run_id="r", attempt=2, batch=0, rows=1).key == "r/batch/0/2/reported"
    with pytest.raises(TypeError, match="Message defines no key"):
        _ = Message().key


def test_messages_are_frozen() -> None:
    """What was said stays said."""
    with pytest.raises(ValueError, match="frozen"):
        REPORT.attempt = 2  # type: ignore[misc]  # that is the point


@pytest.mark.parametrize("version", [0, 2, "1", None, [1]])
def test_f20_another_version_is_refused_with_the_remedy(version: object) -> None:
    """A message from the future is not half understood: it names kind, version and what to do."""
    with pytest.raises(Permanent, match=r"message step_reported has version .* deploy this service"):
        decode(wire(version=version))


@pytest.mark.parametrize("kind", ["steps_reported", "", None, 7, [], {}, ["step_reported"]])
def test_an_unknown_kind_is_refused(kind: object) -> None:
    """By name."""
    with pytest.raises(Permanent, match="kind"):
        decode(wire(kind=kind))


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (body(attempt=0), "attempt"),
        (body(attempt="x"), "attempt"),
        (body(outcome="maybe"), "outcome"),
        (body(colour="red"), "colour"),
        (body(counts={"rows": "many"}), "counts.rows"),
        (wire(body={}), "run_id"),
        (wire(body=None), "step_reported"),
        (wire(body=[]), "step_reported"),
    ],
)
def test_a_malformed_body_is_named(data: bytes, named: str) -> None:
    """The message says which field."""
    with pytest.raises(Permanent, match=f"malformed.*{named}|{named}.*malformed"):
        decode(data)


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"null", b"[]", b'"x"', b"7", b"{}", b"[" * 100_000])
def test_what_is_no_message_is_permanent(data: bytes) -> None:
    """Whatever the bytes."""
    with pytest.raises(Permanent, match="not a Tipoff message"):
        decode(data)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), text, st.sampled_from(list(KINDS))),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(text, inner, max_size=3)),
    max_leaves=6,
)
envelopes = st.fixed_dictionaries(
    {"kind": json_values, "version": st.one_of(st.just(1), json_values), "body": json_values}
)


@given(st.one_of(st.binary(max_size=60), envelopes.map(lambda e: json.dumps(e).encode())))
def test_f26_decode_raises_nothing_but_permanent(data: bytes) -> None:
    """No bytes whatsoever may surprise a consumer."""
    try:
        decoded: Any = decode(data)
    except Permanent:
        return
    assert type(decoded) in KINDS.values()
