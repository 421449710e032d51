"""Slates whose day is over: no source speaks of them any more, so box scores do; and what they cost."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.scraper.fetch_log import Unit
from services.scraper.steps import box_scores, injuries, lines, rosters, schedule
from services.scraper.steps.rosters import LAST_LISTED
from services.scraper.task import sql
from shared.basketball.slate import INACTIVE_LIST_LEAD, eastern_instant
from shared.ports import Params, Row
from tests.unit.scraper import wire
from tests.unit.scraper.bench import GAMES, MORNING, NYK_ASH, ROSTER, SLATE, TIP, Bench, bench
from tests.unit.scraper.conftest import Rig
from tests.unit.shared.answers import answers
from tests.unit.shared.rows import YESTERDAY, box, game, roster, row, tip

DAY = timedelta(days=1)
LATER = MORNING + 400 * DAY
"""When the season is long over."""
KNOWN = MORNING - timedelta(hours=5)
STAMPS = {"available_at": KNOWN, "fetched_at": LATER, "source": "nba_cdn"}
LISTED = [
    {"player_id": wire.player(team, n)[0], "player_name": wire.player(team, n)[1], "team": team, **STAMPS}
    for team in ("BOS", "DEN", "LAL", "NYK", "UTA")
    for n in range(6)
]
ABSENT = {
    "game_date": SLATE, "player_id": NYK_ASH, "player_lookup": "nykash", "team": "NYK", "reason": "Knee",
    "tip_utc": TIP, "fetched_at": LATER, "source": "nba_cdn",
}  # fmt: skip


def rosters_of_past(in_time: list[Row], now: datetime = LATER) -> Bench:
    return bench("rosters", {"slate_games": GAMES, "last_listed": LISTED, "roster_in_time": in_time}, now=now)


async def test_the_roster_of_a_past_slate_is_that_of_the_box_scores_before_it() -> None:
    """Nobody is asked; its rows are known since the box scores were, which is before the slate's earliest cutoff."""
    b = rosters_of_past([])
    assert await rosters.run(b.task) == 24
    assert b.payloads.asked == []
    [(rows, _, _)] = b.warehouse.written("raw.rosters")
    assert {row["team"] for row in rows} == {"BOS", "DEN", "LAL", "NYK"}
    assert {row["available_at"] for row in rows} == {KNOWN}
    assert b.fetches.units == {LAST_LISTED: Unit("loaded", "nba_cdn", 24)}
    assert b.fetches.verdict() is None


@pytest.mark.parametrize(("each", "stands"), [(5, True), (4, False)])
async def test_a_roster_that_was_collected_in_time_is_not_replaced(each: int, stands: bool) -> None:  # noqa: FBT001 - a case
    """If it has every team that plays; in time is public by 07:00 ET of the day and fetched by its end."""
    in_time = [{"player_id": n, "team": team} for team in ("BOS", "DEN", "LAL", "NYK") for n in range(each)]
    b = rosters_of_past(in_time)
    assert await rosters.run(b.task) == (0 if stands else 24)
    assert (b.payloads.asked, bool(b.warehouse.written("raw.rosters"))) == ([], not stands)
    outcome = b.fetches.units[LAST_LISTED].outcome
    assert (outcome, b.fetches.verdict()) == ("empty" if stands else "loaded", None)
    [params] = [params for name, params in b.warehouse.asked if name == "roster_in_time"]
    last = datetime(2024, 3, 5, 4, 59, 59, 999999, tzinfo=UTC)
    assert params == {"game_date": SLATE, "known_by": MORNING, "fetched_by": last}


async def test_a_past_slate_without_box_scores_has_no_roster() -> None:
    """The step fails, with the reason."""
    b = bench("rosters", {"slate_games": GAMES, "last_listed": []}, now=LATER)
    assert await rosters.run(b.task) == 0
    assert b.fetches.verdict() == "the last box scores list no whole roster: BOS has 0 players"


