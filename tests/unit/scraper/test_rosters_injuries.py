"""Rosters and injuries."""

from datetime import UTC, date, datetime

import pytest

from services.scraper.domain.people import STATUSES, Injury, Rostered, status_of
from services.scraper.domain.wire import BadRecord, Fault, Parsed, Refusal
from services.scraper.sources.espn.injuries import parse_injuries
from services.scraper.sources.nba_stats.playerindex import parse_playerindex
from tests.unit.scraper import wire

# --- rosters: id, last name, first name, team's id, team, position, whether on the roster now -------------------------

DOE = [201, "Doe", "Jo", 1610612752, "NYK", "G-F", 1.0]
ROE = [202, "Roe", "Al", 1610612738, "BOS", "C", 1]


def _index(*rows: list[object]) -> Parsed[Rostered]:
    return parse_playerindex(wire.playerindex(*rows))


def test_a_rostered_player_has_id_name_team_and_position() -> None:
    """First name first, in the order of the index."""
    assert _index(DOE, ROE) == Parsed(
        (Rostered(201, "Jo Doe", "NYK", "G-F"), Rostered(202, "Al Roe", "BOS", "C")), refused=(), seen=2
    )


@pytest.mark.parametrize(
    ("team_id", "status"), [(0, None), (0, 1), (None, 1), (1610612752, 0), (1610612752, 0.0), (1610612752, None)]
)
def test_only_players_with_a_team_are_rostered(team_id: int | None, status: float | None) -> None:
    """Without a team, or not on its roster: none of ours, and no refusal; who comes after is read."""
    parsed = _index([203, "Old", "Al", team_id, "NYK", "G", status], DOE)
    assert [player.player_id for player in parsed.records] == [201]
    assert (parsed.refused, parsed.seen) == ((), 2)


@pytest.mark.parametrize(
    ("last", "first", "name"),
    [("Nene", None, "Nene"), (None, "Nene", "Nene"), ("Nene", " ", "Nene"), (" Doe ", " Jo", "Jo Doe")],
)
def test_players_with_one_name(last: str | None, first: str | None, name: str) -> None:
    """The other name is null or blank; spaces around a name are no part of it."""
    assert _index([3, last, first, 1610612745, "HOU", "C", 1]).records == (Rostered(3, name, "HOU", "C"),)


@pytest.mark.parametrize("position", ["", None, 5])
def test_an_unknown_position_is_null(position: object) -> None:
    """It is no reason to refuse a player."""
    assert _index([*DOE[:5], position, 1]).records == (Rostered(201, "Jo Doe", "NYK", None),)


@pytest.mark.parametrize(
    ("row", "refusal"),
    [
        (
            [4, "Poe", "Ed", 1, "ZZZ", "G", 1],
            Refusal("Ed Poe 4", "unknown team 'ZZZ': add its spelling to shared/basketball/identity.py"),
        ),
        ([4, "Poe", "Ed", 1, None, "G", 1], Refusal("Ed Poe 4", "team 1 has no abbreviation")),
        (["4", "Poe", "Ed", 1, "NYK", "G", 1], Refusal("Ed Poe 4", "PERSON_ID is '4', not a whole number")),
        ([4, None, "", 1, "NYK", "G", 1], Refusal(" None 4", "has no name")),
        ([201, "Doe", "Jo", 1, "BOS", "G-F", 1], Refusal("Jo Doe 201", "listed with NYK and with BOS")),
    ],
)
def test_a_bad_roster_row_is_refused_and_costs_no_other(row: list[object], refusal: Refusal) -> None:
    """Unknown team, no team name, no numeric id, no name, or on two teams at once: then the first counts."""
    parsed = _index(DOE, row, ROE)
    assert [(player.player_id, player.team) for player in parsed.records] == [(201, "NYK"), (202, "BOS")]
    assert (parsed.refused, parsed.seen) == ((refusal,), 3)


def test_a_row_that_is_repeated_is_one_player() -> None:
    """And no refusal."""
    assert _index(DOE, DOE) == Parsed((Rostered(201, "Jo Doe", "NYK", "G-F"),), (), 2)


