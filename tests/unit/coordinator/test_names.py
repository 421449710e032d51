"""Names that fit nobody: listed, settled, and what waits for them loaded."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from services.coordinator.grid import settled
from services.coordinator.runs.engine import RUNS, Engine
from services.coordinator.runs.run import Run, RunStatus
from services.coordinator.sql import sql
from shared.basketball.slate import Mode
from shared.ports import Ports, Row
from tests.unit.coordinator.routes import NOON
from tests.unit.coordinator.test_api import Client, get, serving
from tests.unit.shared.answers import TOMORROW, answers
from tests.unit.shared.places import API_KEY, VIEWER_KEY, set_clock
from tests.unit.shared.rows import SLATE, YESTERDAY, load, roster, row

pytestmark = pytest.mark.network

CANDIDATE = {"player_id": 7, "player_name": "Joseph Doe", "team": "BOS"}
RUN_KEY = f"{SLATE}.overnight"


def refused(name: str = "Jo Doe", **values: object) -> Row:
    """A refused name of the slate's lines."""
    known = {
        "mode": "overnight", "step": "lines", "unit": "1", "record": name, "source": "odds_api", "fetched_at": NOON,
        "player_name": name, "name_key": name.replace(" ", "").lower(), "teams": "BOS NYK", "reason": "nobody",
        "candidates": json.dumps([CANDIDATE]),
    }  # fmt: skip
    return row("raw.quarantine") | known | values


def settlement(key: str = "jodoe", **values: object) -> Row:
    """A settled name, of any team and source."""
    known = {"name_key": key, "team": "", "source": "", "player_id": 7, "settled_at": NOON}
    return row("ops.player_names") | known | values


async def listed(quarantine: list[Row], *names: Row) -> list[Row]:
    """What is listed of the slate and the day before."""
    window: dict[str, Any] = {"first": YESTERDAY, "last": SLATE}
    return await answers(sql("names"), window, raw__quarantine=quarantine, ops__player_names=names)


async def test_a_name_is_listed_once_with_its_candidates_as_they_were_last() -> None:
    """By source and teams; from its first date to its last; records that are no names are left out."""
    found = await listed(
        [
            refused(), refused(mode="same_day"), refused(teams="MIA NYK", unit="2"),
            refused(game_date=YESTERDAY, fetched_at=NOON - timedelta(days=1), candidates="[]", reason="old"),
            refused(game_date=TOMORROW), refused(game_date=YESTERDAY - timedelta(days=1)),
            row("raw.quarantine", record="a game"),
        ]
    )  # fmt: skip
    assert [(each["teams"], each["times"]) for each in found] == [("BOS NYK", 3), ("MIA NYK", 1)]
    assert found[0] == {
        "name_key": "jodoe", "source": "odds_api", "teams": "BOS NYK", "player_name": "Jo Doe",
        "first_date": YESTERDAY, "last_date": SLATE, "times": 3, "candidates": json.dumps([CANDIDATE]),
        "reason": "nobody", "settled_as": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("settled_as", "values"),
    [
        (7, {}),
        (7, {"team": "NYK", "source": "odds_api"}),
        (7, {"settled_at": NOON + timedelta(hours=1)}),
        (None, {"team": "NY"}),
        (None, {"team": "MIA"}),
        (None, {"source": "espn"}),
        (None, {"name_key": "jodoejr"}),
        (None, {"settled_at": NOON - timedelta(seconds=1)}),
    ],
)
async def test_a_settlement_is_of_its_name_team_and_source_and_not_older(
    settled_as: int | None, values: dict[str, Any]
) -> None:
    """A name that was refused since is not settled: whoever it was settled as does not fit."""
    [found] = await listed([refused()], settlement(**values))
    assert found["settled_as"] == settled_as
    params: dict[str, Any] = {"first": SLATE, "last": SLATE, "modes": ["overnight"]}
    tables = {"raw__quarantine": [refused()], "ops__player_names": [settlement(**values)]}
    waiting = await answers(sql("names_waiting"), params, **tables)
    expected = [{"game_date": SLATE, "mode": "overnight", "step": "lines"}]
    assert waiting == (expected if settled_as is not None else [])


async def test_steps_that_wait_are_those_of_the_window_and_modes() -> None:
    """Each once, the newest slate first."""
    rows = [
        refused(game_date=YESTERDAY), refused(), refused(unit="2"), refused(step="injuries"), refused(mode="manual"),
        refused(game_date=TOMORROW),
    ]  # fmt: skip
    params: dict[str, Any] = {"first": YESTERDAY, "last": SLATE, "modes": ["overnight", "same_day"]}
    found = await answers(sql("names_waiting"), params, raw__quarantine=rows, ops__player_names=[settlement()])
    assert [(each["game_date"], each["step"]) for each in found] == [
        (SLATE, "injuries"), (SLATE, "lines"), (YESTERDAY, "lines"),
    ]  # fmt: skip


