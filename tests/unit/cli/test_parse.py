"""`tipoff parse`, in the test's process; then on every real payload of an endpoint."""

import gzip
import json
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from click.testing import CliRunner

from cli.parse import bodies, named, parse, read, rows_of
from shared.errors import Permanent
from tests.unit.scraper import pdf, wire

EVENT = {
    "event_id": "e1",
    "teams": ["BOS", "NYK"],
    "game_date": "2024-03-04",
}


def _run(file: Path, source: str, endpoint: str, *more: str) -> str:
    done = CliRunner().invoke(
        parse, ["--source", source, "--endpoint", endpoint, str(file), *more], standalone_mode=False
    )
    if done.exception is not None:
        raise done.exception
    return done.stdout


def _json(file: Path, source: str, endpoint: str) -> Any:  # noqa: ANN401 - JSON
    return json.loads(_run(file, source, endpoint, "--json"))


def _written(folder: Path, name: str, body: bytes) -> Path:
    file = folder / name
    file.write_bytes(body)
    return file


def test_rows_and_refused_records_are_one_document(tmp_path: Path) -> None:
    """Fields of the records, dates as ISO has them; also what cannot be read, and why; gzipped or not."""
    body = wire.body(wire.historical([wire.event(), {"id": "e0"}]))
    expected = {
        "source": "odds_api",
        "endpoint": "events_history",
        "published_at": "2024-03-05T00:10:00+00:00",
        "covers": [],
        "rows": [EVENT],
        "refused": [{"record": "e0", "reason": "no 'commence_time'", "columns": {}}],
    }
    plain, packed = _written(tmp_path, "a.json", body), _written(tmp_path, "a.json.gz", gzip.compress(body, mtime=0))
    assert _json(plain, "odds_api", "events_history") == _json(packed, "odds_api", "events_history") == expected


def test_people_see_a_table_and_what_was_refused(tmp_path: Path) -> None:
    """Columns that are empty throughout are left out."""
    file = _written(tmp_path, "a.json", wire.injuries("NYK", wire.injury("Jo Doe"), wire.injury("Al Roe", date="soon")))
    assert [line.split() for line in _run(file, "espn", "injuries").splitlines()] == [
        ["player_name", "team", "status", "comment", "reported_at"],
        ["Jo", "Doe", "NYK", "Out", "Sore.", "2024-03-04T10:48:00+00:00"],
        ["refused", "Al", "Roe:", "date", "is", "'soon',", "not", "an", "instant"],
        ["1", "rows,", "1", "refused"],
    ]


def test_people_see_the_first_rows_of_many(tmp_path: Path) -> None:
    """And are told where the others are."""
    file = _written(tmp_path, "a.json", wire.body([wire.event(f"e{number}") for number in range(250)]))
    lines = _run(file, "odds_api", "events").splitlines()
    assert lines[-2:] == ["... and 50 more: --json has them all", "250 rows, 0 refused"]
    assert len(lines) == 203


def test_a_games_box_score_is_a_row_per_player(tmp_path: Path) -> None:
    """A line that cannot be read is among the refused, with its game."""
    players = [wire.cdn_player("NYK", 0), wire.cdn_player("NYK", 1, points=None)]
    file = _written(tmp_path, "a.json", wire.boxscore(home=wire.cdn_team("NYK", players)))
    found = _json(file, "nba_cdn", "boxscore")
    assert (len(found["rows"]), found["rows"][0]["game_id"], found["rows"][0]["points"]) == (9, wire.BOS_AT_NYK, 13)
    [refused] = found["refused"]
    assert refused["record"] == f"{wire.BOS_AT_NYK} Nyk Birch"


def test_a_season_is_a_row_per_game(tmp_path: Path) -> None:
    """With its score as a list."""
    file = _written(tmp_path, "a.json", wire.schedule(wire.game(score=(101, 99))))
    [row] = _json(file, "nba_cdn", "scheduleLeagueV2")["rows"]
    assert (row["game_id"], row["tip_utc"], row["score"]) == (wire.BOS_AT_NYK, "2024-03-05T00:30:00+00:00", [101, 99])


def test_an_injury_report_says_for_whom_it_speaks(tmp_path: Path) -> None:
    """To machines and to people."""
    row = ("02/22/2024", "07:30 (ET)", "BOS@NYK", "Boston Celtics", "Doe, Jo", "Out", "Rest")
    file = _written(tmp_path, "a.pdf", pdf.document([pdf.page([row])]))
    found = _json(file, "nba_official", "injury_report")
    assert (found["rows"][0]["player_name"], found["published_at"]) == ("Jo Doe", "2024-02-22T22:30:00+00:00")
    assert found["covers"] == [["2024-02-22", "BOS"], ["2024-02-22", "NYK"]]
    shown = _run(file, "nba_official", "injury_report")
    assert "who is not listed of 2024-02-22 BOS, 2024-02-22 NYK is available" in shown


def _cassette(*recorded: tuple[str, object]) -> bytes:
    interactions = [
        {"request": {"uri": uri}, "response": {"body": {"string": answer}}} for uri, answer in recorded
    ]  # fmt: skip
    return yaml.safe_dump({"interactions": interactions}).encode()


INDEX = "https://stats.nba.com/stats/playerindex"


