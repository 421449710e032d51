"""A few slates of raw rows with everything in them that SQL can trip over. Always the same."""

import random
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta

from shared.basketball.slate import BOX_SCORE_LAG, eastern_instant, season_of
from shared.ports import Row
from shared.registries.markets import MARKETS
from shared.registries.systems import SYSTEMS
from shared.tables import QUANTILES
from tests.unit.shared.rows import row, tip

SLATE = date(2024, 3, 10)
"""Clocks go forward in New York on this date."""
EVE = SLATE - timedelta(days=1)
PAIRS = (("BOS", "GSW"), ("LAL", "MIA"), ("NYK", "DEN"))
PLAYED = (date(2023, 4, 2), date(2024, 2, 27), date(2024, 3, 3), date(2024, 3, 6), date(2024, 3, 8), EVE)
"""One of them in the season before, inside the window of 400 days."""
POSTPONED, UNFINISHED, REFUSED = "0022300901", "0022300902", "0022300903"
RUN = f"{SLATE}.overnight.1"
PREDICTED = datetime(2024, 3, 10, 11, 5, tzinfo=UTC)


def tables() -> dict[str, list[Row]]:
    """Rows by table."""
    dice = random.Random(7)  # noqa: S311 - test data
    games = [_game(day, number) for day in (*PLAYED, SLATE) for number in range(len(PAIRS))]
    played = [game for game in games if game["game_date"] in PLAYED]
    odd = [
        _game(SLATE, 0, POSTPONED, postponed=True, home_team="CHI", away_team="UTA"),
        _game(EVE, 0, UNFINISHED, home_team="CHI", away_team="UTA"),
        _game(date(2024, 3, 7), 0, REFUSED, home_team="CHI", away_team="UTA"),
    ]
    results = [_result(game, dice) for game in played]
    boxes = [box for game in played for box in _boxes(game, dice)]
    return {
        "raw.games": [*games, *odd],
        "raw.game_results": results,
        "raw.player_box_scores": boxes,
        "raw.absences": list(_absences(played, boxes)),
        "raw.corrections": list(_corrections(played[-1])),
        "raw.disagreements": list(_disagreements(games[-1])),
        "raw.rosters": [*_rosters(SLATE), *_rosters(EVE)],
        "raw.injuries": list(_injuries()),
        "raw.prop_lines": [line for game in games[-6:] for line in _lines(game, dice)],
        "raw.game_lines": list(_game_lines(games[-2:])),
        "raw.fetches": list(_fetches(games[-3:])),
        "raw.quarantine": list(_quarantine()),
        "ops.player_names": list(_settled()),
        "ops.step_costs": list(_costs()),
        "ops.query_costs": list(_other_costs()),
        "predictions.staging": [
            # The second dispatch cut other batches: half of the players are staged twice.
            _prediction("staging", games[-1], player, market, dice, run_id=RUN, batch=batch, predicted_at=at)
            for batch, at in ((1, PREDICTED), (2, PREDICTED + timedelta(minutes=5)))
            for player in _players("NYK")[: 3 * batch]
            for market in MARKETS
        ],
        "predictions.player_prop_predictions": list(_published(games[-6:], dice)),
        "predictions.models": list(_models()),
        "ops.step_runs": list(_step_runs((EVE, SLATE))),
        "ops.decisions": list(_decisions((EVE, SLATE))),
        "ops.record": list(_record()),
    }


def _record() -> Iterator[Row]:
    """Two entries of the record: what a run published, and grades."""
    for seq, (kind, day) in enumerate((("publish", EVE), ("grade", EVE)), 1):
        source = {"source_count": seq, "source_sha256": f"{seq:064}"} if kind == "grade" else {}
        run = {"run_id": f"{day}.overnight.1", "schema_version": 1, "row_count": 9, "rows_sha256": f"{seq:064}"}
        links = {"prev": f"{seq - 1:064}", "sha256": f"{seq:064}", "sealed_at": PREDICTED + timedelta(hours=seq)}
        yield row("ops.record", seq=seq, kind=kind, game_date=day, mode="overnight", **run, **source, **links)


