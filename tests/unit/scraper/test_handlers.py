"""What the scraper does with a message, with a full archive, with a warehouse that does not write."""

from datetime import UTC, date, datetime
from typing import Literal, cast

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from services.coordinator.grid.unloaded import unloaded
from services.scraper.app import build
from services.scraper.fetch import Failed, Unchanged
from services.scraper.handlers import STEPS, on_task
from services.scraper.payloads import Collected
from services.scraper.settings import ScraperSettings
from services.scraper.sources.nba_cdn.boxscore import boxscore
from shared.basketball.slate import Mode
from shared.contract import BatchReported, StepReported, StepRequested, decode
from shared.errors import Permanent, Transient
from shared.raw_archive import FetchRecord
from shared.registries.pipeline import STEPS as PIPELINE
from shared.runtime.service import HEALTH
from shared.runtime.settings import load
from tests.unit.scraper import wire
from tests.unit.scraper.conftest import Rig
from tests.unit.scraper.fakes import BrokenWarehouse

CDN, STATS = "nba_cdn", "nba_stats"
FINAL = wire.game(score=(76, 76))
OTHER = wire.game(wire.LAL_AT_DEN, home="DEN", away="LAL", score=(76, 76))
OTHER_BOX = wire.boxscore(wire.LAL_AT_DEN, wire.cdn_team("DEN"), wire.cdn_team("LAL"))


def _request(step: str = "schedule") -> StepRequested:
    return StepRequested(run_id="r1", game_date=date(2024, 3, 5), mode=Mode.OVERNIGHT, step=step, attempt=2)


def test_f02_the_steps_are_those_of_the_pipeline() -> None:
    """Every scraper step of the one table has its function here, and no other."""
    assert set(STEPS) == {step.name for step in PIPELINE.values() if step.service == "scraper"}


async def test_a_step_is_reported_after_its_rows_are_written(rig: Rig) -> None:
    """The report carries the request's key and the step's counts; two of the requests only compare."""
    rig.upstreams.bodies[CDN, "2023-24"] = wire.schedule(FINAL)
    await on_task(_request(), rig.ports, rig.upstreams, rig.settings)
    [(topic, data, attributes)] = rig.bus.published
    report = decode(data)
    assert isinstance(report, StepReported)
    assert (topic, attributes["key"]) == ("coordinator-events", "r1/schedule/2/reported")
    assert (report.outcome, report.run_id, report.step, report.attempt) == ("done", "r1", "schedule", 2)
    assert report.counts == {
        "requests": 3, "units": 1, "units_loaded": 1, "quarantined": 0, "rows": 2, "archived_not_loaded": 0,
    }  # fmt: skip
    assert len(await rig.rows("raw.games")) == 1


@pytest.mark.parametrize("message", [_request("predict"), BatchReported(run_id="r", attempt=1, batch=0, rows=1)])
async def test_f26_what_is_not_ours_is_permanent(rig: Rig, message: StepRequested | BatchReported) -> None:
    """Another service's step or another kind of message goes to the dead letter."""
    with pytest.raises(Permanent, match="cannot handle"):
        await on_task(message, rig.ports, rig.upstreams, rig.settings)
    assert rig.bus.published == []


@pytest.mark.parametrize("table", ["raw.games", "raw.fetches", "raw.quarantine"])
async def test_f03_a_failed_write_is_not_reported(rig: Rig, table: str) -> None:
    """It is redelivered, and then takes effect once."""
    rig.upstreams.bodies[CDN, "2023-24"] = wire.schedule(FINAL)
    with pytest.raises(Transient, match="cannot be written"):
        await rig.run("schedule", warehouse=BrokenWarehouse(rig.ports.warehouse, table))
    assert (await rig.run("schedule")).outcome == "done"
    assert len(await rig.rows("raw.games")) == len(await rig.rows("raw.game_results")) == 1


async def test_payloads_are_archived_byte_for_byte_before_they_are_loaded(rig: Rig) -> None:
    """Even when loading fails, what was fetched is there, under source, date, mode, step and unit."""
    rig.upstreams.bodies[CDN, "2023-24"] = wire.schedule(FINAL)
    with pytest.raises(Transient):
        await rig.run("schedule", warehouse=BrokenWarehouse(rig.ports.warehouse, "raw.games"))
    [(body_key, body), (key, record)] = sorted(rig.archive.objects.items())
    assert key.startswith(
        "raw/fetches/nba_cdn/2024-03-05/overnight/schedule/2023-24/20240305T120000.000000Z_01-01_200_"
    )
    assert body == wire.schedule(FINAL)
    assert FetchRecord.model_validate_json(record).body == body_key


