"""The tables of a living slate: news upstream, what is loaded of it, what is served, staged and published, by game."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.basketball.slate import SAME_DAY_LEAD
from shared.contract import BatchRequested
from shared.ports import Params, Row
from shared.registries.features import FEATURES
from tests.simulation.ports import SLATE
from tests.simulation.tables import Prediction, Tables, served

Knowledge = frozenset[int]
"""Numbers of the news that something was made from."""
NOTHING: Knowledge = frozenset()
CARRIER = next(iter(FEATURES))
"""The feature that carries, from the feature store to the staged rows, what a prediction was made from."""


@dataclass(frozen=True, slots=True)
class News:
    """Something a source publishes about one or several games."""

    number: int
    kind: str
    """`injuries` or `lines`: the step that collects it."""
    games: tuple[int, ...]
    at: datetime
    stamped: bool
    """Whether the source says when it was published; else it counts as known since it was seen."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A row of news of one game in the warehouse."""

    available_at: datetime
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class Staged:
    """A game's rows of one run, and what they were made from."""

    rows: frozenset[Prediction]
    known: Knowledge
    predicted_at: datetime
    attempt: int


def game_id(game: int) -> str:
    """The id of a game of the simulated slate."""
    return f"00223{game:05d}"


def number_of(id_: str) -> int:
    """The game of an id."""
    return int(id_[-5:])