def _costs() -> Iterator[Row]:
    for day in (EVE, SLATE):
        for step in ("grade", "ml_feature_store"):
            for attempt in (1, 2):
                kind = {"game_date": day, "mode": "overnight", "run_id": f"{day}.overnight.1", "step": step}
                taken = {"bytes_processed": 12_345 * attempt, "bytes_billed": 20 * 2**20, "usd": 0.1 * attempt}
                yield row("ops.step_costs", **kind, attempt=attempt, **taken, recorded_at=PREDICTED)


def _other_costs() -> Iterator[Row]:
    reasons = [("overnight", "step_reported", "grade"), ("overnight", "step_requested", "grade"), (None, "watch", None)]
    for number, (mode, purpose, step) in enumerate(reasons * 2, 1):
        kind = {"game_date": SLATE, "mode": mode, "service": "coordinator", "purpose": purpose, "step": step}
        taken = {"bytes_processed": 10 * number, "bytes_billed": 10 * 2**20, "usd": 0.5 * number}
        yield row("ops.query_costs", **kind, writer="w", number=number, **taken, recorded_at=PREDICTED)


def _players(team: str) -> list[int]:
    teams = [team for pair in PAIRS for team in pair]
    return [100 * (1 + teams.index(team)) + number for number in range(6)]


