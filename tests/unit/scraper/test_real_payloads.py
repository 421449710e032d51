"""The parsers on every real payload of the endpoints used (failure 30). Nothing is assumed of a file but its format."""

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from services.scraper.domain.box import COUNTS, SHORT, Box
from services.scraper.domain.odds import Offer
from services.scraper.domain.validation import inconsistency
from services.scraper.domain.wire import Parsed, document
from services.scraper.sources.balldontlie.box_scores import parse_box_scores
from services.scraper.sources.balldontlie.games import parse_games
from services.scraper.sources.balldontlie.injuries import parse_injuries as parse_bdl_injuries
from services.scraper.sources.balldontlie.players import parse_players
from services.scraper.sources.espn.injuries import parse_injuries
from services.scraper.sources.espn.roster import parse_roster
from services.scraper.sources.espn.scoreboard import parse_scoreboard as parse_espn_scoreboard
from services.scraper.sources.nba_cdn.boxscore import parse_boxscore
from services.scraper.sources.nba_cdn.schedule import parse_schedule
from services.scraper.sources.nba_cdn.scoreboard import parse_scoreboard as parse_cdn_scoreboard
from services.scraper.sources.nba_stats.leaguegamelog import parse_gamelog
from services.scraper.sources.nba_stats.playerindex import parse_playerindex
from services.scraper.sources.nba_stats.result_set import result_set
from services.scraper.sources.odds_api.event_odds import parse_odds
from services.scraper.sources.odds_api.events import parse_events
from shared.basketball.identity import TEAMS, player_lookup
from shared.registries.markets import MARKETS

Parser = Callable[[bytes], Parsed[Any]]


