"""A small league made of edge cases: nights on which every definition of phase 4 has something to decide."""

import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from shared.basketball.slate import BOX_SCORE_LAG, SAME_DAY_LEAD, Mode, eastern_instant
from shared.ports import Row
from shared.registries.markets import MARKETS
from tests.oracle.summaries import TOTALS
from tests.oracle.world import Nights, World
from tests.unit.shared.rows import box, game, injury, prop, roster, tip

OPENING = date(2023, 10, 24)
FIRST = date(2024, 3, 8)
LAST = FIRST + timedelta(days=2)
FOUNDING = date(2022, 1, 10)
SLATES = [OPENING, FIRST, FIRST + timedelta(days=1), LAST, FOUNDING]
PAIRS = (("BOS", "GSW"), ("LAL", "MIA"), ("NYK", "DEN"))
NEW = (("UTA", "CHI"), ("CHA", "MEM"))
"""Utah has never played. Of the other pair Memphis had not one possession in its only game."""
TEAMS = [team for pair in (*PAIRS, *NEW) for team in pair]
SQUAD = 9
TRADED, LEFT, IDLE, ROOKIE = 101, 102, (107, 108), 205
"""From Boston to Golden State; with nobody now; never a minute; no game yet."""


def edges() -> World:
    """A league's first night, an opening night, and in both modes three of March asked for together."""
    dice = random.Random(5)  # noqa: S311 - test data
    games = list(_games())
    raw = {
        "raw.games": games,
        "raw.player_box_scores": [row for entry in games for row in _boxes(entry, dice)],
        "raw.rosters": [row for entry in games if entry["game_date"] in SLATES for row in _rosters(entry)],
        "raw.injuries": [row for entry in games if entry["game_date"] in SLATES for row in _injuries(entry, dice)],
        "raw.prop_lines": [row for entry in games if entry["game_date"] in SLATES for row in _lines(entry, dice)],
    }
    spans = [
        Nights(FOUNDING, FOUNDING, Mode.SAME_DAY),
        Nights(OPENING, OPENING, Mode.OVERNIGHT),
        Nights(FIRST, LAST, Mode.OVERNIGHT),
        Nights(FIRST, LAST, Mode.SAME_DAY),
    ]
    return World(raw, spans)


def _games() -> Iterator[Row]:
    """The first pair has more than 25 games, the second more than ten, the third fewer: also the oldest that count."""
    days_ago = {
        # Two on one date: the greater id is the newer, also where it is the tenth or the 25th.
        0: [*range(1, 11), *range(10, 15), *range(17, 44, 3), 44, 44, *range(47, 60, 3), 140, 300, 380],
        1: [1, 3, 5, 5, 7, 8, 14, 15, 30, 60, 200, 350],
        2: [2, 4, 7, *range(398, 403)],
    }
    for number, pair in enumerate(PAIRS):
        for count, ago in enumerate(days_ago[number]):
            yield _game(f"{number}{count:02d}", FIRST - timedelta(days=ago), pair)
        for count, slate in enumerate(SLATES):
            yield _game(f"{number}9{count}", slate, pair)
    yield _game("180", FOUNDING - timedelta(days=1), PAIRS[1])
    yield _game("301", FIRST - timedelta(days=6), ("DEN", "CHI"))
    yield _game("302", FIRST - timedelta(days=9), ("MEM", "CHA"))
    for count, pair in enumerate(NEW):
        yield _game(f"39{count}", LAST, pair)


def _game(number: str, day: date, pair: tuple[str, str]) -> Row:
    # The pairs of a date tip off one after the other: three cutoffs.
    return game(f"0022{number:>06}", day, *pair, tip_utc=tip(day, 18 + int(number[0])))


def _available(entry: Row) -> datetime:
    """Three hours after tip-off, but for the games that were late: on a cutoff, just after it, between two."""
    day, number = entry["game_date"], entry["game_id"][-3:]
    seven = eastern_instant(day + timedelta(days=1), time(7))
    first_tip = tip(day + timedelta(days=1), 18)
    usual: datetime = entry["tip_utc"] + BOX_SCORE_LAG
    late = {
        "000": seven,
        "100": seven + timedelta(seconds=1),
        "192": first_tip - SAME_DAY_LEAD,
        "091": first_tip - SAME_DAY_LEAD + timedelta(seconds=1),
        "191": first_tip + timedelta(hours=1),
        "180": first_tip,  # nobody has played as far as the first pair may know
        "291": eastern_instant(day),  # a wrong stamp: before the game
    }
    return late.get(number, usual)


