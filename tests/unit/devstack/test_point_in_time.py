"""Nothing is shown before the upstream had published it."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from devstack.facts import Game
from devstack.league import generate
from devstack.upstream.balldontlie import box_scores
from devstack.upstream.boxscore import KNOWN_BEFORE_TIP, box_score
from devstack.upstream.espn import InjuryFeed
from devstack.upstream.gamelog import GameLog
from devstack.upstream.odds import MARKET_KEYS, OddsFeed
from devstack.upstream.rosters import PlayerIndex
from devstack.upstream.schedule import ScheduleFeed
from devstack.upstream.wire import Answer
from shared.basketball.slate import EASTERN, eastern_date, eastern_instant
from tests.unit.devstack import tiny as small
from tests.unit.devstack.tiny import FIRST, SECOND, SECOND_TIP, TIP, absent, event, line, played, tiny

LEAGUE = generate(days=40)
SCHEDULE, LOG, INDEX = ScheduleFeed(LEAGUE), GameLog(LEAGUE), PlayerIndex(LEAGUE)
INJURIES, ODDS = InjuryFeed(LEAGUE), OddsFeed(LEAGUE)
ALL_MARKETS = ",".join([*MARKET_KEYS.values(), *(f"{key}_alternate" for key in MARKET_KEYS.values())])
AMERICAN = {"markets": ALL_MARKETS, "oddsFormat": "american"}
SECONDS = timedelta(seconds=1)

nows = st.datetimes(datetime(2024, 10, 20), datetime(2024, 12, 3), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
games = st.sampled_from(list(LEAGUE.games.values()))
"""A game, and below an instant around it."""
around = st.builds(lambda game, minutes: (game, game.tip + timedelta(minutes=minutes)), games, st.integers(-3000, 400))


def body(answer: Answer) -> Any:  # noqa: ANN401 - JSON
    return json.loads(answer.body)


def rows(answer: Answer) -> list[list[Any]]:
    table: list[list[Any]] = body(answer)["resultSets"][0]["rowSet"]
    return table


@given(nows)
def test_schedule_knows_a_score_three_hours_after_tip(now: datetime) -> None:
    """A game has status 3 and its score from tip-off plus three hours, and zeros before."""
    shown = [raw for day in body(SCHEDULE.current(now))["leagueSchedule"]["gameDates"] for raw in day["games"]]
    assert len(shown) == len(LEAGUE.games)
    for raw in shown:
        game = LEAGUE.games[raw["gameId"]]
        final = game.final_at <= now
        assert raw["gameStatus"] == (3 if final else 2 if game.tip <= now else 1)
        scores = (raw["homeTeam"]["score"], raw["awayTeam"]["score"])
        assert scores == ((game.home_points, game.away_points) if final else (0, 0))


@given(nows)
def test_records_count_only_final_games(now: datetime) -> None:
    """Wins and losses shown for upcoming games are those of the games known to be over."""
    shown = [raw for day in body(SCHEDULE.current(now))["leagueSchedule"]["gameDates"] for raw in day["games"]]
    finals = sum(raw["gameStatus"] == 3 for raw in shown)
    last = {side["teamTricode"]: side for raw in shown for side in (raw["homeTeam"], raw["awayTeam"])}
    assert sum(side["wins"] for side in last.values()) == finals
    assert sum(side["losses"] for side in last.values()) == finals


@given(around)
def test_box_score_is_absent_then_empty_then_complete(at: tuple[Game, datetime]) -> None:
    """403 before tip-off, zeros and no verdicts while it runs, everything three hours after."""
    game, now = at
    answer = box_score(LEAGUE, game.game_id, now)
    if now < game.tip:
        assert answer.status == 403
        assert b"AccessDenied" in answer.body
        return
    raw = body(answer)["game"]
    people = [person for side in ("homeTeam", "awayTeam") for person in raw[side]["players"]]
    if game.final_at <= now:
        assert {person["personId"] for person in people if person["played"] == "1"} == {
            row["player_id"] for row in LEAGUE.players(game.game_id)
        }
        assert raw["homeTeam"]["score"] == game.home_points == sum(p["score"] for p in raw["homeTeam"]["periods"])
        return
    known = {row["player_id"] for row in LEAGUE.absences(game.game_id) if row["status"] in KNOWN_BEFORE_TIP}
    assert {person["personId"] for person in people if person["status"] == "INACTIVE"} == known
    assert {person["played"] for person in people} == {"0"}
    assert {person["starter"] for person in people} == {"0"}
    numbers = [value for person in people for value in person["statistics"].values() if not isinstance(value, str)]
    assert not any(numbers)
    assert raw["homeTeam"]["score"] == raw["homeTeam"]["statistics"]["points"] == 0


def test_a_teams_totals_are_its_players() -> None:
    """Where the history's table of teams has other numbers; that table's where no player is known."""
    teams = [{"game_id": FIRST, "team": team, **small.ZEROS, "pf": 9, "ast": 7} for team in ("BOS", "PHI")]
    players = [{**played(FIRST, number, f"Player {number}", "BOS"), "pf": number} for number in (1, 2)]
    history = tiny(team_games=teams, player_games=players)
    game = body(box_score(history, FIRST, TIP + timedelta(days=1)))["game"]
    statistics = [game[side]["statistics"] for side in ("homeTeam", "awayTeam")]
    assert sorted((side["foulsPersonal"], side["assists"]) for side in statistics) == [(3, 0), (9, 7)]


def test_game_under_way_does_not_tell_who_will_play() -> None:
    """Until it is final, one who will not be fielded looks like one who will, whatever the box score says."""
    fielded = tiny()
    benched = tiny(
        player_games=[played(FIRST, 2, "Bob Two Jr.", "PHI")],
        availability=[
            absent(FIRST, 1, "Ann One", "dnp_coach"),
            absent(FIRST, 3, "Cy Three", "dnp_coach"),
            absent(FIRST, 4, "Di Four", "inactive"),
        ],
    )

    answers = [box_score(history, FIRST, TIP + timedelta(hours=1)) for history in (fielded, benched)]
    assert answers[0].body == answers[1].body


@given(nows, st.sampled_from("PT"))
def test_game_log_holds_final_games_only(now: datetime, kind: str) -> None:
    """The log has every player or team of every game that is over, and nothing of the others."""
    query = {"Season": "2024-25", "SeasonType": "Regular Season", "PlayerOrTeam": kind}
    table = rows(LOG.answer(query, now))
    finals = {game.game_id for game in LEAGUE.games.values() if game.final_at <= now}
    assert {row[6 if kind == "P" else 4] for row in table} == finals
    dates = [row[7 if kind == "P" else 5] for row in table]
    assert dates == sorted(dates, reverse=True)


@given(nows)
def test_fallback_box_scores_are_of_final_games(now: datetime) -> None:
    """BallDontLie shows a game of the date once it is over."""
    day = eastern_date(now)
    shown = body(box_scores(LEAGUE, {"date": day.isoformat()}, now))["data"]
    assert len(shown) == sum(game.final_at <= now for game in LEAGUE.on(day))


@given(nows)
def test_injuries_are_stamped_in_the_past(now: datetime) -> None:
    """No entry is stamped later than now, and no one decided on during a game is listed for it."""
    entries = INJURIES.entries(now)
    for entry in entries.values():
        assert now - timedelta(days=62) < entry["stamp"] <= now
    secret = {
        row["player_id"]
        for game in LEAGUE.on(eastern_date(now))
        for row in LEAGUE.absences(game.game_id)
        if game.late_news_at > now or row["status"] not in KNOWN_BEFORE_TIP
    }
    today = eastern_instant(eastern_date(now))
    assert not any(entries[player]["stamp"] > today for player in secret & entries.keys())


def test_injury_event_is_known_from_the_day_after() -> None:
    """An event shows from 00:00 ET of the day after its date, until it is closed or the day after he plays again."""
    day = date(2024, 10, 30)
    feed = InjuryFeed(tiny(injuries=[event(day, 1, "relinquished"), event(day, 9, "relinquished", note="x (DTD)")]))
    midnight = eastern_instant(day + timedelta(days=1))
    assert feed.entries(midnight - SECONDS) == {}
    assert {player: entry["status"] for player, entry in feed.entries(midnight).items()} == {1: "Out", 9: "Day-To-Day"}
    day_after_his_game = eastern_instant(date(2024, 11, 2))
    assert 1 in feed.entries(day_after_his_game - SECONDS)
    assert 1 not in feed.entries(day_after_his_game)
    assert feed.entries(midnight + timedelta(days=62)) == {}
    closed = InjuryFeed(tiny(injuries=[event(day, 9, "relinquished"), event(date(2024, 10, 31), 9, "activated")]))
    assert 9 in closed.entries(midnight)
    assert closed.entries(midnight + timedelta(days=1)) == {}


def test_inactive_list_is_known_half_an_hour_before_tip() -> None:
    """The inactive list wins over the injured list from 30 minutes before tip-off to midnight; dnp is not on it."""
    feed = InjuryFeed(tiny(injuries=[event(date(2024, 10, 30), 4, "relinquished", note="x (DTD)")]))
    assert feed.entries(TIP - timedelta(minutes=30) - SECONDS)[4]["status"] == "Day-To-Day"
    listed = feed.entries(TIP - timedelta(minutes=30))
    assert set(listed) == {4}
    assert (listed[4]["status"], listed[4]["stamp"]) == ("Out", TIP - timedelta(minutes=30))
    assert feed.entries(eastern_instant(date(2024, 11, 2)))[4]["status"] == "Day-To-Day"
    shown = body(feed.answer(TIP))["injuries"]
    assert [(team["displayName"], team["id"]) for team in shown] == [("Boston Celtics", "2")]
    assert shown[0]["injuries"][0]["date"] == "2024-11-01T23:30Z"


@given(around)
def test_odds_are_posted_in_the_past(at: tuple[Game, datetime]) -> None:
    """No market is newer than now, live or historical, and asking for later shows no more than now."""
    game, now = at
    event_id = LEAGUE.event_id(game.game_id)
    live = ODDS.event_odds(event_id, AMERICAN, now)
    past = ODDS.historical_odds(event_id, {**AMERICAN, "date": (now + timedelta(hours=9)).isoformat()}, now)
    if game.tip > now + timedelta(days=2):
        assert (live.status, past.status) == (404, 404)
        return
    shown = body(past)["data"]
    updates = [market["last_update"] for book in shown["bookmakers"] for market in book["markets"]]
    assert all(datetime.fromisoformat(update) <= now for update in updates)
    assert all(datetime.fromisoformat(update) < game.tip for update in updates)
    assert live.status == (404 if game.final_at <= now else 200)
    if live.status == 200:
        assert body(live) == shown


@given(nows)
def test_events_are_those_to_come(now: datetime) -> None:
    """Events are the games of two days that have not tipped off; the historical list is the same at its instant."""
    expected = {
        LEAGUE.event_id(game.game_id) for game in LEAGUE.games.values() if now < game.tip <= now + timedelta(days=2)
    }
    assert {raw["id"] for raw in body(ODDS.events(now))} == expected
    later = now + timedelta(days=3)
    assert {raw["id"] for raw in body(ODDS.historical_events({"date": now.isoformat()}, later))["data"]} == expected


def test_latest_snapshot_of_a_line_is_shown() -> None:
    """Per player and line a book shows its newest snapshot; each instant is a market of its own."""
    noon, five = datetime(2024, 11, 1, 12, tzinfo=UTC), datetime(2024, 11, 1, 17, tzinfo=UTC)
    feed = OddsFeed(
        tiny(
            prop_lines=[
                line(FIRST),
                line(FIRST, snapshot_utc=five, over_price=-105.0),
                line(FIRST, line=10.5, under_price=None),
                line(FIRST, line=14.5, is_main=False, over_price=None, under_price=None),
            ]
        )
    )

    def markets(markets: str, at: datetime) -> list[tuple[str, str, list[tuple[str, float, int | None]]]]:
        shown = body(feed.event_odds("feed", {**AMERICAN, "markets": markets}, at))["bookmakers"]
        return [
            (raw["key"], raw["last_update"], [(one["name"], one["point"], one["price"]) for one in raw["outcomes"]])
            for book in shown
            for raw in book["markets"]
        ]

    old = [("Over", 9.5, -110), ("Under", 9.5, -120), ("Over", 10.5, -110)]
    assert markets("player_points", noon - SECONDS) == []
    assert markets("player_points", noon) == [("player_points", "2024-11-01T12:00:00Z", old)]
    assert markets("player_points", five) == [
        ("player_points", "2024-11-01T12:00:00Z", old[2:]),
        ("player_points", "2024-11-01T17:00:00Z", [("Over", 9.5, -105), ("Under", 9.5, -120)]),
    ]
    alternate = [("player_points_alternate", "2024-11-01T12:00:00Z", [("Over", 14.5, None)])]
    assert markets("player_points_alternate", five) == alternate


def test_line_of_unknown_time_appears_half_an_hour_before_tip() -> None:
    """A line without a time is served from 30 minutes before tip-off, stamped so."""
    feed = OddsFeed(tiny(prop_lines=[line(FIRST, snapshot_utc=None, pregame=None)]))
    half_past = TIP - timedelta(minutes=30)
    assert body(feed.event_odds("feed", AMERICAN, half_past - SECONDS))["bookmakers"] == []
    (book,) = body(feed.event_odds("feed", AMERICAN, half_past))["bookmakers"]
    assert book["markets"][0]["last_update"] == "2024-11-01T23:30:00Z"


@given(nows)
def test_roster_is_everyone_listed_for_the_latest_game(now: datetime) -> None:
    """On a game day a team's roster is all who are listed for tonight, whether they then play or not."""
    today = eastern_date(now)
    roster = INDEX.roster("2024-25", today)
    for game in LEAGUE.on(today):
        listed = LEAGUE.players(game.game_id) + LEAGUE.absences(game.game_id)
        assert all(roster[row["player_id"]][0] == row["team"] for row in listed)
    before = {team for game in LEAGUE.games.values() if game.game_date <= today for team in (game.home, game.away)}
    assert {team for team, _ in roster.values()} == before


