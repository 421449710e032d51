from collections import Counter, defaultdict
from datetime import date, time, timedelta

import pytest

from devstack.history import History
from devstack.league import generate
from shared.basketball.identity import TEAMS, player_lookup
from shared.basketball.slate import eastern_instant


def test_same_seed_same_league_to_the_bit(league: History) -> None:
    """A seed decides everything; another seed is another league."""
    assert generate(7).fingerprint == league.fingerprint
    assert generate(8, days=5).fingerprint != generate(7, days=5).fingerprint


def test_season_ends_with_the_demo_slate(league: History) -> None:
    """About sixty days from opening night, and eight games on the last."""
    assert (league.dates[0], league.last_date) == (date(2024, 10, 22), date(2024, 12, 20))
    assert len(league.on(league.last_date)) == 8
    assert all(game_id.startswith("00224") and len(game_id) == 10 for game_id in league.games)


def test_no_team_plays_twice_a_day_or_three_days_running(league: History) -> None:
    """The calendar is one that teams could play."""
    playing: dict[str, list[date]] = defaultdict(list)
    for game in league.games.values():
        for team in (game.home, game.away):
            playing[team].append(game.game_date)
    assert playing.keys() == TEAMS.keys()
    for days in playing.values():
        assert len(days) == len(set(days)) > 20
        assert all(late - early > timedelta(days=2) for early, late in zip(days, days[2:], strict=False))


@pytest.mark.parametrize("seed", [7, 11])
def test_box_scores_add_up(seed: int) -> None:
    """Points, rebounds and minutes add up from shots to players to teams to the score; no game is tied."""
    league = generate(seed, days=12)
    for game in league.games.values():
        teams = league.teams(game.game_id)
        assert game.home_points != game.away_points
        assert (teams[game.home]["pts"], teams[game.away]["pts"]) == (game.home_points, game.away_points)
        for team, totals in teams.items():
            rows = [row for row in league.players(game.game_id) if row["team"] == team]
            assert sum(row["minutes"] for row in rows) == pytest.approx(240 + 25 * game.overtimes, abs=0.1)
            assert sum(row["starter"] for row in rows) == 5
            for name in ("pts", "reb", "ast", "fgm", "fga", "ftm", "tov"):
                assert sum(row[name] for row in rows) == totals[name]
            for row in rows:
                assert row["pts"] == 2 * (row["fgm"] - row["fg3m"]) + 3 * row["fg3m"] + row["ftm"]
                assert row["reb"] == row["oreb"] + row["dreb"]
                assert 0 <= row["fg3m"] <= row["fgm"] <= row["fga"]
                assert row["fg3m"] <= row["fg3a"] <= row["fga"]
                assert 0 <= row["ftm"] <= row["fta"]
                assert 0 < row["minutes"] <= 53
                assert row["pf"] <= 6


def test_scores_look_like_the_nba(league: History) -> None:
    """Average score, home wins and overtimes lie where the league's lie."""
    games = league.games.values()
    points = [points for game in games for points in (game.home_points, game.away_points) if points is not None]
    assert 108 < sum(points) / len(points) < 120
    home_wins = sum((game.home_points or 0) > (game.away_points or 0) for game in games) / len(games)
    assert 0.5 < home_wins < 0.65
    assert 0.02 < sum(game.overtimes for game in games) / len(games) < 0.1


def test_everyone_listed_is_listed_once(league: History) -> None:
    """A player plays or is listed absent, with one team; names are unique as sources match them."""
    names: dict[str, int] = {}
    for game_id in league.games:
        listed = league.players(game_id) + league.absences(game_id)
        assert max(Counter(row["player_id"] for row in listed).values()) == 1
        assert len(listed) == 30
        for row in listed:
            assert names.setdefault(player_lookup(row["player_name"]), row["player_id"]) == row["player_id"]
    assert len(names) == 450


def test_absences_of_every_kind_occur(league: History) -> None:
    """Inactive lists, coaches' decisions and the rarer kinds are all there to be handled."""
    kinds = Counter(row["status"] for game_id in league.games for row in league.absences(game_id))
    assert kinds.keys() == {"inactive", "dnp_coach", "dnd", "nwt", "suspended"}
    assert {row["event"] for row in league.injuries} == {"relinquished", "activated"}
    assert any("DTD" in row["note"] for row in league.injuries)


def test_lines_are_posted_overnight_and_on_the_day(league: History) -> None:
    """Each slate has two-sided lines from several books, before 07:00 ET and after, all before tip-off."""
    for game in league.on(league.last_date):
        lines = league.lines(game.game_id)
        morning = eastern_instant(game.game_date, time(7))
        assert {line.bookmaker for line in lines} == {"betmgm", "draftkings", "fanduel", "williamhill_us"}
        assert {line.market for line in lines} == {"points", "rebounds", "assists", "threes"}
        assert {line.posted_at <= morning for line in lines} == {True, False}
        assert {line.is_main for line in lines} == {True, False}
        for line in lines:
            assert line.posted_at < game.tip
            assert line.line % 1 == 0.5
            assert line.over is not None
            assert line.under is not None
            assert min(abs(line.over), abs(line.under)) >= 100
