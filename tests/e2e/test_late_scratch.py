"""A late scratch: the live stack at normal speed, and one player ruled out 25 minutes before his game."""

from pathlib import Path

import pytest

from devstack.late import LEAD, late_scratch, scratched
from devstack.league import generate
from devstack.workspace import Workspace
from services.coordinator.runs.run import RunStatus
from shared.basketball.slate import EASTERN

pytestmark = pytest.mark.network


@pytest.mark.parametrize("games", [4, pytest.param(15, marks=pytest.mark.proof)])
async def test_a_late_scratch_predicts_his_game_again_and_no_other(games: int, tmp_path: Path) -> None:
    """Both teams get rows with the reason, from the look that saw it; the other games get none."""
    league = generate(days=4, last_slate=games)
    history, scratch = scratched(league, league.last_date)
    game = history.games[scratch.game_id]
    names = {row["player_id"]: row["player_name"] for row in history.players(scratch.game_id)}
    workspace = Workspace(tmp_path, "late")
    workspace.make()

    seen = await late_scratch(workspace, history, scratch)

    assert len(history.on(league.last_date)) == games
    assert {row["game_id"] for row in seen.rows} == {scratch.game_id}
    known_at = (game.tip - LEAD).astimezone(EASTERN)
    assert {row["reason"] for row in seen.rows} == {f"{names[scratch.player_id]} out since {known_at:%H:%M}"}
    teams = {row["player_id"]: row["team"] for row in history.players(scratch.game_id)}
    assert {teams[row["player_id"]] for row in seen.rows if row["player_id"] in teams} == {game.home, game.away}
    change = seen.changes[0]
    assert (change["reason"], change["games"]) == (seen.rows[0]["reason"], [scratch.game_id])
    [again] = seen.passes
    assert (again.status, again.games) == (RunStatus.COMPLETE, (scratch.game_id,))
    assert scratch.known_at <= seen.fetched_at <= seen.published_at < game.tip