async def test_f12_archived_but_not_loaded_is_visible(rig: Rig) -> None:
    """A payload that the fetch log does not account for is counted in the next report, until it is loaded."""
    rig.settings = rig.settings.model_copy(update={"bulk_threshold": 40})
    await rig.know_schedule(FINAL, OTHER)
    rig.upstreams.bodies[CDN, wire.BOS_AT_NYK] = wire.boxscore()
    with pytest.raises(Transient):
        await rig.run("box_scores", warehouse=BrokenWarehouse(rig.ports.warehouse, "raw.fetches"))
    rig.upstreams.bodies = {(CDN, wire.LAL_AT_DEN): OTHER_BOX}
    assert (await rig.run("box_scores")).counts["archived_not_loaded"] == 1
    slates = {Mode.OVERNIGHT: [date(2024, 3, 5)]}
    assert await unloaded(rig.ports, slates) == {(Mode.OVERNIGHT, date(2024, 3, 5), "box_scores")}
    report = await rig.run("box_scores", from_archive=True)
    assert report.counts["archived_not_loaded"] == 0
    assert await unloaded(rig.ports, slates) == set()
    assert len(await rig.rows("raw.player_box_scores")) == 32


@pytest.mark.parametrize("body", [b"<html>", b"{}", wire.boxscore(status=2), wire.boxscore(wire.LAL_AT_DEN)])
async def test_f12_loading_the_archive_settles_a_finding_whatever_is_in_it(rig: Rig, body: bytes) -> None:
    """Once: of a payload that cannot be read, or is of another game, the reason is known then."""
    rig.settings = rig.settings.model_copy(update={"bulk_threshold": 40})
    await rig.know_schedule(FINAL, OTHER)
    rig.upstreams.bodies[CDN, wire.BOS_AT_NYK] = body
    with pytest.raises(Transient):
        await rig.run("box_scores", warehouse=BrokenWarehouse(rig.ports.warehouse, "raw.fetches"))
    slates = {Mode.OVERNIGHT: [date(2024, 3, 5)]}
    assert len(await unloaded(rig.ports, slates)) == 1
    await rig.run("box_scores", from_archive=True)
    assert await unloaded(rig.ports, slates) == set()


async def test_what_was_loaded_is_asked_for_again_only_if_it_has_changed(rig: Rig) -> None:
    """By the fetch that the log knows, on a later slate too; a unit that was never loaded is asked for as usual."""
    rig.settings = rig.settings.model_copy(update={"bulk_threshold": 40})
    await rig.know_schedule(FINAL, OTHER)
    rig.upstreams.bodies |= {(CDN, wire.BOS_AT_NYK): wire.boxscore(), (CDN, wire.LAL_AT_DEN): b"<html>"}
    await rig.run("box_scores")
    task = rig.task("box_scores", date(2024, 3, 8))
    same, refused = await task.changed([boxscore(wire.BOS_AT_NYK), boxscore(wire.LAL_AT_DEN)])
    assert isinstance(same, Unchanged)
    assert isinstance(refused, Failed)
    rig.upstreams.bodies[CDN, wire.BOS_AT_NYK] = wire.boxscore(status=2)
    [changed] = await task.changed([boxscore(wire.BOS_AT_NYK)])
    assert isinstance(changed, Collected)


@pytest.mark.parametrize("table", ["raw.player_box_scores", "raw.quarantine"])
async def test_f07_a_crash_on_the_way_leaves_the_tables_of_an_undisturbed_night(rig: Rig, table: str) -> None:
    """Wherever it stops, the next run completes data and fetch log; a run with nothing left to do changes neither."""
    await rig.know_schedule(FINAL)
    rig.upstreams.bodies[CDN, wire.BOS_AT_NYK] = wire.boxscore()
    with pytest.raises(Transient):
        await rig.run("box_scores", warehouse=BrokenWarehouse(rig.ports.warehouse, table))
    await rig.run("box_scores")
    complete = [await rig.everything(name) for name in ("raw.player_box_scores", "raw.fetches", "raw.quarantine")]
    assert len(complete[0]) == 16
    assert await rig.outcomes() == {wire.BOS_AT_NYK: "loaded"}
    report = await rig.run("box_scores")
    assert (report.counts["units"], report.counts["archived_not_loaded"]) == (0, 0)
    assert complete == [
        await rig.everything(name) for name in ("raw.player_box_scores", "raw.fetches", "raw.quarantine")
    ]


