"""Dead letters and recovery on fakes."""

import hashlib
from typing import Literal

import pytest
from structlog.testing import capture_logs

from services.coordinator.handlers import DEAD_LETTERS, Handlers
from services.coordinator.runs.run import Batches, RunStatus, StepStatus
from services.coordinator.settings import CoordinatorSettings
from shared.basketball.slate import Mode
from shared.contract import BatchReported, BatchRequested, Message, RunEnded, decode
from shared.errors import Permanent, Transient
from shared.ports import Delivery, Nack
from shared.runtime.document_limits import MAX_TEXT_BYTES
from tests.unit.coordinator.handling import (
    DAY,
    FULL,
    KEY,
    NOON,
    RUN_ID,
    World,
    ask,
    reported,
    run_of,
    working,
)
from tests.unit.coordinator.memory import KNOWN_ENDS, failing, opened


def letter(data: bytes = b"garbage", reason: str | None = "poison", **attributes: str) -> Delivery:
    """A dead letter."""
    marks = {"b": "2", "a": "1", **attributes} | ({} if reason is None else {"reason": reason})
    return Delivery("17", data, marks, 1)


async def test_a_dead_letter_is_kept_under_its_digest_and_told_of() -> None:
    """Data, attributes, reason and instant; an unreadable one's alert is named by the first 12 digits of its digest."""
    world = World()
    await world.handlers.on_dead_letter(letter(b"gar\xffbage"))
    digest = hashlib.sha256(b'gar\xffbage{"a": "1", "b": "2", "reason": "poison"}').hexdigest()
    assert world.state.documents[DEAD_LETTERS, digest].data == {
        "data": "gar�bage",
        "attributes": {"b": "2", "a": "1", "reason": "poison"},
        "reason": "poison",
        "at": "2024-03-04T12:00:00+00:00",
    }
    assert await opened(world.state) == {f"dead_letter {digest[:12]}": "poison"}


async def test_a_dead_letter_without_a_reason_had_its_retries_used_up() -> None:
    """So Pub/Sub buries what the boundary did not."""
    world = World()
    world.put(working("box_scores"))
    await world.handlers.on_dead_letter(letter(ask("schedule").encode(), reason=None))
    [kept] = await world.state.list(DEAD_LETTERS)
    assert kept.data["reason"] == (await world.run()).steps["schedule"].reason == "retries used up"
    assert await opened(world.state) == {f"dead_letter {KEY}": "retries used up"}


async def test_dead_letters_differ_by_data_and_by_attributes_in_any_order() -> None:
    """The same twice is one letter."""
    world = World()
    for one in (
        letter(b"x"),
        Delivery("18", b"x", {"reason": "poison", "a": "1", "b": "2"}, 2),
        letter(b"y"),
        letter(b"x", a="another"),
    ):
        with capture_logs() as logs:
            await world.handlers.on_dead_letter(one)
        seen = [entry.get("message_id") for entry in logs if entry["event"] == "dead_letter_seen"]
        assert seen == (["18"] if one.message_id == "18" else [])
    assert len(await world.state.list(DEAD_LETTERS)) == 3


@pytest.mark.parametrize(
    ("message", "step", "reason"),
    [
        (ask("schedule", 2), "schedule", "poison"),
        (
            BatchRequested(run_id=RUN_ID, game_date=DAY, mode=Mode.OVERNIGHT, attempt=2, batch=5, systems=(), tasks=()),
            "predict",
            "batch 5: poison",
        ),
    ],
    ids=["request", "batch"],
)
async def test_f26_a_dead_letter_gives_up_its_step_of_its_attempt(message: Message, step: str, reason: str) -> None:
    """By the message's own step and attempt; a letter of an older attempt gives up nothing."""
    world = World()
    world.put(working("predict", attempt=2))
    older = message.model_copy(update={"attempt": 1})
    await world.handlers.on_dead_letter(letter(older.encode()))
    assert (await world.run()).steps[step].status is StepStatus.RUNNING
    await world.handlers.on_dead_letter(letter(message.encode()))
    run = await world.run()
    assert (run.steps[step].status, run.steps[step].reason) == (StepStatus.FAILED, reason)
    other = "predict" if step == "schedule" else "schedule"
    assert run.steps[other].status is StepStatus.RUNNING
    assert list(await opened(world.state)) == [f"dead_letter {KEY}"]


@pytest.mark.parametrize(("verified", "status"), [(4, StepStatus.DONE), (3, StepStatus.DEGRADED)])
async def test_a_lost_report_of_finished_work_is_verified_and_fails_nothing(verified: int, status: StepStatus) -> None:
    """The evidence decides, as it would have when the report first came; it is kept and told of all the same."""
    world = World(complete__injuries=[{**FULL, "verified": verified, "quarantined": 4 - verified}])
    world.put(working("injuries", attempt=2))
    await world.handlers.on_dead_letter(letter(reported("injuries", 2).encode(), "the warehouse was away"))
    assert (await world.run()).steps["injuries"].status is status
    assert list(await opened(world.state)) == [f"dead_letter {KEY}"]
    assert len(await world.state.list(DEAD_LETTERS)) == 1


