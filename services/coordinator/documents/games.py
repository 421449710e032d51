"""A game's documents, made of the rows that the warehouse has of it. Pure."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, TypeVar, cast

from services.coordinator.documents.moves import by_pass, change, moves
from services.coordinator.documents.shapes import (
    Absent,
    CardDocument,
    Driver,
    Edge,
    EdgeRecord,
    Forecast,
    GameCard,
    GameDocument,
    PastForecast,
    PastGame,
    PlayerCard,
    PlayerDocument,
    Quote,
)
from shared.accuracy import wilson
from shared.basketball.slate import Mode
from shared.ports import Row
from shared.registries.markets import MARKETS
from shared.registries.systems import BEST_FIRST, SYSTEMS, headline

NOT_PLAYING: Final = frozenset(("Out", "Suspension", "Not With Team"))
"""Statuses of players who are listed as not playing."""
DECIMALS: Final = 4
"""Of the numbers of a document."""
_ORDER: Final = {name: place for place, name in enumerate(dict.fromkeys((*BEST_FIRST, *SYSTEMS)))}
_MARKETS: Final = {name: place for place, name in enumerate(MARKETS)}
_COPIED: Final = tuple(name for name in Forecast.__annotations__ if name != "drivers")
_LAST: Final = 99

Picks = Mapping[tuple[str, str, str], tuple[int, int]]
"""(system, market, size of the edge) -> picks so far, and how many won."""
K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Publication:
    """What was published, and when."""

    game_date: date
    mode: Mode
    run_id: str
    part: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Rows:
    """What the warehouse has of the games of a publication: rows of the statements in `sql/documents`, and moves."""

    forecasts: list[Row]
    players: list[Row]
    books: list[Row]
    past: list[Row]
    moves: list[Row]


def documents(publication: Publication, rows: Rows, so_far: Picks) -> Iterable[tuple[str, GameDocument, CardDocument]]:
    """Game id, document and card of each game that has forecasts, and is still on the schedule."""
    forecasts, players = _by(rows.forecasts, _game), _by(rows.players, _game)
    books, past, moved = _by(rows.books, _game), _by(rows.past, _player), _by(rows.moves, _game)
    for game_id, roster in players.items():
        if game_id in forecasts:
            known = _players(forecasts[game_id], roster, books[game_id], past)
            document = _document(publication, roster, known, moved[game_id])
            yield game_id, document, _card(publication, document, forecasts[game_id], moved[game_id], so_far)


def _document(
    publication: Publication, roster: list[Row], players: list[PlayerDocument], moved: list[Row]
) -> GameDocument:
    first = roster[0]
    return GameDocument(
        game_date=str(publication.game_date),
        mode=publication.mode.value,
        game_id=first["game_id"],
        home_team=first["home_team"],
        away_team=first["away_team"],
        tip_utc=first["tip_utc"],
        run_id=publication.run_id,
        part=publication.part,
        reason=publication.reason,
        published_at=publication.at,  # type: ignore[typeddict-item]  # becomes text when it is written
        players=players,
        out=[
            Absent(
                player_id=row["player_id"],
                player_name=row["player_name"],
                team=row["team_abbr"],
                status=row["injury_status"],
            )
            for row in roster
            if row["injury_status"] in NOT_PLAYING
        ],
        moves=moves([row for row in moved if row["run_id"] == publication.run_id]),
    )


def _players(
    forecasts: list[Row], roster: list[Row], books: list[Row], past: Mapping[Any, list[Row]]
) -> list[PlayerDocument]:
    """Those with forecasts, by name."""
    said, quotes = _by(forecasts, _player), _by(books, _player)
    return [
        PlayerDocument(
            player_id=row["player_id"],
            player_name=row["player_name"],
            team=row["team_abbr"],
            opponent=row["opponent_team_abbr"],
            is_home=row["is_home"],
            injury_status=row["injury_status"],
            forecasts=[_forecast(each) for each in sorted(said[row["player_id"]], key=_best_first)],
            books={market: [_quote(each) for each in its] for market, its in _markets(quotes[row["player_id"]])},
            past=[_past(each) for each in past[row["player_id"]]],
        )
        for row in roster
        if row["player_id"] in said
    ]


def _card(
    publication: Publication, document: GameDocument, forecasts: list[Row], moved: list[Row], so_far: Picks
) -> CardDocument:
    """The game in short, with the picks of the best system that predicted it."""
    best = headline(forecasts)
    own = _by(best, _player)
    players = {player["player_id"]: player for player in document["players"]}
    return CardDocument(
        game=GameCard(
            game_id=document["game_id"],
            home_team=document["home_team"],
            away_team=document["away_team"],
            tip_utc=document["tip_utc"],
            run_id=publication.run_id,
            published_at=document["published_at"],
            reason=publication.reason,
            system=best[0]["system"] if best else None,
            players=[
                PlayerCard(
                    player_id=number,
                    player_name=player["player_name"],
                    team=player["team"],
                    injury_status=player["injury_status"],
                    minutes=next((row["minutes"] for row in own[number]), None),
                    means={row["market"]: row["mean"] for row in sorted(own[number], key=_best_first)},
                )
                for number, player in players.items()
            ],
            out=document["out"],
        ),
        edges=sorted(
            (
                _edge(row, players[row["player_id"]], so_far)
                for row in best
                if row["recommendation"] in ("over", "under") and row["player_id"] in players
            ),
            key=lambda edge: (-edge["edge"], edge["player_id"], edge["market"]),
        ),
        changes=[change(of_pass) for of_pass in by_pass(moved)],
    )


def _edge(row: Row, player: PlayerDocument, so_far: Picks) -> Edge:
    over = row["recommendation"] == "over"
    share = row["p_over"] / (1.0 - row["p_push"])
    picks, won = so_far.get((row["system"], row["market"], row["edge_size"]), (0, 0))
    interval = wilson(won, picks)
    low, high = (None, None) if interval is None else interval
    return Edge(
        game_id=row["game_id"],
        player_id=row["player_id"],
        player_name=player["player_name"],
        team=player["team"],
        opponent=player["opponent"],
        market=row["market"],
        system=row["system"],
        side=row["recommendation"],
        line=row["line"],
        book=row["book"],
        price=row["over_price" if over else "under_price"],
        p=_short(share if over else 1.0 - share),
        edge=abs(row["edge"]),
        mean=row["mean"],
        q10=row["q10"],
        q90=row["q90"],
        record=EdgeRecord(picks=picks, won=won, low=low, high=high),
    )


def _forecast(row: Row) -> Forecast:
    found: dict[str, Any] = {name: _short(row[name]) for name in _COPIED}
    drivers = [] if row["drivers"] is None else json.loads(row["drivers"])
    found["drivers"] = [Driver(name=name, by=by) for name, by in drivers]
    return cast("Forecast", found)


def _quote(row: Row) -> Quote:
    return Quote(
        bookmaker=row["bookmaker"],
        line=row["line"],
        over_price=row["over_price"],
        under_price=row["under_price"],
        posted_at=row["posted_at"],
    )


def _past(row: Row) -> PastGame:
    return PastGame(
        game_date=row["game_date"],
        game_id=row["game_id"],
        opponent=row["opponent_team_abbr"],
        is_home=row["is_home"],
        minutes=row["minutes"],
        values={market: float(row[market]) for market in MARKETS},
        forecasts={
            market: PastForecast(
                system=row[f"{market}_system"],
                mean=_short(row[f"{market}_mean"]),
                q10=_short(row[f"{market}_q10"]),
                q90=_short(row[f"{market}_q90"]),
                line=row[f"{market}_line"],
                recommendation=row[f"{market}_recommendation"],
            )
            for market in MARKETS
            if row[f"{market}_system"] is not None
        },
    )


def _short(value: Any) -> Any:  # noqa: ANN401 - a value of any column
    """A number with as many decimals as anybody reads: a third of the bytes."""
    return round(value, DECIMALS) if isinstance(value, float) else value


def _best_first(row: Row) -> tuple[int, int]:
    return _ORDER.get(row["system"], _LAST), _MARKETS.get(row["market"], _LAST)


def _markets(rows: list[Row]) -> Iterable[tuple[str, list[Row]]]:
    return _by(rows, lambda row: row["market"]).items()


def _game(row: Row) -> str:
    return str(row["game_id"])


def _player(row: Row) -> int:
    return int(row["player_id"])


def _by(rows: list[Row], key: Callable[[Row], K]) -> defaultdict[K, list[Row]]:
    found: defaultdict[K, list[Row]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found
