"""What was logged of a step: from a file, in the cloud, or nowhere."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import pytest
from pydantic_core import to_json

from services.coordinator.api import step_log
from services.coordinator.api.answers import StepLog
from services.coordinator.api.route import Asked, Query
from services.coordinator.api.step_log import StepLogRoutes
from services.coordinator.settings import CoordinatorSettings
from shared.ports import Ports
from shared.registries.keys import Role
from shared.runtime.access import Caller
from shared.runtime.answers import Refusal
from shared.runtime.settings import load
from tests.unit.coordinator.pages import browsing
from tests.unit.coordinator.test_page_serving import NIGHT, put

RUN = "2024-03-04.overnight"
VIEWER = Caller("somebody", Role.VIEWER)


async def run_of(_: Asked) -> bytes:
    """A run as the API answers it."""
    at = datetime(2024, 3, 4, 12, tzinfo=UTC)
    return to_json({"id": RUN, "game_date": "2024-03-04", "created_at": at, "steps": {"lines": {}, "predict": {}}})


async def asked(step: str = "lines", **settings: object) -> StepLog:
    """What the route answers."""
    route = StepLogRoutes(run_of, load(CoordinatorSettings, **settings))
    return await route.log(Asked(VIEWER, Query(), None, {"key": RUN, "step": step}))


def logged(file: Path, *messages: str, step: str = "lines") -> None:
    """Lines of a step."""
    with file.open("a") as log:
        for message in messages:
            labels = {"key": f"{RUN}.1/{step}/1", "run_id": f"{RUN}.1"}
            event = {"severity": "WARNING", "message": message, "time": "2024-03-04T12:00:00Z"}
            log.write(json.dumps({**event, "logging.googleapis.com/labels": labels}) + "\n")


async def test_the_last_lines_of_the_step_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many at most, each cut where it is too long, and no line of another step."""
    monkeypatch.setattr(step_log, "MAX_LINES", 2)
    monkeypatch.setattr(step_log, "_MAX_CHARACTERS", 40)
    file = tmp_path / "up.log"
    logged(file, "first", "second", "x" * 100)
    logged(file, "other", step="rosters")
    found = await asked(log_file=file)
    assert found["lines"] == ["2024-03-04T12:00:00Z WARNING second key=", "2024-03-04T12:00:00Z WARNING " + "x" * 11]
    assert (found["file"], found["link"], found["note"]) == (str(file), None, "")


@pytest.mark.parametrize(
    ("file", "note"),
    [("nothing.log", "there is no file .*nothing.log: name the file"), ("", "there is no file"),
     ("empty.log", "nothing in the last 16 MB of .*empty.log is of this step")],
    ids=["missing", "folder", "empty"],
)  # fmt: skip
async def test_where_there_are_no_lines_it_is_said_why(tmp_path: Path, file: str, note: str) -> None:
    """The step's page is there all the same."""
    (tmp_path / "empty.log").touch()
    found = await asked(log_file=tmp_path / file)
    assert found["lines"] == []
    assert re.match(note, found["note"])


async def test_in_the_cloud_the_answer_is_where_to_look() -> None:
    """The run's labels and the step, of every generation; of the step that predicts its batches, too."""
    link = (await asked("predict", profile="gcp", project="my-project"))["link"]
    assert link is not None
    head, _, tail = link.partition(";query=")
    query, _, project = tail.partition("?")
    assert (head, project) == ("https://console.cloud.google.com/logs/query", "project=my-project")
    by_key = 'NOT jsonPayload.step:* AND labels.key=~"^2024-03-04[.]overnight[.][0-9]+/(predict|batch)/"'
    assert unquote(query).splitlines() == [
        'timestamp>="2024-02-26T00:00:00Z"',
        'labels.run_id=~"^2024-03-04[.]overnight[.][0-9]+$"',
        f'(jsonPayload.step="predict" OR ({by_key}))',
    ]


async def test_a_file_goes_before_the_cloud(tmp_path: Path) -> None:
    """The cloud's adapters may stand on emulators of this machine."""
    found = await asked(profile="gcp", project="my-project", log_file=tmp_path / "up.log")
    assert found["link"] is None


async def test_who_logs_to_a_terminal_is_told() -> None:
    """With what writes a file."""
    found = await asked()
    assert (found["lines"], found["file"], found["link"]) == ([], None, None)
    assert "TIPOFF_LOG_FILE" in found["note"]


async def test_a_step_that_the_run_does_not_have_is_refused() -> None:
    """404, with those that it has."""
    with pytest.raises(Refusal, match="grade is no step of 2024-03-04") as refused:
        await asked("grade")
    assert (refused.value.status, refused.value.remedy) == (404, "one of lines, predict")


@pytest.mark.network
async def test_an_opened_step_shows_its_lines_as_text(ports: Ports, tmp_path: Path) -> None:
    """On the page, not in its live part; without a step there is no log."""
    await put(ports)
    file = tmp_path / "up.log"
    logged(file, "<b>refused</b>")
    async with browsing(ports, log_file=file) as browser:
        await browser.sign_in()
        shown = (await browser.get(f"{NIGHT}?step=lines")).text
        assert "&lt;b&gt;refused&lt;/b&gt;" in shown[shown.index('<details class="card" id="log">') :]
        assert f"tipoff logs --run {RUN} --step lines" in shown
        assert "No lines: nothing in the last" in (await browser.get(f"{NIGHT}?step=rosters")).text
        assert 'id="log"' not in (await browser.get(NIGHT)).text