@pytest.mark.parametrize(
    "column",
    ["PERSON_ID", "PLAYER_FIRST_NAME", "PLAYER_LAST_NAME", "TEAM_ID", "TEAM_ABBREVIATION", "ROSTER_STATUS", "POSITION"],
)
def test_f30_an_index_without_a_column_is_a_fault_that_names_it(column: str) -> None:
    """A renamed column is not a league without players."""
    headers = [f"{name}_NEW" if name == column else name for name in wire.INDEX_HEADERS]
    result = {"name": "PlayerIndex", "headers": headers, "rowSet": [DOE]}
    with pytest.raises(Fault, match=rf"^result set PlayerIndex lacks {column}$"):
        parse_playerindex(wire.body({"resultSets": [result]}))


# --- injuries -------------------------------------------------------------------------------------------------------


def _injury(**changes: object) -> wire.Json:
    return {
        "id": "77",
        "athlete": {"displayName": "Jo Doe", "shortName": "J. Doe"},
        "status": "Day-To-Day",
        "shortComment": "Ankle.",
        "longComment": "He rolled it.",
        "date": "2024-03-04T10:48Z",
        **changes,
    }


def _feed(*teams: object) -> Parsed[Injury]:
    return parse_injuries(wire.body({"timestamp": "2024-03-04T12:00:00Z", "injuries": list(teams)}))


def _team(*entries: object, **changes: object) -> wire.Json:
    return {"id": "18", "displayName": "New York Knicks", "injuries": list(entries), **changes}


REPORTED = datetime(2024, 3, 4, 10, 48, tzinfo=UTC)


def test_an_injury_has_player_team_status_comment_and_date() -> None:
    """The status mapped, ESPN's date as the time of publication, team after team."""
    later = _injury(athlete={"displayName": "Al Roe"}, status="Out", date="2024-03-04T22:15:30-05:00")
    assert _feed(_team(_injury()), _team(later, id="2", displayName="Boston Celtics")) == Parsed(
        (
            Injury("Jo Doe", "NYK", "Questionable", "Ankle.", REPORTED),
            Injury("Al Roe", "BOS", "Out", "Ankle.", datetime(2024, 3, 5, 3, 15, 30, tzinfo=UTC)),
        ),
        refused=(),
        seen=2,
    )


@pytest.mark.parametrize("comment", [None, "", 5])
def test_an_injury_without_a_comment_has_none(comment: object) -> None:
    """It is no reason to refuse the entry."""
    assert _feed(_team(_injury(shortComment=comment))).records == (
        Injury("Jo Doe", "NYK", "Questionable", None, REPORTED),
    )


@pytest.mark.parametrize(
    ("details", "reason", "back"),
    [
        ({"type": "Knee", "side": "Left", "detail": "Soreness", "returnDate": "2024-03-09"}, "Left Knee Soreness", 9),
        ({"type": "Knee", "side": "Not Specified", "detail": "Not Specified"}, "Knee", None),
        ({"type": "Undisclosed", "detail": 5, "returnDate": None}, None, None),
        ({}, None, None),
        (None, None, None),
    ],
)
def test_an_injury_has_its_reason_and_when_he_is_expected_back(
    details: object, reason: str | None, back: int | None
) -> None:
    """From the details, as far as they say."""
    [injury] = _feed(_team(_injury(details=details))).records
    assert (injury.reason, injury.return_date) == (reason, None if back is None else date(2024, 3, back))


@pytest.mark.parametrize(
    ("words", "status"),
    [
        *((status, status) for status in STATUSES),
        ("DOUBTFUL", "Doubtful"),
        ("Day-To-Day", "Questionable"),
        ("GTD", "Questionable"),
        ("Game Time  Decision", "Questionable"),
        ("Out For Season", "Out"),
        ("Suspended", "Suspension"),
        ("League Suspension", "Suspension"),
        ("G League", "Not With Team"),
        ("NWT", "Not With Team"),
        ("Active", "Available"),
    ],
)
def test_a_status_is_one_of_seven_in_whatever_words(words: str, status: str) -> None:
    """Case and spaces do not matter."""
    assert status_of(words) == status


@pytest.mark.parametrize("words", ["", "Maybe", "Out-ish", "Day To Day?"])
def test_a_status_that_is_not_known_is_not_guessed(words: str) -> None:
    """It is refused."""
    with pytest.raises(BadRecord, match="is none of Available, Probable"):
        status_of(words)