def test_a_cassette_holds_the_answers_of_an_endpoint(tmp_path: Path) -> None:
    """Those of others are left alone; a body is text or bytes."""
    index = wire.playerindex(wire.index_row("NYK", 0))
    recorded = [
        (f"{INDEX}?Season=2023-24", index.decode()),
        ("https://stats.nba.com/stats/other", "{}"),
        (INDEX, index),
    ]
    file = _written(tmp_path, "a.yaml", _cassette(*recorded))
    assert [row["player_name"] for row in _json(file, "nba_stats", "playerindex")["rows"]] == ["Nyk Ash", "Nyk Ash"]


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        ("a.json", b"<html>", "is no answer of nba_stats playerindex: HTML instead of JSON (html)"),
        ("a.json", b"{}", "is no answer of nba_stats playerindex: the payload has no 'resultSets' (malformed)"),
        ("a.json.gz", b"{}", "cannot be read: Not a gzipped file"),
        ("a.json.gz", gzip.compress(b"{}" * 99, mtime=0)[:-9], "cannot be read: Compressed file ended"),
        ("a.yaml", b"a: [", "is no cassette of HTTP requests (ParserError)"),
        ("a.yml", b"interactions: 5", "is no cassette of HTTP requests (TypeError)"),
        ("a.yaml", b"interactions: []", "holds no answer of playerindex: it was recorded of nothing"),
        (
            "a.yaml",
            _cassette(("https://stats.nba.com/stats/other?a=b", "{}")),
            "holds no answer of playerindex: it was recorded of https://stats.nba.com/stats/other",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_the_reason(
    name: str, body: bytes, message: str, tmp_path: Path
) -> None:
    """In one line."""
    with pytest.raises(Permanent) as raised:
        _run(_written(tmp_path, name, body), "nba_stats", "playerindex")
    assert str(raised.value).startswith(str(tmp_path / name))
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("source", "endpoint", "message"),
    [
        (
            "nba_stat",
            "playerindex",
            "no source 'nba_stat' (did you mean nba_stats?): the sources are balldontlie, espn,",
        ),
        ("fanduel", "odds", "no source 'fanduel': the sources are"),
        ("nba_cdn", "schedule", "(did you mean scheduleLeagueV2?): the endpoints of nba_cdn are boxscore,"),
        ("nba_cdn", "SCHEDULELEAGUEV2", "no endpoint 'SCHEDULELEAGUEV2' (did you mean scheduleLeagueV2?)"),
    ],
)
def test_a_wrong_name_is_answered_with_the_right_ones(source: str, endpoint: str, message: str, tmp_path: Path) -> None:
    """It is wrong usage."""
    with pytest.raises(click.UsageError) as raised:
        _run(_written(tmp_path, "a.json", b"{}"), source, endpoint)
    assert message in str(raised.value)


FOLDERS = {
    "nba_cdn/scheduleLeagueV2": ("nba_cdn", "scheduleLeagueV2"),
    "nba/schedule_cdn": ("nba_cdn", "scheduleLeagueV2"),
    "nba_cdn/todaysScoreboard": ("nba_cdn", "todaysScoreboard"),
    "nba_cdn/boxscore": ("nba_cdn", "boxscore"),
    "nba/schedule_api": ("nba_stats", "scheduleleaguev2"),
    "nba/player_list": ("nba_stats", "playerindex"),
    "nba/injury_report": ("nba_official", "injury_report"),
    "nba/leaguegamelog_2018_19": ("nba_stats", "leaguegamelog"),
    "espn/scoreboard": ("espn", "scoreboard"),
    "espn/scoreboard_api": ("espn", "scoreboard"),
    "espn/roster_api": ("espn", "roster"),
    "espn/injuries": ("espn", "injuries"),
    "balldontlie/games": ("balldontlie", "games"),
    "balldontlie/players": ("balldontlie", "players"),
    "balldontlie/active_players": ("balldontlie", "players"),
    "balldontlie/injuries": ("balldontlie", "injuries"),
    "balldontlie/box_scores": ("balldontlie", "box_scores"),
    "prizepicks/projections": ("prizepicks", "projections"),
    "odds_api/events": ("odds_api", "events"),
    "odds_api/events_his": ("odds_api", "events_history"),
    "odds_api/event_odds_player_props": ("odds_api", "event_odds"),
    "odds_api/event_odds_player_props_rebuilt": ("odds_api", "event_odds"),
    "odds_api/historical_game_lines": ("odds_api", "event_odds_history"),
    "odds_api/game_lines_his": ("odds_api", "event_odds_history"),
}
"""Where real payloads of an endpoint lie."""
EMPTY = ("espn/scoreboard_api",)
"""Of a day without games."""
CASSETTES = {
    "test_endpoints_PlayerIndex.yaml": ("nba_stats", "playerindex"),
    "test_endpoints_LeagueGameLog.yaml": ("nba_stats", "leaguegamelog"),
}


def _records(file: Path, source: str, endpoint: str) -> int:
    """How many records and refusals every body of the file gives; each record has rows."""
    found = 0
    for body in bodies(file, endpoint):
        parsed = read(named(source, endpoint), body, file)
        assert all(row for record in parsed.records for row in rows_of(record)), file.name
        found += len(parsed.records) + len(parsed.refused)
    return found


@pytest.mark.parametrize("folder", FOLDERS)
def test_f30_every_real_payload_is_read(shared_payloads: Path, folder: str) -> None:
    """What is of another league is refused, with the reason."""
    files = sorted((shared_payloads / folder).glob("*"))
    if not files:
        pytest.skip(f"no payloads in {folder}")
    assert sum(_records(file, *FOLDERS[folder]) for file in files) > 0 or folder in EMPTY


@pytest.mark.parametrize("name", CASSETTES)
def test_f30_every_real_cassette_is_read(shared_payloads: Path, name: str) -> None:
    """As it was recorded."""
    file = shared_payloads / "nba" / "vcr_cassettes" / name
    if not file.exists():
        pytest.skip(f"no cassette {name}")
    assert _records(file, *CASSETTES[name]) > 0
