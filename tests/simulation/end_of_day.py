"""What must hold at the end of a day of passes."""

from datetime import timedelta
from typing import TYPE_CHECKING

from services.coordinator.record.seal import HEAD, RECORD
from services.coordinator.runs.run import Run, StepStatus
from shared.registries.markets import MARKETS
from shared.registries.systems import HAND_MADE
from tests.simulation.end import check_record, check_run, check_sealed
from tests.simulation.living import Knowledge, game_id

if TYPE_CHECKING:
    from tests.simulation.day import Day

SKEW = timedelta(seconds=66)
"""As far as a clock may be off in a day whose clocks are."""

PROMPT = timedelta(minutes=20)
"""After so long a status is in a pass: five minutes until the next look, eight that a pulse may be late."""


def check_day(day: "Day") -> None:
    """Every pass has ended; each game's last predictions are of its final pass, from all that was known in time."""
    runs = [Run.model_validate(data) for data in day.documents.of("runs").values()]
    for run in runs:
        if run.run_id not in day.hung:
            check_run(day, run)
            assert run.finished_at is not None, f"{run.run_id} waits for what will not come"
    _check_rows(day)
    check_record(day.tables, day.documents.of(RECORD).get(HEAD))
    for run in runs:
        check_sealed(day.tables, run)
    for game in range(day.tables.games):
        _check_final(day, game)
        if day.mild and not day.pause:
            _check_prompt(day, game)


def _check_rows(day: "Day") -> None:
    """A run stages and publishes rows of its own games, and of those what it has staged itself."""
    tables, begun = day.tables, day.passes.begun
    for (run_id, game), staged in tables.staged.items():
        assert game in begun[run_id].games, f"{run_id} has staged rows of game {game}"
        assert {row[0] for row in staged.rows} <= {game}
    for game, published in tables.appended.items():
        for run_id, staged in published.items():
            served = [known for since, known in tables.served_since[game] if since <= staged.predicted_at]
            newest = served[-1] if served and day.exact else frozenset()
            assert newest <= staged.known, f"{run_id} predicts game {game} at {staged.predicted_at} from older rows"
            assert (run_id, game) in tables.staged, f"{run_id} has published rows of game {game} that another staged"
    current = tables.current(day.mode.value)
    rows = [row for _, row in current]
    assert len(rows) == len(set(rows)), "a prediction is current twice"


def _check_final(day: "Day", game: int) -> None:
    tables, cutoff = day.tables, day.tables.cutoff(game)
    of_game = {run_id for run_id, row in tables.current(day.mode.value) if row[0] == game}
    least = 2 * len(MARKETS) * len(HAND_MADE)
    assert len(of_game) == 1, f"the current predictions of game {game} are of {sorted(of_game)}"
    [last] = of_game
    this, published = day.passes.begun[last], tables.appended[game][last]
    if not this.final and _came_too_late(day, game):
        day.chaos.count("too late", "")
        return
    assert this.final, f"game {game} was predicted last by {last}, which is not its final pass"
    assert published.predicted_at == cutoff
    assert len(published.rows) >= least, f"{len(published.rows)} predictions of game {game}"
    assert published.known <= tables.known(game), f"{last} knows what came later"
    missing = _due(day, game, last) - published.known
    assert not missing, f"news {sorted(missing)} of game {game} is lost: {last} does not know it"


def _check_prompt(day: "Day", game: int) -> None:
    """Where nothing goes wrong, a status is in a published pass long before the final one."""
    tables = day.tables
    published = [each.known for each in tables.appended[game].values() if each.predicted_at < tables.cutoff(game)]
    late = [
        news.number
        for news in tables.news
        if news.kind == "injuries" and news.stamped and game in news.games and news.at <= tables.cutoff(game) - PROMPT
        if not any(news.number in known for known in published)
    ]
    assert not late, f"news {late} of game {game} waited for its final pass"


def _came_too_late(day: "Day", game: int) -> bool:
    """Whether a final pass of the game got to its predictions when it had tipped off: nobody predicts it then."""
    return any(
        run.final
        and game_id(game) in run.games
        and (ended := run.steps["predict"].ended_at) is not None  # asked for in time, it may be come by too late
        and ended >= day.tables.tips[game] - SKEW
        for run in (Run.model_validate(data) for data in day.documents.of("runs").values())
    )


def _due(day: "Day", game: int, last: str) -> Knowledge:
    """What the final pass of a game must know: what was loaded before, and what its own look could see."""
    tables, this = day.tables, day.passes.begun[last]
    slack = timedelta(0) if day.exact else SKEW
    loaded = {number for number in tables.known(game) if tables.loaded_at[number, game] < this.began - slack}
    found = Run.model_validate(day.documents.of("runs")[last.rpartition(".")[0]])
    steps = found.steps if found.run_id == last else {}
    assert not steps or steps.keys() >= {"injuries", "lines"}, f"{last} has not looked for news"
    seen = {
        news.number
        for news in tables.news
        if game in news.games
        and news.stamped
        and news.at <= tables.cutoff(game) - slack
        and news.kind in steps
        and steps[news.kind].status is StepStatus.DONE
    }
    return frozenset(loaded | seen)
