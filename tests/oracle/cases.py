"""Adds to the raw rows of the generated league the rare cases that the definitions distinguish."""

import random
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta

from shared.basketball.arenas import ARENAS
from shared.basketball.identity import player_lookup
from shared.basketball.slate import SAME_DAY_LEAD, eastern_instant
from shared.ports import Row
from shared.registries.markets import MARKETS, STATISTICS
from tests.unit.shared.rows import box, game, injury, prop, roster

Raw = dict[str, list[Row]]
BOOKS = ("aqua", "betmgm", "draftkings", "fanduel", "prizepicks", "underdog", "zenith")
PRICES = (None, -100.0, 100.0, 99.0, -99.0, 105.0, -105.0, -110.0, -120.0, 130.0, -150.0, -151.0, 180.0, -900.0)
"""None; numbers just short of a price and the first that are one; pairs below, at and above the bounds of a margin."""
LINES = (0.5, 1.0, 1.5, 2.5, 3.5)
STATUSES = ("Available", "Probable", "Questionable", "Doubtful", "Out", "Suspension", "Not With Team")
TRADE = date(2024, 11, 12)
ABSENCE = timedelta(days=20)
TEAMS = sorted(ARENAS)
SECOND = timedelta(seconds=1)


def edited(raw: Raw, dice: random.Random, start: date, nights: tuple[date, date], finals: date) -> Raw:
    """The rows with every case in them, shuffled; most cases are on the slates from the first to the last night."""
    first, last = nights
    games = [each for each in raw["raw.games"] if first <= each["game_date"] <= last]
    for each in raw["raw.player_box_scores"]:
        each["player_lookup"] = player_lookup(each["player_name"])
    _trade(raw, dice)
    _absence(raw, dice, games[0])
    _schedule(raw, start, games)
    _late_rows(raw, dice, games)
    _odd_boxes(raw, dice, games)
    _finals(raw, finals)
    _reports(raw, dice, games)
    _quotes(raw, dice, games)
    raw["raw.prop_lines"] += [_pra(line) for line in raw["raw.prop_lines"] if line["market"] == "points"]
    for rows in raw.values():
        dice.shuffle(rows)
    return raw


def _trade(raw: Raw, dice: random.Random) -> None:
    """Two players of two teams change places from a date on, with their box scores, reports and lines."""
    squads = [row for row in raw["raw.player_box_scores"] if row["game_date"] == TRADE and row["minutes"] > 20]
    one, other = dice.choice([(a, b) for a in squads for b in squads if a["team"] < b["team"]])
    swap = {one["player_id"]: other, other["player_id"]: one}
    for table in ("raw.player_box_scores", "raw.rosters", "raw.injuries", "raw.prop_lines"):
        for row in raw[table]:
            if row["game_date"] > TRADE and row["player_id"] in swap:
                row |= {name: swap[row["player_id"]][name] for name in ("player_id", "player_lookup") if name in row}


def _absence(raw: Raw, dice: random.Random, night: Row) -> None:
    """A regular plays that night after weeks of absence."""
    boxes = raw["raw.player_box_scores"]
    back = dice.choice([row for row in boxes if row["game_id"] == night["game_id"] and row["minutes"] > 20])
    missed = [night["game_date"] - ABSENCE, night["game_date"]]
    raw["raw.player_box_scores"] = [
        row for row in boxes if row["player_id"] != back["player_id"] or not missed[0] <= row["game_date"] < missed[1]
    ]


def _schedule(raw: Raw, start: date, games: Sequence[Row]) -> None:
    """A neutral site, a cup final, postponed games, two games of a team on one date, late news of the schedule."""
    slate = games[0]["game_date"]
    yesterday = [row for row in raw["raw.games"] if row["game_date"] == slate - timedelta(days=1)]
    yesterday[0] |= {"neutral_site": True, "season_type": "cup_final"}
    for row in raw["raw.player_box_scores"]:
        if row["game_id"] == yesterday[0]["game_id"]:
            row["season_type"] = "cup_final"
    games[1]["neutral_site"] = True
    home, away = games[0]["home_team"], games[0]["away_team"]
    known = eastern_instant(slate, time(7))
    for number, each in enumerate(games):  # no season is longer than 400 days, whatever a label that came late says
        sides = (each["home_team"], each["away_team"])
        late = game(f"002249010{number}", slate - timedelta(days=400), *sides, available_at=eastern_instant(slate))
        raw["raw.games"].append(late | {"season": "2024-25"})
    raw["raw.games"] += [
        game("0022490001", slate, "ATL", "DAL", postponed=True),
        game("0022490002", slate - timedelta(days=1), "SAC", home, postponed=True),
        game("0022490003", slate - timedelta(days=1), "HOU", home, available_at=known),
        game("0022490004", slate - timedelta(days=1), away, "TOR", available_at=known + SECOND),
        game("0022400000", slate - timedelta(days=1), "MEM", home, available_at=known),
        game("0022490005", start + timedelta(days=5), "ORL", home, available_at=games[0]["tip_utc"] - SAME_DAY_LEAD),
    ]


def _late_rows(raw: Raw, dice: random.Random, games: Sequence[Row]) -> None:
    """Box scores, rosters and reports that come at a cutoff, just after it, and days after."""
    slate = games[0]["game_date"]
    known = eastern_instant(slate, time(7))
    instants = [known, known + SECOND, games[0]["tip_utc"] - SAME_DAY_LEAD + SECOND, known + timedelta(days=3)]
    before = [row for row in raw["raw.player_box_scores"] if slate - timedelta(days=3) <= row["game_date"] < slate]
    for row in dice.sample(before, 12):
        row["available_at"] = dice.choice(instants)
    tonight = [row for row in raw["raw.rosters"] if row["game_date"] == slate]
    for row in dice.sample(tonight, 8):
        row["available_at"] = dice.choice(instants)
    raw["raw.rosters"].append(roster(1, "ATL", slate))


