"""What must hold once nothing happens any more, and at the end of the night."""

import json
from collections import Counter
from typing import TYPE_CHECKING

from services.coordinator.documents.publish import publication
from services.coordinator.documents.store import unpacked
from services.coordinator.handlers import DEAD_LETTERS
from services.coordinator.record.chain import Entry, breaks
from services.coordinator.record.seal import HEAD, RECORD
from services.coordinator.runs.ledger import decision_rows, step_rows
from services.coordinator.runs.run import Run, StepStatus
from shared.ports import Row
from shared.registries.markets import MARKETS
from shared.registries.pipeline import MODE_RULES, STEPS
from shared.registries.systems import HAND_MADE
from tests.simulation.tables import Tables, export_of, game_id

if TYPE_CHECKING:
    from tests.simulation.night import Night

MENDED = ("good", "slow", "flaky")
"""Fates that trying again cures."""


def check_quiet(night: "Night") -> None:
    """Nothing is on its way and nobody has to ask again: a run has ended, or waits for what is late."""
    run = night.run()
    assert run is not None, "the request was lost"
    check_run(night, run)
    letters = set(night.documents.of(DEAD_LETTERS))
    assert night.witness.letters <= letters, "a dead letter is not recorded"
    assert night.mortal or letters == night.witness.letters
    unreachable = any("bus.publish" in kind for kind in night.chaos.counts if kind.startswith(("fault", "answer")))
    for letter in night.documents.of(DEAD_LETTERS).values():
        assert unreachable or not letter["reason"].startswith("nacked"), f"nobody says why: {letter}"


def check_run(night: "Night", run: Run) -> None:
    """Nothing is on its way to a run: it has ended, or waits for what is late."""
    waits = any(step.status is StepStatus.WAITING for step in run.steps.values())
    at_work = [name for name, step in run.steps.items() if step.status is StepStatus.RUNNING]
    assert not at_work, f"{run.run_id} is stuck: {at_work} run, and nobody is at work"
    assert waits or run.finished_at is not None, f"{run.run_id} is stuck: it goes on and nothing happens"
    keys = {entry.attributes["key"] for entry in run.outbox}  # what was sent may stay if two mark it at once
    assert keys <= night.witness.sent.keys(), f"{run.run_id}: never sent: {sorted(keys - night.witness.sent.keys())}"
    decided = {key for key in night.witness.decided if key.startswith(f"{run.run_id}/")}
    assert night.mortal or decided <= night.witness.delivered, f"lost: {sorted(decided - night.witness.delivered)}"


def check_end(night: "Night") -> None:
    """The run has ended, honestly, once; what it made is there, once; who must know has been told."""
    run = night.run()
    assert run is not None
    assert run.finished_at is not None, f"the run hangs: {_statuses(run)}"
    _check_truth(night, run)
    _check_predictions(night, run)
    check_record(night.tables, night.documents.of(RECORD).get(HEAD))
    check_sealed(night.tables, run)
    _check_ledger(night, run)
    _check_alerts(night, run)
    for source, times in night.witness.generations.items():
        assert times == 1 or not source.startswith("operator"), f"{source} forced once and started {times} generations"
        assert source.startswith(("operator", "reconciler")), f"{source} only asked and started another generation"
    requests = night.last_requests
    gave_up = all(line["does"].startswith("nothing") for line in requests)
    assert gave_up, f"the reconciler asks for ever: {requests}"
    assert bool(requests) == _is_open(night, f"heal_exhausted.{run.key}"), "people are not told, or told in vain"


def _check_truth(night: "Night", run: Run) -> None:
    mode = night.mode.value
    for name, step in run.steps.items():
        reports = step.counts.get("reports", 0)
        assert reports <= step.tries, f"{name}: {reports} reports counted in {step.tries} tries"
        if STEPS[name].service == "coordinator":
            continue
        found = night.tables.evidence(name)
        if name == "train":
            assert step.status is not StepStatus.DONE or (mode, "boosted") in night.tables.models
        elif step.status is StepStatus.DONE and not night.last_requests:  # else what is gone was left to people
            assert found.verified == found.expected, f"{name} is done with {found}"
    if not {night.fate(name) for name in (*run.steps, "batch")} - set(MENDED):
        assert run.status != "failed", _statuses(run)
        excused = night.fates or night.documents.of(DEAD_LETTERS)
        assert run.status == "complete" or excused, _statuses(run)
    for name, step in run.steps.items():
        if night.fate(name) in ("poison", "kills", "away", "reported failed") and step.tries:
            wanted = StepStatus.FAILED if STEPS[name].required else StepStatus.DEGRADED
            assert step.status is wanted, f"{name} cannot be done and is {step.status}"