def test_roster_does_not_tell_who_will_play() -> None:
    """The index is the same, byte for byte, whether a listed player is fielded or sits."""
    fielded = tiny()
    benched = tiny(
        player_games=[played(FIRST, 2, "Bob Two Jr.", "PHI"), played(SECOND, 1, "Ann One", "BOS")],
        availability=[
            absent(FIRST, 4, "Di Four", "inactive"),
            absent(FIRST, 3, "Cy Three", "dnp_coach"),
            absent(FIRST, 1, "Ann One", "dnp_coach"),
        ],
    )
    query = {"Season": "2024-25"}
    answers = [PlayerIndex(history).answer(query, TIP - timedelta(hours=13)) for history in (fielded, benched)]
    assert answers[0].body == answers[1].body
    assert answers[0].headers["Last-Modified"] == "Fri, 01 Nov 2024 04:00:00 GMT"


def test_traded_player_is_with_the_team_of_the_later_game() -> None:
    """A player on the latest lists of two teams belongs to the team that played later."""
    traded = tiny(
        schedule=[
            small.game(FIRST, TIP, date(2024, 11, 1)),
            {**small.game(SECOND, SECOND_TIP, date(2024, 11, 2)), "home_team": "NYK", "away_team": "MIA"},
        ],
        player_games=[played(FIRST, 1, "Ann One", "BOS"), played(SECOND, 1, "Ann One", "MIA")],
        availability=[],
    )
    index = PlayerIndex(traded)
    assert index.roster("2024-25", date(2024, 11, 1)) == {1: ("BOS", "Ann One")}
    assert index.roster("2024-25", date(2024, 11, 2)) == {1: ("MIA", "Ann One")}