def _read(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def _files(root: Path, folder: str) -> list[Path]:
    return sorted(path for path in (root / folder).glob("*") if path.name.endswith((".json", ".json.gz")))


def _cassettes(root: Path, resource: str) -> Iterator[bytes]:
    """Bodies of recorded requests to one resource of stats.nba.com."""
    for path in sorted((root / "nba" / "vcr_cassettes").glob("*.yaml")):
        for interaction in yaml.load(path.read_text(), Loader=yaml.CSafeLoader)["interactions"]:
            if f"/stats/{resource}?" in interaction["request"]["uri"]:
                yield interaction["response"]["body"]["string"].encode()


@pytest.mark.parametrize(
    ("folder", "parse"),
    [
        ("nba/schedule_api", parse_schedule),
        ("nba/schedule_cdn", parse_schedule),
        ("nba_cdn/scheduleLeagueV2", parse_schedule),
        ("nba_cdn/boxscore", parse_boxscore),
        ("nba_cdn/todaysScoreboard", parse_cdn_scoreboard),
        ("espn/scoreboard", parse_espn_scoreboard),
        ("espn/scoreboard_api", parse_espn_scoreboard),
        ("espn/roster_api", parse_roster),
        ("balldontlie/games", parse_games),
        ("balldontlie/players", parse_players),
        ("balldontlie/active_players", parse_players),
        ("balldontlie/injuries", parse_bdl_injuries),
        ("nba/leaguegamelog_2018_19", parse_gamelog),
        ("nba/player_list", parse_playerindex),
        ("balldontlie/box_scores", parse_box_scores),
        ("espn/injuries", parse_injuries),
        ("odds_api/events", parse_events),
        ("odds_api/events_his", parse_events),
        ("odds_api/event_odds_player_props", parse_odds),
        ("odds_api/event_odds_player_props_rebuilt", parse_odds),
        ("odds_api/historical_game_lines", parse_odds),
        ("odds_api/game_lines_his", parse_odds),
    ],
)
def test_f30_every_real_payload_is_read(shared_payloads: Path, folder: str, parse: Parser) -> None:
    """Each is the document its parser expects; nothing the payload holds disappears without a word."""
    files = _files(shared_payloads, folder)
    if not files:
        pytest.skip(f"no payloads in {folder}")
    for path in files:
        body = _read(path)
        parsed = parse(body)
        assert parsed.seen > 0 or len(body) < 6000, path.name
        assert all(refusal.record and refusal.reason for refusal in parsed.refused), path.name


def test_f30_schedules_lose_no_game(shared_payloads: Path) -> None:
    """Every game of the four kinds is kept, or refused because its teams are undecided."""
    for folder in ("nba/schedule_api", "nba_cdn/scheduleLeagueV2", "nba/schedule_cdn"):
        for path in _files(shared_payloads, folder):
            body = _read(path)
            [season] = (parsed := parse_schedule(body)).records
            raw = [game for day in json.loads(body)["leagueSchedule"]["gameDates"] for game in day["games"]]
            ours = {game["gameId"] for game in raw if game["gameId"][:3] in ("002", "004", "005", "006")}
            assert {game.game_id for game in season.games} | {refusal.record for refusal in parsed.refused} == ours
            assert all("not decided" in refusal.reason for refusal in parsed.refused)
            assert all({game.home_team, game.away_team} <= TEAMS.keys() for game in season.games)
            assert parsed.stamp is not None


def test_f30_box_scores_are_consistent(shared_payloads: Path) -> None:
    """The CDN's and BallDontLie's final box scores pass the validation, every line of them read."""
    boxes = [
        box
        for folder, parse in (("nba_cdn/boxscore", parse_boxscore), ("balldontlie/box_scores", parse_box_scores))
        for path in _files(shared_payloads, folder)
        for box in parse(_read(path)).records
    ]
    for box in boxes:
        if not box.final:
            continue
        assert box.refused == ()
        assert box.score is not None
        home, away = box.score
        assert inconsistency(box, home, away, None) is None


@pytest.fixture(scope="module")
def history(shared_data: Path) -> dict[tuple[str, str, str], list[Any]]:
    """(date, team, player) -> minutes and the counting statistics."""
    query = f"SELECT game_date, team, player_name, minutes, {', '.join(SHORT)} FROM read_parquet(?)"  # noqa: S608 - constants
    with duckdb.connect() as database:
        rows = database.execute(query, [str(shared_data / "player_games.parquet")]).fetchall()
    return {(str(day), team, player_lookup(name)): line for day, team, name, *line in rows}


def _known(history: dict[tuple[str, str, str], list[Any]], box: Box, day: str) -> list[tuple[list[Any], list[Any]]]:
    """(read, known) minutes and figures of the players whom the history has, too."""
    pairs = [(line, history.get((day, line.team, player_lookup(line.player_name)))) for line in box.lines]
    return [([line.minutes, *(getattr(line, key) for key in COUNTS)], known) for line, known in pairs if known]


def test_f30_box_scores_of_the_cdn_are_the_historys(
    shared_payloads: Path, history: dict[tuple[str, str, str], list[Any]]
) -> None:
    """Every figure of every line of a game that the history has, and the minutes to the second."""
    for path in _files(shared_payloads, "nba_cdn/boxscore"):
        body = _read(path)
        for read, known in _known(history, parse_boxscore(body).records[0], json.loads(body)["game"]["gameEt"][:10]):
            assert read[1:] == known[1:]
            assert read[0] == pytest.approx(known[0], abs=0.01)


def test_f30_box_scores_of_balldontlie_are_the_historys_but_for_corrections(
    shared_payloads: Path, history: dict[tuple[str, str, str], list[Any]]
) -> None:
    """Whole minutes; the league corrected one or two figures of 12 of 252 lines after the recording, each by one."""
    for path in _files(shared_payloads, "balldontlie/box_scores"):
        body = _read(path)
        for box, game in zip(parse_box_scores(body).records, json.loads(body)["data"], strict=True):
            pairs = _known(history, box, game["date"])
            corrected = [(read, known) for read, known in pairs if read[1:] != known[1:]]
            assert len(corrected) <= 0.2 * len(pairs)
            assert all(abs(a - b) <= 1 for read, known in corrected for a, b in zip(read, known, strict=True))
            assert all(abs(read[0] - known[0]) < 1 for read, known in pairs)


@pytest.mark.parametrize(
    ("folder", "parse"), [("nba_cdn/todaysScoreboard", parse_cdn_scoreboard), ("balldontlie/games", parse_games)]
)
def test_f30_scoreboards_lose_no_game(shared_payloads: Path, folder: str, parse: Parser) -> None:
    """Every game is read, with its tip-off and, once it is over, a score that somebody won."""
    for path in _files(shared_payloads, folder):
        parsed = parse(_read(path))
        assert (len(parsed.records), parsed.refused) == (parsed.seen, ()), path.name
        for game in parsed.records:
            assert game.tip_utc is not None
            assert (game.score is not None) == (game.state == "final")
            assert game.score is None or game.score[0] != game.score[1]


def test_f24_odds_lose_no_line(shared_payloads: Path) -> None:
    """Every (book, market, player, line) of the markets Tipoff predicts is an offer, and nothing is refused."""
    folders = ("odds_api/event_odds_player_props", "odds_api/event_odds_player_props_rebuilt")
    names = {market.odds_key: market.name for market in MARKETS.values()}
    for path in (path for folder in folders for path in _files(shared_payloads, folder)):
        payload = json.loads(_read(path))
        wanted = {
            (book["key"], names[market["key"]], outcome["description"].strip(), outcome["point"])
            for book in payload.get("data", payload)["bookmakers"]
            for market in book["markets"]
            if market["key"] in names
            for outcome in market["outcomes"]
        }
        parsed = parse_odds(_read(path))
        offers = [record for record in parsed.records if isinstance(record, Offer)]
        got = {(o.bookmaker, o.market, o.player_name, o.line) for o in offers if o.is_main}
        assert got == wanted, path.name
        assert parsed.refused == (), path.name


def test_f30_recorded_player_indexes_are_read(shared_payloads: Path) -> None:
    """All thirty teams have a roster."""
    bodies = [*_cassettes(shared_payloads, "playerindex"), *map(_read, _files(shared_payloads, "nba/player_list"))]
    if not bodies:
        pytest.skip("no player index at hand")
    for body in bodies:
        parsed = parse_playerindex(body)
        assert {player.team for player in parsed.records} == TEAMS.keys()
        assert parsed.refused == ()


def test_f30_recorded_game_logs_are_read(shared_payloads: Path) -> None:
    """Those at hand are of teams: every game has two, and the points of both."""
    folders = sorted((shared_payloads / "nba").glob("leaguegamelog*"))
    bodies = [_read(path) for folder in folders for path in _files(folder, ".")]
    bodies += _cassettes(shared_payloads, "leaguegamelog")
    for body in bodies:
        payload = document(body)
        rows, misfits = result_set(payload, "LeagueGameLog", ("GAME_ID", "MIN", "PTS"))
        assert rows
        assert not misfits
        if "PLAYER_ID" in payload["resultSets"][0]["headers"]:
            assert parse_gamelog(body).records
        else:
            parsed = parse_gamelog(body)
            assert len(parsed.records) * 2 == len(rows) == parsed.seen
            assert parsed.refused == ()
            points = Counter((game, scored) for game, _, scored in rows)
            assert points == Counter(
                (box.game_id, scored) for box in parsed.records if box.score for scored in box.score.values()
            )
