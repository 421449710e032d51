"""What a scoreboard says of the slate and of the day before: compared with the schedule, or in its place."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from services.scraper.domain.games import Shown
from services.scraper.payloads import Collected
from services.scraper.sources import ranked
from services.scraper.sources.endpoint import SCOREBOARD, Need
from services.scraper.steps.asking import whole_answer
from services.scraper.steps.comparing import Fact, note
from services.scraper.task import Task
from shared.basketball.slate import BOX_SCORE_LAG, eastern_instant
from shared.ports import Row
from shared.registries.sources import SOURCES

SAME_TIP = timedelta(minutes=10)
"""Sources announce tip-offs by minutes apart: the hour, or when the ball is thrown up."""


async def compare(task: Task, need: Need, than: str) -> None:
    """Note where another source than the schedule's says otherwise. That nobody else answers is no failure."""
    shown = await _scoreboard(task, need, than, comparing=True)
    if shown is not None:
        await note(task, _differences(await _games(task, need), shown, than))


async def stand_in(task: Task, need: Need) -> int | None:
    """Bring the known games of the days up to date where nobody gives their season; None if nobody shows them either.

    A game that is not known yet has no NBA id there, and has to wait.
    """
    shown = await _scoreboard(task, need, "", comparing=False)
    if shown is None:
        return None
    moved: list[Row] = []
    scored: list[Row] = []
    for game in await _games(task, need):
        for found, got in shown:
            if _same_game(game, found):
                if game["postponed"] != (found.state == "postponed") or _moved(game, found):
                    moved.append(_game_row(game, found, got))
                score = _score(game, found)
                if score is not None and score != (game["home_points"], game["away_points"]):
                    scored.append(_result_row(game, score, got))
    return await _replace(task, "raw.games", moved) + await _replace(task, "raw.game_results", scored)


async def _scoreboard(
    task: Task, need: Need, than: str, *, comparing: bool
) -> list[tuple[Shown, Collected[Shown]]] | None:
    """The games on the best scoreboard of another source that answers in full. Fallbacks are not asked to compare."""
    for endpoint in ranked(SCOREBOARD):
        if endpoint.source == than or (comparing and SOURCES[endpoint.source].fallback):
            continue
        answers = await whole_answer(task, endpoint, need, optional=comparing)
        for answer in answers:
            parsed = answer.got.parsed
            task.fetches.loaded(answer.request.unit, answer.got, len(parsed.records), parsed.refused)
        if answers:
            return [(found, answer.got) for answer in answers for found in answer.got.parsed.records]
    return None


async def _games(task: Task, need: Need) -> list[Row]:
    return await task.select("games_between", first=need.days[0], last=need.days[-1])


def _same_game(game: Row, found: Shown) -> bool:
    teams = {game["home_team"], game["away_team"]}
    return bool(game["game_date"] == found.game_date and teams == {found.home_team, found.away_team})


def _moved(game: Row, found: Shown) -> bool:
    return found.tip_utc is not None and abs(found.tip_utc - game["tip_utc"]) >= SAME_TIP


def _score(game: Row, found: Shown) -> tuple[int, int] | None:
    """(home, away) points as the schedule has home and away; at neutral sites sources disagree on who is at home."""
    if found.state != "final" or found.score is None:
        return None
    return found.score if found.home_team == game["home_team"] else (found.score[1], found.score[0])


def _differences(games: Sequence[Row], shown: Sequence[tuple[Shown, Collected[Shown]]], source: str) -> Iterator[Fact]:
    """Tip-offs, postponements and final scores on which the two disagree, and games that only one of them has."""
    for game in games:
        name = f"{game['away_team']}@{game['home_team']} {game['game_id']}"

        def fact(
            field: str, value: object, other: str, other_value: object, *, game: Row = game, name: str = name
        ) -> Fact:
            return Fact(game["game_date"], name, field, source, str(value), other, str(other_value))

        found, got = next(((each, of) for each, of in shown if _same_game(game, each)), (None, None))
        if found is None or got is None:
            if shown and not game["postponed"]:
                yield fact("state", "scheduled", shown[0][1].source, "not listed")
            continue
        if _moved(game, found) and not game["postponed"] and found.state != "postponed":
            yield fact("tip_utc", game["tip_utc"].isoformat(), got.source, _iso(found.tip_utc))
        if game["postponed"] != (found.state == "postponed"):
            yield fact("state", "postponed" if game["postponed"] else "scheduled", got.source, found.state)
        score = _score(game, found)
        ours = (game["home_points"], game["away_points"])
        if score is not None and None not in ours and score != ours:
            yield fact("score", _points(ours), got.source, _points(score))


def _iso(instant: datetime | None) -> str:
    return "" if instant is None else instant.isoformat()


def _points(score: tuple[int, int]) -> str:
    return f"{score[0]}-{score[1]}"


def _game_row(game: Row, found: Shown, got: Collected[Shown]) -> Row:
    tip = found.tip_utc if _moved(game, found) else game["tip_utc"]
    known = {name: value for name, value in game.items() if name not in ("home_points", "away_points")}
    changed = {"tip_utc": tip, "postponed": found.state == "postponed"}
    return known | changed | got.stamps(min(got.fetched_at, eastern_instant(game["game_date"])))


def _result_row(game: Row, score: tuple[int, int], got: Collected[Shown]) -> Row:
    return {
        "game_id": game["game_id"],
        "game_date": game["game_date"],
        "home_points": score[0],
        "away_points": score[1],
        **got.stamps(min(game["tip_utc"] + BOX_SCORE_LAG, got.fetched_at)),
    }


async def _replace(task: Task, table: str, rows: Sequence[Row]) -> int:
    if not rows:
        return 0
    params = {"game_ids": [row["game_id"] for row in rows]}
    return await task.replace(table, rows, scope="game_id IN UNNEST(@game_ids)", params=params)