def test_bracket_appears_two_days_ahead() -> None:
    """Play-in and playoff games are not on the schedule until two days before their date."""
    final = {**small.game("0042400401", SECOND_TIP, date(2024, 11, 2)), "game_date": date(2024, 11, 2)}
    feed = ScheduleFeed(tiny(schedule=[small.game(FIRST, TIP, date(2024, 11, 1)), final]))
    shown_from = eastern_instant(date(2024, 10, 31))

    def shown(now: datetime) -> list[str]:
        dates = body(feed.current(now))["leagueSchedule"]["gameDates"]
        return [raw["gameId"] for day in dates for raw in day["games"]]

    assert shown(shown_from - SECONDS) == [FIRST]
    assert shown(shown_from) == [FIRST, "0042400401"]


def test_season_turns_sixty_days_before_its_first_game() -> None:
    """The CDN shows the latest season whose first game is at most sixty days ahead; stats.nba.com any."""
    next_season = {
        **small.game("0022500001", datetime(2025, 10, 22, 23, tzinfo=UTC), date(2025, 10, 22)),
        "season": "2025-26",
    }
    feed = ScheduleFeed(tiny(schedule=[small.game(FIRST, TIP, date(2024, 11, 1)), next_season]))
    turn = datetime(2025, 10, 22, 23, tzinfo=UTC) - timedelta(days=60)
    assert body(feed.current(turn - SECONDS))["leagueSchedule"]["seasonYear"] == "2024-25"
    assert body(feed.current(turn))["leagueSchedule"]["seasonYear"] == "2025-26"
    assert body(feed.of_season("2025-26", TIP))["leagueSchedule"]["gameDates"][0]["gameDate"] == "10/22/2025 00:00:00"
    assert body(feed.of_season("1999-00", TIP))["leagueSchedule"]["gameDates"] == []