async def test_a_lost_report_of_work_that_is_short_asks_for_it_again() -> None:
    """As any report does."""
    world = World(complete__injuries=[{**FULL, "verified": 1}])
    world.put(working("injuries"))
    await world.handlers.on_dead_letter(letter(reported("injuries").encode()))
    assert world.bus.sent() == [f"{RUN_ID}/injuries/2"]


async def test_a_lost_report_is_verified_for_as_often_as_it_takes() -> None:
    """While the warehouse is away the letter comes again, and no step fails."""
    world = World(complete__injuries=[FULL])
    world.put(working("injuries"))
    away = ExceptionGroup("two", [Transient("the warehouse is away"), Transient("the same")])
    world.warehouse.failures = [away, TimeoutError("still")]
    for reason in ("the warehouse is away", "TimeoutError: still"):
        with pytest.raises(Nack, match=f"^{reason}$"):
            await world.handlers.on_dead_letter(letter(reported("injuries").encode()))
        assert (await world.run()).steps["injuries"].status is StepStatus.RUNNING
    await world.handlers.on_dead_letter(letter(reported("injuries").encode()))
    assert (await world.run()).steps["injuries"].status is StepStatus.DONE
    assert len(await world.state.list(DEAD_LETTERS)) == 1


@pytest.mark.parametrize("error", [Permanent("no such table"), KeyError("expected")], ids=["refused", "a bug"])
async def test_a_report_that_can_never_be_handled_fails_its_step(error: Exception) -> None:
    """Else the run would wait for ever; the reason says what is in the way."""
    world = World(complete__schedule=[FULL])
    world.put(working("box_scores"))
    world.warehouse.failures = [error]
    await world.handlers.on_dead_letter(letter(reported("schedule").encode()))
    step = (await world.run()).steps["schedule"]
    assert step.status is StepStatus.FAILED
    assert step.reason.startswith("its report: ")
    assert str(error).strip("'") in step.reason


async def test_a_lost_report_of_a_failure_fails_its_step_for_its_own_reason() -> None:
    """Not for the reason why it was lost."""
    world = World()
    world.put(working("box_scores"))
    await world.handlers.on_dead_letter(letter(reported("schedule", outcome="failed", reason="HTTP 403").encode()))
    step = (await world.run()).steps["schedule"]
    assert (step.status, step.reason) == (StepStatus.FAILED, "HTTP 403")


async def test_a_lost_report_of_a_batch_counts_its_batch() -> None:
    """Its rows are staged: with the last batch the step is reported, and the staged rows are its evidence."""
    world = World()
    plan = Batches(attempt=1, total=2, done=(0,), systems=("moving_average",))
    world.put(working("predict", batches=plan))
    lost = BatchReported(run_id=RUN_ID, attempt=1, batch=1, rows=9, seconds=2.0)
    await world.handlers.on_dead_letter(letter(lost.encode()))
    run = await world.run()
    assert (run.batches.done, run.steps["predict"].status) == ((0, 1), StepStatus.RUNNING)
    assert world.bus.sent() == [f"{RUN_ID}/predict/1/reported"]


async def test_a_dead_letter_too_long_for_the_state_store_is_archived() -> None:
    """Byte for byte, under its digest; the document says where. The next one is kept as always."""
    world = World()
    world.put(working("predict"))
    long = BatchRequested(
        run_id=RUN_ID, game_date=DAY, mode=Mode.OVERNIGHT, attempt=1, batch=0, systems=("x" * MAX_TEXT_BYTES,), tasks=()
    ).encode()
    await world.handlers.on_dead_letter(letter(long))
    [kept] = await world.state.list(DEAD_LETTERS)
    assert kept.data == {
        "data": None,
        "archived": f"dead-letters/{kept.id}",
        "attributes": {"b": "2", "a": "1", "reason": "poison"},
        "reason": "poison",
        "at": "2024-03-04T12:00:00+00:00",
    }
    assert await world.archive.get(f"dead-letters/{kept.id}") == long
    assert (await world.run()).steps["predict"].status is StepStatus.FAILED
    await world.handlers.on_dead_letter(letter(b"short"))
    assert len(await world.archive.list("")) == 1


async def test_a_dead_letter_about_no_step_is_only_kept() -> None:
    """The word of a run's end gives up nothing."""
    world = World()
    world.put(working("predict"))
    with capture_logs() as logs:
        await world.handlers.on_dead_letter(letter(RunEnded(run_id=RUN_ID, attempts=1).encode()))
    assert [(entry["event"], entry["kind"]) for entry in logs if "kind" in entry] == [
        ("dead_letter_of_no_step", "run_ended")
    ]
    assert {step.status for step in (await world.run()).steps.values()} == {StepStatus.RUNNING}
    assert len(await world.state.list(DEAD_LETTERS)) == 1


