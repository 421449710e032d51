"""What the scraper does with a message: run the step, write its fetch log, report."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping

from services.scraper.fetch_log import FetchLog
from services.scraper.payloads import Archived, Online, Upstreams
from services.scraper.settings import ScraperSettings
from services.scraper.shelf import Shelf
from services.scraper.steps import box_scores, injuries, lines, rosters, schedule
from services.scraper.task import Task
from shared.contract import Message, Outcome, StepReported, StepRequested
from shared.errors import Permanent
from shared.ports import Ports
from shared.runtime import metrics

STEPS: Mapping[str, Callable[[Task], Awaitable[int]]] = {
    "schedule": schedule.run,
    "box_scores": box_scores.run,
    "rosters": rosters.run,
    "injuries": injuries.run,
    "lines": lines.run,
}


async def on_task(message: Message, ports: Ports, upstreams: Upstreams, settings: ScraperSettings) -> None:
    """Run the requested step and publish its report: the rows are durable before the report is sent."""
    if not isinstance(message, StepRequested) or message.step not in STEPS:
        raise Permanent(f"scraper cannot handle {message.key!r}", remedy="it belongs on another service's topic")
    report = await handle(message, ports, upstreams, settings)
    await ports.bus.publish("coordinator-events", report.encode(), report.attributes())


async def handle(request: StepRequested, ports: Ports, upstreams: Upstreams, settings: ScraperSettings) -> StepReported:
    """Collect and load one step. Units that fail are in the fetch log; the step fails when it has nothing to show.

    Raises:
        Transient: the archive or the warehouse cannot be written. What was loaded stays.
        Permanent: the warehouse refuses the rows.
    """
    started = ports.clock.monotonic()
    now = ports.clock.now()
    meter: Counter[str] = Counter()
    shelf = Shelf(ports.archive, request.game_date, request.mode, request.step, request.attempt)
    fetches = FetchLog(request, now)
    online = Online(upstreams, shelf, meter, fetches)
    payloads = Archived(shelf, fetches) if request.from_archive else online
    rows = await STEPS[request.step](Task(request, settings, ports.warehouse, payloads, fetches, now))
    await fetches.write(ports.warehouse, ended=True)
    if online.archive_failure is not None:
        raise online.archive_failure
    failure = fetches.verdict()
    outcome: Outcome = "done" if failure is None else "failed"
    metrics.STEPS.labels(request.step, outcome).inc()
    return StepReported(
        run_id=request.run_id,
        step=request.step,
        attempt=request.attempt,
        outcome=outcome,
        reason=failure if failure is not None else "",
        seconds=ports.clock.monotonic() - started,
        counts={
            **+meter,
            **fetches.counts(),
            "rows": rows,
            "archived_not_loaded": len(await shelf.newest() - fetches.accounted),
        },
    )
