"""Spoilt payloads through the steps, end to end: nothing escapes, and a unit's trouble is its own."""

import copy
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from random import Random
from typing import Any, TypeVar

import pytest

from services.scraper.domain.wire import Parsed
from services.scraper.settings import ScraperSettings
from services.scraper.sources.espn.injuries import parse_injuries
from services.scraper.sources.nba_cdn.schedule import parse_schedule
from services.scraper.sources.nba_stats.playerindex import parse_playerindex
from shared.basketball.identity import TEAMS
from shared.ports import Row
from tests.unit.scraper import wire
from tests.unit.scraper.conftest import MORNING_AFTER, Rig
from tests.unit.scraper.fakes import FakeUpstreams
from tests.unit.scraper.mutations import encode, off_by_one, spoil, spoil_body

T = TypeVar("T")
Rows = dict[str, list[Row]]
"""What was loaded of each unit."""
Games = dict[str, list[Any]]
"""A game's records in a payload of many games."""

TRICODES = sorted(TEAMS)
GAMES = {
    f"00223009{number:02d}": (
        TRICODES[2 * number % 30],
        TRICODES[(2 * number + 1) % 30],
        date(2024, 3, 3 + number // 15),
    )
    for number in range(30)
}
"""Game -> home, away, date: two dates of fifteen."""
TIP = {date(2024, 3, 3): "2024-03-04T00:30:00Z", date(2024, 3, 4): wire.TIP}
_TOTALS = frozenset(
    key for key in wire.cdn_player("NYK", 0)["statistics"] if key not in ("minutes", "plusMinusPoints", "reboundsTotal")
)
_STAMPS = ("fetched_at", "available_at")
_UNSURE = (*_STAMPS, "plus_minus")
"""Columns that a payload may leave out, or that say when it came."""


SLATE_MORNING = datetime(2024, 3, 4, 11, tzinfo=UTC)


@dataclass
class Tally:
    """What became of the mutations."""

    mutated: int = 0
    became: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: str) -> None:
        self.mutated += 1
        self.became[outcome] += 1


@pytest.fixture
async def bad_day(rig: Rig) -> Rig:
    """Thirty games of two dates, all final, and upstreams that may say anything."""
    rig.upstreams = FakeUpstreams(MORNING_AFTER)
    rig.settings = ScraperSettings(history_seasons=1, bulk_threshold=1000)
    games = [_game(game_id) for game_id in GAMES]
    await rig.know_schedule(*games)
    return rig


def _game(game_id: str) -> wire.Json:
    home, away, day = GAMES[game_id]
    return wire.game(game_id, home=home, away=away, day=day, tip=TIP[day], score=(76, 76))


async def _forget(rig: Rig, *tables: str) -> None:
    for table in (*tables, "raw.fetches", "raw.quarantine"):
        await rig.ports.warehouse.replace(table, [], scope="TRUE")


async def _by(rig: Rig, table: str, key: str, ignored: Sequence[str] = _STAMPS) -> Rows:
    found: Rows = {}
    for row in await rig.everything(table):
        found.setdefault(str(row[key]), []).append({name: row[name] for name in row if name not in ignored})
    return found


async def _accounts(rig: Rig) -> tuple[dict[str, Row], str]:
    """(unit -> its row of raw.fetches, all of raw.quarantine as text); every reason is one."""
    fetches = {row["unit"]: row for row in await rig.fetches()}
    assert all(row["reason"] for row in fetches.values() if row["outcome"] in ("failed", "quarantined"))
    refused = await rig.rows("raw.quarantine")
    assert all(row["record"] and row["reason"] for row in refused)
    return fetches, "\n".join(f"{row['unit']} {row['record']} {row['reason']}" for row in refused)


# --- box scores, one payload a game -----------------------------------------------------------------------------------


@cache
def _cdn_text(game_id: str) -> str:
    home, away, _ = GAMES[game_id]
    payload: wire.Json = json.loads(wire.boxscore(game_id, wire.cdn_team(home), wire.cdn_team(away)))
    for side in ("homeTeam", "awayTeam"):
        players = payload["game"][side]["players"]
        totals = {key: sum(player["statistics"][key] for player in players) for key in _TOTALS}
        rebounds = {"reboundsPersonal": 40, "reboundsTotal": 47}
        payload["game"][side]["statistics"] = {**totals, **rebounds, "minutes": "PT244M00.00S"}
        absent = wire.cdn_player(payload["game"][side]["teamTricode"], 0, played="0", minutes="PT00M00.00S")
        players.append(
            {
                **absent,
                "personId": 98 + (side == "homeTeam"),
                "name": "Ab Sent",
                "starter": "0",
                "notPlayingReason": "DNP_COACH",
            }
        )
    return json.dumps(payload)


