"""Two slates of full teams with rows on both sides of every cutoff: what a night may know, and what it must not."""

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from shared.basketball.slate import Mode, cutoff, eastern_instant, season_of
from shared.ports import Row
from shared.registries.markets import STATISTICS
from tests.unit.shared.rows import SLATE, box, game, injury, prop, roster, tip

Tables = dict[str, list[Row]]
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
EVE, NEXT = SLATE - DAY, SLATE + DAY
EARLY, LATE, BEFORE, AFTER = "0022300900", "0022300901", "0022300890", "0022300910"
SIDES = {EARLY: ("BOS", "GSW"), LATE: ("LAL", "UTA"), BEFORE: ("LAL", "BOS"), AFTER: ("UTA", "GSW")}
DATES = {EARLY: SLATE, LATE: SLATE, BEFORE: EVE, AFTER: NEXT}
TIPS = {EARLY: tip(SLATE, 19), LATE: tip(SLATE, 22, 30), BEFORE: tip(EVE, 15), AFTER: tip(NEXT, 19)}
TEAMS = {"BOS": (11, 12, 13), "GSW": (21, 22, 23), "LAL": (31, 32, 33), "UTA": (41, 42, 43)}
LATECOMER = 8
"""Added to this to a team's first player: on the roster a second after the cutoff."""
ONLY_GAME = {14: SLATE, 15: SLATE - 401 * DAY, 16: SLATE - 3 * DAY, 18: SLATE - 6 * DAY}
"""Players of BOS with one game: tonight's, one before the window, one published too late, one just in time."""
LEFT = 17
"""Played for BOS five days ago, and is on the roster of the eve alone."""
WINDOW = 400 * DAY


def a_night(mode: Mode) -> Tables:
    """All that is ever known: history, two slates and the next, the future of each, and what is too old."""
    dice = random.Random(29)  # noqa: S311 - test data
    return {
        "raw.games": list(_games(mode)),
        "raw.player_box_scores": [each for one in _played(mode) for each in _boxes(*one, dice)],
        "raw.rosters": list(_rosters(mode)),
        "raw.injuries": list(_injuries(mode)),
        "raw.prop_lines": list(_lines(mode, dice)),
    }


def known(tables: Tables, mode: Mode, game_id: str) -> Tables:
    """What may count for one game: rows available at its cutoff, games of the 400 days before it, its own slate."""
    slate, at = DATES[game_id], cutoff(mode, DATES[game_id], TIPS[game_id])

    def counts(table: str, each: Row) -> bool:
        past = slate - WINDOW <= each["game_date"] < slate
        of_slate = each["game_date"] == slate
        wanted = {"raw.player_box_scores": past, "raw.games": past or of_slate}
        return bool(each["available_at"] <= at) and wanted.get(table, of_slate)

    return {table: [each for each in rows if counts(table, each)] for table, rows in tables.items()}


def scrambled(tables: Tables, mode: Mode, seed: int) -> Tables:
    """The same past as at the slate's first cutoff, with another future: every number of it is drawn."""
    dice = random.Random(seed)  # noqa: S311 - a seed to repeat
    first = min(cutoff(mode, SLATE, TIPS[game_id]) for game_id in (EARLY, LATE))

    def drawn(each: Row) -> Row:
        if each["available_at"] <= first and each["game_date"] <= SLATE:
            return each
        numbers = (*STATISTICS, "field_goals_attempted")
        made: Row = {name: dice.randint(0, 60) for name in numbers if name in each}
        if "line" in each:
            made["line"] = dice.randint(0, 60) + 0.5
        if "status" in each:
            made["status"] = dice.choice(("Out", "Doubtful", "Available"))
        return each | made

    return {table: [drawn(each) for each in rows] for table, rows in tables.items()}


def shuffled(tables: Tables, seed: int) -> Tables:
    """The same rows in another order."""
    dice = random.Random(seed)  # noqa: S311 - a seed to repeat
    return {table: dice.sample(rows, len(rows)) for table, rows in tables.items()}


def _games(mode: Mode) -> Iterator[Row]:
    """The slates, and a schedule whose rows became known at a cutoff, or a second later, or that are too old."""
    for game_id, (home, away) in SIDES.items():
        day = DATES[game_id]
        yield game(game_id, day, home, away, tip_utc=TIPS[game_id], available_at=eastern_instant(day))
    for number, (day, home, away, at) in enumerate(_played(mode)):
        known_at = min(at, eastern_instant(day))
        if day < EVE:
            yield game(f"00223007{number:02d}", day, home, away, season=season_of(day), available_at=known_at)
    for number, game_id in enumerate((EARLY, LATE)):
        at = cutoff(mode, SLATE, TIPS[game_id])
        home, away = SIDES[game_id]
        # The away team's last game: of one of them known a second too late, of the other just in time.
        yield game(f"002230080{number}", SLATE - 2 * DAY, away, "MIA", available_at=at + (1 - number) * SECOND)
        for age in (0, 1):  # labelled as of this season, at the window's edge and beyond
            old = SLATE - WINDOW - age * DAY
            yield game(f"00223008{number + 2}{age}", old, home, away, season=season_of(SLATE))
    yield game("0022300840", EVE - WINDOW - DAY, "BOS", "LAL", season=season_of(SLATE))