def _odd_boxes(raw: Raw, dice: random.Random, games: Sequence[Row]) -> None:
    """Equal minutes, no minutes, no attempts, no starters; half a game, and a game in which nobody did anything."""
    slate = games[0]["game_date"]
    boxes = raw["raw.player_box_scores"]
    for row in dice.sample(boxes, 60):
        changed: Row = dice.choice(
            [
                {"minutes": 20.0},
                {"minutes": 0.0},
                {"starter": None},
                {"plus_minus": None},
                {"player_lookup": None},
                {"points": 0, "field_goals_attempted": 0, "free_throws_attempted": 0},
            ]
        )
        row.update(changed)
    tied = [row for row in boxes if row["game_date"] == slate and row["team"] == games[0]["home_team"]]
    for row in tied[:4]:
        row["minutes"] = 24.0
    boxes += [box("0022390001", player, slate - timedelta(days=40), "BOS", opponent="NYK") for player in (1, 2)]
    nothing = {"minutes": 0.0, "is_home": True} | dict.fromkeys(STATISTICS, 0)
    for ago in (400, 900):  # the second is longer ago than anybody looks
        game_id, day = f"00223910{ago // 100:02d}", slate - timedelta(days=ago)
        boxes += [box(game_id, 3, day, "CHA", opponent="MEM") | nothing, box(game_id, 4, day, "MEM", opponent="CHA")]


def _finals(raw: Raw, day: date) -> None:
    """A night on which all thirty teams play, some with players; two have not for 400 days, two for longer."""
    old = {"CHA": 400, "WAS": 401}
    for number, team in enumerate(team for team in TEAMS if team not in ("DEN", "UTA")):
        before = day - timedelta(days=old.get(team, 2))
        raw["raw.games"].append(game(f"0042490{number:03d}", before, team, "ZZZ", season="2024-25"))
    for number, (home, away, ago) in enumerate((("BOS", "DEN", 400), ("NYK", "UTA", 401))):
        before = day - timedelta(days=ago)
        raw["raw.games"].append(game(f"0042492{number:03d}", before, home, away, season="2024-25"))
    for number, (home, away) in enumerate(zip(reversed(TEAMS[1::2]), TEAMS[::2], strict=True)):
        raw["raw.games"].append(game(f"0042491{number:03d}", day, home, away, season_type="playoffs"))
    raw["raw.rosters"] += [roster(number, team, day) for number, team in enumerate(("BOS", "CHA", "WAS"), 1)]


def _reports(raw: Raw, dice: random.Random, games: Sequence[Row]) -> None:
    """Reports of one player at several instants around the cutoffs, some at the same one."""
    for each in games:
        slate, tip = each["game_date"], each["tip_utc"]
        instants = _instants(each) + [tip - timedelta(minutes=90, seconds=late) for late in (-1, 0, 1, 45, 60)]
        for player in _squads(raw["raw.rosters"], each):
            for at in dice.sample(instants, dice.choice([0, 0, 1, 1, 2, 4])):
                for status in dice.sample(STATUSES, dice.choice([1, 1, 2])):
                    of = slate if dice.random() < 0.8 else slate - timedelta(days=1)
                    raw["raw.injuries"].append(injury(player, status, at, of))


def _quotes(raw: Raw, dice: random.Random, games: Sequence[Row]) -> None:
    """Lines of every market by up to seven books, at so few values, prices and instants that all of them coincide."""
    for each in games[:4]:
        for player in _squads(raw["raw.rosters"], each):
            for market in MARKETS:
                books = dice.sample(BOOKS, dice.randint(0, 5))
                for book in books:
                    raw["raw.prop_lines"] += _of_book(dice, each, player, market, book)


def _of_book(dice: random.Random, of: Row, player: int, market: str, book: str) -> Iterable[Row]:
    instants = dice.sample(_instants(of), 2)
    for _ in range(dice.choice([1, 2, 3])):
        yield prop(
            of["game_id"] if dice.random() < 0.9 else "0022499999",
            player,
            dice.choice(LINES),
            book,
            dice.choice(instants),
            game_date=of["game_date"] + dice.choice([0, 0, 0, 0, 0, 0, 1]) * timedelta(days=1),
            market=market,
            over_price=dice.choice(PRICES),
            under_price=dice.choice(PRICES),
            is_main=dice.random() < 0.8,
        )


def _instants(of: Row) -> list[datetime]:
    """Around the cutoffs of a game, and well before them."""
    known, lead = eastern_instant(of["game_date"], time(7)), of["tip_utc"] - SAME_DAY_LEAD
    near = [at + n * SECOND for at in (known, lead) for n in (-1, 0, 1)]
    return [*near, *(known - timedelta(hours=hours) for hours in (8, 23, 24, 25, 47, 48, 80))]


def _squads(rosters: Iterable[Row], of: Row) -> list[int]:
    teams = (of["home_team"], of["away_team"])
    return [row["player_id"] for row in rosters if row["game_date"] == of["game_date"] and row["team"] in teams]


def _pra(line: Row) -> Row:
    """A line on points, rebounds and assists, made from one on points."""
    return line | {"market": "pra", "line": line["line"] + 8, "over_price": -108.0, "under_price": -113.0}
