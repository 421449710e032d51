"""Grades, their history and their daily sums, from the definitions in docs/accuracy.md and the data dictionary.

Plain loops over lists of rows, a row a dict. Slow on purpose: what is written here should read like the definition.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from statistics import fmean, median

from shared.basketball.slate import Mode
from shared.ports import Row
from tests.oracle.known import Tables, by, statistic
from tests.oracle.quotes import fair, newest

QUANTILES = {
    "q05": 0.05,
    "q10": 0.10,
    "q20": 0.20,
    "q30": 0.30,
    "q40": 0.40,
    "q50": 0.50,
    "q60": 0.60,
    "q70": 0.70,
    "q80": 0.80,
    "q90": 0.90,
    "q95": 0.95,
}
HISTORY = (
    "game_date",
    "mode",
    "game_id",
    "player_id",
    "market",
    "system",
    "run_id",
    "voided",
    "actual",
    "error",
    "line",
    "line_result",
    "closing_line",
    "closing_p_market",
    "side",
    "clv",
    "clv_price",
)
"""What the history keeps of a grade."""


def grade(tables: Tables, first: date, last: date, mode: Mode) -> list[Row]:
    """One row per prediction that counts, of a game with the box scores of both teams."""
    graded = []
    of_game, of_player = (by(name, tables["analytics.player_game_summary"]) for name in ("game_id", "player_id"))
    for game in tables["raw.games"]:
        if game["postponed"] or not first <= game["game_date"] <= last:
            continue
        boxes = of_game.get(game["game_id"], [])
        if {box["team_abbr"] for box in boxes} != {game["home_team"], game["away_team"]}:
            continue
        same = ("game_id", "game_date")
        lines = [line for line in tables["raw.prop_lines"] if all(line[name] == game[name] for name in same)]
        for prediction in of_latest_runs(tables["predictions.player_prop_predictions"], game, mode):
            box = next((box for box in boxes if box["player_id"] == prediction["player_id"]), None)
            earlier = known_games(of_player.get(prediction["player_id"], []), prediction, game)
            graded.append(one_grade(prediction, box, earlier, closing(lines, prediction, game["tip_utc"])))
    return graded


def of_latest_runs(predictions: Sequence[Row], game: Row, mode: Mode) -> list[Row]:
    """Of each system the predictions that it made last, of those made before tip-off for the date of the game."""
    before = [
        each
        for each in predictions
        if each["game_id"] == game["game_id"]
        and each["game_date"] == game["game_date"]
        and each["mode"] == mode
        and each["predicted_at"] < game["tip_utc"]
    ]
    latest: dict[str, tuple[datetime, int, str]] = {}
    for each in before:
        latest[each["system"]] = max(_order(each), latest.get(each["system"], _order(each)))
    return [each for each in before if _order(each) == latest[each["system"]]]


def _order(prediction: Row) -> tuple[datetime, int, str]:
    """By the instant, then by the run."""
    return prediction["predicted_at"], prediction["generation"], prediction["run_id"]


def known_games(boxes: Sequence[Row], prediction: Row, game: Row) -> list[Row]:
    """Of a player's games those of the season that were known when he was predicted, the newest first."""
    known = [
        box
        for box in boxes
        if box["season"] == game["season"]
        and box["game_date"] < game["game_date"]
        and box["available_at"] <= prediction["predicted_at"]
        and (game["season_type"] != "regular" or box["season_type"] == "regular")
    ]
    return sorted(known, key=lambda box: (box["game_date"], box["game_id"]), reverse=True)


def one_grade(prediction: Row, box: Row | None, earlier: list[Row], close: Row) -> Row:
    """All columns of a prediction's grade; `box` is None when he did not play."""
    actual = None if box is None else float(statistic(box, prediction["market"]))
    baselines = season_baselines(earlier, prediction["market"])
    key = ("game_date", "mode", "game_id", "player_id", "market", "system")
    copied = (*key, "run_id", "shadow", "line", "p_over", "p_market", "edge", "recommendation")
    return {
        **{name: prediction[name] for name in copied},
        "voided": box is None,
        "actual": actual,
        **baselines,
        "baseline_error": minus(actual, baselines["season_mean"]),
        **close,
        **line_value(prediction, close),
        **against_outcome(prediction, actual),
        **against_line(prediction, actual),
    }


