"""The generated league as a history: deterministic by seed, ready in about a second."""

from collections.abc import Sequence
from datetime import date, datetime, time

import numpy as np
import pyarrow as pa

from devstack.history import History
from devstack.league.absences import STATUSES, Absences, absences, events
from devstack.league.boxes import Boxes, boxes
from devstack.league.calendar import TRICODES, Calendar, calendar
from devstack.league.game_market import game_lines
from devstack.league.market import BOOKS, MARKETS, lines
from devstack.league.players import IntArray, Players, players
from devstack.schema import COUNTS
from shared.basketball.arenas import ARENAS
from shared.basketball.slate import eastern_instant, season_of

OPENING_NIGHT = date(2024, 10, 22)
_LINED = 8
"""Places by minutes that bookmakers offer lines on."""


def generate(seed: int = 7, *, first: date = OPENING_NIGHT, days: int = 60, last_slate: int = 8) -> History:
    """A league's first `days` days. The last date, with `last_slate` games, is the demo's: `history.last_date`."""
    source = f"generated league (seed {seed}, {days} days)"
    return History.of_tables(tables(seed, first, days, last_slate), source=source)


def tables(seed: int, first: date, days: int, last_slate: int) -> dict[str, pa.Table]:
    """The tables of a history folder (see `devstack.schema`)."""
    return play(seed, calendar(np.random.default_rng(seed).spawn(1)[0], first, days, last_slate))


def play(seed: int, games: Calendar) -> dict[str, pa.Table]:
    """The tables of a given calendar, its games played by the players of the seed."""
    _, who, gone, how, bets, more_bets = np.random.default_rng(seed).spawn(6)
    people = players(who)
    absent = absences(gone, games)
    played = boxes(how, games, people, absent)
    game_ids = [f"002{games.dates[0].year % 100:02d}{number:05d}" for number in range(1, len(games) + 1)]
    return {
        "schedule": _schedule(games, played, game_ids),
        "team_games": _team_games(games, played, game_ids),
        "player_games": _player_games(games, people, absent, played, game_ids),
        "availability": _availability(games, people, absent, game_ids),
        "injuries": _injuries(gone, games, people, absent),
        "prop_lines": _prop_lines(bets, games, people, absent, played, game_ids),
        "game_lines": _game_lines(more_bets, games, played, game_ids),
    }


def _schedule(games: Calendar, played: Boxes, game_ids: Sequence[str]) -> pa.Table:
    scores = played.totals["pts"].reshape(-1, 2)
    return pa.table(
        {
            "game_id": game_ids,
            "season": [season_of(day) for day in games.dates],
            "game_date": games.dates,
            "tip_utc": games.tips,
            "home_team": _take(TRICODES, games.home),
            "away_team": _take(TRICODES, games.away),
            "neutral_site": [False] * len(games),
            "home_pts": scores[:, 0],
            "away_pts": scores[:, 1],
            "ot_periods": played.overtimes,
            "arena": _take([ARENAS[tricode].place for tricode in TRICODES], games.home),
        }
    )


def _team_games(games: Calendar, played: Boxes, game_ids: Sequence[str]) -> pa.Table:
    totals = played.totals
    game = np.repeat(np.arange(len(games)), 2)
    return pa.table(
        {
            "game_id": _take(game_ids, game),
            "team": _take(TRICODES, games.sides),
            **{name: totals[name] for name in COUNTS},
        }
    )


def _player_games(
    games: Calendar, people: Players, absent: Absences, played: Boxes, game_ids: Sequence[str]
) -> pa.Table:
    side, place = np.nonzero(absent.plays)
    return pa.table(
        {
            **_who(games, people, game_ids, side, place),
            "starter": absent.order[side, place] < 5,  # noqa: PLR2004 - a team's five
            "minutes": np.round(played.seconds[side, place] / 60.0, 2),
            **{name: played.counts[name][side, place] for name in COUNTS},
            "plus_minus": played.plus_minus[side, place],
        }
    )


def _availability(games: Calendar, people: Players, absent: Absences, game_ids: Sequence[str]) -> pa.Table:
    side, place = np.nonzero(~absent.plays)
    return pa.table(
        {
            **_who(games, people, game_ids, side, place),
            "status": _take(STATUSES.tolist(), absent.status[side, place]),
        }
    )


def _injuries(rng: np.random.Generator, games: Calendar, people: Players, absent: Absences) -> pa.Table:
    rows = events(rng, games, absent.injured)
    first = games.dates[0].toordinal()
    return pa.table(
        {
            "date": pa.array([date.fromordinal(first + day) for day, *_ in rows], pa.date32()),
            "team": [TRICODES[team] for _, team, *_ in rows],
            "player_id": [int(people.ids[team, place]) for _, team, place, *_ in rows],
            "player_name": [people.names[team * people.ids.shape[1] + place] for _, team, place, *_ in rows],
            "event": [event for *_, event, _ in rows],
            "note": [note for *_, note in rows],
        }
    )


def _prop_lines(
    rng: np.random.Generator, games: Calendar, people: Players, absent: Absences, played: Boxes, game_ids: Sequence[str]
) -> pa.Table:
    offered = (absent.order < _LINED) & absent.plays
    tips, mornings = _seconds(games.tips), _mornings(games)
    posted = lines(rng, played.expected, offered, np.repeat(tips, 2), np.repeat(mornings, 2))
    who = _who(games, people, game_ids, posted.side, posted.place)
    who["player_name_raw"] = who.pop("player_name")
    return pa.table(
        {
            **who,
            "market": _take(MARKETS, posted.market),
            "bookmaker": _take(BOOKS, posted.book),
            "line": posted.line,
            "over_price": posted.over,
            "under_price": posted.under,
            "snapshot_utc": pa.array(posted.posted, pa.timestamp("s", tz="UTC")),
            "pregame": np.ones(len(posted.line), dtype=bool),
            "is_main": posted.main,
            "event_id": pa.nulls(len(posted.line), pa.string()),
        }
    )


def _game_lines(rng: np.random.Generator, games: Calendar, played: Boxes, game_ids: Sequence[str]) -> pa.Table:
    points = played.expected["points"].sum(axis=1).reshape(-1, 2)
    posted = game_lines(rng, points, _seconds(games.tips), _mornings(games))
    return pa.table(
        {
            "game_id": _take(game_ids, posted.game),
            "bookmaker": _take(BOOKS, posted.book),
            "spread_home": posted.spread_home,
            "total": posted.total,
            "home_ml": posted.home_ml,
            "away_ml": posted.away_ml,
            "snapshot_utc": pa.array(posted.posted, pa.timestamp("s", tz="UTC")),
        }
    )


def _mornings(games: Calendar) -> IntArray:
    """07:00 Eastern of each game's date."""
    return _seconds([eastern_instant(day, time(7)) for day in games.dates])


def _who(
    games: Calendar, people: Players, game_ids: Sequence[str], side: IntArray, place: IntArray
) -> dict[str, pa.Array]:
    """Game, player and team of each (side, place)."""
    team = games.sides[side]
    return {
        "game_id": _take(game_ids, side // 2),
        "player_id": pa.array(people.ids[team, place]),
        "player_name": _take(people.names, team * people.ids.shape[1] + place),
        "team": _take(TRICODES, team),
    }


def _take(values: Sequence[object], codes: IntArray) -> pa.Array:
    return pa.array(values).take(pa.array(codes))


def _seconds(instants: Sequence[datetime]) -> IntArray:
    return np.array([int(instant.timestamp()) for instant in instants])