def _played(mode: Mode) -> Iterator[tuple[date, str, str, datetime]]:
    """Date, home and away team of every game with box scores, and when they were published."""
    for home, away, game_id in (("BOS", "GSW", EARLY), ("LAL", "UTA", LATE)):
        at = cutoff(mode, SLATE, TIPS[game_id])
        for ago in (20, 12, 8, 5):
            day = SLATE - ago * DAY
            yield day, home, away, tip(day, 23)
        yield SLATE - 6 * DAY, away, home, at  # just in time
        yield SLATE - 3 * DAY, home, away, at + SECOND  # a second too late
        yield SLATE - 9 * DAY, away, home, tip(NEXT, 12)  # after every cutoff
        for age in (0, 1, 2):  # at the edge of the slate's window, of its eve's, and beyond
            day = SLATE - WINDOW - age * DAY
            yield day, home, away, tip(day, 23)
        yield SLATE, home, away, eastern_instant(EVE)  # tonight's, stamped too early
    yield EVE, "LAL", "BOS", eastern_instant(EVE)  # the eve's, likewise
    yield NEXT, "UTA", "GSW", eastern_instant(EVE)


def _boxes(day: date, home: str, away: str, at: datetime, dice: random.Random) -> Iterator[Row]:
    """Two full teams."""
    game_id = f"002{day:%m%d}{day.year % 10}{TEAMS[home][0]}"
    alone = [player for player, only in {**ONLY_GAME, LEFT: SLATE - 5 * DAY}.items() if only == day]
    for team, other in ((home, away), (away, home)):
        for player in (*TEAMS[team], *(alone if team == "BOS" else ())):
            shots = dice.randint(5, 20)
            yield box(
                game_id,
                player,
                day,
                team,
                opponent=other,
                is_home=team == home,
                starter=player % 10 < 3,
                minutes=dice.randint(300, 2400) / 60,
                available_at=at,
                points=dice.randint(4, 40),
                rebounds=dice.randint(1, 15),
                offensive_rebounds=1,
                assists=dice.randint(1, 12),
                threes=dice.randint(1, 4),
                threes_attempted=dice.randint(4, 9),
                field_goals_made=shots // 2 + 2,
                field_goals_attempted=shots + 5,
                free_throws_made=2,
                free_throws_attempted=dice.randint(2, 8),
                turnovers=dice.randint(0, 5),
                fouls=dice.randint(0, 5),
            )


def _rosters(mode: Mode) -> Iterator[Row]:
    """Each team's players; the third just in time, and one more a second too late."""
    for game_id, teams in SIDES.items():
        at = cutoff(mode, DATES[game_id], TIPS[game_id])
        for team in teams:
            first, second, third = TEAMS[team]
            for player, moment in ((first, None), (second, None), (third, at), (first + LATECOMER, at + SECOND)):
                values = {} if moment is None else {"available_at": moment}
                yield roster(player, team, DATES[game_id], **values)
    yield from (roster(player) for player in ONLY_GAME)
    yield roster(LEFT, day=EVE)


def _injuries(mode: Mode) -> Iterator[Row]:
    """Of each player a report long before the cutoff, at it, a second and hours after; and of another date."""
    for game_id, teams in SIDES.items():
        at = cutoff(mode, DATES[game_id], TIPS[game_id])
        for team in teams:
            for player in TEAMS[team]:
                statuses = ("Day-To-Day", "Questionable", "Doubtful", "Out")
                for seconds, status in zip((-90_000, 0, 1, 7_200), statuses, strict=True):
                    yield injury(player, status, at + timedelta(seconds=seconds), DATES[game_id])
            yield injury(TEAMS[team][0], "Out", at - SECOND, NEXT + DAY)
    # Dated the eve, and stamped just before tonight's cutoff.
    yield injury(11, "Probable", cutoff(mode, SLATE, TIPS[EARLY]), EVE)


def _lines(mode: Mode, dice: random.Random) -> Iterator[Row]:
    """Of each player a book's line long before the cutoff, at it, a second and hours after; and of another date."""
    for game_id, teams in SIDES.items():
        at, day = cutoff(mode, DATES[game_id], TIPS[game_id]), DATES[game_id]
        for player in (player for team in teams for player in TEAMS[team]):
            market = "points" if player % 2 else "rebounds"
            for seconds in (-90_000, 0, 1, 7_200):
                line = 10.5 + dice.randint(0, 9)
                moment = at + timedelta(seconds=seconds)
                yield prop(game_id, player, line, f"book{seconds}", moment, game_date=day, market=market)
            for other in (EVE, NEXT):
                if other != day:  # the game was to be played on another date when this was posted
                    moment = at - timedelta(hours=30)
                    yield prop(game_id, player, 40.5, "moved", moment, game_date=other, market=market)
