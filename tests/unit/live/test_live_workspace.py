"""The product's workspace: its secrets and its version."""

import os
import stat
from contextlib import ExitStack
from pathlib import Path

import pytest

from live.versions import VERSION, upgrade
from live.workspace import LIVE, Workspace
from services.coordinator.keys import first_keys
from shared.embedded.secrets import EnvironmentSecrets
from shared.errors import Permanent
from shared.registries.keys import KEY, SCHEDULES, Role, hashed

AWKWARD = 'a b\'c\\d#${HOME}="x"'


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """One that has been made."""
    made = Workspace(tmp_path, LIVE)
    made.make()
    return made


async def secret(workspace: Workspace, name: str) -> str:
    """As a service reads it."""
    return (await EnvironmentSecrets({}, workspace.secrets_file).get(name)).get_secret_value()


async def test_the_schedules_have_a_credential_of_their_own(workspace: Workspace) -> None:
    """The coordinator knows both keys: the owner's of an admin, the schedules' by their reserved name."""
    known = first_keys(await secret(workspace, "first-keys"))
    for key, name, role in (
        (workspace.api_key, "local", Role.ADMIN),
        (workspace.schedules_key, SCHEDULES, Role.OPERATOR),
    ):
        match = KEY.fullmatch(key)
        assert match is not None
        kept = known[match[1]]
        assert (kept.name, kept.role, kept.hash) == (name, role, hashed(match[2]))
    assert stat.S_IMODE(workspace.secrets_file.stat().st_mode) == 0o600


async def test_secrets_are_kept_as_they_are(workspace: Workspace) -> None:
    """Whatever they hold; those that are not given again stay, and so do the API keys."""
    key = workspace.api_key
    workspace.write_secrets({"odds-api-key": AWKWARD, "heartbeat-url": "https://hc.example/1"})
    workspace.write_secrets({"heartbeat-url": "https://hc.example/2"})
    assert await secret(workspace, "odds-api-key") == AWKWARD
    assert await secret(workspace, "heartbeat-url") == "https://hc.example/2"
    assert workspace.api_key == key


def test_a_workspace_from_before_the_schedules_had_a_key_gets_one(workspace: Workspace) -> None:
    """With its next writing."""
    workspace.secrets_file.write_text("TIPOFF_API_KEY=old\nTIPOFF_SECRET_ODDS_API_KEY=kept\n")
    workspace.write_secrets({})
    assert workspace.api_key != "old"
    assert KEY.fullmatch(workspace.schedules_key)
    assert "TIPOFF_SECRET_ODDS_API_KEY='kept'" in workspace.secrets_file.read_text()


def test_a_workspace_is_stamped_and_upgraded_step_by_step(workspace: Workspace) -> None:
    """Each step once; after a crash in the middle from where it stood."""
    assert upgrade(workspace) == []
    done: list[int] = []

    def step(number: int) -> None:
        if number == 2 and done.count(2) == 0:
            done.append(2)
            raise Permanent("killed")
        done.append(number)

    upgrades = {n: lambda _, n=n: step(n) for n in range(VERSION, VERSION + 3)}
    with pytest.raises(Permanent, match="killed"):
        upgrade(workspace, upgrades, VERSION + 3)
    assert upgrade(workspace, upgrades, VERSION + 3) == [3, 4]
    assert done == [1, 2, 2, 3]
    assert upgrade(workspace, upgrades, VERSION + 3) == []


@pytest.mark.parametrize(("stamp", "words"), [("99", "is of version 99, this program knows 1"), ("x", "no version")])
def test_a_workspace_of_a_newer_version_is_refused(workspace: Workspace, stamp: str, words: str) -> None:
    """Nothing in it is touched."""
    (workspace.path / "version").write_text(stamp)
    with pytest.raises(Permanent, match=words):
        upgrade(workspace)
    assert (workspace.path / "version").read_text() == stamp


def test_who_holds_it_is_known(workspace: Workspace) -> None:
    """By the lock, and no longer than that."""
    with workspace.lock():
        assert workspace.holder == os.getpid()
        with pytest.raises(Permanent, match="`tipoff down`"):
            workspace.lock().__enter__()
    assert workspace.holder is None


def test_any_number_reads_while_nobody_holds_it(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers are not holders; whoever wants it alone waits for them, and is refused when they do not end."""
    monkeypatch.setattr("live.workspace.READERS", 0.0)
    with workspace.reading(), workspace.reading():
        assert not workspace.held
        with pytest.raises(Permanent, match="is in use"), workspace.lock():
            pass
    with workspace.lock():
        assert workspace.holder == os.getpid()
        with pytest.raises(Permanent, match=f"in use by process {os.getpid()}"), workspace.reading():
            pass


def test_who_wants_a_workspace_waits_for_its_readers(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has it as soon as the last of them has ended."""
    reading = ExitStack()
    reading.enter_context(workspace.reading())
    monkeypatch.setattr("live.workspace.time.sleep", lambda _: reading.close())
    with workspace.lock():
        assert workspace.held