async def test_a_game_that_another_source_gave_is_not_loaded_from_an_archived_log(rig: Rig) -> None:
    """The log knows less (no starters): what the CDN gave on another night stays."""
    rig.settings = rig.settings.model_copy(update={"bulk_threshold": 40})
    await rig.know_schedule(FINAL, OTHER)
    rig.upstreams.bodies[CDN, wire.BOS_AT_NYK] = wire.boxscore()
    await rig.run("box_scores")
    rig.settings = rig.settings.model_copy(update={"bulk_threshold": 0})
    rows = [*wire.log_of(wire.BOS_AT_NYK, "NYK", "BOS"), *wire.log_of(wire.LAL_AT_DEN, "DEN", "LAL")]
    rig.upstreams.bodies[STATS, "2023-24-regular"] = wire.gamelog(*rows)
    await rig.run("box_scores", date(2024, 3, 6))
    before = await rig.everything("raw.player_box_scores")
    await rig.run("box_scores", date(2024, 3, 6), from_archive=True)
    assert await rig.everything("raw.player_box_scores") == before
    assert {row["source"] for row in before} == {CDN, STATS}


async def test_a_payload_that_the_parser_refuses_is_quarantined_until_a_better_one_comes(rig: Rig) -> None:
    """With its reason and where it is kept: it is accounted for, and read again from the archive as often as asked."""
    rig.upstreams.bodies[CDN, "2023-24"] = b"<html>"
    report = await rig.run("schedule")
    assert (report.outcome, report.counts["quarantined"], report.counts["archived_not_loaded"]) == ("failed", 1, 0)
    [row] = await rig.rows("raw.quarantine")
    assert (row["unit"], row["record"], row["source"]) == ("2023-24", "payload nba_cdn/scheduleLeagueV2", CDN)
    assert row["reason"] == "HTML instead of JSON"
    assert FetchRecord.model_validate_json(rig.archive.objects[row["archive_key"]]).status == 200
    await rig.run("schedule", from_archive=True)
    assert [again["archive_key"] for again in await rig.rows("raw.quarantine")] == [row["archive_key"]]
    rig.upstreams.bodies[CDN, "2023-24"] = wire.schedule(FINAL)
    assert (await rig.run("schedule")).outcome == "done"
    assert await rig.rows("raw.quarantine") == []


async def test_a_payload_of_no_use_is_accounted_for(rig: Rig) -> None:
    """The CDN shows another season, the fallback gives the one that is wanted: nothing is left to be found."""
    rig.upstreams.bodies[CDN, "2023-24"] = wire.schedule(FINAL, season="2024-25")
    rig.upstreams.bodies[STATS, "2023-24"] = wire.schedule(FINAL)
    report = await rig.run("schedule")
    assert (report.outcome, report.counts["quarantined"], report.counts["archived_not_loaded"]) == ("done", 0, 0)
    [row] = await rig.rows("raw.quarantine")
    assert (row["record"], row["reason"]) == ("payload nba_cdn/scheduleLeagueV2", "the step had no use for it")


async def test_a_full_archive_keeps_what_was_loaded_and_asks_for_another_try(rig: Rig) -> None:
    """The other game is loaded, the fetch log is written, the message redelivered; with space again all is well."""
    rig.settings = rig.settings.model_copy(update={"bulk_threshold": 40})
    await rig.know_schedule(FINAL, OTHER)
    rig.upstreams.bodies[CDN, wire.BOS_AT_NYK] = wire.boxscore()
    rig.upstreams.bodies[CDN, wire.LAL_AT_DEN] = OTHER_BOX
    rig.archive.full_for = lambda key: wire.BOS_AT_NYK in key or "balldontlie" in key
    with pytest.raises(Transient, match="archive is full: free space"):
        await rig.run("box_scores")
    assert set(await rig.column("raw.player_box_scores", "game_id")) == {wire.LAL_AT_DEN}
    assert (await rig.outcomes())[wire.BOS_AT_NYK] == "failed"
    rig.archive.full_for = lambda _: False
    assert (await rig.run("box_scores")).outcome == "done"
    assert len(await rig.rows("raw.player_box_scores")) == 32


async def _night(rig: Rig) -> None:
    """A slate's whole phase 1."""
    slate = wire.game("0022300902", day=date(2024, 3, 5), tip="2024-03-06T00:30:00Z")
    rig.upstreams.bodies |= {
        (CDN, "2023-24"): wire.schedule(FINAL, OTHER, slate),
        (STATS, "2023-24-regular"): wire.gamelog(*wire.log_of(wire.BOS_AT_NYK, "NYK", "BOS")),
        (CDN, wire.LAL_AT_DEN): OTHER_BOX,
        (STATS, "2023-24"): wire.rosters_of("NYK", "BOS"),
        ("espn", "injuries"): wire.injuries("NYK", wire.injury("Nyk Elm")),
        ("odds_api", "events"): wire.body([wire.event(start="2024-03-06T00:30:00Z")]),
        ("odds_api", "0022300902"): wire.body(
            wire.odds(fanduel=[wire.market("player_points", wire.outcomes("Nyk Ash", 12.5))])
        ),
    }
    rig.upstreams.published[STATS, "2023-24"] = datetime(2024, 3, 5, 5, tzinfo=UTC)
    for step in STEPS:
        assert (await rig.run(step)).outcome == "done", step