def minus(a: float | None, b: float | None) -> float | None:
    """A difference; null where one of them is."""
    return None if a is None or b is None else a - b


def weighted(values: list[float], forgotten: float) -> float:
    """The mean of values, the newest first, whose weights fall by a share with each game into the past.

    Weights and weighted values have nine decimals.
    """
    weights = [(1 - forgotten) ** age for age in range(len(values))]
    products = [round(weight * value, 9) for weight, value in zip(weights, values, strict=True)]
    return sum(products) / sum(round(weight, 9) for weight in weights)


def season_baselines(earlier: list[Row], market: str) -> Row:
    """The baselines, from a player's earlier games of the season."""
    counts = [float(statistic(box, market)) for box in earlier]
    minutes = [float(box["minutes"]) for box in earlier]
    rate = sum(counts) / sum(minutes) if sum(minutes) > 0 else None
    return {
        "games_before": len(earlier),
        "minutes_before": fmean(minutes) if earlier else None,
        "season_mean": fmean(counts) if earlier else None,
        "ewma": weighted(counts, 0.1) if earlier else None,
        "rate_minutes": None if rate is None else rate * weighted(minutes, 0.2),
    }


def closing(lines: list[Row], prediction: Row, tip: datetime) -> Row:
    """The closing line, the median over books of their last main line before tip-off, and its fair probability."""
    books: dict[str, list[Row]] = {}
    for line in lines:
        same = line["player_id"] == prediction["player_id"] and line["market"] == prediction["market"]
        if same and line["is_main"] and line["available_at"] < tip:
            books.setdefault(line["bookmaker"], []).append(line)
    last = [newest(posted) for posted in books.values()]
    if not last:
        return {"closing_line": None, "closing_p_market": None}
    middle = median(line["line"] for line in last)
    chances = [chance for line in last if line["line"] == middle if (chance := fair(line)) is not None]
    return {"closing_line": middle, "closing_p_market": fmean(chances) if chances else None}


def line_value(prediction: Row, close: Row) -> Row:
    """The side of the edge, and how far line and price have moved towards it."""
    edge = prediction["edge"]
    if edge is None or edge == 0:
        return {"side": None, "clv": None, "clv_price": None}
    sign = 1 if edge > 0 else -1
    moved = minus(close["closing_line"], prediction["line"])
    dearer = minus(close["closing_p_market"], prediction["p_market"]) if moved == 0 else None
    return {
        "side": "over" if edge > 0 else "under",
        "clv": None if moved is None else sign * moved,
        "clv_price": None if dearer is None else sign * dearer,
    }


def against_outcome(prediction: Row, actual: float | None) -> Row:
    """Errors, intervals and losses of the distribution; all null when he did not play."""
    names = ("error", "mean_error", "inside_80", "inside_90", "quantiles_below", "quantiles_equal", "pinball", "crps")
    if actual is None:
        return dict.fromkeys(names)
    losses = [quantile_loss(level, prediction[name], actual) for name, level in QUANTILES.items()]
    return {
        "error": actual - prediction["q50"],
        "mean_error": actual - prediction["mean"],
        "inside_80": prediction["q10"] <= actual <= prediction["q90"],
        "inside_90": prediction["q05"] <= actual <= prediction["q95"],
        "quantiles_below": sum(prediction[name] < actual for name in QUANTILES),
        "quantiles_equal": sum(prediction[name] == actual for name in QUANTILES),
        "pinball": fmean(losses),
        "crps": 2 * area([0.0, *QUANTILES.values(), 1.0], [0.0, *losses, 0.0]),
    }


