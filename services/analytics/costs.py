"""What each step took: rows of `ops.step_costs`, in bytes, slot time and money."""

from shared.contract import StepRequested
from shared.errors import TipoffError
from shared.ports import Cost, Ports, Row
from shared.runtime.logs import get_logger

TABLE = "ops.step_costs"

_log = get_logger("analytics")


def counts(cost: Cost, usd: float) -> dict[str, int]:
    """A step's cost as the counts of its report, money in millionths of a dollar: the run adds them up."""
    return {"bytes_billed": cost.bytes_billed, "slot_ms": cost.slot_ms, "microdollars": round(1e6 * usd)}


async def record(request: StepRequested, cost: Cost, usd: float, seconds: float, ports: Ports) -> None:
    """Append one row for the whole step: never a load job for each statement (failure 22).

    A row that cannot be written fails no night: what is lost is logged.
    """
    row: Row = {
        "game_date": request.game_date,
        "mode": request.mode.value,
        "run_id": request.run_id,
        "step": request.step,
        "attempt": request.attempt,
        "jobs": cost.jobs,
        "bytes_processed": cost.bytes_processed,
        "bytes_billed": cost.bytes_billed,
        "slot_ms": cost.slot_ms,
        "usd": usd,
        "seconds": seconds,
        "row_count": cost.rows,
        "recorded_at": ports.clock.now(),
    }
    try:
        await ports.warehouse.append(TABLE, [row])
    except TipoffError as error:
        _log.error("cost_not_recorded", key=request.key, usd=usd, reason=str(error))
