"""A history of real or generated seasons, opened for replay: games by date, and each game's facts on demand."""

import copy
import hashlib
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from devstack.columns import REMEDY, Columns, GameRows, Row, canonical, cast, read
from devstack.corrections import Corrected, Correction, checked
from devstack.facts import Game, GameLine, PropLine, Scratch
from devstack.schema import OPTIONAL, REQUIRED, SCHEMA
from shared.basketball.identity import TEAMS, tricode
from shared.basketball.slate import PREDICTED_SEASON_TYPES, season_type_of
from shared.errors import Permanent


class History:
    """Facts by game. Nothing here knows of a "now": what is shown when is the endpoints' business.

    But for box scores, which may be corrected: `at` an instant, they are as published by then.
    """

    def __init__(self, tables: Mapping[str, pa.Table], *, source: str, fingerprint: str) -> None:
        """Take over checked Arrow tables (see `devstack.schema`). Use `open` or `of_tables`."""
        self.source = source
        """What it was made from, for messages."""
        self.fingerprint = fingerprint
        """Changes whenever the content does."""
        self._players = GameRows(canonical(tables["player_games"]))
        self._teams = GameRows(canonical(tables["team_games"]))
        self._absences = GameRows(canonical(tables["availability"]))
        self._lines = GameRows(canonical(tables["prop_lines"]))
        self._game_lines = GameRows(canonical(tables["game_lines"]))
        self.corrections: tuple[Correction, ...] = ()
        """What is corrected some time."""
        self.published = Corrected()
        """The corrections that box scores show."""
        self._injuries = canonical(tables["injuries"])
        self.scratches: tuple[Scratch, ...] = ()
        """Beside the injured list and the inactive lists."""
        self.games = _games(canonical(tables["schedule"]), source)
        """Games by id, in the order of their tip-offs."""
        self._by_date: dict[date, list[Game]] = defaultdict(list)
        for game in self.games.values():
            self._by_date[game.game_date].append(game)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a folder of Parquet tables.

        Raises:
            Permanent: naming the folder, table or column that is missing or wrong.
        """
        if not path.is_dir():
            raise Permanent(f"history {path} is not a folder", remedy="name a folder of Parquet tables, or none at all")
        tables = {name: read(path, name, schema, OPTIONAL.get(name)) for name, schema in SCHEMA.items()}
        digest = hashlib.sha256()
        for name in SCHEMA:
            file = path / f"{name}.parquet"
            digest.update(file.read_bytes() if name not in OPTIONAL or file.is_file() else b"")
        return cls._checked(tables, source=str(path), fingerprint=digest.hexdigest())

    @classmethod
    def of_tables(cls, tables: Mapping[str, pa.Table], *, source: str) -> Self:
        """A history of Arrow tables in memory, held to the same rules as a folder's.

        Raises:
            Permanent: as `open`.
        """
        typed = {name: cast(tables[name], schema, f"{source}: table {name}") for name, schema in SCHEMA.items()}
        digest = hashlib.sha256()
        for name in SCHEMA:
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, typed[name].schema) as writer:
                writer.write_table(typed[name])
            digest.update(sink.getvalue())
        return cls._checked(typed, source=source, fingerprint=digest.hexdigest())

    @classmethod
    def _checked(cls, tables: Mapping[str, pa.Table], *, source: str, fingerprint: str) -> Self:
        for name, required in REQUIRED.items():
            for column in required:
                nulls = tables[name].column(column).null_count
                if nulls:
                    raise Permanent(f"{source}: table {name}, column {column}: {nulls} rows are null", remedy=REMEDY)
        return cls(tables, source=source, fingerprint=fingerprint)

    @property
    def dates(self) -> list[date]:
        """Eastern dates with games, ascending."""
        return sorted(self._by_date)

    @property
    def last_date(self) -> date:
        """The last slate: what a demo predicts."""
        return max(self._by_date)

    def on(self, day: date) -> list[Game]:
        """The games of an Eastern date by tip-off; none on a date without games."""
        return self._by_date.get(day, [])

    def players(self, game_id: str) -> list[Row]:
        """Box score rows of those who played (columns of `player_games`)."""
        return self.published.players(game_id, self._players.of(game_id))

    def teams(self, game_id: str) -> dict[str, Row]:
        """Box score rows of the teams by tricode (columns of `team_games`)."""
        rows = self.published.teams(game_id, self._teams.of(game_id), self._players.of(game_id))
        return {row["team"]: row for row in rows}

    def correcting(self, *corrections: Correction) -> Self:
        """This history with box scores that are corrected later.

        Raises:
            Permanent: a correction of what is not there, or one that changes a team's points.
        """
        known = [checked(one, self.players(one.game_id)) for one in corrections]
        other = copy.copy(self)
        other.corrections = (*self.corrections, *known)
        other.fingerprint = hashlib.sha256(f"{self.fingerprint}{known}".encode()).hexdigest()
        for game_id in {one.game_id for one in known}:
            before, after = self.teams(game_id), other.at(max(one.published_at for one in known)).teams(game_id)
            if any(before[team]["pts"] != after[team]["pts"] for team in before):
                raise Permanent(f"correction of game {game_id} changes its score", remedy="move points within a team")
        return other

    def scratching(self, *scratches: Scratch) -> Self:
        """This history with players who are ruled out, each at an instant of its own; what they did stays."""
        other = copy.copy(self)
        other.scratches += scratches
        other.fingerprint = hashlib.sha256(f"{self.fingerprint}{scratches}".encode()).hexdigest()
        return other

    def at(self, now: datetime) -> Self:
        """This history with the box scores as published by `now`."""
        published = [one for one in self.corrections if one.published_at <= now]
        if not published:
            return self
        other = copy.copy(self)
        other.published = Corrected(published)
        return other

    def corrected_at(self, game_id: str) -> datetime | None:
        """When the game's box score, as it stands here, was last corrected."""
        return self.published.published_at(game_id)

    def absences(self, game_id: str) -> list[Row]:
        """Those listed who did not play (columns of `availability`); rows without an NBA id are left out."""
        return [row for row in self._absences.of(game_id) if row["player_id"] is not None]

    @cached_property
    def injuries(self) -> list[Row]:
        """Injured-list events by date (columns of `injuries`), of players and teams the NBA knows."""
        rows = sorted(self._injuries.rows(0, self._injuries.length), key=lambda row: row["date"])
        return [row for row in rows if row["player_id"] is not None and row["team"] in TEAMS]

    def lines(self, game_id: str) -> list[PropLine]:
        """The game's lines by the instant they were posted; what was posted after tip-off is left out.

        A line whose time is unknown comes from a site with spellings of its own ("K. Durant"): it is shown under the
        NBA's name, as the upstream it is served through would write it.
        """
        game = self.games[game_id]
        listed = self.players(game_id) + self.absences(game_id)
        names = {row["player_id"]: row["player_name"] for row in listed}
        lines = []
        for row in self._lines.of(game_id):
            known, posted_at = row["snapshot_utc"] is not None, row["snapshot_utc"]
            if row["pregame"] is False or (known and posted_at >= game.tip):
                continue
            raw = row["player_name_raw"]
            lines.append(
                PropLine(
                    posted_at if known else game.late_news_at,
                    row["bookmaker"],
                    row["market"],
                    str(raw if known else names.get(row["player_id"], raw)),
                    row["line"],
                    row["over_price"],
                    row["under_price"],
                    row["is_main"] is not False,
                )
            )
        return sorted(lines, key=lambda line: line.posted_at)

    def game_lines(self, game_id: str) -> list[GameLine]:
        """The game's spreads, totals and moneylines by the instant they were posted.

        One without a time is a closing line, which is one only once the game begins.
        """
        game = self.games[game_id]
        lines = [
            GameLine(
                row["snapshot_utc"] if row["snapshot_utc"] is not None else game.tip,
                row["bookmaker"],
                *(row[name] for name in ("spread_home", "total", "home_ml", "away_ml")),
            )
            for row in self._game_lines.of(game_id)
        ]
        return sorted(lines, key=lambda line: line.posted_at)

    def event_id(self, game_id: str) -> str:
        """The Odds API's id of a game: the recorded one, else one derived from the game id."""
        return self._event_ids[game_id]

    def game_of_event(self, event_id: str) -> Game | None:
        """The game an Odds API event is."""
        game_id = self._games_of_events.get(event_id)
        return self.games[game_id] if game_id is not None else None

    @cached_property
    def _event_ids(self) -> dict[str, str]:
        columns = self._lines.columns
        games, events = columns.values["game_id"], columns.values["event_id"]
        pairs = np.unique(columns.codes["game_id"] * len(events) + columns.codes["event_id"]).tolist()
        recorded = {games[pair // len(events)]: events[pair % len(events)] for pair in reversed(pairs)}
        return {
            game_id: recorded.get(game_id)
            or hashlib.md5(f"event/{game_id}".encode(), usedforsecurity=False).hexdigest()
            for game_id in self.games
        }

    @cached_property
    def _games_of_events(self) -> dict[str, str]:
        return {event_id: game_id for game_id, event_id in self._event_ids.items()}

    @cached_property
    def appearances(self) -> dict[int, list[Game]]:
        """The games each player played in, by tip-off."""
        columns = self._players.columns
        players, games = columns.values["player_id"], columns.values["game_id"]
        played: dict[int, list[Game]] = defaultdict(list)
        for player, game in zip(columns.codes["player_id"].tolist(), columns.codes["game_id"].tolist(), strict=True):
            if games[game] in self.games:
                played[players[player]].append(self.games[games[game]])
        for appearances in played.values():
            appearances.sort(key=lambda game: game.tip)
        return dict(played)


def write(tables: Mapping[str, pa.Table], folder: Path) -> None:
    """Write tables as a history folder that `History.open` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet")


def _games(schedule: Columns, source: str) -> dict[str, Game]:
    games = {}
    for row in sorted(schedule.rows(0, schedule.length), key=lambda row: (row["tip_utc"], row["game_id"])):
        game_id = row["game_id"]
        if game_id in games:
            raise Permanent(f"{source}: table schedule has game {game_id} twice", remedy="keep one row per game")
        season_type = season_type_of(game_id)
        if season_type not in PREDICTED_SEASON_TYPES:
            continue  # preseason and all-star games have teams that are none
        games[game_id] = Game(
            game_id,
            row["season"],
            season_type,
            row["game_date"],
            row["tip_utc"],
            tricode(row["home_team"]),
            tricode(row["away_team"]),
            row["neutral_site"] is True,
            row["home_pts"],
            row["away_pts"],
            row["ot_periods"] if row["ot_periods"] is not None else 0,
            row["arena"] if row["arena"] is not None else "",
        )
    if not games:
        raise Permanent(f"{source}: table schedule has no games", remedy="a history needs at least one game")
    return games