def test_game_log_can_be_cut_by_date_and_kind() -> None:
    """DateFrom and DateTo bound the log, in both spellings; other kinds of season are empty; nonsense is refused."""
    end = datetime(2025, 1, 1, tzinfo=UTC)
    query = {"Season": "2024-25", "SeasonType": "Regular Season", "PlayerOrTeam": "T"}
    cut = rows(LOG.answer({**query, "DateFrom": "2024-11-01", "DateTo": "11/02/2024", "Direction": "ASC"}, end))
    assert len(cut) == 2 * (len(LEAGUE.on(date(2024, 11, 1))) + len(LEAGUE.on(date(2024, 11, 2))))
    assert (cut[0][5], cut[-1][5]) == ("2024-11-01", "2024-11-02")
    assert rows(LOG.answer({**query, "SeasonType": "Playoffs"}, end)) == []
    assert rows(LOG.answer({**query, "Season": "2019-20"}, end)) == []
    for wrong in ({"SeasonType": "Summer"}, {"PlayerOrTeam": "X"}, {"DateFrom": "soon"}):
        assert LOG.answer({**query, **wrong}, end).status == 400


def test_bad_questions_to_the_odds_api_are_refused() -> None:
    """Unknown events are 404; unknown markets, formats and dates are 422 with a reason."""
    feed = OddsFeed(tiny())
    assert feed.event_odds("nothing", AMERICAN, TIP).status == 404
    assert feed.event_odds("feed", {"markets": "player_dunks"}, TIP).status == 422
    assert feed.event_odds("feed", {**AMERICAN, "oddsFormat": "roman"}, TIP).status == 422
    assert feed.historical_events({"date": "noon"}, TIP).status == 422
    assert feed.historical_odds("feed", AMERICAN, TIP).status == 422
    assert b"player_dunks" in feed.event_odds("feed", {"markets": "player_dunks"}, TIP).body
    decimal = body(feed.event_odds("feed", {"markets": "player_points"}, TIP))["bookmakers"][0]["markets"][0]
    assert [outcome["price"] for outcome in decimal["outcomes"]] == [1.91, 1.83]