def _game(day: date, number: int, game_id: str | None = None, **values: object) -> Row:
    home, away = PAIRS[number]
    known = {
        "game_id": game_id if game_id is not None else f"00{day:%y%m%d}{number:02d}",
        "game_date": day,
        "season": season_of(day),
        "season_type": "regular",
        # Two games tip off in the same minute.
        "tip_utc": tip(day, 19 + number // 2),
        "home_team": home,
        "away_team": away,
        "available_at": eastern_instant(day),
    }
    return row("raw.games", **known) | values


def _result(game: Row, dice: random.Random) -> Row:
    points = {"home_points": dice.randint(90, 130), "away_points": dice.randint(90, 130)}
    return row("raw.game_results", game_id=game["game_id"], game_date=game["game_date"], **points)


def _boxes(game: Row, dice: random.Random) -> Iterator[Row]:
    for team, other in (("home_team", "away_team"), ("away_team", "home_team")):
        # The fifth misses some games, the sixth (a rookie) has played none.
        for player in [*_players(game[team])[:4], *_players(game[team])[4 : 4 + dice.randint(0, 1)]]:
            idle = player % 100 == 3 and dice.random() < 0.5
            yield row(
                "raw.player_box_scores",
                **{name: game[name] for name in ("game_id", "game_date", "season", "season_type")},
                player_id=player,
                player_name=_name(player),
                team=game[team],
                opponent=game[other],
                is_home=team == "home_team",
                starter=None if game["game_date"].year == 2023 else player % 100 < 3,
                minutes=0.0 if idle else round(dice.uniform(4, 42), 2),
                plus_minus=None if idle else float(dice.randint(-25, 25)),
                available_at=game["tip_utc"] + BOX_SCORE_LAG,
                **{name: 0 if idle else dice.randint(0, 12) for name in _COUNTS},
            )


_COUNTS = (
    "points",
    "rebounds",
    "assists",
    "threes",
    "field_goals_made",
    "field_goals_attempted",
    "free_throws_made",
    "free_throws_attempted",
    "turnovers",
    "steals",
    "blocks",
)


def _absences(played: list[Row], boxes: list[Row]) -> Iterator[Row]:
    """Who of a team is in no row of a game; of a team without box scores one who stayed and one who left it since."""
    listed = {(box["game_id"], box["player_id"]) for box in boxes}
    missing = [
        (game, game[side], player)
        for game in played
        for side in ("home_team", "away_team")
        for player in _players(game[side])
        if (game["game_id"], player) not in listed
    ]
    before = _game(date(2024, 3, 7), 0, REFUSED)
    for game, team, player in (*missing, (before, "CHI", 105), (before, "CHI", 901)):
        hurt = player % 2 == 0
        yield row(
            "raw.absences",
            game_id=game["game_id"],
            game_date=game["game_date"],
            player_id=player,
            player_name=_name(player),
            team=team,
            reason="INACTIVE_INJURY" if hurt else "DNP_COACH",
            description="Knöchel" if hurt else None,
            available_at=game["tip_utc"] + BOX_SCORE_LAG,
        )


def _corrections(game: Row) -> Iterator[Row]:
    """A number that was corrected twice, one that was not known, a player who came and one who went."""
    for player, field, was, became, hours in (
        (500, "rebounds", 7.0, 8.0, 1),
        (500, "rebounds", 8.0, 7.0, 2),
        (500, "plus_minus", None, -3.0, 1),
        (501, "row", None, 4.0, 1),
        (600, "row", 2.0, None, 2),
    ):
        known = {"game_id": game["game_id"], "game_date": game["game_date"], "player_id": player}
        changed = {"player_name": _name(player), "field": field, "was": was, "became": became}
        at = game["tip_utc"] + BOX_SCORE_LAG + timedelta(hours=hours)
        yield row("raw.corrections", **known, **changed, fetched_at=at)


def _disagreements(game: Row) -> Iterator[Row]:
    name = f"{game['away_team']}@{game['home_team']} {game['game_id']}"
    for subject, field, value, other_value in (
        (name, "tip_utc", "2024-03-11T00:00:00+00:00", "2024-03-11T00:30:00+00:00"),
        (f"{_name(100)} (100)", "status", "Out", "Questionable"),
    ):
        sources = {"source": "nba_cdn", "other_source": "espn"}
        values = {"subject": subject, "field": field, "value": value, "other_value": other_value}
        yield row("raw.disagreements", game_date=game["game_date"], **sources, **values, fetched_at=PREDICTED)


def _game_lines(games: list[Row]) -> Iterator[Row]:
    """Two snapshots of two games by two bookmakers, the second book's of the later only; and a game that is gone."""
    gone = games[0] | {"game_id": "0022300904"}
    snapshots = [(games[0], "fanduel", 0), (games[0], "fanduel", 3), (games[1], "fanduel", 0), (games[1], "betmgm", 3)]
    for game, book, hours in (*snapshots, (gone, "fanduel", 0)):
        for market, side, point, price in (
            ("h2h", game["home_team"], None, -150.0),
            ("h2h", game["away_team"], None, 130.0),
            ("spreads", game["home_team"], -3.5, -110.0),
            ("spreads", game["away_team"], 3.5, -110.0),
            ("totals", "over", 221.5, -105.0 - hours),
            ("totals", "under", 221.5, -115.0 + hours),
        ):
            known = {"game_id": game["game_id"], "game_date": game["game_date"], "bookmaker": book}
            offer = {"market": market, "side": side, "point": point, "price": price}
            at = eastern_instant(game["game_date"]) + timedelta(hours=hours)
            yield row("raw.game_lines", **known, **offer, available_at=at, fetched_at=at)


def _name(player: int) -> str:
    return f"Player {player}" if player % 2 else f"Ünïcode O'Player {player}"


def _rosters(day: date) -> Iterator[Row]:
    for team in [team for pair in PAIRS for team in pair]:
        for player in _players(team)[: 4 if team == "DEN" else None]:
            late = player % 100 == 5 and team == "MIA"
            yield row(
                "raw.rosters",
                game_date=day,
                player_id=player,
                player_name=_name(player),
                team=team,
                position="G" if player % 2 else None,
                available_at=eastern_instant(day) + timedelta(hours=20 if late else 0),
            )


def _injuries() -> Iterator[Row]:
    midnight = eastern_instant(SLATE)
    for number, (player, status, hours) in enumerate(
        (
            (100, "Doubtful", -20),  # the last look's; today's counts
            (400, "Out", -20),
            (100, "Questionable", 0),
            (100, "Out", 3),
            (101, "Out", 1),
            (101, "Doubtful", 1),  # at the same instant: the first by name counts
            (200, "Out", 16),  # after the overnight cutoff
            (300, "Day-To-Day", 40),  # after both
        )
    ):
        at = midnight + timedelta(hours=hours)
        yield row(
            "raw.injuries",
            game_date=SLATE if hours >= 0 else EVE,
            player_id=player,
            status=status,
            available_at=at,
            fetched_at=at + timedelta(minutes=number),
            return_date=date(2024, 3, 20) if player == 400 else None,
        )


def _lines(game: Row, dice: random.Random) -> Iterator[Row]:
    for player in [*_players(game["home_team"])[:5], *_players(game["away_team"])[:2]]:
        for market in tuple(MARKETS)[: 2 + player % 3]:
            # An even number of books, or an odd one, or a single one.
            for book in ("betmgm", "draftkings", "fanduel", "pinnacle")[: 1 + player % 4]:
                yield from _book(game, player, market, book, dice)


def _book(game: Row, player: int, market: str, book: str, dice: random.Random) -> Iterator[Row]:
    line = dice.randint(2, 60) / 2
    opened, closing = eastern_instant(game["game_date"]), game["tip_utc"] - timedelta(minutes=30)
    known = {"game_id": game["game_id"], "game_date": game["game_date"], "player_id": player, "market": market}

    def posted(line: float, at: datetime, over: float | None, *, main: bool = True) -> Row:
        prices = {"over_price": over, "under_price": None if over is None else -110.0}
        more = {"bookmaker": book, "line": line, "is_main": main, "available_at": at}
        return row("raw.prop_lines", **known, **more, **prices)

    yield posted(line, opened, -115.0)
    yield posted(line + 1, opened, None)  # at the same instant, without prices
    yield posted(line + 5, opened, 250.0, main=False)
    if dice.random() < 0.5:
        yield posted(line - 0.5, closing, -110.0)


def _fetches(slate: list[Row]) -> Iterator[Row]:
    outcomes = ("loaded", "empty", "failed")
    units: list[tuple[str, str, str, str | None]] = [
        ("lines", game["game_id"], outcome, "HTTP 500" if outcome == "failed" else None)
        for game, outcome in zip(slate, outcomes, strict=True)
    ]
    units += [
        ("injuries", "espn", "empty", None),
        ("box_scores", "2023-24 regular", "failed", "hung up"),
        ("box_scores", slate[0]["game_id"], "failed", "not final"),
        ("schedule", "2021-22", "empty", None),
        ("schedule", "2023-24", "loaded", None),
    ]
    for step, unit, outcome, reason in units:
        kind = {"game_date": SLATE, "mode": "overnight", "step": step, "unit": unit, "outcome": outcome}
        yield row(
            "raw.fetches", **kind, reason=reason, archive_key=f"raw/{step}/{unit}" if outcome == "loaded" else None
        )
    for day in (*PLAYED[-2:], SLATE):
        kind = {"game_date": day, "mode": "overnight", "step": "injuries", "unit": "injuries", "outcome": "loaded"}
        at = eastern_instant(day, time(7))
        yield row("raw.fetches", **kind, archive_key=f"raw/injuries/{day}", fetched_at=at)


def _quarantine() -> Iterator[Row]:
    kind = {"game_date": SLATE, "mode": "overnight", "step": "box_scores", "unit": "2023-24 regular"}
    yield row("raw.quarantine", **kind, record=REFUSED, reason="points do not add up")
    yield row("raw.quarantine", **kind, record="nobody", reason="unknown player")
    lines = {**kind, "step": "lines", "reason": "is nobody", "archive_key": "raw/lines"}
    for record in ("Jo Doe", "Al Doe", "payload odds_api/event_odds"):
        yield row("raw.quarantine", **lines, record=record)
    kind |= {"step": "lines", "unit": "g", "source": "odds_api", "reason": "nobody"}
    for name, teams in (("Jo Doe", "BOS NYK"), ("Al Roe", "BOS NYK"), ("Al Roe", "MIA UTA"), ("Un Known", "CHI")):
        key = name.replace(" ", "").lower()
        names = {"player_name": name, "name_key": key, "teams": teams, "candidates": f"[{key}]"}
        yield row("raw.quarantine", **kind, **names, record=f"{name} {teams}", fetched_at=PREDICTED)


def _settled() -> Iterator[Row]:
    """One of any team, one of a team, one of another source, one that was refused since."""
    for key, team, source, after in (
        ("jodoe", "", "", 0), ("alroe", "NYK", "odds_api", 1), ("unknown", "", "espn", 1), ("unknown", "CHI", "", -1),
    ):  # fmt: skip
        at = PREDICTED + timedelta(minutes=after)
        known = {"name_key": key, "team": team, "source": source, "player_name": key, "player_id": 7}
        yield row("ops.player_names", **known, settled_at=at)


def _published(games: list[Row], dice: random.Random) -> Iterator[Row]:
    """Two generations of one game, a single one of the others; and one made after tip-off."""
    for game in games[:4]:
        day = game["game_date"]
        for generation in (1, 2) if game is games[0] else (1,):
            run = {"run_id": f"{day}.overnight.{generation}", "generation": generation}
            for player in [*_players(game["home_team"]), *_players(game["away_team"])[:2]]:
                for market in MARKETS:
                    yield _prediction("player_prop_predictions", game, player, market, dice, **run)
        late = {"run_id": f"{day}.same_day.1", "mode": "same_day", "generation": 1}
        player = _players(game["home_team"])[0]
        yield _prediction("player_prop_predictions", game, player, "points", dice, **late, predicted_at=game["tip_utc"])


def _prediction(table: str, game: Row, player: int, market: str, dice: random.Random, **values: object) -> Row:
    middle = dice.uniform(1, 12)
    line = None if player % 3 == 0 else dice.randint(1, 12) + dice.choice((0, 0.5))
    known = {
        "game_date": game["game_date"],
        "mode": "overnight",
        "game_id": game["game_id"],
        "player_id": player,
        "market": market,
        "system": "moving_average",
        "generation": 1,
        "predicted_at": datetime.combine(game["game_date"], datetime.min.time(), UTC) + timedelta(hours=11),
        "mean": middle,
        "line": line,
        "p_over": None if line is None else dice.random(),
        "p_market": None if line is None or player % 2 else 0.5,
        "edge": None if line is None or player % 2 else dice.uniform(-0.2, 0.2),
        "recommendation": "no_line" if line is None else dice.choice(("over", "under", "pass")),
    }
    quantiles = {f"q{round(100 * q):02d}": middle * 2 * q for q in QUANTILES}
    return row(f"predictions.{table}", **{**quantiles, **known, **values})


def _models() -> Iterator[Row]:
    """Of each learned system an old champion, a challenger and a new champion; a refused one of another mode."""
    statuses = (("champion", PLAYED[2]), ("challenger", EVE), ("champion", EVE), ("refused", SLATE))
    for system in (system for system, entry in SYSTEMS.items() if entry.learned):
        for number, (status, as_of) in enumerate(statuses):
            yield row(
                "predictions.models",
                game_date=as_of,
                mode="same_day" if status == "refused" else "overnight",
                system=system,
                digest=f"{number:064x}",
                libraries='{"lightgbm": "4.7.0"}',
                status=status,
                reason=None if status == "champion" else "no better",
                created_at=eastern_instant(as_of, time(7)),
            )


def _step_runs(days: Iterable[date]) -> Iterator[Row]:
    """Two generations of each slate's run; a step that was tried again, one that was blocked."""
    for number, day in enumerate(days):
        for generation in (1, 2):
            run_id, asked = f"{day}.overnight.{generation}", eastern_instant(day, time(5 + generation))
            for position, (step, phase, status) in enumerate(_STEPS):
                started = None if status == "blocked" else asked + timedelta(minutes=7 * position + number)
                yield row(
                    "ops.step_runs",
                    game_date=day,
                    mode="overnight",
                    run_id=run_id,
                    generation=generation,
                    step=step,
                    phase=phase,
                    status=status,
                    source="schedule:overnight",
                    attempt=0 if started is None else 1 + position % 2,
                    expected=None if started is None else 9,
                    verified=None if started is None else 9 - position,
                    work_seconds=1.5 * position,
                    reason=None if status == "done" else "BOS has 4 players",
                    started_at=started,
                    ended_at=None if started is None else started + timedelta(seconds=90 + position),
                    run_started_at=asked,
                    run_ended_at=asked + timedelta(hours=1),
                )


_STEPS = (
    ("schedule", 1, "done"),
    ("rosters", 1, "degraded"),
    ("publish", 5, "done"),
    ("grade", 5, "failed"),
    ("export", 6, "blocked"),
)


def _decisions(days: Iterable[date]) -> Iterator[Row]:
    """A step that waited, and one that was tried again."""
    for day in days:
        kind = {"game_date": day, "mode": "overnight", "run_id": f"{day}.overnight.2", "generation": 2}
        for number, (step, word) in enumerate((("rosters", "retry"), ("rosters", "wait"), ("publish", "proceed"))):
            at = eastern_instant(day, time(6, number))
            yield row("ops.decisions", **kind, number=number, step=step, decision=word, attempt=1, decided_at=at)
