"""The served OpenAPI document and what the API answers, held together by schemathesis.

No case is answered with 500, no answer has a status, content type or form that the document does not name, and what the
document forbids is refused.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import product
from queue import Queue
from typing import Any

import pytest
import requests
import schemathesis
from aiohttp.test_utils import TestServer
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from services.coordinator.alerts import raise_alert
from services.coordinator.app import build
from services.coordinator.handlers import DEAD_LETTERS
from services.coordinator.settings import CoordinatorSettings
from shared.ports import Ports
from shared.runtime.settings import load as load_settings
from tests.unit.shared.places import API_KEY, SCHEDULES_KEY, embedded_ports
from tests.unit.shared.rows import SLATE, YESTERDAY, box, game, load, prediction, row, tip

pytestmark = pytest.mark.network

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
GAME = "0022300904"
FAST = 1e6
"""Requests a second: here nobody asks too fast."""
SECONDS = 120.0
RUN = {"game_date": str(SLATE)}
RUN_KEY = f"{SLATE}.overnight"


async def fill(ports: Ports) -> None:
    """Something in every table that a route reads, and in the state store."""
    known = {"mode": "overnight", "game_id": GAME, "game_date": SLATE}
    run = {"run_id": f"{RUN_KEY}.1", "mode": "overnight", "game_date": SLATE}
    await load(
        ports.warehouse,
        raw__games=[game(GAME), game("0022300903", YESTERDAY)],
        raw__player_box_scores=[box(GAME, 1, SLATE)],
        raw__quarantine=[
            row("raw.quarantine", mode="overnight", game_date=SLATE),
            row(
                "raw.quarantine",
                mode="overnight",
                game_date=SLATE,
                record="Jo Doe",
                player_name="Jo Doe",
                name_key="jodoe",
                teams="BOS GSW",
                candidates='[{"player_id": 1, "player_name": "J", "team": "BOS"}]',
            ),
        ],
        analytics__upcoming_player_game_context=[
            row("analytics.upcoming_player_game_context", player_id=1, player_name="P1", **known)
        ],
        predictions__player_prop_predictions=[prediction(GAME, 1, SLATE, line=20.5, p_over=0.5)],
        predictions__prediction_grades=[row("predictions.prediction_grades", player_id=1, **known)],
        predictions__models=[row("predictions.models", mode="overnight", game_date=SLATE)],
        ops__step_costs=[row("ops.step_costs", **run)],
        ops__step_runs=[row("ops.step_runs", run_ended_at=tip(SLATE) + timedelta(hours=1), **run)],
        ops__decisions=[row("ops.decisions", **run)],
    )
    await raise_alert(ports, "predictions_missing", "overnight", "none")
    await ports.state.create(DEAD_LETTERS, "1", {"topic": "scraper-tasks", "reason": "why", "attributes": {"a": "b"}})


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The coordinator's address; it has a thread and an event loop of its own."""
    given = load_settings(CoordinatorSettings, requests_per_second=FAST, active_runs=1_000_000, log_level="error")
    address: Queue[str] = Queue()
    ended = asyncio.Event()

    async def serve() -> None:
        async with embedded_ports(tmp_path_factory.mktemp("api")) as ports, TestServer(build(given, ports)) as server:
            await fill(ports)
            address.put(str(server.make_url("/")))
            await ended.wait()

    with asyncio.Runner() as runner, ThreadPoolExecutor(1) as pool:
        loop = runner.get_loop()
        served = pool.submit(runner.run, serve())
        url = address.get(timeout=SECONDS)
        requests.post(f"{url}v1/runs", json=RUN, headers={"X-API-Key": API_KEY}, timeout=SECONDS).raise_for_status()
        yield url
        loop.call_soon_threadsafe(ended.set)
        served.result()


def statuses(url: str, cases: int, *, each: int) -> Counter[int]:
    """The statuses of at least so many cases, `each` at a time of every route, by and against the document."""
    count: Counter[int] = Counter()
    with requests.Session() as session:
        session.headers["X-API-Key"] = API_KEY
        document = session.get(f"{url}v1/openapi.json", timeout=SECONDS).json()
        schema = schemathesis.openapi.from_dict(document)
        operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]

        def ask(case: Case[Any]) -> None:
            scheduled = isinstance(case.body, dict) and case.body.get("schedule")  # only the schedules may say which
            headers = {"X-API-Key": SCHEDULES_KEY} if scheduled else {}
            response = case.call(url, session, headers, timeout=SECONDS)
            count[response.status_code] += 1
            case.validate_response(response, CHECKS)

        bounded = settings(
            max_examples=each, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
        )
        rounds = 0
        while count.total() < cases:
            rounds += 1
            for operation in operations:
                fixed = [None, {"key": RUN_KEY}] if "{key}" in operation.path else [None]
                for mode, path in product(GenerationMode, fixed):
                    strategy = operation.as_strategy(mode, path_parameters=path)
                    seed(rounds)(bounded(given(case=strategy)(ask)))()
    return count


def test_what_is_asked_and_answered_is_as_documented(api: str) -> None:
    """A few cases of every route, good and bad."""
    found = statuses(api, 1, each=2)
    assert {200, 202, 400, 404} <= found.keys()
    assert max(found) < 500


def test_a_method_that_a_route_has_not_is_refused_with_those_it_has(api: str) -> None:
    """As RFC 9110 wants it."""
    answer = requests.delete(f"{api}v1/runs", timeout=SECONDS)
    assert (answer.status_code, set(answer.headers["Allow"].split(","))) == (405, {"GET", "POST"})


@pytest.mark.proof
def test_twenty_thousand_cases_are_answered_as_documented(api: str) -> None:
    """The same for 20,000."""
    found = statuses(api, 20_000, each=200)
    assert found.total() >= 20_000
    assert max(found) < 500