def _check_predictions(night: "Night", run: Run) -> None:
    current = night.tables.current(night.mode.value)
    twice = [row for row, times in Counter(row for _, row in current).items() if times > 1]
    assert not twice, f"published twice: {twice[:3]}"
    if "publish" in run.steps and run.steps["publish"].status is StepStatus.DONE:
        least = len(night.tables.players()) * len(MARKETS) * len(HAND_MADE)
        assert len(current) >= least, f"{len(current)} predictions are published, {least} at least were to be"
    if "export" in run.steps and run.steps["export"].status is StepStatus.DONE:
        document = json.loads(night.tables.archive[export_of(night.mode, run.game_date)])
        assert document["run_id"] == run.run_id, f"the export is of {document['run_id']}"
        rows = [{"run_id": run_id, "game_id": game_id(row[0]), "row": list(row)} for run_id, row in current]
        assert document["predictions"] == rows, "the export is not what is published"
        _check_documents(night, run)


def _check_documents(night: "Night", run: Run) -> None:
    """Of each game that the run published one document and one card, with all its players, under one stamp."""
    published = publication(run).run_id
    _, _, rows = night.tables.published[published]
    found: Counter[str] = Counter()
    for key, data in night.tables.archive.items():
        if key.endswith(f".{published}.json.gz") and key.startswith(("documents/games/", "documents/cards/")):
            document = unpacked(data)
            game = document.get("game", document)
            found[game["game_id"]] += 1
            players = {row[1] for row in rows if game_id(row[0]) == game["game_id"]}
            assert {player["player_id"] for player in game["players"]} == players, f"{key} is of other players"
    assert found == Counter({game_id(row[0]): 2 for row in rows}), "a game has not one document and one card"


def check_record(tables: Tables, head: Row | None) -> None:
    """One chain, without a gap or a fork; every publish of a run that went on is in it once, as it was published."""
    rows = sorted(tables.rows["ops.record"].values(), key=lambda row: row["seq"])
    entries, newest = [Entry.of(row) for row in rows], None if head is None else Entry.of(head)
    assert not breaks(entries, newest), f"the record does not hold: {breaks(entries, newest)}"
    sealed = Counter(entry.run_id for entry in entries if entry.kind == "publish")
    assert set(sealed.values()) <= {1}, f"sealed more than once: {sealed}"
    counts = {entry.run_id: entry.row_count for entry in entries if entry.kind == "publish"}
    for run_id in counts.keys() & tables.published.keys():  # others' rows have vanished since
        assert counts[run_id] == len(tables.published[run_id][2]), f"{counts[run_id]} rows of {run_id} are sealed"


def check_sealed(tables: Tables, run: Run) -> None:
    """What a run has published is sealed once `publish` is done, and its grades as they are once `grade` is."""
    done = {name for name, step in run.steps.items() if step.status in (StepStatus.DONE, StepStatus.DEGRADED)}
    entries = [Entry.of(row) for row in tables.rows["ops.record"].values()]
    published = run.run_id in tables.published and bool(tables.published[run.run_id][2])
    if "publish" in done and published:
        assert run.run_id in {entry.run_id for entry in entries}, f"{run.run_id} is published and not sealed"


def _check_ledger(night: "Night", run: Run) -> None:
    steps, decisions = night.tables.rows["ops.step_runs"], night.tables.rows["ops.decisions"]
    ends = {row["run_ended_at"] for row in steps.values() if row["run_id"] == run.run_id}
    assert run.finished_at in ends, f"the run's end is not in the ledger: {ends}"
    for row in step_rows(run):
        assert (row["run_id"], row["step"], row["attempt"]) in steps, f"{row['step']} is not in the ledger"
    for row in decision_rows(run):
        assert decisions.get((row["run_id"], row["number"])) == row, f"decision {row['number']} is not in the ledger"


def _check_alerts(night: "Night", run: Run) -> None:
    if run.retrospective or not MODE_RULES[run.mode].alerts:
        return
    for name, status in (("run_failed", "failed"), ("run_degraded", "degraded")):
        is_open = _is_open(night, f"{name}.{run.key}")
        assert is_open == (run.status == status), f"{name} is open: {is_open}, and the run is {run.status}"


def _is_open(night: "Night", alert: str) -> bool:
    found = night.documents.of("alerts").get(alert)
    return found is not None and found["resolved_at"] is None


def _statuses(run: Run) -> str:
    left = {name: step for name, step in run.steps.items() if step.status is not StepStatus.DONE}
    return ", ".join(f"{name} {step.status} {step.reason}".strip() for name, step in left.items())
