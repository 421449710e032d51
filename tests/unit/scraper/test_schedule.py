"""The schedule's parser."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from services.scraper.domain.games import Game, Season
from services.scraper.domain.wire import Fault, Parsed, Refusal
from services.scraper.sources.nba_cdn.schedule import parse_schedule
from tests.unit.scraper import wire

SCHEDULED = Game(
    game_id="0022300900",
    season="2023-24",
    season_type="regular",
    game_date=date(2024, 3, 4),
    tip_utc=datetime(2024, 3, 5, 0, 30, tzinfo=UTC),
    home_team="NYK",
    away_team="BOS",
    neutral_site=False,
    postponed=False,
    score=None,
)


def _parsed(*games: object, **more: str) -> Parsed[Season]:
    return parse_schedule(wire.schedule(*games, **more))  # type: ignore[arg-type]  # some games are broken


def _games(*games: object) -> tuple[Game, ...]:
    [season] = _parsed(*games).records
    return season.games


def _game(game_id: object = wire.BOS_AT_NYK, **changes: object) -> wire.Json:
    return wire.game() | {"gameId": game_id} | changes


def test_a_scheduled_game() -> None:
    """A game to come has teams, Eastern date and tip-off, and no score; the document has a season and a stamp."""
    assert _parsed(wire.game(), season="2022-23") == Parsed(
        (Season("2022-23", (replace(SCHEDULED, season="2022-23"),)),),
        refused=(),
        seen=1,
        stamp=datetime(2024, 3, 4, 10, tzinfo=UTC),
    )
    assert _games(wire.game()) == (SCHEDULED,)


def test_games_of_all_dates_come_in_the_documents_order() -> None:
    """Date after date."""
    days = [{"games": [_game("0022300903"), _game("0022300902")]}, {"games": []}, {"games": [_game("0022300901")]}]
    payload = {"leagueSchedule": {"seasonYear": "2023-24", "gameDates": days}}
    parsed = parse_schedule(wire.body(payload))
    assert [game.game_id for game in parsed.records[0].games] == ["0022300903", "0022300902", "0022300901"]
    assert (parsed.seen, parsed.stamp) == (3, None)


@pytest.mark.parametrize(("status", "score"), [(1, None), (2, None), (3, (101, 99)), (4, None)])
def test_a_final_game_has_its_score(status: int, score: tuple[int, int] | None) -> None:
    """Home points first; while it is played there is none."""
    [game] = _games(wire.game(score=(101, 99), gameStatus=status))
    assert game.score == score


def test_a_score_of_zero_is_a_score() -> None:
    """As of a forfeit."""
    [game] = _games(wire.game(score=(0, 0)))
    assert game.score == (0, 0)


@pytest.mark.parametrize(
    ("game_id", "kind"),
    [("0022300001", "regular"), ("0042300101", "playoffs"), ("0052300101", "playin"), ("0062300001", "cup_final")],
)
def test_the_kind_of_game_is_in_its_id(game_id: str, kind: str) -> None:
    """The four kinds that Tipoff predicts are kept."""
    assert [(game.game_id, game.season_type) for game in _games(_game(game_id))] == [(game_id, kind)]


@pytest.mark.parametrize("game_id", ["0012300001", "0032300001", "0072300001"])
def test_preseason_all_star_and_unknown_games_are_none_of_ours(game_id: str) -> None:
    """They are neither kept nor refused, whoever plays, but the payload is not empty."""
    parsed = _parsed(_game(game_id, homeTeam={"teamId": 12321, "teamTricode": "RMD", "score": 0}), wire.game())
    assert parsed.records[0].games == (SCHEDULED,)
    assert (parsed.refused, parsed.seen) == ((), 2)


def test_f17_ids_that_lost_their_zeros_are_restored() -> None:
    """A numeric game id becomes the canonical ten characters."""
    assert _games(_game(22300900)) == (SCHEDULED,)


NYK = {"teamId": 1610612752, "teamTricode": "NYK", "score": 76}


@pytest.mark.parametrize(
    ("game", "refusal"),
    [
        (
            _game(homeTeam={"teamId": 0, "teamTricode": None, "score": 0}),
            Refusal("0022300900", "its teams are not decided yet"),
        ),
        (
            _game(awayTeam={"teamId": 0, "teamTricode": None, "score": 0}),
            Refusal("0022300900", "its teams are not decided yet"),
        ),
        (
            _game(awayTeam={"teamId": 1, "teamTricode": "XYZ", "score": 0}),
            Refusal("0022300900", "unknown team 'XYZ': add its spelling to shared/basketball/identity.py"),
        ),
        (_game(homeTeam={"teamId": 1}), Refusal("0022300900", "no 'teamTricode'")),
        (_game(homeTeam={}), Refusal("0022300900", "no 'teamId'")),
        (_game("nonsense"), Refusal("nonsense", "game id 'nonsense' is not an NBA game id (ten digits, 00x...)")),
        (_game(gameDateEst="soon"), Refusal("0022300900", "gameDateEst is 'soon', not a date")),
        (_game(gameDateEst=None), Refusal("0022300900", "gameDateEst is None, not a text")),
        (_game(gameDateTimeUTC=None), Refusal("0022300900", "gameDateTimeUTC is None, not an instant")),
        (
            _game(gameStatus=3, homeTeam=NYK | {"score": "many"}),
            Refusal("0022300900", "home score is 'many', not a whole number"),
        ),
        (
            _game(gameStatus=3, awayTeam=NYK | {"score": None}),
            Refusal("0022300900", "away score is None, not a whole number"),
        ),
        ({"gameCode": "x"}, Refusal("{'gameCode': 'x'}", "no 'gameId'")),
        ("game", Refusal("'game'", "not an object where 'gameId' is expected")),
    ],
)
def test_a_bad_game_is_refused_and_costs_no_other(game: object, refusal: Refusal) -> None:
    """The good game after it stays; the bad one is named with its reason."""
    parsed = _parsed(game, wire.game(wire.LAL_AT_DEN, home="DEN", away="LAL"))
    assert [game.game_id for game in parsed.records[0].games] == [wire.LAL_AT_DEN]
    assert (parsed.refused, parsed.seen) == ((refusal,), 2)


@pytest.mark.parametrize("missing", ["homeTeam", "awayTeam", "gameDateEst", "gameDateTimeUTC", "gameStatus"])
def test_a_game_without_a_field_is_refused_by_that_field(missing: str) -> None:
    """None of them can be made up."""
    game = wire.game()
    del game[missing]
    assert _parsed(game).refused == (Refusal("0022300900", f"no '{missing}'"),)


@pytest.mark.parametrize(
    ("changes", "postponed"),
    [
        ({"postponedStatus": "Y"}, True),
        ({"gameStatusText": "PPD"}, True),
        ({"gameStatusText": "Postponed"}, True),
        ({"gameStatusText": "CNCL"}, True),
        ({"gameStatusText": "Cancelled"}, True),
        ({"gameStatusText": "Not postponed"}, False),
        ({"gameStatusText": None, "postponedStatus": None}, False),
        ({"postponedStatus": "y"}, False),
        ({"gameStatus": 2, "gameStatusText": "PPD"}, True),
        ({"gameStatus": 3, "gameStatusText": "PPD"}, False),
        ({"gameStatus": 3, "postponedStatus": "Y"}, False),
    ],
)
def test_a_postponed_game_is_marked(changes: dict[str, object], *, postponed: bool) -> None:
    """Either by its flag or by its text; a game that is over was played."""
    [game] = _games(_game(**changes))
    assert game.postponed is postponed


def test_flags_that_a_document_lacks_are_not_set() -> None:
    """Neither postponed nor neutral."""
    game = wire.game()
    for name in ("gameStatusText", "postponedStatus", "isNeutral"):
        del game[name]
    assert _games(game) == (SCHEDULED,)


@pytest.mark.parametrize(
    ("changes", "known"),
    [
        ({}, True),
        ({"gameStatusText": "TBD"}, False),
        ({"gameStatusText": "TBD", "gameDateTimeUTC": "0001-01-01T04:57:00Z"}, False),
        ({"gameStatusText": "tbd ", "gameDateTimeUTC": None}, False),
        ({"gameDateTimeUTC": "2024-03-04T05:00:00Z"}, False),
        ({"gameDateTimeUTC": "2024-03-06T00:30:00Z"}, False),
    ],
)
def test_a_tip_off_to_be_determined_is_marked(changes: dict[str, object], *, known: bool) -> None:
    """It says so, or is midnight, or of another date than the game; its date's midnight stands in for one not given."""
    [game] = _games(_game(**changes))
    assert game.tip_known is known
    if "gameStatusText" in changes:
        assert game.tip_utc == datetime(2024, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"gameStatus": "3"}, "gameStatus is '3', not a whole number"),
        ({"gameStatus": True}, "gameStatus is True, not a whole number"),
        ({"gameStatusText": 7}, "gameStatusText is 7, not a text"),
        ({"postponedStatus": True}, "postponedStatus is True, not a text"),
        ({"isNeutral": "yes"}, "isNeutral is 'yes', neither yes nor no"),
        ({"gameId": ["0022300900"]}, "gameId is ['0022300900'], not a game id"),
        ({"awayTeam": {"teamId": 1, "teamTricode": "NYK", "score": 0}}, "NYK plays itself"),
    ],
)
def test_f11_a_field_of_another_type_refuses_the_game(changes: dict[str, object], reason: str) -> None:
    """It would unplay it, or move it, without a word; the next game is read."""
    parsed = parse_schedule(wire.schedule(_game(**changes), _game("0022300901")))
    assert [game.game_id for game in parsed.records[0].games] == ["0022300901"]
    assert [refusal.reason for refusal in parsed.refused] == [reason]


