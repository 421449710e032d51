"""Names as sources really write them, against those who were listed for the game."""

import gzip
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from services.scraper.domain.names import Known, Names, UnresolvedName
from services.scraper.sources.espn.injuries import parse_injuries

_LISTED = """
SELECT game_id, player_id, player_name, team FROM read_parquet(?)
UNION SELECT game_id, player_id, player_name, team FROM read_parquet(?) WHERE player_id IS NOT NULL
"""
# A line without a time is of a site that runs names together ("jamesharden2021"): it is asked for by the NBA's name.
_ASKED = """
SELECT DISTINCT game_id, player_id, player_name_raw, snapshot_utc IS NOT NULL AS timed
FROM read_parquet(?) WHERE hash(game_id) % ? = 0
"""


def _written(raw: str, official: str, *, timed: bool) -> Iterator[tuple[str, str]]:
    """(way of writing, name) of one player of one game."""
    plain = not any(character.isdigit() for character in raw)
    yield "as served", raw if timed else official
    if plain:
        yield "as recorded", raw
    for name in (official, raw) if plain and " " in raw else (official,):
        first, _, rest = name.partition(" ")
        yield "initials", f"{first[0]}. {rest}"
        yield "initials without a space", f"{first[0]}.{rest}"
        yield "initials without a period", f"{first[0]} {rest}"
        yield "family name first", f"{rest}, {first}"


def _initial(name: str) -> tuple[str, str]:
    """First letter, and what follows the first name without its suffix."""
    first, _, rest = name.partition(" ")
    last = rest.rpartition(" ")
    return first[0], last[0] if last[2] in ("Jr.", "Sr.", "II", "III", "IV") else rest


@pytest.mark.parametrize("share", [80, pytest.param(1, marks=pytest.mark.proof)])
def test_real_names_find_their_players(shared_data: Path, share: int) -> None:
    """Of a sample of games, 99.5 % of those that the two teams leave unambiguous; nobody is taken for another."""
    tables = {name: str(shared_data / f"{name}.parquet") for name in ("player_games", "availability", "prop_lines")}
    with duckdb.connect() as database:
        listed = database.execute(_LISTED, [tables["player_games"], tables["availability"]]).fetchall()
        asked = database.execute(_ASKED, [tables["prop_lines"], share]).fetchall()
    wanted = {row[0] for row in asked}
    games: dict[str, list[Known]] = {}
    for game_id, *player in listed:
        if game_id in wanted:
            games.setdefault(game_id, []).append(Known(*player))
    teams = {game_id: {player.team for player in players} for game_id, players in games.items()}
    names = {game_id: Names(players) for game_id, players in games.items()}
    official = {(game_id, each.player_id): each.player_name for game_id, players in games.items() for each in players}
    pairs = {
        (way, name, game_id, player_id)
        for game_id, player_id, raw, timed in asked
        if (game_id, player_id) in official
        for way, name in _written(raw, official[game_id, player_id], timed=timed)
    }
    found: Counter[tuple[str, str]] = Counter()
    for way, name, game_id, player_id in pairs:
        short = way.startswith("initials")
        alike = {
            p.player_id for p in games[game_id] if _initial(p.player_name) == _initial(official[game_id, player_id])
        }
        try:
            verdict = "right" if names[game_id].find(name, teams[game_id]) == player_id else "wrong"
        except UnresolvedName:
            verdict = "ambiguous" if short and len(alike) > 1 else "refused"
        found[way, verdict] += 1
    for way in {way for way, _ in found}:
        assert found[way, "wrong"] == 0, way
        right, refused = found[way, "right"], found[way, "refused"]
        assert right >= 0.995 * (right + refused), (way, right, refused)
        print(way, {verdict: count for (each, verdict), count in found.items() if each == way})  # noqa: T201 - for docs/scraper.md


def test_players_of_another_league_stay_unresolved(shared_data: Path, shared_payloads: Path) -> None:
    """The injuries that ESPN lists for the WNBA, against everyone who has played in the NBA."""
    with duckdb.connect() as database:
        query = "SELECT DISTINCT player_id, player_name, team FROM read_parquet(?)"
        rows = database.execute(query, [str(shared_data / "player_games.parquet")]).fetchall()
    names = Names(Known(*row) for row in rows)
    files = sorted((shared_payloads / "espn" / "injuries").glob("*.json*"))
    bodies = [gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes() for path in files]
    answers = [parse_injuries(body) for body in bodies if b"wnba" in body]
    people = {each.player_name for answer in answers for each in answer.records}
    people |= {refusal.record for answer in answers for refusal in answer.refused}
    if not people:
        pytest.skip("no injuries of the WNBA")
    for person in people:
        with pytest.raises(UnresolvedName):
            names.find(person, ("WAS",), elsewhere=True)