@pytest.mark.parametrize(
    ("now", "past"),
    [(eastern_instant(SLATE + DAY) - timedelta(seconds=1), False), (eastern_instant(SLATE + DAY), True)],
)
async def test_a_day_is_over_at_midnight_in_the_east(now: datetime, past: bool) -> None:  # noqa: FBT001 - a case
    """Of the slate: until then sources are asked."""
    b = rosters_of_past([], now)
    await rosters.run(b.task)
    assert (b.payloads.asked == []) is past


async def test_what_was_archived_on_the_day_is_of_the_day() -> None:
    """Loaded again from the archive, a past slate has the sources' own rosters; with an empty one the box scores'."""
    for held, asked in (({("nba_stats", "2023-24")}, True), (set(), False)):
        b = bench("rosters", {"slate_games": GAMES, "last_listed": LISTED}, now=LATER, held=held)
        await rosters.run(b.task)
        assert bool(b.payloads.asked) is asked


async def test_statuses_of_a_past_slate_are_its_inactive_lists() -> None:
    """Known half an hour before tip-off, as in a history; nobody is asked, and it counts as no look at a list."""
    b = bench("injuries", {"slate_games": GAMES, "roster": ROSTER, "inactive_lists": [ABSENT]}, now=LATER)
    assert await injuries.run(b.task) == 1
    assert b.payloads.asked == []
    kept = {name: value for name, value in ABSENT.items() if name != "tip_utc"}
    known = {"status": "Out", "return_date": None, "comment": "inactive list", "available_at": TIP - INACTIVE_LIST_LEAD}
    assert b.warehouse.appended == [("raw.injuries", [kept | known])]
    assert b.fetches.units == {"injuries": Unit("empty", "nba_cdn", 1, injuries.OF_BOX_SCORES)}
    b = bench("injuries", {"slate_games": GAMES}, now=LATER)
    assert await injuries.run(b.task) == 0
    assert b.fetches.units == {"injuries": Unit("empty", "nba_cdn", 0, injuries.NO_INACTIVE_LISTS)}
    assert b.fetches.verdict() is None


async def test_lines_of_the_past_need_not_be_asked_for() -> None:
    """Each game is an empty unit, and nothing is amiss; of tonight's slate they are asked for all the same."""
    b = bench("lines", {"slate_games": GAMES, "roster": ROSTER}, now=LATER, lines_of_past=False)
    assert await lines.run(b.task) == 0
    assert b.payloads.asked == []
    empty = Unit("empty", "odds_api", 0, lines.NOT_OF_PAST)
    assert b.fetches.units == {"events": empty, wire.BOS_AT_NYK: empty, wire.LAL_AT_DEN: empty}
    assert b.fetches.verdict() is None
    for past, now in ((True, LATER), (False, MORNING)):
        b = bench("lines", {"slate_games": GAMES, "roster": ROSTER}, now=now, lines_of_past=past)
        await lines.run(b.task)
        assert b.payloads.asked != []


@pytest.mark.parametrize(
    ("known", "now", "asked"),
    [
        ({"games": 1230, "unsettled": 0}, LATER, False),
        ({"games": 1230, "unsettled": 1}, LATER, True),
        ({"games": 0, "unsettled": 0}, LATER, True),
        ({"games": 1230, "unsettled": 0}, MORNING, True),
    ],
    ids=["settled", "a-result-is-missing", "unknown-season", "not-past"],
)
async def test_nobody_is_asked_for_a_schedule_whose_results_are_all_known(
    known: Row,
    now: datetime,
    asked: bool,  # noqa: FBT001 - a case
) -> None:
    """Up to a slate of the past: hundreds of them are filled in without a request."""
    b = bench("schedule", {"season_settled": [known], "seasons": []}, now=now)
    await schedule.run(b.task)
    assert bool(b.payloads.asked) is asked
    if not asked:
        unit = Unit("empty", "nba_stats", 0, "every result of 2023-24 up to 2024-03-04 is known")
        assert (b.fetches.units, b.fetches.verdict()) == ({schedule.SETTLED: unit}, None)