def test_f11_two_games_of_one_id_are_not_merged() -> None:
    """The first counts; the other has an id that was mistyped."""
    parsed = parse_schedule(wire.schedule(_game(), wire.game(home="DEN", away="LAL")))
    assert [game.home_team for game in parsed.records[0].games] == ["NYK"]
    assert [(refusal.record, refusal.reason) for refusal in parsed.refused] == [("0022300900", "is BOS at NYK as well")]


OLD, NEW = date(2024, 3, 4), date(2024, 4, 2)


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        ((OLD, "Y"), (NEW, "N"), (NEW, False)),
        ((NEW, "N"), (OLD, "Y"), (NEW, False)),
        ((OLD, "N"), (NEW, "Y"), (OLD, False)),
        ((NEW, "Y"), (OLD, "N"), (OLD, False)),
        ((OLD, "N"), (NEW, "N"), (NEW, False)),
        ((NEW, "N"), (OLD, "N"), (NEW, False)),
        ((OLD, "Y"), (NEW, "Y"), (NEW, True)),
        ((NEW, "Y"), (OLD, "Y"), (NEW, True)),
    ],
)
def test_a_game_on_its_old_and_its_new_date_counts_once(
    first: tuple[date, str], second: tuple[date, str], kept: tuple[date, bool]
) -> None:
    """The date on which it is to be played wins, of two such the later, whichever comes first."""
    games = [wire.game(day=day, postponedStatus=flag) for day, flag in (first, second)]
    assert [(game.game_date, game.postponed) for game in _games(*games)] == [kept]


