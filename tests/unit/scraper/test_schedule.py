"""The schedule's parser."""

from datetime import UTC, date, datetime

import pytest

from services.scraper.domain.schedule import Game, Season, parse_schedule
from services.scraper.domain.wire import Fault, Parsed
from tests.unit.scraper import wire


def _games(parsed: Parsed[Season]) -> tuple[Game, ...]:
    [season] = parsed.records
    return season.games


def test_a_scheduled_game() -> None:
    """A game to come has teams, Eastern date and tip-off, and no score."""
    parsed = parse_schedule(wire.schedule(wire.game()))
    assert _games(parsed) == (
        Game(
            game_id=wire.BOS_AT_NYK,
            season="2023-24",
            season_type="regular",
            game_date=date(2024, 3, 4),
            tip_utc=datetime(2024, 3, 5, 0, 30, tzinfo=UTC),
            home_team="NYK",
            away_team="BOS",
            neutral_site=False,
            postponed=False,
            score=None,
        ),
    )
    assert parsed.stamp == datetime(2024, 3, 4, 10, tzinfo=UTC)


def test_a_final_game_has_its_score() -> None:
    """Home points first."""
    [game] = _games(parse_schedule(wire.schedule(wire.game(score=(101, 99)))))
    assert game.score == (101, 99)


@pytest.mark.parametrize(
    ("game_id", "kind"),
    [("0022300001", "regular"), ("0042300101", "playoffs"), ("0052300101", "playin"), ("0062300001", "cup_final")],
)
def test_the_kind_of_game_is_in_its_id(game_id: str, kind: str) -> None:
    """The four kinds that Tipoff predicts are kept."""
    [game] = _games(parse_schedule(wire.schedule(wire.game(game_id))))
    assert game.season_type == kind


@pytest.mark.parametrize("game_id", ["0012300001", "0032300001"])
def test_preseason_and_all_star_games_are_none_of_ours(game_id: str) -> None:
    """They are neither kept nor refused, whoever plays, but the payload is not empty."""
    team = {"teamId": 12321, "teamTricode": "RMD", "score": 0}
    parsed = parse_schedule(wire.schedule(wire.game(game_id, homeTeam=team)))
    assert _games(parsed) == ()
    assert parsed.refused == ()
    assert parsed.seen == 1


def test_f17_ids_that_lost_their_zeros_are_restored() -> None:
    """A numeric game id becomes the canonical ten characters."""
    [game] = _games(parse_schedule(wire.schedule(wire.game(gameId=22300900))))
    assert game.game_id == "0022300900"


@pytest.mark.parametrize(
    "changes",
    [
        {"homeTeam": {"teamId": 0, "teamTricode": "", "score": 0}},
        {"awayTeam": {"teamId": 1, "teamTricode": "XYZ", "score": 0}},
        {"gameId": "nonsense"},
        {"gameDateEst": "soon"},
        {"gameDateTimeUTC": None},
        {"gameStatus": 3, "homeTeam": {"teamId": 1610612752, "teamTricode": "NYK", "score": "many"}},
    ],
)
def test_a_bad_game_is_refused_and_costs_no_other(changes: dict[str, object]) -> None:
    """The good game beside it stays; the bad one is named with its reason."""
    parsed = parse_schedule(wire.schedule(wire.game(**changes), wire.game(wire.LAL_AT_DEN, home="DEN", away="LAL")))  # type: ignore[arg-type]  # any field
    assert [game.game_id for game in _games(parsed)] == [wire.LAL_AT_DEN]
    [refusal] = parsed.refused
    assert refusal.record == changes.get("gameId", wire.BOS_AT_NYK)
    assert refusal.reason


@pytest.mark.parametrize(
    "changes", [{"postponedStatus": "Y"}, {"gameStatusText": "PPD"}, {"gameStatusText": "Postponed"}]
)
def test_a_postponed_game_is_marked(changes: dict[str, object]) -> None:
    """Either by its flag or by its text."""
    [game] = _games(parse_schedule(wire.schedule(wire.game(**changes))))  # type: ignore[arg-type]  # any field
    assert game.postponed


@pytest.mark.parametrize("turned", [False, True])
def test_a_game_on_its_old_and_its_new_date_counts_once(*, turned: bool) -> None:
    """The date on which it is to be played wins, whichever comes first."""
    games = [wire.game(postponedStatus="Y"), wire.game(day=date(2024, 4, 2), tip="2024-04-02T23:30:00Z")]
    [game] = _games(parse_schedule(wire.schedule(*(reversed(games) if turned else games))))
    assert (game.game_date, game.postponed) == (date(2024, 4, 2), False)


def test_neutral_sites_of_older_documents_are_told_by_words() -> None:
    """Before 2024 there is no isNeutral."""
    entry = wire.game(seriesText="Neutral Site")
    del entry["isNeutral"]
    [game] = _games(parse_schedule(wire.schedule(entry)))
    assert game.neutral_site


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<html>Access Denied</html>", "html"),
        (wire.schedule(wire.game())[:-9], "truncated"),
        (b"", "truncated"),
        (b"[]", "malformed"),
        (b"{}", "malformed"),
        (b'{"leagueSchedule": {"seasonYear": "2023-24", "gameDates": 5}}', "malformed"),
        (b'{"leagueSchedule": {"gameDates": []}}', "malformed"),
    ],
)
def test_what_is_no_schedule_is_a_fault(body: bytes, kind: str) -> None:
    """HTML, half a body or another document is to be asked for again, and counted by kind."""
    with pytest.raises(Fault) as raised:
        parse_schedule(body)
    assert raised.value.kind == kind


def test_a_stamp_that_cannot_be_read_is_none() -> None:
    """Then the time of the fetch counts; a stamp without a zone is Eastern."""
    assert parse_schedule(wire.schedule(wire.game(), time="recently")).stamp is None
    naive = parse_schedule(wire.schedule(wire.game(), time="2024-03-04 05:00:00.5")).stamp
    assert naive == datetime(2024, 3, 4, 10, 0, 0, 500000, tzinfo=UTC)


def test_an_empty_schedule_is_seen_as_empty() -> None:
    """No games at all is not the same as no games for us."""
    assert parse_schedule(wire.schedule()).seen == 0