async def test_a_season_is_settled_when_every_result_up_to_a_date_is_known() -> None:
    """That date's too; later games, postponed ones and other seasons do not matter."""
    games = [game("1", YESTERDAY), game("2"), game("3", SLATE + DAY), game("4", postponed=True), game("5", season="x")]
    results = [row("raw.game_results", game_id=id_) for id_ in ("1", "2")]
    for given, unsettled in ((results, 0), (results[:1], 1), ([], 2)):
        params: Params = {"season": "2023-24", "game_date": SLATE}
        found = await answers(sql("season_settled"), params, raw__games=games, raw__game_results=given)
        assert found == [{"games": 4, "unsettled": unsettled}]


HOLES = [{"unit": GAMES[0]["game_id"], "source": "balldontlie", "reason": "nobody has it"}]
PLAYED = [
    {**each, "season": "2023-24", "season_type": "regular", "home_points": 1, "away_points": 1, "loaded_from": None}
    for each in GAMES
]


@pytest.mark.parametrize(("now", "asked"), [(LATER, 1), (MORNING, 2)], ids=["past", "tonight"])
async def test_a_game_that_nobody_gives_is_not_asked_for_by_every_past_slate(now: datetime, asked: int) -> None:
    """It stays in the log as failed, and the step does not fail for it; tonight's slate asks again."""
    b = bench("box_scores", {"played_games": PLAYED, "failed_lately": HOLES}, now=now)
    await box_scores.run(b.task)
    assert len([each for each in b.payloads.asked if each.source == "nba_cdn"]) == asked
    assert {unit.outcome for unit in b.fetches.units.values()} == {"failed"}
    if now == LATER:
        assert b.fetches.units[GAMES[0]["game_id"]] == Unit("failed", "balldontlie", 0, "nobody has it")
        [params] = [params for name, params in b.warehouse.asked if name == "failed_lately"]
        assert params == {"since": LATER - timedelta(hours=12)}
    assert b.fetches.verdict() is None


async def test_a_game_that_is_still_being_played_is_asked_for_again() -> None:
    """That it was not final is no hole."""
    b = bench("box_scores", {"played_games": PLAYED, "failed_lately": [{**HOLES[0], "reason": "not final"}]}, now=LATER)
    await box_scores.run(b.task)
    assert len([each for each in b.payloads.asked if each.source == "nba_cdn"]) == len(GAMES)


async def test_failed_lately_is_the_last_failure_of_a_game_since_an_instant() -> None:
    """Of the step box_scores, for whichever slate."""
    since = tip(SLATE, 7)

    def fetch(unit: str, reason: str, **values: object) -> Row:
        known = {"unit": unit, "step": "box_scores", "outcome": "failed", "reason": reason, "fetched_at": since}
        return row("raw.fetches", **known) | values

    fetches = [
        fetch("1", "first"),
        fetch("1", "last", fetched_at=since + DAY, game_date=YESTERDAY),
        fetch("2", "old", fetched_at=since - timedelta(seconds=1)),
        fetch("3", "other", step="lines"),
        fetch("4", "fine", outcome="loaded"),
    ]
    found = await answers(sql("failed_lately"), {"since": since}, raw__fetches=fetches)
    assert [(one["unit"], one["reason"]) for one in found] == [("1", "last")]


async def test_a_past_slate_through_the_service(rig: Rig) -> None:
    """Its own inactive list, from the box score that was collected before; twice is once."""
    await rig.know_schedule(wire.game())
    absent = {"personId": 77, "name": "Nyk Oak", "played": "0", "notPlayingReason": "INACTIVE_INJURY", "statistics": {}}
    team = wire.cdn_team("NYK", [*(wire.cdn_player("NYK", n) for n in range(8)), absent])
    rig.upstreams.bodies["nba_cdn", wire.BOS_AT_NYK] = wire.boxscore(home=team)
    assert (await rig.run("box_scores")).outcome == "done"
    rig.upstreams.asked.clear()
    for written in (1, 0):
        report = await rig.run("injuries", wire.GAME_DATE)
        assert (report.outcome, report.counts["rows"]) == ("done", written)
    [found] = await rig.rows("raw.injuries")
    assert (found["player_id"], found["status"]) == (77, "Out")
    assert found["available_at"] == TIP - INACTIVE_LIST_LEAD
    assert rig.upstreams.asked == []