def quantile_loss(level: float, quantile: float, actual: float) -> float:
    """Koenker & Bassett: what lies above a quantile costs its level, what lies below the rest."""
    return level * (actual - quantile) if actual >= quantile else (1 - level) * (quantile - actual)


def area(x: list[float], y: list[float]) -> float:
    """Under a line through points, by trapezes."""
    return sum((x[n + 1] - x[n]) * (y[n] + y[n + 1]) / 2 for n in range(len(x) - 1))


def against_line(prediction: Row, actual: float | None) -> Row:
    """On which side of the line the outcome lay, what the probabilities were worth, and what became of a pick."""
    line, pick = prediction["line"], prediction["recommendation"]
    result = None
    if actual is not None and line is not None:
        result = "push" if actual == line else "over" if actual > line else "under"
    over = {"over": 1.0, "under": 0.0}.get(str(result))
    miss, market_miss = minus(prediction["p_over"], over), minus(prediction["p_market"], over)
    won = None
    if pick in ("over", "under"):
        won = "void" if actual is None else "push" if result == "push" else "won" if result == pick else "lost"
    return {
        "line_result": result,
        "brier": None if miss is None else miss**2,
        "market_brier": None if market_miss is None else market_miss**2,
        "pick_result": won,
    }


def grade_history(tables: Tables, first: date, last: date, mode: Mode) -> list[Row]:
    """The existing revisions, and one more of each grade that is new or differs from its last revision."""
    kept = list(_of(tables["predictions.prediction_grades_history"], first, last, mode))
    rows = list(kept)
    for made in _of(tables["predictions.prediction_grades"], first, last, mode):
        key = ("game_id", "player_id", "market", "system")
        earlier = [row for row in kept if all(row[name] == made[name] for name in key)]
        newest = max(earlier, key=lambda row: int(row["revision"]), default=None)
        grade_now = {name: made[name] for name in HISTORY}
        if newest is None:
            rows.append({**grade_now, "revision": 1})
        elif any(newest[name] != grade_now[name] for name in HISTORY):
            rows.append({**grade_now, "revision": newest["revision"] + 1})
    return rows


def system_daily_performance(tables: Tables, first: date, last: date, mode: Mode) -> list[Row]:
    """The grades of a slate added up by market and system."""
    groups: dict[tuple[date, str, str], list[Row]] = {}
    for row in _of(tables["predictions.prediction_grades"], first, last, mode):
        groups.setdefault((row["game_date"], row["market"], row["system"]), []).append(row)
    return [
        {"game_date": day, "mode": mode, "market": market, "system": system, **day_sum(rows)}
        for (day, market, system), rows in groups.items()
    ]


def day_sum(rows: list[Row]) -> Row:
    """Counts and means over one slate's grades of a system and market."""
    played = [row for row in rows if not row["voided"]]
    picks = [row for row in rows if row["pick_result"] in ("won", "lost")]
    recommended = [row for row in rows if row["pick_result"] is not None]
    return {
        "predictions": len(rows),
        "graded": len(played),
        "voided": len(rows) - len(played),
        "mae": mean([abs(row["error"]) for row in played]),
        "bias": mean([row["mean_error"] for row in played]),
        "crps": mean([row["crps"] for row in played]),
        "coverage_80": mean([float(row["inside_80"]) for row in played]),
        "with_line": sum(row["line_result"] in ("over", "under") for row in rows),
        "brier": mean([row["brier"] for row in rows]),
        "market_brier": mean([row["market_brier"] for row in rows]),
        "picks": len(picks),
        "picks_won": sum(row["pick_result"] == "won" for row in picks),
        "clv": mean([row["clv"] for row in recommended]),
    }


def mean(values: Sequence[float | None]) -> float | None:
    """The mean of what is not null; null without any."""
    present = [value for value in values if value is not None]
    return fmean(present) if present else None


def _of(rows: Sequence[Row], first: date, last: date, mode: Mode) -> Iterator[Row]:
    """The rows of some slates in a mode."""
    return (row for row in rows if first <= row["game_date"] <= last and row["mode"] == mode)
