"""A small league with published predictions and the rare cases of grading, from a fixed seed."""

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from shared.basketball.slate import SAME_DAY_LEAD, Mode, eastern_instant
from shared.ports import Row
from shared.registries.markets import MARKETS, STATISTICS
from tests.oracle.grades import HISTORY, QUANTILES
from tests.oracle.known import by_key, statistic
from tests.oracle.world import Nights, World
from tests.unit.shared.rows import box, game, row, tip

FIRST, LAST = date(2024, 3, 4), date(2024, 3, 7)
"""The slates that are graded; there are predictions of the days next to them, too."""
DAY = timedelta(days=1)
TEAMS = {"BOS": (11, 12, 13), "GSW": (21, 22, 23), "LAL": (31, 32, 33), "MIA": (41, 42, 43)}
MODES = (Mode.OVERNIGHT, Mode.SAME_DAY)
SYSTEMS = ("moving_average", "boosted")
BOOKS = ("betmgm", "draftkings", "fanduel", "prizepicks", "underdog")
MOVED, HALF, MISSING, STALE, PLAYOFFS = "0022300960", "0022300961", "0022300962", "0022300963", "0042300101"
"""Moved to another date; with the box scores of one team; with none; played while the schedule says it is postponed."""
PLAYED_ON = {STALE: FIRST + DAY}
EARLIER = tuple(FIRST - timedelta(days=ago) for ago in (330, 80, 41, 30, 17, 9, 6, 4, 2))
"""Dates before the slates: one of another season, one of a cup's final."""
ROOKIES = (13, 33)
"""They have played in no game before the slates."""
NO_MINUTES = (32, 43)
"""They have been in box scores without having been on the court."""


SPANS = (
    Nights(FIRST, LAST, Mode.OVERNIGHT),
    Nights(FIRST, FIRST + DAY, Mode.SAME_DAY),
    Nights(FIRST + 2 * DAY, LAST, Mode.SAME_DAY),
)
"""One mode is graded in two halves, which must not see each other."""


def league() -> World:
    """Its graded slates, in two modes."""
    return World(tables(), SPANS)


def tables() -> dict[str, list[Row]]:
    """Rows by raw table, and the predictions."""
    dice = random.Random(5)  # noqa: S311 - test data
    games = list(_schedule())
    boxes = [each for one in games for each in _boxes(one, dice)]
    slates = [one for one in games if FIRST - DAY <= one["game_date"] <= LAST + DAY]
    lines = [each for one in slates for each in _lines(one, dice)]
    return {
        "raw.games": games,
        "raw.player_box_scores": boxes,
        "raw.prop_lines": list(by_key("raw.prop_lines", lines).values()),
        "predictions.player_prop_predictions": list(predictions(slates, boxes, dice, TEAMS)),
    }


def _schedule() -> Iterator[Row]:
    """Two games a date, the second at noon, and the odd ones."""
    for day in (*EARLIER, *(FIRST + n * DAY for n in range(-1, 6))):
        for number, (home, away) in enumerate((("BOS", "GSW"), ("LAL", "MIA"))):
            kind = {"season_type": "cup_final"} if day == EARLIER[1] else {}
            yield game(f"00{day:%y%m%d}{number:02d}", day, home, away, tip_utc=tip(day, 12 if number else 19), **kind)
    yield game(MOVED, FIRST + 2 * DAY, "GSW", "MIA")
    yield game(HALF, FIRST + 2 * DAY, "BOS", "LAL")
    yield game(MISSING, FIRST + DAY, "BOS", "LAL")
    yield game(STALE, FIRST, "BOS", "MIA", postponed=True)
    yield game(PLAYOFFS, LAST, "GSW", "LAL", season_type="playoffs")


def _boxes(one: Row, dice: random.Random) -> Iterator[Row]:
    """Who played. Some were published late: when a later slate was predicted, a second after, or an hour.

    And some are stamped before they were played.
    """
    if one["game_id"] == MISSING:
        return
    day: date = PLAYED_ON[one["game_id"]] if one["game_id"] in PLAYED_ON else one["game_date"]
    for team, other in (("home_team", "away_team"), ("away_team", "home_team")):
        if one["game_id"] == HALF and team == "away_team":
            continue
        for player in TEAMS[one[team]]:
            if (player % 10 > 1 and dice.random() < 0.2) or (player in ROOKIES and day < FIRST):
                continue
            late = dice.choice((None, None, None, 0, 1, 3600, -3 * 86_400))
            idle = player in NO_MINUTES and day < FIRST
            known = {name: one[name] for name in ("season", "season_type")} | {"opponent": one[other]}
            if late is not None:
                known["available_at"] = _predicted(one, day + 2 * DAY, MODES[player % 2]) + timedelta(seconds=late)
            stats = {name: dice.randint(0, 9) for name in STATISTICS}
            minutes = 0.0 if idle else dice.randint(60, 2500) / 60
            yield box(one["game_id"], player, day, one[team], minutes=minutes, **stats, **known)


def _predicted(one: Row, day: date, mode: Mode) -> datetime:
    """When a game is usually predicted for a date."""
    if mode is Mode.OVERNIGHT:
        return eastern_instant(day) + timedelta(hours=7)
    at: datetime = one["tip_utc"] - SAME_DAY_LEAD - (one["game_date"] - day)
    return at