@pytest.mark.parametrize(
    ("entry", "refusal"),
    [
        (_injury(status=""), Refusal("Jo Doe", "status is '', not a text")),
        (_injury(status=None), Refusal("Jo Doe", "status is None, not a text")),
        (
            _injury(status="Feeling better"),
            Refusal("Jo Doe", f"status 'Feeling better' is none of {', '.join(STATUSES)}, nor known to mean one"),
        ),
        (_injury(details="Knee"), Refusal("Jo Doe", "details is 'Knee', not an object")),
        (_injury(details={"returnDate": "soon"}), Refusal("Jo Doe", "returnDate is 'soon', not a date")),
        (_injury(details={"returnDate": 20240309}), Refusal("Jo Doe", "returnDate is 20240309, not a date")),
        (_injury(date="today"), Refusal("Jo Doe", "date is 'today', not an instant")),
        (_injury(date=None), Refusal("Jo Doe", "date is None, not an instant")),
        (_injury(athlete={}), Refusal("{}", "no 'displayName'")),
        (_injury(athlete=None), Refusal("77", "not an object where 'displayName' is expected")),
        ({"id": "77"}, Refusal("77", "no 'athlete'")),
        ({"athlete": {"displayName": "Jo Doe"}, "status": "Out"}, Refusal("Jo Doe", "no 'date'")),
        ("oops", Refusal("'oops'", "not an object where 'athlete' is expected")),
    ],
)
def test_a_bad_injury_is_refused_and_costs_no_other(entry: object, refusal: Refusal) -> None:
    """The one after it is read."""
    parsed = _feed(_team(entry, _injury(athlete={"displayName": "Al Roe"})))
    assert [injury.player_name for injury in parsed.records] == ["Al Roe"]
    assert (parsed.refused, parsed.seen) == ((refusal,), 2)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": "20"}, "team New York Knicks has ESPN id 20, not 18"),
        ({"id": "999"}, "team New York Knicks has ESPN id 999, not 18"),
        (
            {"displayName": "New York Liberty"},
            "unknown team 'New York Liberty': add its spelling to shared/basketball/identity.py",
        ),
        ({"displayName": None}, "displayName is None, not a text"),
    ],
)
def test_a_team_of_another_league_is_refused(changes: dict[str, object], reason: str) -> None:
    """ESPN numbers each league's teams from 1: id and name must agree. The next team is read."""
    parsed = _feed(_team(_injury(), **changes), _team(_injury(athlete={"displayName": "Al Roe"})))
    assert [injury.player_name for injury in parsed.records] == ["Al Roe"]
    assert (parsed.refused, parsed.seen) == ((Refusal("Jo Doe", reason),), 2)


def test_a_team_is_known_by_its_number_or_by_its_name_alone() -> None:
    """The number may come as a number, or not at all."""
    unnumbered = _team(_injury())
    del unnumbered["id"]
    assert [injury.team for injury in _feed(_team(_injury(), id=18), unnumbered).records] == ["NYK", "NYK"]


def test_f11_a_team_that_cannot_be_read_costs_no_other() -> None:
    """It is refused under its name."""
    parsed = _feed({"displayName": "Boston Celtics", "injuries": {}}, _team(_injury()))
    assert [injury.player_name for injury in parsed.records] == ["Jo Doe"]
    assert (parsed.refused, parsed.seen) == ((Refusal("Boston Celtics", "injuries is {}, not a list"),), 2)


def test_no_injuries_are_an_empty_feed() -> None:
    """A well-formed feed without entries."""
    assert _feed(_team()) == _feed() == Parsed((), (), 0)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({"status": "error"}, "the payload has no 'injuries'"),
        ({"injuries": {}}, "injuries is not a list"),
        ({"injuries": [{"id": "18"}]}, "not one team is read: no 'injuries'"),
        ({"injuries": ["team"]}, "not one team is read: not an object where 'injuries' is expected"),
    ],
)
def test_what_is_no_feed_is_a_fault(payload: object, message: str) -> None:
    """It is asked for again."""
    with pytest.raises(Fault) as raised:
        parse_injuries(wire.body(payload))
    assert (raised.value.kind, str(raised.value)) == ("malformed", message)