def test_published_instants_are_in_the_upstreams_words() -> None:
    """The schedule writes Eastern wall clock and UTC side by side, and the game code."""
    raw = body(ScheduleFeed(tiny()).current(TIP))["leagueSchedule"]["gameDates"][0]["games"][0]
    assert raw["gameDateTimeUTC"] == "2024-11-02T00:00:00Z"
    assert raw["gameDateTimeEst"] == TIP.astimezone(EASTERN).strftime("%Y-%m-%dT20:00:00Z")
    assert (raw["gameDateEst"], raw["gameCode"]) == ("2024-11-01T00:00:00Z", "20241101/PHIBOS")
    assert (raw["arenaName"], raw["arenaCity"], raw["arenaState"]) == ("TD Garden", "Boston", "MA")
    before = body(ScheduleFeed(tiny()).current(TIP - timedelta(days=1)))
    assert before["leagueSchedule"]["gameDates"][0]["games"][0]["gameStatusText"] == "8:00 pm ET"


def test_box_score_says_why_somebody_did_not_play() -> None:
    """Inactive with his injury, or at the coach's decision; suspended; not used in the game: in the CDN's words."""
    absences = {3: "dnp_coach", 4: "inactive", 5: "inactive", 6: "suspended", 7: "nwt", 8: "dnd"}
    notes = [event(date(2024, 10, 30), who, "relinquished", note="placed on IL with sore left knee") for who in (5, 8)]
    history = tiny(availability=[absent(FIRST, who, "A B", why) for who, why in absences.items()], injuries=notes)

    def shown(now: datetime) -> dict[int, tuple[str, str | None, str | None]]:
        people = body(box_score(history, FIRST, now))["game"]["homeTeam"]["players"]
        shown = ("status", "notPlayingReason", "notPlayingDescription")
        return {person["personId"]: tuple(person.get(name) for name in shown) for person in people}

    before = {
        4: ("INACTIVE", "INACTIVE_COACH", None),
        5: ("INACTIVE", "INACTIVE_INJURY", "Sore Left Knee"),
        6: ("INACTIVE", "INACTIVE_LEAGUE_SUSPENSION", None),
        7: ("INACTIVE", "NWT_NOT_WITH_TEAM", None),
    }
    nothing = ("ACTIVE", None, None)
    assert shown(TIP) == {**before, 1: nothing, 3: nothing, 8: nothing}
    decided = {3: ("ACTIVE", "DNP_COACH", None), 8: ("ACTIVE", "DND_INJURY", "Sore Left Knee")}
    assert shown(TIP + timedelta(hours=3)) == {**before, **decided, 1: nothing}