def _cdn_box(game_id: str) -> wire.Json:
    payload: wire.Json = json.loads(_cdn_text(game_id))
    return payload


def _spoilt_box(random: Random, game_id: str) -> tuple[str, bytes]:
    payload = _cdn_box(game_id)
    if random.random() < 0.2:
        return spoil_body(random, encode(payload))
    if random.random() < 0.2:
        return off_by_one(random, payload["game"], _TOTALS | {"score"}), encode(payload)
    if random.random() < 0.1:
        home, away = payload["game"]["homeTeam"], payload["game"]["awayTeam"]
        home["score"], away["score"] = 75, 77
        return "swapped scores", encode(payload)
    return spoil(random, payload), encode(payload)


async def _box_scores(rig: Rig, random: Random, tally: Tally, good: Rows) -> None:
    spoilt = set(random.sample(sorted(GAMES), 25))
    how: dict[str, str] = {}
    for game_id in GAMES:
        how[game_id], body = _spoilt_box(random, game_id) if game_id in spoilt else ("", _cdn_text(game_id).encode())
        rig.upstreams.bodies["nba_cdn", game_id] = body
    await _forget(rig, "raw.player_box_scores")
    await rig.run("box_scores")
    rows = await _by(rig, "raw.player_box_scores", "game_id", _UNSURE)
    fetches, _ = await _accounts(rig)
    for game_id, way in how.items():
        if rows.get(game_id) == good[game_id]:
            assert fetches[game_id]["outcome"] == "loaded"
        else:
            assert way, f"{game_id}: a neighbour is lost"
            assert game_id not in rows, f"{game_id} after {way}"
            assert fetches[game_id]["outcome"] in ("failed", "quarantined"), way
        if way:
            tally.add(fetches[game_id]["outcome"])


async def _until(
    rig: Rig, mutations: int, batch: Callable[[Rig, Random, Tally, Rows], Awaitable[None]], good: Rows
) -> Tally:
    random, tally = Random(mutations), Tally()  # noqa: S311 - a seeded test
    while tally.mutated < mutations:
        await batch(rig, random, tally, good)
    return tally


def _mutations(normal: int) -> pytest.MarkDecorator:
    """A fiftieth of the proof's."""
    return pytest.mark.parametrize("mutations", [normal, pytest.param(50 * normal, marks=pytest.mark.proof)])


@_mutations(150)
async def test_f11_spoilt_box_scores_are_loaded_whole_or_refused(bad_day: Rig, mutations: int) -> None:
    """Twenty-five of thirty games at a time: the other five are all there; no partial game, no wrong total."""
    for game_id in GAMES:
        bad_day.upstreams.bodies["nba_cdn", game_id] = _cdn_text(game_id).encode()
    assert (await bad_day.run("box_scores")).counts["rows"] == 480
    good = await _by(bad_day, "raw.player_box_scores", "game_id", _UNSURE)
    tally = await _until(bad_day, mutations, _box_scores, good)
    assert min(tally.became[outcome] for outcome in ("failed", "quarantined", "loaded")) > mutations / 25


# --- box scores, all in one payload -----------------------------------------------------------------------------------


async def _together(
    rig: Rig, random: Random, tally: Tally, good: Rows, games: Games, put: Callable[[Rig, Games], None]
) -> None:
    """Twenty of the games have a spoilt record; the others are all there, whatever became of the twenty."""
    how = {game_id: spoil(random, games[game_id]) for game_id in random.sample(sorted(games), 20)}
    put(rig, games)
    await _forget(rig, "raw.player_box_scores")
    await rig.run("box_scores")
    rows = await _by(rig, "raw.player_box_scores", "game_id", _UNSURE)
    fetches, refused = await _accounts(rig)
    for game_id in games:
        if rows.get(game_id) != good[game_id]:
            assert game_id in how, f"{game_id}: a neighbour is lost to {how}"
            assert game_id not in rows, f"{game_id} after {how[game_id]}"
            assert game_id in refused or fetches[game_id]["outcome"] == "failed", how[game_id]
    for game_id in how:
        tally.add("loaded" if game_id in rows else "refused")


