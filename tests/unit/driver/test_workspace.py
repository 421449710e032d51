import os
import shutil
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from devstack.workspace import Workspace, current
from shared.errors import Permanent, Transient


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace that has been made."""
    made = Workspace(tmp_path, "world")
    made.make()
    return made


def test_making_a_workspace_makes_it_the_current_one(tmp_path: Path) -> None:
    """Commands that name no workspace speak of the last one made."""
    for name in ("first", "second"):
        Workspace(tmp_path, name).make()
    assert current(tmp_path) == Workspace(tmp_path, "second")


def test_there_is_no_current_workspace_before_the_first_or_after_the_last(tmp_path: Path) -> None:
    """A home without one, or whose one was deleted, has none."""
    assert current(tmp_path) is None
    workspace = Workspace(tmp_path, "gone")
    workspace.make()
    shutil.rmtree(workspace.path)
    assert current(tmp_path) is None


def test_api_key_is_random_private_and_kept(workspace: Workspace, tmp_path: Path) -> None:
    """Each workspace has a key of its own that only its owner can read; making it again keeps the key."""
    key = workspace.api_key
    other = Workspace(tmp_path, "other")
    other.make()
    workspace.make()
    assert workspace.api_key == key != other.api_key
    assert len(key) >= 32
    assert stat.S_IMODE(workspace.secrets_file.stat().st_mode) == 0o600


def test_secrets_file_without_a_key_names_the_file(workspace: Workspace) -> None:
    """A spoilt secrets file is refused with the remedy."""
    workspace.secrets_file.write_text("TIPOFF_SECRET_OTHER=x\n")
    with pytest.raises(Permanent, match=r"secrets\.env has no TIPOFF_API_KEY: delete the file"):
        _ = workspace.api_key


def test_session_survives_and_gives_the_clock(workspace: Workspace) -> None:
    """What was written is read back, the clock as the instant it stood at; before that there is nothing."""
    assert (workspace.read_session(), workspace.clock()) == ({}, None)
    instant = datetime(2024, 11, 16, 12, tzinfo=UTC)
    workspace.write_session({"clock": instant.isoformat(), "nights": [{"n": 1}]})
    assert workspace.clock() == instant
    assert workspace.read_session()["nights"] == [{"n": 1}]


def test_half_written_session_is_never_seen(workspace: Workspace) -> None:
    """A crash while a session is written leaves the one before: the new one is moved into place."""
    workspace.write_session({"nights": ["old"]})
    (workspace.path / "session.json.tmp").write_text('{"nights": ["ne')
    assert workspace.read_session() == {"nights": ["old"]}
    workspace.write_session({"nights": ["new"]})
    assert workspace.read_session() == {"nights": ["new"]}


def test_broken_session_names_the_file_and_the_remedy(workspace: Workspace) -> None:
    """A session that is no JSON is refused, not guessed."""
    (workspace.path / "session.json").write_text("{")
    with pytest.raises(Permanent, match=r"session\.json is broken: delete .*world and start over"):
        workspace.read_session()


def test_only_one_process_has_a_workspace(workspace: Workspace) -> None:
    """Whoever comes second is told who has it; when it is given back, the next may have it."""
    with (
        workspace.lock(),
        pytest.raises(Permanent, match=rf"in use by process {os.getpid()}: wait for it, `tipoff dev down`"),
        workspace.lock(),
    ):
        pass
    with workspace.lock():
        pass


def test_who_wipes_a_workspace_keeps_it(workspace: Workspace) -> None:
    """All is gone but the lock: nobody else gets in while its holder makes it anew, nobody takes it for current."""
    workspace.write_session({"finished": True})
    (workspace.path / "archive").mkdir()
    with workspace.lock():
        workspace.wipe()
        assert [each.name for each in workspace.path.iterdir()] == ["lock"]
        assert current(workspace.home) is None
        with pytest.raises(Permanent, match="in use by process"), workspace.lock():
            pass


def test_a_lock_in_a_home_that_cannot_be_written_is_transient(tmp_path: Path) -> None:
    """Told as any other write there."""
    (tmp_path / "home").write_text("")
    with pytest.raises(Transient, match=r"cannot write .*home.world"), Workspace(tmp_path / "home", "world").lock():
        pass


def test_home_that_cannot_be_written_is_transient_and_named(tmp_path: Path) -> None:
    """A file in the way of the folder is told with path and remedy."""
    (tmp_path / "home").write_text("")
    with pytest.raises(Transient, match=r"cannot write .*home.world: .*: free space, or point TIPOFF_HOME elsewhere"):
        Workspace(tmp_path / "home", "world").make()