def test_of_two_entries_that_differ_in_neither_the_last_counts() -> None:
    """It is the newer one."""
    [game] = _games(wire.game(), wire.game(tip="2024-03-05T01:00:00Z"))
    assert game.tip_utc == datetime(2024, 3, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "neutral"),
    [
        ({"isNeutral": True}, True),
        ({"isNeutral": False, "seriesText": "Neutral Site"}, False),
        ({"isNeutral": True, "seriesText": "East Round 1"}, True),
        ({"isNeutral": ..., "seriesText": "Neutral Site"}, True),
        ({"isNeutral": ..., "seriesText": "at NEUTRAL site"}, True),
        ({"isNeutral": ..., "seriesText": "East Round 1"}, False),
        ({"isNeutral": ..., "seriesText": None}, False),
        ({"isNeutral": None, "seriesText": "Neutral Site"}, True),
    ],
)
def test_a_neutral_site_is_told_by_flag_or_words(changes: dict[str, object], *, neutral: bool) -> None:
    """Before 2024 there is no isNeutral (here: ...), and the words tell; where it is, it decides."""
    [game] = _games({key: value for key, value in _game(**changes).items() if value is not ...})
    assert game.neutral_site is neutral


def test_the_eastern_date_is_the_documents_own() -> None:
    """It is not computed from the tip-off; only its first ten signs count."""
    [game] = _games(_game(gameDateEst="2024-03-06T23:59:59-11:00"))
    assert game.game_date == date(2024, 3, 6)


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        (b"<html>Access Denied</html>", "html", "HTML instead of JSON"),
        (b"", "truncated", "0 bytes that are not JSON"),
        (b"[]", "malformed", "the payload has no 'leagueSchedule'"),
        (b"{}", "malformed", "the payload has no 'leagueSchedule'"),
        (
            b'{"leagueSchedule": {"seasonYear": "2023-24", "gameDates": 5}}',
            "malformed",
            "leagueSchedule.gameDates is not a list",
        ),
        (b'{"leagueSchedule": {"seasonYear": "2023-24"}}', "malformed", "the payload has no 'gameDates'"),
        (b'{"leagueSchedule": {"gameDates": []}}', "malformed", "the schedule names no season"),
        (b'{"leagueSchedule": {"seasonYear": 2023, "gameDates": []}}', "malformed", "the schedule names no season"),
        (
            b'{"leagueSchedule": {"seasonYear": "2023-24", "gameDates": [{}]}}',
            "malformed",
            "the payload has no 'games'",
        ),
    ],
)
def test_what_is_no_schedule_is_a_fault(body: bytes, kind: str, message: str) -> None:
    """HTML, half a body or another document is to be asked for again, and counted by kind."""
    with pytest.raises(Fault) as raised:
        parse_schedule(body)
    assert (raised.value.kind, str(raised.value)) == (kind, message)


def test_a_stamp_without_a_zone_is_eastern_and_one_that_cannot_be_read_is_none() -> None:
    """Then the time of the fetch counts."""
    assert _parsed(wire.game(), time="recently").stamp is None
    assert _parsed(wire.game(), time="2024-03-04 05:00:00.5").stamp == datetime(
        2024, 3, 4, 10, 0, 0, 500_000, tzinfo=UTC
    )


def test_an_empty_schedule_is_seen_as_empty() -> None:
    """No games at all is not the same as no games for us."""
    assert _parsed() == Parsed((Season("2023-24", ()),), (), 0, datetime(2024, 3, 4, 10, tzinfo=UTC))
