"""Where points come from: of a player, and against a team.

features.player_shot_zone_analysis, features.team_defense_zone_analysis.
"""

from datetime import date

from shared.basketball.slate import Mode
from shared.ports import Row
from tests.oracle.known import Tables, by, known, of_slate, ratio, weighted

ALPHA = 0.05
DEFENSE_GAMES = 25


def player_shot_zone_analysis(tables: Tables, slate: date, mode: Mode) -> list[Row]:
    """Shares and accuracies of twos, threes and free throws."""
    played = by("player_id", tables["analytics.player_game_summary"])
    rows = []
    for context in of_slate(tables["analytics.upcoming_player_game_context"], slate, mode):
        games = known(played.get(context["player_id"], []), slate, context["cutoff_at"])
        if games:
            key = {"game_date": slate, "mode": mode.value, "player_id": context["player_id"]}
            rows.append(key | {"games": len(games)} | _zones(games))
    return rows


def _zones(games: list[Row]) -> dict[str, float | None]:
    def total(name: str) -> float:
        return weighted(ALPHA, games, lambda game: game[name])

    shots, made = total("field_goals_attempted"), total("field_goals_made")
    threes, threes_made = total("threes_attempted"), total("threes")
    free, free_made = total("free_throws_attempted"), total("free_throws_made")
    points = total("points")
    return {
        "two_attempt_share": ratio(shots - threes, shots),
        "three_attempt_share": ratio(threes, shots),
        "free_throw_rate": ratio(free, shots),
        "two_accuracy": ratio(made - threes_made, shots - threes),
        "three_accuracy": ratio(threes_made, threes),
        "free_throw_accuracy": ratio(free_made, free),
        "two_points_share": ratio(2 * (made - threes_made), points),
        "three_points_share": ratio(3 * threes_made, points),
        "free_throw_points_share": ratio(free_made, points),
    }


def team_defense_zone_analysis(tables: Tables, slate: date, mode: Mode) -> list[Row]:
    """What a defence allows per 100 possessions, and that over what the league allows."""
    teams = of_slate(tables["analytics.upcoming_team_game_context"], slate, mode)
    if not teams:
        return []
    defended = by("team_abbr", tables["analytics.team_defense_game_summary"])
    at_every_cutoff = min(team["cutoff_at"] for team in teams)
    league = known(tables["analytics.team_defense_game_summary"], slate, at_every_cutoff)
    usual = _allowed(league, alpha=0)
    rows = []
    for team in teams:
        games = known(defended.get(team["team_abbr"], []), slate, team["cutoff_at"])[:DEFENSE_GAMES]
        if not any(game["possessions_allowed"] for game in games):
            continue
        allowed = _allowed(games, ALPHA)

        def factor(name: str, allowed: dict[str, float | None] = allowed) -> float | None:
            own, of_league = allowed[name], usual[name]
            return None if own is None or not of_league else own / of_league

        key = {"game_date": slate, "mode": mode.value, "team_abbr": team["team_abbr"]}
        factors = {
            "points_factor": factor("points_allowed_per_100"),
            "rebounds_factor": factor("rebounds_allowed_per_100"),
            "assists_factor": factor("assists_allowed_per_100"),
            "two_points_factor": factor("two_points_allowed_per_100"),
            "threes_factor": factor("three_points_allowed_per_100"),
            "free_throws_factor": factor("free_throws_allowed_per_100"),
        }
        rows.append(key | {"games": len(games)} | allowed | factors)
    return rows


def _allowed(games: list[Row], alpha: float) -> dict[str, float | None]:
    def total(name: str) -> float:
        return weighted(alpha, games, lambda game: game[name])

    def per_100(value: float) -> float | None:
        return ratio(100 * value, total("possessions_allowed"))

    return {
        "points_allowed_per_100": per_100(total("points_allowed")),
        "rebounds_allowed_per_100": per_100(total("rebounds_allowed")),
        "assists_allowed_per_100": per_100(total("assists_allowed")),
        "two_points_allowed_per_100": per_100(2 * total("twos_allowed")),
        "three_points_allowed_per_100": per_100(3 * total("threes_allowed")),
        "threes_attempted_allowed_per_100": per_100(total("threes_attempted_allowed")),
        "free_throws_allowed_per_100": per_100(total("free_throws_allowed")),
        "two_accuracy_allowed": ratio(total("twos_allowed"), total("twos_attempted_allowed")),
        "three_accuracy_allowed": ratio(total("threes_allowed"), total("threes_attempted_allowed")),
    }