def _put_log(rig: Rig, games: Games) -> None:
    rows = [row for of_game in games.values() for row in of_game]
    result = {"name": "LeagueGameLog", "headers": wire.LOG_HEADERS, "rowSet": rows}
    rig.upstreams.bodies["nba_stats", "2023-24-regular"] = encode({"resource": "leaguegamelog", "resultSets": [result]})


def _log_rows() -> Games:
    return {
        game_id: [
            wire.log_row(game_id, team, number, GAME_DATE=str(day)) for team in (home, away) for number in range(8)
        ]
        for game_id, (home, away, day) in GAMES.items()
    }


@_mutations(200)
async def test_f11_a_spoilt_row_of_a_log_costs_its_game_alone(bad_day: Rig, mutations: int) -> None:
    """Twenty of thirty games at a time: the other ten are all there, and the twenty whole or not at all."""
    bad_day.settings = ScraperSettings(history_seasons=1, bulk_threshold=0)
    _put_log(bad_day, _log_rows())
    assert (await bad_day.run("box_scores")).counts["rows"] == 480
    good = await _by(bad_day, "raw.player_box_scores", "game_id", _UNSURE)

    async def batch(rig: Rig, random: Random, tally: Tally, good: Rows) -> None:
        await _together(rig, random, tally, good, _log_rows(), _put_log)

    tally = await _until(bad_day, mutations, batch, good)
    assert min(tally.became.values()) > mutations / 25


def _fallback() -> Games:
    games: Games = {}
    for game_id, (home, away, day) in GAMES.items():
        game = {**wire.bdl_game(), "date": str(day), "id": int(game_id)}
        for side, team in (("home_team", home), ("visitor_team", away)):
            game[side] = {"abbreviation": team, "players": [wire.bdl_player(team, number) for number in range(8)]}
        games[game_id] = [game]
    return games


def _put_fallback(rig: Rig, games: Games) -> None:
    for day in TIP:
        on_day = [game for game_id, entries in games.items() if GAMES[game_id][2] == day for game in entries]
        rig.upstreams.bodies["balldontlie", str(day)] = encode({"data": on_day})


@_mutations(100)
async def test_f11_a_spoilt_game_of_the_fallback_costs_no_other(bad_day: Rig, mutations: int) -> None:
    """Twenty of thirty games, on two dates, at a time; the CDN has none of them."""
    bad_day.upstreams.bodies["nba_stats", "2023-24"] = wire.rosters_of(*TRICODES)
    morning_after = bad_day.clock.now()
    _on_the_day(bad_day)
    assert (await bad_day.run("rosters", date(2024, 3, 4))).outcome == "done"
    bad_day.clock.set(morning_after, force=True)
    _put_fallback(bad_day, _fallback())
    assert (await bad_day.run("box_scores")).counts["rows"] == 480
    good = await _by(bad_day, "raw.player_box_scores", "game_id", _UNSURE)

    async def batch(rig: Rig, random: Random, tally: Tally, good: Rows) -> None:
        await _together(rig, random, tally, good, _fallback(), _put_fallback)

    tally = await _until(bad_day, mutations, batch, good)
    assert min(tally.became.values()) > mutations / 25


# --- one payload of many records: schedule, rosters, injuries ---------------------------------------------------------


@dataclass(frozen=True)
class Listing:
    """A step whose one payload lists records that have nothing to do with each other."""

    step: str
    source: str
    unit: str
    table: str
    key: str
    """Column that tells the records apart."""
    records: dict[str, Any]
    body: Callable[[list[Any]], bytes]
    parse: Callable[[bytes], Parsed[Any]]
    unsure: frozenset[str] = frozenset()
    """Columns that a spoilt record may lose and stay."""
    left_out: tuple[str, ...] = ()
    """Mutations that say, as a source may, that a record is none of ours."""


def _without(row: Row, columns: frozenset[str]) -> Row:
    return {name: value for name, value in row.items() if name not in columns}


