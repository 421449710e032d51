"""The route of what was logged of a step: from the file of this machine, or where the cloud shows it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from pydantic_core import from_json

from services.coordinator.api.answers import StepLog
from services.coordinator.api.route import Asked, Route
from services.coordinator.settings import CoordinatorSettings
from shared.errors import Permanent
from shared.registries.keys import Role
from shared.runtime.answers import Refusal
from shared.runtime.log_lines import Wanted, last, names_in_keys

MAX_LINES: Final = 100
MAX_BYTES: Final = 16_000_000
"""Of the end of the log, which is looked through: weeks of it."""
_MAX_CHARACTERS: Final = 4_000
"""Of a line."""
_BEFORE: Final = timedelta(days=7)
"""Nothing is logged of a slate longer before it. When its run was begun is too late: a kept step was logged before."""
_NOWHERE: Final = (
    "the services log to no file that is known here: `tipoff up --detach` writes one, TIPOFF_LOG_FILE names another; "
    "under systemd `journalctl` shows the log"
)


class StepLogRoutes:
    """The routes."""

    def __init__(self, run: Callable[[Asked], Awaitable[bytes]], settings: CoordinatorSettings) -> None:
        self._run = run
        self._settings = settings

    def routes(self) -> list[Route]:
        """All of them."""
        return [Route("GET", "/v1/runs/{key}/steps/{step}/log", Role.VIEWER, self.log, StepLog)]

    async def log(self, asked: Asked) -> StepLog:
        """The last lines that were logged of a step of a run, or the address at which the cloud shows them."""
        run, step = from_json(await self._run(asked)), asked.path["step"]
        if step not in run["steps"]:
            known = f"one of {', '.join(run['steps'])}"
            raise Refusal(HTTPStatus.NOT_FOUND, f"{step} is no step of {run['id']}", known)
        file, project = self._settings.log_file, self._settings.project
        if file is not None:
            return await asyncio.to_thread(_read, file, run["id"], step)
        if self._settings.profile == "gcp" and project is not None:
            return _answer(link=explorer(project, run, step))
        return _answer(note=_NOWHERE)


def _read(file: Path, run: str, step: str) -> StepLog:
    """What a file has; one that cannot be read is said, and is no failure of the page that shows the step."""
    try:
        lines = last(file, Wanted(run, step), MAX_LINES, MAX_BYTES)
    except Permanent as error:
        return _answer(note=str(error))
    note = "" if lines else f"nothing in the last {MAX_BYTES // 1_000_000} MB of {file} is of this step"
    return _answer([line[:_MAX_CHARACTERS] for line in lines], file=str(file), note=note)


def _answer(
    lines: list[str] | None = None, *, file: str | None = None, link: str | None = None, note: str = ""
) -> StepLog:
    return StepLog(lines=lines if lines is not None else [], file=file, link=link, note=note)


def explorer(project: str, run: dict[str, Any], step: str) -> str:
    """Google Cloud's Logs Explorer, at the lines of a step.

    https://cloud.google.com/logging/docs/view/logging-query-language
    """
    run_id = f"^{run['id'].replace('.', '[.]')}[.][0-9]+"
    by_key = f'NOT jsonPayload.step:* AND labels.key=~"{run_id}/({"|".join(names_in_keys(step))})/"'
    query = "\n".join(
        (
            f'timestamp>="{date.fromisoformat(run["game_date"]) - _BEFORE}T00:00:00Z"',
            f'labels.run_id=~"{run_id}$"',
            f'(jsonPayload.step="{step}" OR ({by_key}))',
        )
    )
    return f"https://console.cloud.google.com/logs/query;query={quote(query, safe='')}?project={quote(project)}"