async def test_a_month_of_box_scores_is_the_roster_where_the_latest_names_only_who_played() -> None:
    """Up to the latest one; where that says who did not play, it alone is."""
    latest = SLATE - 100 * DAY
    boxes = [
        box("9", 1, latest, "BOS"),
        box("8", 2, latest - 30 * DAY, "BOS"),
        box("7", 3, latest - 31 * DAY, "BOS"),
        box("6", 4, latest - 2 * DAY, "NYK"),
        box("5", 5, latest - 3 * DAY, "NYK"),
        box("9", 6, latest, "UTA"),
        box("8", 7, latest - DAY, "UTA"),
    ]

    def absence(game_id: str, player: int, day: date, team: str) -> Row:
        return row("raw.absences", game_id=game_id, player_id=player, game_date=day, team=team)

    absent = [
        absence("6", 8, latest - 2 * DAY, "NYK"),
        absence("8", 9, latest - DAY, "UTA"),  # an earlier box score says so, the latest does not
    ]
    params = {"game_date": SLATE}
    found = await answers(sql("last_listed"), params, raw__player_box_scores=boxes, raw__absences=absent)
    assert [one["player_id"] for one in found] == [1, 2, 4, 6, 7, 8, 9]


async def test_an_inactive_list_has_nobody_who_was_left_out_during_the_game() -> None:
    """Of the slate's games alone."""
    reasons = ("INACTIVE_INJURY", "NWT_NOT_WITH_TEAM", "SUSPENDED", "DNP_COACH", "DND_INJURY", "INACTIVE", "ACTIVE")
    absent = [
        row("raw.absences", game_id="1", player_id=n, game_date=SLATE, reason=reason, description="Knee")
        for n, reason in enumerate(reasons)
    ]
    absent.append(row("raw.absences", game_id="2", player_id=99, game_date=SLATE - DAY, reason="INACTIVE"))
    games = [game("1"), game("2", SLATE - DAY)]
    found = await answers(sql("inactive_lists"), {"game_date": SLATE}, raw__absences=absent, raw__games=games)
    assert [one["player_id"] for one in found] == [0, 1, 2, 5]
    assert (found[0]["reason"], found[0]["tip_utc"]) == ("Knee", tip(SLATE))


async def test_a_roster_is_in_time_if_it_was_public_and_fetched_by_then() -> None:
    """To the instant, and the slate's own."""
    by, late = tip(SLATE, 7), tip(SLATE, 7) + timedelta(seconds=1)
    rows = [
        roster(1, available_at=by, fetched_at=late),
        roster(2, available_at=late, fetched_at=late),
        roster(3, available_at=by, fetched_at=late + timedelta(seconds=1)),
        roster(4, day=SLATE - DAY, available_at=by, fetched_at=by),
    ]
    params = {"game_date": SLATE, "known_by": by, "fetched_by": late}
    found = await answers(sql("roster_in_time"), params, raw__rosters=rows)
    assert found == [{"player_id": 1, "team": "BOS"}]


async def test_what_box_scores_told_afterwards_was_no_look_at_a_list() -> None:
    """So a list of this morning is as fresh as it says, though a past slate was filled in meanwhile."""
    seen = tip(SLATE, 12)
    absent = row("raw.injuries", player_id=1, fetched_at=seen - timedelta(minutes=1), source="nba_cdn")
    params = {"game_date": SLATE, "seen_at": seen}
    last = await answers(sql("last_look"), {**params, "archive_keys": []}, raw__fetches=[], raw__injuries=[absent])
    assert last == [{"seen_at": None}]
    assert await answers(sql("injuries_known"), params, raw__fetches=[], raw__injuries=[absent]) == []