def _squad(team: str, day: date) -> list[int]:
    """A team's players by id; the trade was eight days before the first slate."""
    number = 100 * (1 + TEAMS.index(team))
    squad = [number + player for player in range(SQUAD)]
    traded = day >= FIRST - timedelta(days=8)
    if team == "GSW" and traded:
        squad.append(TRADED)
    if team == "BOS" and traded:
        squad.remove(TRADED)
    if team == "UTA":  # who have played elsewhere
        return [306, 406]
    return squad


def _boxes(entry: Row, dice: random.Random) -> Iterator[Row]:
    for team, other in (("home_team", "away_team"), ("away_team", "home_team")):
        for player in _squad(entry[team], entry["game_date"]):
            if _absent(player, (FIRST - entry["game_date"]).days, dice) or "UTA" in (entry[team], entry[other]):
                continue
            seconds = 0 if player in IDLE or (player % 100 == 4 and dice.random() < 0.3) else dice.randint(200, 2800)
            if player == 100:
                seconds = 47 * 60
            stats = _stats(dice) if seconds else NOTHING
            if entry["game_id"].endswith("302") and entry[team] == "MEM":
                stats = NOTHING
            if entry["game_id"].endswith("003"):  # a source without minutes
                seconds = 0
            yield box(
                entry["game_id"],
                player,
                entry["game_date"],
                entry[team],
                opponent=entry[other],
                is_home=team == "home_team",
                starter=dice.choice((True, False, None)),
                minutes=seconds / 60,
                available_at=_available(entry),
                **stats,
            )


def _absent(player: int, days_ago: int, dice: random.Random) -> bool:
    """The first pair plays on every one of the last fourteen days: absences of chosen lengths."""
    if player == ROOKIE or (player == LEFT and days_ago < 3):
        return True
    missed = {103: 9, 104: 2, 105: 4, 106: 13, 203: 3, 204: 1, 206: 10}
    if player in missed:
        return days_ago <= missed[player]
    return player % 100 > 2 and dice.random() < 0.3


NOTHING = dict.fromkeys((*TOTALS, "fouls"), 0)


def _stats(dice: random.Random) -> dict[str, int]:
    twos_attempted, threes_attempted, free_throws_attempted = (dice.randint(0, 12) for _ in range(3))
    twos, threes, free_throws = (dice.randint(0, n) for n in (twos_attempted, threes_attempted, free_throws_attempted))
    offensive = dice.randint(0, 4)
    return {
        "points": 2 * twos + 3 * threes + free_throws,
        "rebounds": offensive + dice.randint(0, 10),
        "offensive_rebounds": offensive,
        "assists": dice.randint(0, 12),
        "field_goals_made": twos + threes,
        "field_goals_attempted": twos_attempted + threes_attempted,
        "threes": threes,
        "threes_attempted": threes_attempted,
        "free_throws_made": free_throws,
        "free_throws_attempted": free_throws_attempted,
        "turnovers": dice.randint(0, 5),
        "fouls": dice.randint(0, 6),
        "steals": dice.randint(0, 4),
        "blocks": dice.randint(0, 4),
    }


def _rosters(entry: Row) -> Iterator[Row]:
    day = entry["game_date"]
    for team in (entry["home_team"], entry["away_team"]):
        elsewhere = {LEFT, 306, 406} if day == LAST and team != "UTA" else {LEFT}
        for player in _squad(team, day):
            if player not in elsewhere:
                yield roster(player, team, day)


def _injuries(entry: Row, dice: random.Random) -> Iterator[Row]:
    """Reports of the days before; and on one date somebody of the first pair's home team on the inactive list."""
    day = entry["game_date"]
    for team in (entry["home_team"], entry["away_team"]):
        for player in _squad(team, day):
            status = dice.choice(("Out", "Doubtful", "Questionable", "Available", None, None))
            if status is not None:
                yield injury(player, status, tip(day) - timedelta(hours=dice.randint(14, 200)), day)
    if day == FIRST + timedelta(days=1) and entry["home_team"] == "BOS":
        yield injury(105, "Out", entry["tip_utc"] - timedelta(hours=1), day)


def _lines(entry: Row, dice: random.Random) -> Iterator[Row]:
    opened = eastern_instant(entry["game_date"], time(6))
    for player in _squad(entry["home_team"], entry["game_date"]):
        for market in MARKETS:
            middle = dice.randint(2, 60)
            for number in range(dice.randint(0, 3)):
                prices = {"over_price": -110.0 - dice.randint(0, 15), "under_price": -104.0}
                day = {"game_date": entry["game_date"], "market": market}
                line = middle + dice.choice((0, 0.5, 1))
                yield prop(entry["game_id"], player, line, f"book{number}", opened, **day, **prices)
