"""The statements of what was known when: injuries, who was listed last, games of some dates, box scores as loaded."""

from collections.abc import Sequence
from datetime import timedelta

from services.scraper.task import sql
from shared.ports import Params, Row
from tests.unit.shared.answers import TOMORROW, answers, near
from tests.unit.shared.rows import SLATE, YESTERDAY, box, game, roster, row, tip

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
SEEN = tip(SLATE, 12)
LONG_AGO = SLATE - 30 * DAY
"""As far back as an injury list is looked for."""


async def asked(name: str, params: Params, **tables: Sequence[Row]) -> list[Row]:
    """The statement's answer."""
    return await answers(sql(name), params, **tables)


def absence(player: int, game_id: str, **values: object) -> Row:
    return row("raw.absences", player_id=player, game_id=game_id, player_name=f"Player {player}") | values


def look(**values: object) -> Row:
    """A look at an injury list, yesterday's."""
    known = {"step": "injuries", "outcome": "loaded", "game_date": YESTERDAY, "archive_key": "a"}
    return row("raw.fetches", **known, fetched_at=tip(YESTERDAY)) | values


def injury(player: int, **values: object) -> Row:
    return row("raw.injuries", player_id=player, available_at=tip(YESTERDAY), fetched_at=tip(YESTERDAY)) | values


async def test_listed_last_is_who_was_listed_in_his_teams_latest_box_score() -> None:
    """Whether he played or not; of two teams the later; not tonight's, nor one of another season."""
    ago = [SLATE - days * DAY for days in range(5)]
    boxes = [
        box("2", 2, ago[1], "BOS"),
        box("2", 11, ago[1], "GSW"),
        box("1", 3, ago[2], "BOS"),  # not in the latest
        box("1", 4, ago[2], "LAL"),
        box("0", 4, ago[3], "BOS"),  # traded: with both teams, each time in ...
        box("4", 5, ago[4], "UTA"),
        box("3", 6, ago[3], "NYK"),
        box("2", 6, ago[1], "BOS"),  # ... the other's latest, too
        box("5", 7, SLATE, "BOS"),
        box("6", 8, TOMORROW, "BOS"),
        box("7", 9, SLATE - 300 * DAY, "WAS"),
        box("8", 10, SLATE - 301 * DAY, "MIA"),
    ]
    stamps = {"available_at": tip(ago[1], 21), "fetched_at": tip(ago[1], 22), "source": "nba_cdn"}
    absent = [
        absence(1, "2", game_date=ago[1], team="BOS", **stamps),
        absence(12, "9", game_date=SLATE, team="BOS"),
        absence(13, "8", game_date=SLATE - 301 * DAY, team="MIA"),
    ]
    found = await asked("last_listed", {"game_date": SLATE}, raw__player_box_scores=boxes, raw__absences=absent)
    assert [(one["player_id"], one["team"]) for one in found] == [
        (1, "BOS"), (2, "BOS"), (4, "LAL"), (5, "UTA"), (6, "BOS"), (9, "WAS"), (11, "GSW"),
    ]  # fmt: skip
    assert found[0] == {"player_id": 1, "player_name": "Player 1", "team": "BOS"} | stamps
    assert tuple(found[1]) == tuple(found[0])


async def test_of_two_games_of_a_date_the_later_id_lists_a_player_last() -> None:
    """A slate has each team once; a player may have been traded between two of its games all the same."""
    boxes = [box("2", 1, YESTERDAY, "LAL"), box("1", 1, YESTERDAY, "BOS")]
    found = await asked("last_listed", {"game_date": SLATE}, raw__player_box_scores=boxes, raw__absences=[])
    assert [one["team"] for one in found] == ["LAL"]


async def test_players_are_known_from_those_who_did_not_play_too() -> None:
    """In games before the slate."""
    absent = [absence(2, "1", game_date=YESTERDAY, team="LAL"), absence(3, "2"), absence(4, "3", game_date=TOMORROW)]
    found = await asked(
        "known_players",
        {"game_date": SLATE},
        raw__rosters=[roster(1)],
        raw__player_box_scores=[],
        raw__absences=[*absent, absence(2, "0", game_date=YESTERDAY - DAY, team="LAL")],
    )
    assert [tuple(one.values()) for one in found] == [(1, "Player 1", "BOS"), (2, "Player 2", "LAL")]