def _on_the_day(rig: Rig) -> None:
    """Of a slate whose day is over nobody is asked for rosters, injuries or lines."""
    rig.clock.set(SLATE_MORNING, force=True)


async def _listed(rig: Rig, listing: Listing, mutations: int, day: date) -> Tally:
    """Two thirds of the records are spoilt at a time: each of the others is there, and no other than it was."""
    source = (listing.source, listing.unit)
    _on_the_day(rig)
    rig.upstreams.bodies[source] = listing.body(list(listing.records.values()))
    assert (await rig.run(listing.step, day)).outcome == "done"
    good = await _by(rig, listing.table, listing.key)
    assert good.keys() == listing.records.keys()

    async def batch(rig: Rig, random: Random, tally: Tally, good: Rows) -> None:
        records = copy.deepcopy(listing.records)
        chosen = random.sample(sorted(records), len(records) * 2 // 3)
        how = {name: spoil(random, records[name]) for name in chosen}
        rig.upstreams.bodies[source] = listing.body(list(records.values()))
        await _forget(rig, listing.table)
        await rig.run(listing.step, day)
        reasons = [refusal.reason for refusal in listing.parse(rig.upstreams.bodies[source]).refused]
        rows = await _by(rig, listing.table, listing.key)
        _, refused = await _accounts(rig)
        assert rows.keys() <= good.keys(), how
        # Without a team, or off its roster: no refusal (index: team's id, roster status).
        left_out = {name for name in how if how[name].startswith(listing.left_out)} if listing.left_out else set()
        lost = good.keys() - rows.keys()
        assert lost <= how.keys(), f"neighbours are lost to {how}"
        assert len(reasons) >= len(lost - left_out), {name: how[name] for name in lost}
        assert all(reason in refused for reason in reasons)
        for name, found in rows.items():
            if name not in how:
                assert found == good[name]
            assert [_without(row, listing.unsure) for row in found] == [
                _without(row, listing.unsure) for row in good[name]
            ], how.get(name, name)
        for name in how:
            tally.add("lost" if name in lost else "kept")

    return await _until(rig, mutations, batch, good)


def _schedule_body(games: list[Any]) -> bytes:
    dates = [{"gameDate": "x", "games": games}]
    return encode({"meta": {}, "leagueSchedule": {"seasonYear": "2023-24", "gameDates": dates}})


@_mutations(150)
async def test_f11_a_spoilt_game_of_a_schedule_costs_no_other(bad_day: Rig, mutations: int) -> None:
    """Its row is as it was, or it is refused."""
    games = {game_id: {**_game(game_id), "gameStatus": 1, "gameStatusText": "7:30 pm ET"} for game_id in GAMES}
    listing = Listing("schedule", "nba_cdn", "2023-24", "raw.games", "game_id", games, _schedule_body, parse_schedule)
    tally = await _listed(bad_day, listing, mutations, date(2024, 3, 5))
    assert min(tally.became.values()) > mutations / 10


def _index_body(rows: list[Any]) -> bytes:
    result = {"name": "PlayerIndex", "headers": wire.INDEX_HEADERS, "rowSet": rows}
    return encode({"resource": "playerindex", "resultSets": [result]})


@_mutations(200)
async def test_f11_a_spoilt_row_of_an_index_costs_no_other(bad_day: Rig, mutations: int) -> None:
    """A player is there with his name and team, or he is refused; his position may be unknown."""
    players = {str(row[0]): row for team in TRICODES[:4] for row in (wire.index_row(team, n) for n in range(8))}
    unsure = frozenset({"position", "player_name", "player_lookup"})  # some players have one name
    listing = Listing(
        "rosters",
        "nba_stats",
        "2023-24",
        "raw.rosters",
        "player_id",
        players,
        _index_body,
        parse_playerindex,
        unsure,
        ("_null 3=", "_null 6=", "_rename 3=", "_rename 6="),
    )
    tally = await _listed(bad_day, listing, mutations, date(2024, 3, 4))
    assert min(tally.became.values()) > mutations / 10


def _feed_body(entries: list[Any]) -> bytes:
    teams = [
        {"id": TEAMS[team].espn_id, "displayName": TEAMS[team].full_name, "injuries": entries[8 * n : 8 * n + 8]}
        for n, team in enumerate(TRICODES[:3])
    ]
    return encode({"timestamp": "2024-03-04T12:00:00Z", "injuries": teams})


@_mutations(100)
async def test_f11_a_spoilt_injury_costs_no_other(bad_day: Rig, mutations: int) -> None:
    """It is there with its status, or it is refused; its comment may be missing."""
    _on_the_day(bad_day)
    bad_day.upstreams.bodies["nba_stats", "2023-24"] = wire.rosters_of(*TRICODES[:3])
    assert (await bad_day.run("rosters", date(2024, 3, 4))).outcome == "done"
    players = [wire.player(team, number) for team in TRICODES[:3] for number in range(8)]
    entries = {str(player_id): wire.injury(name) for player_id, name in players}
    listing = Listing(
        "injuries",
        "espn",
        "injuries",
        "raw.injuries",
        "player_id",
        entries,
        _feed_body,
        parse_injuries,
        frozenset({"comment"}),
    )
    tally = await _listed(bad_day, listing, mutations, date(2024, 3, 4))
    assert min(tally.became.values()) > mutations / 10


# --- lines ------------------------------------------------------------------------------------------------------------

SLATE = [game_id for game_id, (_, _, day) in GAMES.items() if day == date(2024, 3, 4)]


def _odds(game_id: str) -> wire.Json:
    home, away, _ = GAMES[game_id]
    names = [wire.player(team, number)[1] for team in (home, away) for number in range(3)]
    markets = [
        wire.market(key, *(wire.outcomes(name, 20.5) for name in names)) for key in ("player_points", "player_assists")
    ]
    payload: wire.Json = copy.deepcopy(wire.odds(fanduel=markets, betmgm=markets))
    payload["id"] = game_id
    return payload


async def _lines(rig: Rig, random: Random, tally: Tally, good: Rows) -> None:
    how: dict[str, str] = {}
    for game_id in SLATE:
        payload = _odds(game_id)
        if random.random() < 0.7:
            how[game_id] = spoil(random, payload)
        rig.upstreams.bodies["odds_api", game_id] = encode(payload)
        if game_id in how and random.random() < 0.1:
            how[game_id], rig.upstreams.bodies["odds_api", game_id] = spoil_body(random, encode(_odds(game_id)))
    await _forget(rig, "raw.prop_lines")
    await rig.run("lines", date(2024, 3, 4))
    rows = await _by(rig, "raw.prop_lines", "game_id")
    fetches, refused = await _accounts(rig)
    for game_id in SLATE:
        found = rows.get(game_id, [])
        if game_id not in how:
            assert found == good[game_id], "a neighbour is lost"
            continue
        strange = [row for row in found if row not in good[game_id]]
        # An outcome, or a market, that is left out is not offered, as far as anybody can tell.
        assert how[game_id].startswith(("_delete", "_null", "_rename")) or not strange, (how[game_id], strange)
        assert all(row["over_price"] in (-110, None) and row["under_price"] in (-110, None) for row in strange)
        if len(found) < len(good[game_id]) and not how[game_id].startswith("_delete"):
            assert fetches[game_id]["outcome"] == "failed" or game_id in refused, how[game_id]
        tally.add("whole" if found == good[game_id] else "part" if found else "lost")


@_mutations(100)
async def test_f11_spoilt_odds_cost_what_they_spoil(bad_day: Rig, mutations: int) -> None:
    """Lines are as they were, or refused; no other game's are touched."""
    _on_the_day(bad_day)
    bad_day.upstreams.bodies["nba_stats", "2023-24"] = wire.rosters_of(*TRICODES)
    assert (await bad_day.run("rosters", date(2024, 3, 4))).outcome == "done"
    events = [wire.event(game_id, *GAMES[game_id][:2]) for game_id in SLATE]
    for game_id in SLATE:
        bad_day.upstreams.bodies["odds_api", game_id] = encode(_odds(game_id))
    bad_day.upstreams.now = datetime(2024, 3, 4, 11, tzinfo=UTC)
    bad_day.upstreams.bodies["odds_api", "events"] = wire.body(events)
    assert (await bad_day.run("lines", date(2024, 3, 4))).counts["rows"] == len(SLATE) * 24
    good = await _by(bad_day, "raw.prop_lines", "game_id")
    tally = await _until(bad_day, mutations, _lines, good)
    assert min(tally.became[outcome] for outcome in ("whole", "part", "lost")) > mutations / 50
