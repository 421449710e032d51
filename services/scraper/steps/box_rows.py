"""From a box score to rows of raw.player_box_scores, or to the reason why not."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

from services.scraper.domain.box import Box, Line
from services.scraper.domain.names import Names
from services.scraper.domain.validation import inconsistency
from services.scraper.domain.wire import BadRecord, Refusal
from services.scraper.payloads import Collected
from shared.basketball.identity import player_lookup
from shared.basketball.slate import BOX_SCORE_LAG
from shared.ports import Row

_COLUMNS = tuple(column.name for column in fields(Line))


@dataclass(frozen=True, slots=True)
class Judged:
    """A game's rows, or none and the refusals that say why."""

    game_id: str
    rows: list[Row]
    refusals: tuple[Refusal, ...] = ()
    absences: tuple[Row, ...] = ()
    """Rows of raw.absences."""

    @property
    def reason(self) -> str:
        """Why the game is refused: the first of its refusals."""
        return self.refusals[0].reason if self.refusals else "no player could be matched to an id"


def judge(game: Row, box: Box, got: Collected[Box]) -> Judged:
    """Validate a final box score against the game (a row of played_games.sql) and make its rows."""
    score = None if game["home_points"] is None else (game["home_points"], game["away_points"])
    problem = inconsistency(box, game["home_team"], game["away_team"], score)
    if problem is not None:
        unreadable = (Refusal(f"{game['game_id']} {line.record}", line.reason) for line in box.refused)
        return Judged(game["game_id"], [], (Refusal(game["game_id"], problem), *unreadable))
    common = {
        **{name: game[name] for name in ("game_id", "game_date", "season", "season_type")},
        # In a history a box score counts as known three hours after tip-off; live never before it was there.
        **got.stamps(min(game["tip_utc"] + BOX_SCORE_LAG, got.fetched_at)),
    }
    home, away = game["home_team"], game["away_team"]
    rows = []
    for line in box.lines:
        row = {name: getattr(line, name) for name in _COLUMNS} | common
        row["player_lookup"] = player_lookup(line.player_name)
        row["is_home"] = line.team == home
        row["opponent"] = away if line.team == home else home
        rows.append(row)
    absences = tuple(
        {
            **asdict(absence),
            **{name: value for name, value in common.items() if name not in ("season", "season_type")},
            "player_lookup": player_lookup(absence.player_name),
        }
        for absence in box.absences
    )
    return Judged(game["game_id"], rows, absences=absences)


def identified(rows: Sequence[Row], names: Names) -> tuple[list[Row], list[Refusal]]:
    """Give rows of a source without NBA ids theirs; rows that fit nobody, or somebody twice, are refused."""
    found: dict[int, Row] = {}
    refused: list[Refusal] = []
    for row in rows:
        try:
            player_id = names.find(row["player_name"], (row["team"],), source=row["source"], elsewhere=True)
        except BadRecord as error:
            refused.append(Refusal.of(f"{row['game_id']} {row['player_name']}", error))
            continue
        if player_id in found:
            reason = f"{found[player_id]['player_name']!r} is the same player, {player_id}"
            refused.append(Refusal(f"{row['game_id']} {row['player_name']}", reason))
            continue
        found[player_id] = {**row, "player_id": player_id}
    return list(found.values()), refused