@pytest.fixture
async def client(ports: Ports) -> AsyncIterator[Client]:
    """The service; a name is refused on the slate, and player 7 is known."""
    set_clock(ports, NOON)
    await load(ports.warehouse, raw__quarantine=[refused()], raw__rosters=[roster(7, player_name="Joseph Doe")])
    async for client in serving(ports):
        client.session.headers["X-API-Key"] = API_KEY
        yield client


async def settle(client: Client, **body: object) -> tuple[int, Any]:
    """(status, answer) of POST /v1/names."""
    async with client.post("/v1/names", json={"name": "Jo Doe", "player_id": 7} | body) as response:
        return response.status, await response.json()


async def test_unresolved_names_are_shown_to_viewers(client: Client) -> None:
    """Of the last 30 days unless a window is given."""
    client.session.headers["X-API-Key"] = VIEWER_KEY
    _, [name] = await get(client, "/v1/names")
    assert (name["player_name"], name["teams"], name["candidates"]) == ("Jo Doe", ["BOS", "NYK"], [CANDIDATE])
    window = {"first": str(SLATE + timedelta(days=1)), "last": str(SLATE + timedelta(days=2))}
    assert await get(client, "/v1/names", **window) == (200, [])
    assert (await get(client, "/v1/names", first="2020-01-01"))[0] == 400
    assert (await settle(client))[0] == 403


async def test_a_name_is_settled_and_what_waits_is_loaded(client: Client, ports: Ports) -> None:
    """The run goes on with its targets, from the archive; who settled it, and when, is kept; the last word counts."""
    run = Run(
        game_date=SLATE, mode=Mode.OVERNIGHT, generation=1, source="test", retrospective=False, targets=("lines",),
        steps={}, created_at=NOON, finished_at=NOON, status=RunStatus.COMPLETE,
    )  # fmt: skip
    await ports.state.create(RUNS, run.key, run.model_dump(mode="json"))
    status, answer = await settle(client, note="he said so", team="BOS", source="odds_api")
    assert (status, answer["player_name"], answer["runs"], answer["left"]) == (200, "Joseph Doe", [RUN_KEY], {})
    begun = await Engine(ports).run(RUN_KEY)
    assert begun is not None
    assert (begun.generation, begun.targets, begun.from_archive, begun.retrospective) == (2, ("lines",), True, False)
    status, answer = await settle(client, note="still", team="BOS", source="odds_api")
    assert (answer["runs"], list(answer["left"])) == ([], [RUN_KEY])
    [kept] = await ports.warehouse.query("SELECT * FROM ops.player_names")
    known = {"name_key": "jodoe", "team": "BOS", "source": "odds_api", "player_name": "Jo Doe", "player_id": 7}
    assert kept == known | {"settled_by": begun.source, "settled_at": NOON, "note": "still"}
    _, [name] = await get(client, "/v1/names")
    assert name["settled_as"] == 7


async def test_a_settlement_begins_so_many_runs_and_no_more(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the newest slates; a past slate is loaded in retrospect, to the usual target where no run is known."""
    set_clock(ports, NOON)
    monkeypatch.setattr(settled, "MAX_RUNS", 1)
    rows = [refused(), refused(game_date=YESTERDAY)]
    await load(ports.warehouse, raw__quarantine=rows, ops__player_names=[settlement()])
    engine = Engine(ports)
    loading = await settled.load_settled(engine, ports, YESTERDAY, SLATE, "ann")
    assert (loading.begun, list(loading.left)) == ([RUN_KEY], [f"{YESTERDAY}.overnight"])
    loading = await settled.load_settled(engine, ports, YESTERDAY, YESTERDAY, "ann")
    run = await engine.run(loading.begun[0])
    assert run is not None
    assert (run.retrospective, run.targets, run.source) == (True, ("export",), "ann")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"player_id": 8}, "no player has the id 8"),
        ({"name": "  "}, "name: String should have at least 1 character"),
        ({"team": "BOSTON"}, "BOSTON is no team: one of ATL"),
        ({"source": "tv"}, "tv is no source: one of nba_cdn"),
    ],
)
async def test_what_cannot_be_settled_is_refused(
    client: Client, ports: Ports, body: dict[str, object], words: str
) -> None:
    """A player who is unknown, a name that is none; nothing is kept."""
    status, answer = await settle(client, **body)
    assert status == 400
    assert words in answer["error"]
    assert await ports.warehouse.query("SELECT * FROM ops.player_names") == []
