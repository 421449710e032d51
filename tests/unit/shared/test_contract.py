"""Messages: what is sent is what is read, and nothing is guessed."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from shared.basketball.slate import Mode
from shared.contract import (
    KINDS,
    BatchReported,
    BatchRequested,
    LineQuote,
    Message,
    PredictionTask,
    RunEnded,
    StepReported,
    StepRequested,
    decode,
)
from shared.errors import Permanent

text = st.text(max_size=20)
numbers = st.floats(allow_nan=False, allow_infinity=False)
attempts = st.integers(1, 9)
batches = st.integers(0, 99)
modes = st.sampled_from(Mode)
quotes = st.builds(
    LineQuote, line=numbers, books=st.integers(1, 9), at=text, book=st.none() | text, p_market=st.none() | numbers
)
tasks = st.builds(
    PredictionTask,
    game_id=text,
    player_id=st.integers(0, 2**40),
    predicted_at=text,
    features=st.dictionaries(text, st.one_of(st.none(), numbers), max_size=4),
    lines=st.dictionaries(text, quotes, max_size=2),
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
    st.builds(RunEnded, run_id=text, attempts=st.integers()),
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
    assert RunEnded(run_id="r", attempts=17).key == "r/ended/17"
    with pytest.raises(AttributeError, match="KEY"):
        _ = Message().key


def test_a_request_on_the_wire() -> None:
    """One JSON object without spaces; an omitted field has its default, so that a reader need not guess."""
    step = StepRequested(run_id="r", game_date=date(2024, 3, 4), mode=Mode.SAME_DAY, step="lines", attempt=2)
    assert step.encode() == (
        b'{"kind":"step_requested","version":3,"body":{"run_id":"r","game_date":"2024-03-04","mode":"same_day",'
        b'"step":"lines","attempt":2,"retrospective":false,"from_archive":false,"retrain":false,"games":[],"final":false}}'
    )


@pytest.mark.parametrize(
    ("message", "kind", "version", "defaults"),
    [
        (REPORT, "step_reported", "1", {"reason": "", "seconds": 0.0, "counts": {}}),
        (
            BatchRequested(
                run_id="r", game_date=date(2024, 3, 4), mode=Mode.OVERNIGHT, attempt=1, batch=0, systems=(), tasks=()
            ),
            "batch_requested", "2", {"artifacts": {}},
        ),
        (BatchReported(run_id="r", attempt=1, batch=0, rows=1), "batch_reported", "2", {"absent": {}, "seconds": 0.0}),
        (RunEnded(run_id="r", attempts=1), "run_ended", "1", {}),
    ],
    ids=["report", "batch", "batch report", "end"],
)  # fmt: skip
def test_kinds_and_versions_are_those_on_the_wire(
    message: Message, kind: str, version: str, defaults: dict[str, object]
) -> None:
    """A change of either is a change of the contract; fields that were not given are sent with their defaults."""
    assert message.attributes() == {"kind": kind, "version": version, "key": message.key}
    sent = json.loads(message.encode())
    assert (sent["kind"], str(sent["version"])) == (kind, version)
    assert {name: sent["body"][name] for name in defaults} == defaults


def test_a_task_without_quotes_or_a_quote_without_prices_has_none() -> None:
    """A market without a line is absent; a price that nobody posted is null."""
    task = PredictionTask(game_id="g", player_id=1, team="BOS", opponent="GSW", predicted_at="t", features={})
    assert task.model_dump()["lines"] == {}
    quote = LineQuote(line=0.0, books=1, at="t")
    assert (quote.book, quote.over_price, quote.under_price, quote.p_market) == (None, None, None, None)


@pytest.mark.parametrize(
    ("model", "field", "least"),
    [
        (StepRequested, "attempt", 1),
        (StepReported, "attempt", 1),
        (BatchRequested, "batch", 0),
        (BatchReported, "batch", 0),
        (LineQuote, "books", 1),
    ],
)
def test_counts_have_their_least(model: type[BaseModel], field: str, least: int) -> None:
    """Attempts and books from 1, batches from 0."""
    known: dict[str, Any] = {
        "run_id": "r", "game_date": "2024-03-04", "mode": "overnight", "step": "s", "attempt": 1, "outcome": "done",
        "batch": 0, "rows": 1, "systems": [], "tasks": [], "line": 1.5, "books": 1, "at": "t",
    }  # fmt: skip
    values = {name: known[name] for name in model.model_fields if name in known}
    assert getattr(model.model_validate(values | {field: least}), field) == least
    with pytest.raises(ValueError, match=field):
        model.model_validate(values | {field: least - 1})
    with pytest.raises(ValueError, match="colour"):
        model.model_validate(values | {"colour": "red"})
    with pytest.raises(ValueError, match="frozen"):
        setattr(model.model_validate(values), field, least + 1)


def test_what_is_refused_is_said_exactly() -> None:
    """What was met, what is read, and what to do about it."""
    reasons = {}
    for name, data in {
        "bytes": b"x" * 100,
        "kind": wire(kind="janitor"),
        "version": wire(version=7),
        "body": body(counts={"rows": "many"}),
    }.items():
        with pytest.raises(Permanent) as refused:
            decode(data)
        reasons[name] = str(refused.value)
    assert reasons == {
        "bytes": f"not a Tipoff message (JSONDecodeError): b'{'x' * 80}'",
        "kind": "unknown message kind 'janitor': deploy this service at the sender's revision",
        "version": (
            "message step_reported has version 7, this service reads 1: "
            "deploy this service at the sender's revision, then replay the dead letter"
        ),
        "body": (
            "message step_reported v1 is malformed at 'counts.rows': "
            "Input should be a valid integer, unable to parse string as an integer"
        ),
    }


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
