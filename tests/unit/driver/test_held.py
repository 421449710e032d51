"""The workspaces of `demo` and `replay`."""

from pathlib import Path

import pytest

from devstack.driver import Plan, held
from devstack.league import open_history
from shared.basketball.slate import Mode
from shared.errors import Permanent


def test_the_second_of_two_equal_commands_leaves_the_first_s_work_alone(tmp_path: Path) -> None:
    """From looking whether there is something to resume until the end, one of them has the workspace."""
    history = open_history(None)
    plan = Plan(history.last_date, history.last_date, Mode.OVERNIGHT, "none", None)
    with held(tmp_path, "demo", history, plan) as workspace:
        begun = workspace.path / "warehouse.duckdb"
        begun.touch()
        with pytest.raises(Permanent, match="in use by process"), held(tmp_path, "demo", history, plan):
            pass
        assert begun.exists()
    with held(tmp_path, "demo", history, plan):
        assert not begun.exists()  # nothing was recorded as unfinished, so it is made afresh