TABLES = ("raw.games", "raw.game_results", "raw.player_box_scores", "raw.rosters", "raw.injuries", "raw.prop_lines")


async def test_loading_from_the_archive_gives_the_same_tables(rig: Rig) -> None:
    """Without a request, stamps included; and once more changes nothing."""
    await _night(rig)
    before = {table: await rig.everything(table) for table in TABLES}
    assert all(before.values())
    for table in TABLES:
        await rig.ports.warehouse.replace(table, [], scope="TRUE")
    rig.upstreams.asked.clear()
    for _ in range(2):
        for step in STEPS:
            assert (await rig.run(step, from_archive=True)).outcome == "done", step
        assert {table: await rig.everything(table) for table in TABLES} == before
    assert rig.upstreams.asked == []


async def test_the_fallbacks_payloads_are_loaded_from_the_archive_too(rig: Rig) -> None:
    """A game that only the fallback gave is found there again."""
    await rig.know_schedule(FINAL, wire.game("0022300902", day=date(2024, 3, 5), tip="2024-03-06T00:30:00Z"))
    rig.upstreams.bodies[STATS, "2023-24"] = wire.rosters_of("NYK", "BOS")
    rig.upstreams.bodies["balldontlie", "2024-03-04"] = wire.bdl(wire.bdl_game())
    await rig.run("rosters")
    await rig.run("box_scores")
    before = await rig.everything("raw.player_box_scores")
    await rig.ports.warehouse.replace("raw.player_box_scores", [], scope="TRUE")
    await rig.run("box_scores", from_archive=True)
    assert await rig.everything("raw.player_box_scores") == before
    assert len(before) == 16


async def test_an_archive_without_the_step_or_with_rubbish_fails_it(rig: Rig) -> None:
    """The reason names what is missing or unreadable."""
    report = await rig.run("schedule", from_archive=True)
    assert (report.outcome, report.reason) == (
        "failed",
        "nba_cdn 2023-24: not in the archive; nba_stats 2023-24: not in the archive",
    )
    rig.upstreams.bodies[CDN, "2023-24"] = b"<html>"
    assert (await rig.run("schedule")).outcome == "failed"
    report = await rig.run("schedule", from_archive=True)
    assert (report.outcome, report.counts["quarantined"]) == ("failed", 1)
    assert "HTML instead of JSON" in report.reason


@pytest.mark.network
@pytest.mark.parametrize(("profile", "needed"), [("local", False), ("gcp", True)])
async def test_the_service_says_who_it_is(rig: Rig, profile: Literal["local", "gcp"], needed: bool) -> None:  # noqa: FBT001 - of the table
    """app.py wires a service called scraper whose readiness is that of what it stands on; it starts and stops.

    A deployment stands on its keys; on a machine of one's own they may be missing.
    """
    app = build(ScraperSettings(profile=profile, project="p"), rig.ports)
    async with (
        TestServer(app) as server,
        ClientSession() as session,
        session.get(server.make_url("/healthz")) as answer,
    ):
        assert answer.status == 200
        assert (await answer.json())["service"] == "scraper"
    _, body = await app[HEALTH].report(deep=True)
    assert body["service"] == "scraper"
    checks = cast("dict[str, str]", body["checks"])
    assert ("odds-api-key" in checks.pop("secrets")) is needed  # the rig has none
    assert checks == dict.fromkeys(("consumers", "warehouse", "clock", "topics", "archive"), "ok")


def test_settings_name_every_problem_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rate of 0 and too few attempts are refused together, with the meaning of each."""
    monkeypatch.setenv("TIPOFF_ESPN_RATE", "0")
    monkeypatch.setenv("TIPOFF_ATTEMPTS", "1")
    with pytest.raises(Permanent) as raised:
        load(ScraperSettings)
    assert "TIPOFF_ESPN_RATE" in str(raised.value)
    assert "TIPOFF_ATTEMPTS" in str(raised.value)


def test_no_request_carries_a_key_of_its_own() -> None:
    """Keys are added where the request leaves, from the secrets: sources only name them."""
    secrets = {source.secret for source in ScraperSettings().sources.values()}
    assert secrets == {None, "odds-api-key", "balldontlie-api-key"}
