"""How each step is evidenced, performed and followed up. The core asks here, and knows no step by its name."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from services.coordinator.runs.events import BatchesPlanned
from services.coordinator.runs.run import Evidence, Run
from services.coordinator.steps.credits import watch_credits
from services.coordinator.steps.evidence import counted
from services.coordinator.steps.export import export, exported
from services.coordinator.steps.feature_health import announce
from services.coordinator.steps.grade import graded
from services.coordinator.steps.predict import dispatch, present
from services.coordinator.steps.publish import publish
from services.coordinator.steps.train import judged, kept
from shared.contract import StepReported
from shared.errors import Permanent
from shared.ports import Ports
from shared.registries.pipeline import STEPS


async def _nothing(*_: object) -> None:
    """Most steps are followed up by nothing."""


@dataclass(frozen=True, slots=True)
class Ways:
    """Of one step; most are counted in the warehouse, done by another service, and that is all."""

    evidence: Callable[[Run, str, Ports], Awaitable[Evidence]] = counted
    perform: Callable[[Run, Ports, int], Awaitable[int | BatchesPlanned]] | None = None
    """The coordinator's own work, given the players of a batch: rows made, or the batches whose end is the step's."""
    reported: Callable[[Run, StepReported, Ports], Awaitable[None]] = _nothing
    """When it is reported done."""
    refused: Callable[[Run, StepReported, Ports], Awaitable[None]] = _nothing
    """When it is reported failed."""
    ended: Callable[[Run, Ports], Awaitable[None]] = _nothing
    """At the end of a live run that has it."""


_WAYS = {
    "lines": Ways(reported=watch_credits, refused=watch_credits),
    "ml_feature_store": Ways(ended=announce),
    "train": Ways(evidence=kept, reported=judged),
    "predict": Ways(perform=dispatch, reported=present),
    "publish": Ways(perform=publish),
    "grade": Ways(reported=graded),
    "export": Ways(evidence=exported, perform=export),
}
_USUAL = Ways()


def ways_of(step: str) -> Ways:
    """Raises `Permanent` for what is no step."""
    if step not in STEPS:
        raise Permanent(f"unknown step {step!r}", remedy=f"one of {', '.join(STEPS)}")
    return _WAYS.get(step, _USUAL)


COUNTED = tuple(step for step in STEPS if ways_of(step).evidence is counted)
"""The steps that are counted in the warehouse: all but those whose work lies in the archive."""