async def test_an_injury_is_known_by_its_latest_row_of_this_slate_or_the_last_one_looked_at() -> None:
    """By looks up to an instant; a look that loaded nothing, of another step, too old or of a later slate is none."""
    before = YESTERDAY - DAY
    looks = [
        look(game_date=before),
        look(game_date=LONG_AGO),
        look(outcome="empty"),
        look(step="lines"),
        look(game_date=SLATE),
        look(game_date=TOMORROW),
    ]
    rows = [
        injury(1, status="Out", available_at=SEEN - SECOND),
        injury(1, status="Doubtful", available_at=SEEN, fetched_at=SEEN),
        injury(1, status="late", available_at=SEEN, fetched_at=SEEN + SECOND),
        injury(1, status="before", game_date=before, available_at=SEEN),
        injury(2, status="before", game_date=before, available_at=SEEN, fetched_at=SEEN),
        injury(2, status="first", game_date=before, available_at=SEEN, fetched_at=SEEN - SECOND),
        injury(3, game_date=YESTERDAY),
        injury(4, game_date=TOMORROW),
        injury(5, game_date=LONG_AGO),
        injury(6, game_date=before, fetched_at=SEEN + SECOND),
    ]
    params: Params = {"game_date": SLATE, "seen_at": SEEN}
    found = await asked("injuries_known", params, raw__injuries=rows, raw__fetches=looks)
    assert sorted((one["player_id"], one["status"]) for one in found) == [(1, "Doubtful"), (2, "before")]
    assert tuple(found[0]) == (
        "game_date", "player_id", "player_lookup", "team", "status", "reason", "return_date", "comment", "available_at",
        "source",
    )  # fmt: skip
    for day, players in ((LONG_AGO, [1, 5]), (LONG_AGO - DAY, [1])):
        old = [*rows, injury(7, game_date=LONG_AGO - DAY)]
        found = await asked("injuries_known", params, raw__injuries=old, raw__fetches=[look(game_date=day)])
        assert sorted(one["player_id"] for one in found) == players


async def test_the_last_look_is_the_latest_one_before_an_instant() -> None:
    """For whichever slate, by the log or by what it said; not the look at hand, and nothing older than a month."""

    async def seen_at(looks: Sequence[Row] = (), known: Sequence[Row] = ()) -> object:
        params: Params = {"game_date": SLATE, "seen_at": SEEN, "archive_keys": ["own", "mine"]}
        [found] = await asked("last_look", params, raw__fetches=looks, raw__injuries=known)
        return found["seen_at"]

    earlier, later = SEEN - 2 * SECOND, SEEN - SECOND
    assert await seen_at() is None
    mine = look(fetched_at=earlier, game_date=LONG_AGO)
    others = near(
        mine | {"fetched_at": later},
        step=("lines", "rosters"),
        outcome=("empty", "failed"),
        archive_key=("own", "mine"),
        game_date=(LONG_AGO - DAY,),
        fetched_at=(SEEN, SEEN + SECOND),
    )
    assert await seen_at([*({**each, "unit": f"{n}"} for n, each in enumerate(others)), mine]) == earlier
    assert await seen_at([mine, mine | {"fetched_at": later, "game_date": TOMORROW}]) == later
    of_long_ago = injury(1, fetched_at=earlier, game_date=LONG_AGO)
    too_old = near(of_long_ago | {"fetched_at": later}, game_date=(LONG_AGO - DAY,), fetched_at=(SEEN, SEEN + SECOND))
    assert await seen_at([], [*({**each, "player_id": n} for n, each in enumerate(too_old, 2)), of_long_ago]) == earlier
    assert await seen_at([mine], [of_long_ago | {"fetched_at": later}]) == later
    assert await seen_at([mine | {"fetched_at": later}], [of_long_ago]) == later


async def test_games_between_dates_have_their_scores_where_known() -> None:
    """Postponed ones too, by id."""
    games = [
        game("3", SLATE, postponed=True),
        game("1", YESTERDAY),
        game("4", YESTERDAY - DAY),
        game("5", TOMORROW),
    ]
    results = [row("raw.game_results", game_id=id_, home_points=90, away_points=80) for id_ in ("1", "5", "9")]
    params: Params = {"first": YESTERDAY, "last": SLATE}
    found = await asked("games_between", params, raw__games=games, raw__game_results=results)
    assert found == [
        games[1] | {"home_points": 90, "away_points": 80},
        games[0] | {"home_points": None, "away_points": None},
    ]


async def test_of_each_number_the_latest_correction_is_known() -> None:
    """Of some games."""
    corrections = [
        row("raw.corrections", game_id=id_, player_id=player, field=field, fetched_at=SEEN + age * SECOND, became=value)
        for id_, player, field, age, value in (
            ("1", 1, "points", 0, 9.0), ("1", 1, "points", 1, 8.0), ("1", 1, "assists", 0, 7.0),
            ("1", 2, "points", 0, 6.0), ("3", 1, "points", 0, 5.0), ("2", 1, "points", 2, 4.0),
        )
    ]  # fmt: skip
    found = await asked("corrections_known", {"game_ids": ["1", "3"]}, raw__corrections=corrections)
    assert sorted((one["became"], one["field"], one["player_id"]) for one in found) == [
        (5.0, "points", 1), (6.0, "points", 2), (7.0, "assists", 1), (8.0, "points", 1),
    ]  # fmt: skip
    assert tuple(found[0]) == ("game_id", "player_id", "field", "was", "became")


async def test_stored_boxes_are_those_of_some_games() -> None:
    """All columns."""
    boxes = [box(id_, player, YESTERDAY) for id_ in ("1", "2", "3") for player in (1, 2)]
    found = await asked("stored_boxes", {"game_ids": ["1", "3"]}, raw__player_box_scores=boxes)
    assert sorted(found, key=lambda one: (one["game_id"], one["player_id"])) == [
        each for each in boxes if each["game_id"] != "2"
    ]