async def test_a_dead_letter_about_no_run_is_kept_and_stops_nothing() -> None:
    """There is nothing to give up."""
    world = World()
    with capture_logs() as logs:
        await world.handlers.on_dead_letter(letter(ask("schedule").encode()))
    assert logs[-1]["event"] == "dead_letter_of_no_run"
    assert len(await world.state.list(DEAD_LETTERS)) == 1


@pytest.mark.parametrize(
    ("operation", "number", "kept"),
    [("get", 1, 0), ("create", 1, 0), ("create", 2, 0), ("compare_and_set", 1, 1)],
    ids=["alert read", "alert", "letter", "run"],
)
async def test_a_dead_letter_that_cannot_be_dealt_with_comes_again(operation: str, number: int, kept: int) -> None:
    """The state store is away at any of its steps: nack with the reason, and the second time all is done."""
    world = World()
    world.put(working("box_scores"))
    world.state.before = failing(Transient("the store is away"), operation, lambda call: call == number)
    with pytest.raises(Nack, match=r"^the store is away$"):
        await world.handlers.on_dead_letter(letter(ask("schedule").encode()))
    assert len(await world.state.list(DEAD_LETTERS)) == kept
    await world.handlers.on_dead_letter(letter(ask("schedule").encode()))
    assert len(await world.state.list(DEAD_LETTERS)) == 1
    assert (await world.run()).steps["schedule"].status is StepStatus.FAILED


async def test_recovery_sends_what_is_left_and_tells_of_ends_nobody_heard() -> None:
    """The outbox first, then the ended runs that the ledger lacks, under the key of their end."""
    world = World()
    world.warehouse.answers[KNOWN_ENDS] = ("ends", [])
    world.put(run_of({"schedule": StepStatus.DONE}, attempt=2, status=RunStatus.COMPLETE, finished_at=NOON))
    waiting = [{"topic": "scraper-tasks", "data": "d", "attributes": {"key": "left"}}]
    world.put(working("schedule", mode=Mode.SAME_DAY, outbox=waiting))
    assert await world.handlers.recover()
    assert world.bus.sent() == ["left", f"{RUN_ID}/ended/2"]
    topic, data, attributes = world.bus.published[1]
    assert (topic, decode(data)) == ("coordinator-events", RunEnded(run_id=RUN_ID, attempts=2))
    assert attributes == {"kind": "run_ended", "version": "1", "key": f"{RUN_ID}/ended/2"}


async def test_without_a_warehouse_the_service_starts_all_the_same() -> None:
    """What was left is sent; the failed check of the ledger is logged."""
    world = World()
    world.put(run_of({"schedule": StepStatus.DONE}, status=RunStatus.COMPLETE, finished_at=NOON))
    with capture_logs() as logs:
        await world.handlers.recover()
    assert world.bus.published == []
    [entry] = [each for each in logs if each["event"] == "not_recovered"]
    assert entry["reason"].startswith("nobody expected: SELECT DISTINCT run_id")


@pytest.mark.parametrize("away", ["state", "bus"])
async def test_without_a_state_store_or_a_bus_the_service_starts_all_the_same(away: str) -> None:
    """It says so, and whether anything was left; a later round sends it."""
    world = World()
    world.put(working("schedule", outbox=[{"topic": "scraper-tasks", "data": "d", "attributes": {"key": "left"}}]))
    fake = world.state if away == "state" else world.bus
    fake.before = failing(Transient(f"the {away} is away"), "get" if away == "state" else "publish", lambda n: n == 1)
    with capture_logs() as logs:
        assert not await world.handlers.recover()
    assert [entry["reason"] for entry in logs if entry["event"] == "not_recovered"] == [f"the {away} is away"]
    assert await world.handlers.recover()
    assert world.bus.sent() == ["left"]


@pytest.mark.parametrize("resends", [False, True])
async def test_recovery_sends_again_what_a_bus_of_the_process_has_lost(*, resends: bool) -> None:
    """Only there: elsewhere whoever is at it would do it twice."""
    world = World()
    world.put(run_of({"schedule": StepStatus.RUNNING}, targets=("schedule",)))
    handlers = Handlers(world.engine, world.ports, batch_size=2, resends=resends)
    assert await handlers.recover()
    assert world.bus.sent() == ([f"{RUN_ID}/schedule/1"] if resends else [])


@pytest.mark.parametrize(
    ("profile", "resend", "resends"),
    [("local", None, True), ("gcp", None, False), ("gcp", True, True), ("local", False, False)],
)
def test_what_was_at_work_is_sent_again_where_the_bus_ends_with_it(
    profile: Literal["local", "gcp"], *, resend: bool | None, resends: bool
) -> None:
    """In profile local, unless a setting says otherwise."""
    settings = CoordinatorSettings.model_construct(profile=profile, resend=resend)
    assert settings.resends == resends