class LivingTables(Tables):
    """News is a difference between what is loaded and what is served, as in `sql/changes.sql`."""

    def __init__(self, tips: Sequence[datetime]) -> None:
        super().__init__(SLATE, len(tips))
        self.tips = tips
        self.news: list[News] = []
        self.loaded_news: dict[tuple[int, int], Seen] = {}
        """(news, game) -> its row."""
        self.loaded_at: dict[tuple[int, int], datetime] = {}
        """(news, game) -> when its row was there."""
        self.statuses: dict[int, Knowledge] = {}
        """Game -> what its served context was made from."""
        self.quotes: dict[int, Knowledge] = {}
        """Game -> what its served market was made from."""
        self.features: dict[int, Knowledge] = {}
        self.served_since: defaultdict[int, list[tuple[datetime, Knowledge]]] = defaultdict(list)
        """Game -> since when, by a right clock, what has been served."""
        self._versions: list[Knowledge] = []
        self.staged: dict[tuple[str, int], Staged] = {}
        self.appended: defaultdict[int, dict[str, Staged]] = defaultdict(dict)
        """Game -> run -> what it has published of it."""

    def cutoff(self, game: int) -> datetime:
        """What becomes known later is not used."""
        return self.tips[game] - SAME_DAY_LEAD

    # What the services write

    def fetch(self, kind: str, games: Sequence[int], now: datetime, true_now: datetime) -> dict[tuple[int, int], Seen]:
        """What a source shows at an instant, as its rows will be; `now` is by the clock of who asks."""
        return {
            (news.number, game): Seen(news.at if news.stamped else now, now)
            for news in self.news
            if news.kind == kind and news.at <= true_now
            for game in news.games
            if game in games
        }

    def load(self, rows: dict[tuple[int, int], Seen], true_now: datetime) -> None:
        """Append what is not there yet."""
        for key, row in rows.items():
            self.loaded_news.setdefault(key, row)
            self.loaded_at.setdefault(key, true_now)

    def known(self, game: int, kind: str = "") -> Knowledge:
        """What is loaded of a game's news and was available by its cutoff."""
        return frozenset(
            news.number
            for news in self.news
            if kind in ("", news.kind)
            and (row := self.loaded_news.get((news.number, game))) is not None
            and row.available_at <= self.cutoff(game)
        )

    def make(self, step: str, games: Sequence[int], true_now: datetime) -> None:
        """Replace the rows of some games of an analytics step that changes with the day's news."""
        for game in games:
            if step == "upcoming_player_game_context":
                self.statuses[game] = self.known(game, "injuries")
            elif step == "player_market_context":
                self.quotes[game] = self.known(game, "lines")
            elif step == "ml_feature_store":
                self.features[game] = self.statuses.get(game, NOTHING) | self.quotes.get(game, NOTHING)
                self.served_since[game].append((true_now, self.features[game]))

    def stage(self, batch: BatchRequested, rows: set[Prediction]) -> None:
        """Of each game the newest staging counts, whole."""
        for task in batch.tasks:
            game, carried = number_of(task.game_id), task.features[CARRIER]
            assert carried is not None
            mine = frozenset(row for row in rows if row[0] == game)
            at = datetime.fromisoformat(task.predicted_at)
            new = Staged(mine, self._versions[int(carried)], at, batch.attempt)
            old = self.staged.get((batch.run_id, game))
            if old is None or (old.attempt, old.predicted_at) <= (new.attempt, new.predicted_at):
                self.staged[batch.run_id, game] = new
                self.staging[batch.run_id, game] = set(mine)

    def publish(self, run_id: str, mode: str) -> int:
        """Publish what a run has staged, all at once; published once, nothing is changed."""
        published = super().publish(run_id, mode)
        for (of, game), staged in self.staged.items():
            if of == run_id:
                before = self.appended[game].setdefault(run_id, staged)
                assert before == staged, f"{run_id} has published game {game} twice, and not the same"
        return published

    # What the coordinator asks

    def current(self, mode: str) -> list[tuple[str, Prediction]]:
        """(run, prediction) of the current view: of every game and system what was predicted last."""
        del mode  # there is one
        found = []
        for _, runs in sorted(self.appended.items()):
            systems = {row[3] for staged in runs.values() for row in staged.rows}
            for system in sorted(systems):
                having = [run for run, staged in runs.items() if any(row[3] == system for row in staged.rows)]
                last = max(having, key=lambda run: (runs[run].predicted_at, int(run.rpartition(".")[2]), run))
                found += [(last, row) for row in sorted(runs[last].rows) if row[3] == system]
        return found

    def served_of(self, slate: Mapping[str, Any]) -> list[tuple[int, int]]:
        """(game, player) of the served features that a run predicts from."""
        if "not_tipped_after" not in slate:  # without a run nothing is owed
            return []
        not_after = slate["not_tipped_after"]
        after = datetime.fromisoformat(not_after) if isinstance(not_after, str) else not_after
        assert isinstance(after, datetime)
        wanted = str(slate["games"]).split()
        return [
            (game, player)
            for game, player in self.players()
            if game in self.features and self.tips[game] > after and (not wanted or game_id(game) in wanted)
        ]

    def _load_features(self, params: Params) -> list[Row]:
        rows = []
        for game, player in self.served_of(params):
            self._versions.append(self.features[game])
            mine = {CARRIER: float(len(self._versions) - 1), "cutoff_at": self.cutoff(game)}
            rows.append({**served(game, player), **mine})
        return rows

    def _games_of_slate(self, _: Params) -> list[Row]:
        return sorted(
            ({"game_id": game_id(game), "tip_utc": tip} for game, tip in enumerate(self.tips)),
            key=lambda row: (row["tip_utc"], row["game_id"]),
        )

    def _changes(self, params: Params) -> list[Row]:
        now = params["now"]
        assert isinstance(now, datetime)
        rows: list[Row] = []
        for game in sorted(self.features):
            if self.cutoff(game) <= now:
                continue
            new = {
                "injuries": self.known(game, "injuries") - self.statuses.get(game, NOTHING),
                "lines": self.known(game, "lines") - self.quotes.get(game, NOTHING),
            }
            for kind, numbers in new.items():
                rows += [self._change(game, number, kind) for number in sorted(numbers)]
        return rows

    def _change(self, game: int, number: int, kind: str) -> Row:
        seen, is_status = self.loaded_news[number, game], kind == "injuries"
        return {
            "game_id": game_id(game),
            "player_name": f"player {number}" if is_status else None,
            "was": None,
            "became": "Out" if is_status else None,
            "known_at": seen.available_at,
            "seen_at": seen.fetched_at,
            "quotes": None if is_status else 1,
        }
