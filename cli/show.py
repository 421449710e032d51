"""How results look on a terminal."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.table import Table

from cli import common
from cli.common import err, out
from shared.basketball.slate import EASTERN
from shared.registries.markets import MARKETS


def predictions_table(rows: Sequence[dict[str, Any]], market: str) -> Table:
    """A market's predictions by game, the best first; the system where there is more than one."""
    several = len({row["system"] for row in rows}) > 1
    measures = ("mean", "80 % interval", "line", "P(over)", "market", "edge", "pick", "actual")
    columns = ("player", "game", *(("system",) if several else ()), *measures)
    table = common.table(*columns, left=("player", "game", "system", "pick"), title=market)
    game = None
    for row in rows:
        if game not in (None, row["game_id"]):
            table.add_section()
        game = row["game_id"]
        table.add_row(
            row["player_name"] + (f" ({row['injury_status']})" if row["injury_status"] else ""),
            matchup(row),
            *([system_name(row)] if several else []),
            f"{row['mean']:.1f}",
            f"{max(row['q10'], 0.0):.0f} - {row['q90']:.0f}",
            "" if row["line"] is None else f"{row['line']:g}",
            percent(row["p_over"]),
            percent(row["p_market"]),
            percent(row["edge"], 0, "+"),
            pick(row),
            "did not play" if row["voided"] else "" if row["actual"] is None else f"{row['actual']:.0f}",
        )
    return table


def system_name(row: dict[str, Any]) -> str:
    """The system; one on trial is marked."""
    return f"{row['system']} (shadow)" if row["shadow"] else str(row["system"])


def pick(row: dict[str, Any]) -> str:
    """Like "over +105 draftkings" or "pass: small edge"; nothing without a line, or from before there were any."""
    recommended = row["recommendation"]
    if recommended is None or recommended == "no_line":
        return ""
    if recommended == "pass":
        return f"pass: {row['pass_reason']}"
    return f"{recommended} {price(row[f'{recommended}_price'])} {row['book']}"


def price(american: float | None) -> str:
    """American odds as they are written: +105, -110."""
    return number(american, 0, "+")


def number(value: float | None, digits: int = 2, sign: str = "") -> str:
    """With so many decimals; nothing for none. With "+" for its sign also where it is positive."""
    return "" if value is None else f"{value:{sign}.{digits}f}"


def percent(share: float | None, digits: int = 0, sign: str = "") -> str:
    """A share in percent, likewise."""
    return "" if share is None else f"{100 * share:{sign}.{digits}f} %"


def matchup(row: dict[str, Any]) -> str:
    """Like "BOS @ NYK 19:30": the player's team first, Eastern tip-off."""
    tip = datetime.fromisoformat(row["tip_utc"]).astimezone(EASTERN)
    if row["team_abbr"] is None:  # he left the roster after he was predicted
        return f"{row['away_team']} @ {row['home_team']} {tip:%H:%M}"
    return f"{row['team_abbr']} {'vs' if row['is_home'] else '@'} {row['opponent_team_abbr']} {tip:%H:%M}"


def accuracy_table(accuracy: dict[str, dict[str, Any]]) -> Table:
    """Graded predictions beside the season-to-date mean, by market."""
    systems = ", ".join(sorted({a["system"] for a in accuracy.values()}))
    names = ("market", "N", "MAE", "season-to-date MAE", "80 % interval holds")
    table = common.table(*names, left=("market",), title=f"graded {systems}".rstrip())
    for market in MARKETS:
        if market in accuracy:
            a = accuracy[market]
            table.add_row(
                market,
                str(a["n"]),
                number(a["mae"]),
                number(a["season_to_date_mae"]),
                percent(a["coverage_80"]),
            )
    return table


def nights_table(nights: Sequence[dict[str, Any]]) -> Table:
    """A replay's nights, a line each."""
    counted = ("games", "predicted", "graded", "void", "points MAE", "baseline", "requests", "retries", "seconds")
    table = common.table("night", "status", *counted, left=("night", "status"))
    for night in nights:
        points = night["accuracy"].get("points", {})
        table.add_row(
            night["game_date"],
            night["status"],
            f"{night['games']['collected']}/{night['games']['expected']}",
            str(night["predictions"]),
            str(night["graded"]),
            str(night["voided"]),
            number(points.get("mae")),
            number(points.get("season_to_date_mae")),
            str(night["requests"]),
            str(night["retries"]),
            f"{night['wall_seconds']:.1f}",
        )
    return table


def failure(nights: Sequence[dict[str, Any]]) -> None:
    """The first thing that failed, as the one line on stderr that a failure gets."""
    for night in nights:
        if night["status"] == "failed":
            step, reason = next(iter(night["reasons"].items()), ("run", "failed"))
            err.print(f"error: {night['game_date']} {step}: {reason}", soft_wrap=True, markup=False)
            return


def reasons(nights: Sequence[dict[str, Any]]) -> None:
    """Why nights are not complete, a line each."""
    for night in nights:
        for step, reason in night["reasons"].items():
            out.print(f"[yellow]{night['game_date']} {step}[/]: {reason}")
