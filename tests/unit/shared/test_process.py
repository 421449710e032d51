"""A service's process: how it starts, and how it ends on a signal."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from shared.errors import Permanent
from shared.ports import Ports
from shared.runtime import process
from shared.runtime.settings import CommonSettings, load


def test_a_failure_to_start_is_one_line_and_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    """Named after the service."""

    def refuse(_: type[CommonSettings]) -> CommonSettings:
        raise Permanent("settings: TIPOFF_PROJECT is missing")

    monkeypatch.setattr(process, "load", refuse)
    with pytest.raises(SystemExit) as ended:
        process.run("probe", CommonSettings, lambda _settings, _ports: web.Application())
    assert ended.value.code == "probe: settings: TIPOFF_PROJECT is missing"


def test_a_process_is_set_up_before_it_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logs as the settings say, then the service itself."""
    done: list[object] = []

    async def serve(*arguments: object) -> None:
        done.append(arguments)

    settings = load(CommonSettings, log_level="error", log_format="console")

    def build(_settings: CommonSettings, _ports: Ports) -> web.Application:
        raise AssertionError("the service is built by _serve alone")

    monkeypatch.setattr(process, "load", lambda model: settings if model is CommonSettings else None)
    monkeypatch.setattr("shared.runtime.logs.configure", lambda *arguments: done.append(arguments))
    monkeypatch.setattr(process, "_serve", serve)
    process.run("probe", CommonSettings, build)
    assert done == [("error", "console", None), ("probe", settings, build)]


@pytest.mark.network
@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
async def test_a_service_says_where_it_listens_and_ends_cleanly_on_a_signal(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    name: signal.Signals,
) -> None:
    """On a port of its own choice; without access log; what it began is finished within 8 of Cloud Run's 10 s."""
    cleaned, options = [], []

    class Runner(web.AppRunner):
        def __init__(self, app: web.Application, **given: Any) -> None:  # noqa: ANN401 - passed on
            options.append(given)
            super().__init__(app, **given)

    async def clean(_: web.Application) -> None:
        cleaned.append(True)

    def build(given: CommonSettings, _: Ports) -> web.Application:
        assert given is settings
        app = web.Application()
        app.on_cleanup.append(clean)
        return app

    monkeypatch.setattr(web, "AppRunner", Runner)
    settings = load(CommonSettings, home=tmp_path)
    serving = asyncio.create_task(process._serve("probe", settings, build))
    line = ""
    async with asyncio.timeout(30):
        while not line:
            await asyncio.sleep(0)
            line = capsys.readouterr().out
    assert line.startswith("probe http://127.0.0.1:")
    assert int(line.rpartition(":")[2]) > 0
    assert (cleaned, serving.done()) == ([], False)
    os.kill(os.getpid(), name)
    async with asyncio.timeout(30):
        await serving
    wanted = {"access_log": None, "shutdown_timeout": 8.0, "keepalive_timeout": 60.0, "handler_cancellation": True}
    assert (cleaned, options) == ([True], [wanted])