def predictions(
    games: Sequence[Row], boxes: Sequence[Row], dice: random.Random, absent: Mapping[str, Sequence[int]]
) -> Iterator[Row]:
    """One or two runs per game, mode and system, each without some of the predictions.

    They are of the players who played, and of the teams' players in `absent`.
    """
    played = {(each["game_id"], each["player_id"]): each for each in boxes}
    for one in games:
        teams = (one["home_team"], one["away_team"])
        players = {player: None for game_id, player in played if game_id == one["game_id"]}
        players |= {player: None for team in teams for player in absent.get(team, ())}
        moved_from = [one["game_date"] - 2 * DAY] if one["game_id"] == MOVED else []
        for day in (one["game_date"], *moved_from):
            for mode, system, at, generation in _runs(one, day, dice):
                if moved_from and day == one["game_date"] and system == SYSTEMS[1]:
                    continue  # what it said of the other date is not graded, although it is the last that it said
                run = {"run_id": f"{day}.{mode}.{generation}", "generation": generation, "predicted_at": at}
                kind = {"game_id": one["game_id"], "game_date": day, "mode": mode.value, "system": system}
                for player in players:
                    for market in MARKETS:
                        if dice.random() < (0.4 if generation == 1 else 0.6):
                            continue
                        outcome = played.get((one["game_id"], player))
                        about = _about(6 if outcome is None else statistic(outcome, market), dice)
                        yield about | kind | run | {"player_id": player, "market": market}


def _runs(one: Row, day: date, dice: random.Random) -> Iterator[tuple[Mode, str, datetime, int]]:
    """Mode, system, instant and generation; the second at any time until a second after tip-off."""
    for mode in MODES:
        usual, tip_utc = _predicted(one, day, mode), one["tip_utc"]
        for system in SYSTEMS:
            yield mode, system, usual, 1
            later = dice.choice((None, usual + timedelta(minutes=15), *(timedelta(seconds=n) for n in (-1, 0, 1))))
            if later is not None:
                yield mode, system, later if isinstance(later, datetime) else tip_utc + later, 2


def _about(outcome: int, dice: random.Random) -> Row:
    """A distribution and prices about an outcome: quantiles and lines that equal it are not rare."""
    middle = outcome + dice.randint(-5, 5)
    quantiles = sorted(middle + dice.choice((0.5, 1)) * dice.randint(-5, 5) for _ in QUANTILES)
    lined = dice.random() < 0.8
    priced = lined and dice.random() < 0.7
    p_over = dice.choice((0.0, 1.0, 0.5, dice.random())) if lined else None
    p_market = dice.choice((0.5, dice.random())) if priced else None
    edge = None if p_over is None or p_market is None else dice.choice((0.0, p_over - p_market, 0.01, -0.01))
    picks = ("over", "under", "pass") if priced else ("pass",) if lined else ("no_line",)
    return row(
        "predictions.player_prop_predictions",
        mean=middle + dice.random(),
        centre=middle + 0.5,
        scale=3.0,
        power=0.9,
        shadow=dice.random() < 0.3,
        line=dice.choice((float(outcome), 4.5, 4.5, 4.5, 5.0)) if lined else None,
        p_over=p_over,
        p_push=0.0 if lined else None,
        p_market=p_market,
        edge=edge,
        recommendation=dice.choice(picks),
        **dict(zip(QUANTILES, quantiles, strict=True)),
    )


def _lines(one: Row, dice: random.Random) -> Iterator[Row]:
    """Books' lines until and after tip-off: main and not, priced on two sides, one or none, several at once."""
    for player in [player for team in ("home_team", "away_team") for player in TEAMS[one[team]]]:
        for market in MARKETS:
            for book in dice.sample(BOOKS, dice.choice((0, 1, 2, 3, 5))):
                for seconds in dice.choices((-30_000, -600, -600, -1, 0, 1), k=3):
                    moved = one["game_id"] == MOVED and dice.random() < 0.2  # posted for the date it was moved from
                    yield row(
                        "raw.prop_lines",
                        game_id=one["game_id"],
                        game_date=one["game_date"] - (2 * DAY if moved else 0 * DAY),
                        player_id=player,
                        market=market,
                        bookmaker=book,
                        line=dice.choice((4.0, 4.5, 4.5, 4.5, 4.5, 5.0, 5.5)),
                        is_main=dice.random() < 0.9,
                        over_price=dice.choice(OVER),
                        under_price=dice.choice(UNDER),
                        available_at=one["tip_utc"] + timedelta(seconds=seconds),
                    )


OVER = (None, 50.0, -99.0, 99.0, -100.0, 100.0, -101.0, *[-110.0] * 8, -137.0, -120.0, 101.0, 122.0, -150.0)
UNDER = (None, -50.0, -99.0, 99.0, -100.0, 100.0, 101.0, *[-110.0] * 8, -141.0, -105.0, -150.0, 118.0, -160.0)
"""Prices; between -100 and +100 there is none, two of +101 add up to less than 1, two of -150 to exactly 1.2."""


def histories(grades: Sequence[Row], dice: random.Random) -> list[Row]:
    """What was graded before: nothing, the same, or something that has changed since; once or twice."""
    made: list[Row] = []
    for grade in grades:
        now = {name: grade[name] for name in HISTORY}
        changes: list[Mapping[str, object]] = [
            {},
            {"run_id": "another"},
            {"voided": not grade["voided"]},
            {"actual": 99.0 if grade["actual"] is None else None},
            {"actual": 0.0 if grade["actual"] is None else grade["actual"] + 1},
            {"closing_line": None if grade["closing_line"] is not None else 0.0},
            {"closing_line": 3.0},
            {"closing_p_market": None if grade["closing_p_market"] is not None else 0.0},
            {"closing_p_market": 0.3},
        ]
        revisions = range(1, dice.choice((1, 2, 2, 3, 4)))
        made += [{**now, **dice.choice([{}, dice.choice(changes)]), "revision": revision} for revision in revisions]
    return made
