"""What `tipoff status` shows where the product runs: its services, tonight's runs, what comes next, what is wrong."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cli import changes, common
from cli.common import out
from cli.health import health
from client.answers import Alert, Run
from client.api import connect
from live import daemon
from live.scheduler import following
from shared.basketball.slate import EASTERN, eastern_date
from shared.registries.schedules import SCHEDULES
from shared.runtime.settings import CommonSettings, load

_SHOWN = 3
"""Changes; `tipoff changes` has all."""


def show(home: Path, up: daemon.Up | None, *, as_json: bool) -> int:
    """Print it; returns the exit code: 1 when it is down, ill or a run failed, 3 when one is degraded."""
    if up is None:
        if as_json:
            common.print_json({"running": False})
        else:
            out.print("Tipoff is not running: `tipoff up --detach` starts it")
        return 1
    found = asyncio.run(_found(home, up))
    if as_json:
        common.print_json(found)
    else:
        _print(up, found)
    if not all(service["healthy"] for service in found["services"]):
        return 1
    codes = {common.EXIT_CODES.get(run["status"], 0) for run in found["runs"]}
    return 1 if 1 in codes else max(codes, default=0)


async def _found(home: Path, up: daemon.Up) -> dict[str, Any]:
    now = daemon.clock_of(load(CommonSettings).clock_file).now()
    today = eastern_date(now)
    endpoint = daemon.endpoint(home, up)
    services = await health(up.urls, endpoint.api_key)
    async with connect(endpoint) as client:
        runs = await client.runs(first=str(today), last=str(today + timedelta(days=1)))
        alerts = await client.alerts()
        changed = await client.get("changes", game_date=str(today))
    coming = min((following(schedule, now) for schedule in SCHEDULES.values()), key=lambda firing: firing.at)
    return {
        "running": True,
        "pid": up.pid,
        "url": up.url,
        "now": now.isoformat(),
        "services": services,
        "next": {"schedule": coming.schedule.name, "at": coming.at.isoformat(), "why": coming.schedule.why},
        "runs": [_short(run) for run in runs],
        "changes": changed[:_SHOWN],
        "open_alerts": len(alerts),
        "worst_alert": _words(alerts[0]) if alerts else None,
        "credits_left": _credits(runs),
    }


def _short(run: Run) -> dict[str, Any]:
    steps = run["steps"].values()
    done = sum(step["status"] in ("done", "degraded") for step in steps)
    why = next((step["reason"] for step in steps if step["reason"] and step["status"] != "blocked"), "")
    own = {"id": run["id"], "status": run["status"], "source": run["source"]}
    return {**own, "done": done, "steps": len(steps), "why": why}


def _words(alert: Alert) -> str:
    return f"{alert['name']} {alert['scope']}: {alert['detail']}"


def _credits(runs: list[Run]) -> int | None:
    """What the source of lines said last that is left; None before it has said anything."""
    for run in sorted(runs, key=lambda run: run["created_at"], reverse=True):
        left = run["steps"].get("lines", {"counts": {}})["counts"].get("credits_left")
        if left is not None:
            return left
    return None


def _print(up: daemon.Up, found: dict[str, Any]) -> None:
    ill = [f"{each['service']} ({each['why']})" for each in found["services"] if not each["healthy"]]
    well = "all services healthy" if not ill else f"ILL: {', '.join(ill)}"
    out.print(f"up (process {up.pid}), {up.url}: {well}", soft_wrap=True, markup=False)
    coming = datetime.fromisoformat(found["next"]["at"]).astimezone(EASTERN)
    out.print(f"next: {found['next']['schedule']} at {coming:%H:%M} ET on {coming:%d %B}: {found['next']['why']}")
    if found["runs"]:
        table = common.table(
            "run", "status", "steps done", "asked by", "why", left=("run", "status", "asked by", "why")
        )
        for run in found["runs"]:
            table.add_row(run["id"], run["status"], f"{run['done']}/{run['steps']}", run["source"], run["why"])
        out.print(table)
    else:
        out.print("no run of today yet")
    if found["changes"]:
        out.print("what changed:")
    for change in found["changes"]:
        out.print(f"  {changes.line(change)}", soft_wrap=True, markup=False, highlight=False)
    if found["open_alerts"]:
        more = "`tipoff alerts` lists them"
        out.print(f"alerts: {found['open_alerts']} open, first {found['worst_alert']}; {more}", markup=False)
    else:
        out.print("alerts: none")
    if found["credits_left"] is not None:
        out.print(f"credits left for lines: {found['credits_left']:,}")