@given(games)
def test_team_totals_are_the_players_sums(game: Game) -> None:
    """Every count of a team's statistics is the sum over its players, and its score is its points."""
    raw = body(box_score(LEAGUE, game.game_id, game.final_at))["game"]
    for side in (raw["homeTeam"], raw["awayTeam"]):
        totals = side["statistics"]
        for name in ("points", "assists", "reboundsTotal", "steals", "turnovers", "foulsPersonal", "fieldGoalsMade"):
            assert totals[name] == sum(person["statistics"][name] for person in side["players"])
        assert totals["points"] == side["score"]


def test_a_team_row_that_disagrees_is_not_believed() -> None:
    """What a history says of a team gives way to its players, unless one of their numbers is not known."""
    rows = [played(FIRST, 1, "Ann One", "BOS"), {**played(FIRST, 3, "Cy Three", "BOS"), "ast": None}]
    teams = [{"game_id": FIRST, "team": team, **small.ZEROS, "pf": 9, "ast": 8} for team in ("BOS", "PHI")]
    totals = body(box_score(tiny(player_games=rows, team_games=teams), FIRST, TIP + timedelta(hours=3)))["game"]
    assert (totals["homeTeam"]["statistics"]["foulsPersonal"], totals["homeTeam"]["statistics"]["assists"]) == (0, 8)
    assert totals["awayTeam"]["statistics"]["foulsPersonal"] == 9


def test_box_score_of_missing_values_says_so() -> None:
    """A null in a history is a null on the wire, not a zero; minutes are a clock."""
    person = {**played(FIRST, 1, "Ann One", "BOS"), "reb": None}
    raw = body(box_score(tiny(player_games=[person]), FIRST, TIP + timedelta(hours=3)))["game"]["homeTeam"]["players"][
        0
    ]
    assert raw["statistics"]["reboundsTotal"] is None
    assert raw["statistics"]["plusMinusPoints"] is None
    assert raw["statistics"]["minutes"] == "PT20M46.00S"
    assert (raw["firstName"], raw["familyName"], raw["nameI"]) == ("Ann", "One", "A. One")
