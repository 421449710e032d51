"""`devstack.here`: the process that holds a workspace is read through; nobody else is."""

import os
from pathlib import Path

import pytest

from devstack import here
from devstack.workspace import Workspace
from shared.errors import Permanent

URL = "http://127.0.0.1:9"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """One that has been made."""
    made = Workspace(tmp_path, "local")
    made.make()
    return made


async def test_whoever_holds_a_workspace_is_asked(workspace: Workspace) -> None:
    """Under the workspace's own key, for as long as it serves."""
    assert await here.served(workspace) is None
    with workspace.lock(), here.serving(workspace, URL):
        found = await here.served(workspace)
    assert found is not None
    assert (found.url, found.api_key) == (URL, workspace.api_key)
    assert await here.served(workspace) is None


async def test_a_record_left_behind_is_nobody_s(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names another process than the one that holds the workspace, which does not serve: that is said."""
    monkeypatch.setattr(here, "_SOON", 0.0)
    (workspace.path / "serving.json").write_text(f'{{"pid": 1, "url": "{URL}"}}')
    assert await here.served(workspace) is None
    with workspace.lock(), pytest.raises(Permanent, match=f"in use by process {os.getpid()}"):
        await here.served(workspace)
