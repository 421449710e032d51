"""A player's form over his earlier games: features.player_daily_cache."""

import math
from collections.abc import Sequence
from datetime import date, timedelta

from shared.basketball.slate import Mode
from shared.ports import Row
from shared.registries.markets import MARKETS
from tests.oracle.known import Tables, by, known, mean, of_slate, ratio, statistic, weighted

GARBAGE_TIME = 36
"""Minutes at the league's rate that a rate per minute is shrunk by."""


def player_daily_cache(tables: Tables, slate: date, mode: Mode) -> list[Row]:
    """Form of every player of the slate with an earlier game in the window."""
    contexts = of_slate(tables["analytics.upcoming_player_game_context"], slate, mode)
    if not contexts:
        return []
    summaries = tables["analytics.player_game_summary"]
    at_every_cutoff = min(context["cutoff_at"] for context in contexts)
    league = known(summaries, slate, at_every_cutoff)
    seconds = sum(game["seconds"] for game in league)
    usual = {market: ratio(60 * sum(statistic(game, market) for game in league), seconds) for market in MARKETS}
    played = by("player_id", summaries)
    of_team = by("team_abbr", tables["analytics.team_offense_game_summary"])
    rows = []
    for context in contexts:
        games = known(played.get(context["player_id"], []), slate, context["cutoff_at"])
        if not games:
            continue
        row: Row = {"game_date": slate, "mode": mode.value, "player_id": context["player_id"]}
        row |= _minutes(games, slate, context["season"])
        row |= _role(games)
        row |= _attendance(games, known(of_team.get(context["team_abbr"], []), slate, context["cutoff_at"])[:10])
        for market in MARKETS:
            row |= _market(market, games, context["season"], usual[market])
        row |= _usage(games)
        rows.append(row)
    return rows


def minutes(game: Row) -> float:
    """Minutes of a game."""
    seconds: int = game["seconds"]
    return seconds / 60


def _mean_minutes(games: Sequence[Row]) -> float | None:
    return mean([minutes(game) for game in games])


def _average(alpha: float, games: Sequence[Row], name: str) -> float | None:
    return ratio(weighted(alpha, games, lambda game: game[name]), weighted(alpha, games, lambda _: 1))


def _minutes(games: list[Row], slate: date, season: str) -> Row:
    of_season = [game for game in games if game["season"] == season]
    earlier = [game for game in games if game["season"] != season]

    def last_days(count: int) -> float:
        return sum(minutes(game) for game in games if game["game_date"] >= slate - timedelta(days=count))

    fast, slow = _average(0.2, games, "seconds"), _average(0.05, games, "seconds")
    assert fast is not None
    assert slow is not None
    last_3 = _mean_minutes(games[:3])
    assert last_3 is not None
    return {
        "games_season": len(of_season),
        "games_total": len(games),
        "days_since_game": (slate - games[0]["game_date"]).days,
        "minutes_last_7_days": last_days(7),
        "minutes_last_14_days": last_days(14),
        "minutes_season_mean": _mean_minutes(of_season),
        "minutes_prior_mean": _mean_minutes(earlier),
        "minutes_ewma": fast / 60,
        "minutes_ewma_slow": slow / 60,
        "minutes_last": minutes(games[0]),
        "minutes_last_3": last_3,
        "minutes_last_10": _mean_minutes(games[:10]),
        "minutes_std_20": _deviation([minutes(game) for game in games[:20]]),
        "minutes_trend": last_3 - slow / 60,
    }


def _deviation(values: Sequence[float]) -> float | None:
    """With n - 1 in the denominator; null with fewer than two values."""
    middle = sum(values) / len(values)
    variance = ratio(sum((value - middle) ** 2 for value in values), len(values) - 1)
    return None if variance is None else math.sqrt(variance)


def _role(games: list[Row]) -> Row:
    starts = [game["starter"] for game in games[:10] if game["starter"] is not None]
    started = games[0]["starter"]
    return {
        "top_five_share_10": mean([game["minutes_rank"] <= 5 for game in games[:10]]),
        "minutes_rank_last": games[0]["minutes_rank"],
        "start_share_10": mean(starts),
        "started_last": None if started is None else int(started),
    }


def _attendance(games: list[Row], of_team: list[Row]) -> Row:
    """`of_team`: the team's last ten games, newest first."""
    his = {game["game_id"] for game in games}
    attended = [game["game_id"] in his for game in of_team]
    return {
        "played_share_10": mean(attended),
        "played_share_5": mean(attended[:5]),
        "missed_in_row": None if not attended else [*attended, True].index(True),
        "played_in_row": None if not attended else [*attended, False].index(False),
    }


def _market(market: str, games: list[Row], season: str, usual: float | None) -> Row:
    values = [statistic(game, market) for game in games]
    last_5, last_20 = mean(values[:5]), mean(values[:20])
    assert last_5 is not None
    assert last_20 is not None

    def counted(alpha: float) -> float:
        return weighted(alpha, games, lambda game: statistic(game, market))

    def rate(alpha: float) -> float | None:
        if usual is None:
            return None
        return (counted(alpha) + GARBAGE_TIME * usual) / (weighted(alpha, games, minutes) + GARBAGE_TIME)

    return {
        f"{market}_season_mean": mean([statistic(game, market) for game in games if game["season"] == season]),
        f"{market}_last_5": last_5,
        f"{market}_ewma": ratio(counted(0.1), weighted(0.1, games, lambda _: 1)),
        f"{market}_std_20": _deviation(values[:20]),
        f"{market}_trend": last_5 - last_20,
        f"{market}_per_minute": rate(0.05),
        f"{market}_per_minute_fast": rate(0.1),
    }


def _usage(games: list[Row]) -> Row:
    def total(name: str, alpha: float = 0.05) -> float:
        return weighted(alpha, games, lambda game: game[name])

    def per_minute(count: float, alpha: float = 0.05) -> float | None:
        return ratio(60 * count, total("seconds", alpha))

    shots, free = total("field_goals_attempted"), total("free_throws_attempted")
    return {
        "shots_per_minute": per_minute(shots),
        "shots_per_minute_fast": per_minute(total("field_goals_attempted", 0.1), 0.1),
        "threes_attempted_per_minute": per_minute(total("threes_attempted")),
        "free_throws_attempted_per_minute": per_minute(free),
        "turnovers_per_minute": per_minute(total("turnovers")),
        "fouls_per_minute": per_minute(total("fouls")),
        "offensive_rebounds_per_minute": per_minute(total("offensive_rebounds")),
        "threes_accuracy": ratio(total("threes"), total("threes_attempted")),
        "true_shooting": ratio(total("points"), 2 * (shots + 0.44 * free)),
        "possessions_used_per_minute": per_minute(shots + 0.44 * free + total("turnovers")),
    }
