import json
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from random import Random

import pytest

from deploy import warehouse
from shared.registries.keys import KEY, hashed
from shared.registries.secrets import FIRST_KEYS, SECRETS
from shared.tables import TABLES
from tests.e2e.command import inside
from tests.unit.deploy.changes import KINDS, State, deployed, removals
from tests.unit.deploy.conftest import ENVIRONMENT, VARIABLES, Done, set_up
from tests.unit.deploy.fake_described import ID
from tests.unit.deploy.fake_gcloud import EMPTY
from tests.unit.deploy.pretended import SCRIPTS, Project


def test_the_documented_order_deploys_an_empty_project() -> None:
    """Set-up, four deploys, topics, schedules: then the check finds nothing, and a second run changes nothing."""
    assert SCRIPTS[0] == "setup"
    assert SCRIPTS[5:] == ["pubsub", "schedules", "check"]
    project = Project()
    project.deploy()
    assert project.run("check") == Done(0, "deployed as this checkout says\n", "")
    before, made = deepcopy(project.state), len(project.changes)
    project.deploy()
    assert project.state == before
    assert project.changes[made:] == []


def test_every_set_up_ends_as_if_it_had_not_been_cut_short() -> None:
    """Killed between any two of its commands, it fails in one line, and the same command again finishes it."""
    whole = Project()
    whole.run("setup")
    wanted = without_values(whole.state)
    for step in range(len(whole.changes)):
        project = Project(stop_before=step + 1)
        done = project.run("setup")
        assert done.returncode == 1
        assert [line for line in done.stderr.splitlines() if "rror" in line] == done.stderr.splitlines()[-1:]
        project.run("setup")
        assert without_values(project.state) == wanted, whole.changes[step]


@pytest.mark.parametrize("script", SCRIPTS[1:-1])
def test_every_script_after_it_goes_on_where_it_was_cut_short(script: str) -> None:
    """Killed between any two of its commands, and run again, it leaves what the check would have found."""
    start = json.loads(set_up())
    whole = Project(deepcopy(start))
    for before in SCRIPTS[1 : SCRIPTS.index(script)]:
        whole.run(before)
    start, made = deepcopy(whole.state), len(whole.changes)
    whole.run(script)
    for step in range(len(whole.changes) - made):
        project = Project(deepcopy(start), stop_before=step + 1)
        assert project.run(script).returncode == 1
        assert project.run(script).returncode == 0
        assert project.check() == whole.check(), whole.changes[made + step]


def without_values(state: State) -> State:
    """A state without what differs from run to run."""
    return {**state, "versions": {name: len(versions) for name, versions in state["versions"].items()}}


def kept(project: Project) -> list[dict[str, str]]:
    """The keys that are stored."""
    (version,) = project.state["versions"][FIRST_KEYS]
    keys: list[dict[str, str]] = json.loads(version["value"])
    return keys


def holder(key: str) -> list[dict[str, str]]:
    """What has to be stored of a key that was shown."""
    match = KEY.fullmatch(key)
    assert match is not None
    return [{"id": match[1], "name": "set-up", "role": "admin", "hash": hashed(match[2])}]


def test_the_first_api_key_is_shown_once_and_is_the_one_stored() -> None:
    """An admin's; only its hash is stored; a second run neither makes nor shows one; nothing else holds it."""
    project = Project()
    key = project.run("setup").stdout.strip()
    assert kept(project) == holder(key)
    assert key[-43:] not in str(project.changes) + str(project.state)
    assert project.run("setup").stdout == ""


def test_with_its_secret_deleted_set_up_makes_another_first_key() -> None:
    """The way back in when no admin has a key any more: docs/runbooks/emergency/leaked-key.md."""
    project = Project()
    first = project.run("setup").stdout
    for kind, name in (("secrets", FIRST_KEYS), ("versions", FIRST_KEYS), ("bindings", f"secrets {FIRST_KEYS}")):
        del project.state[kind][name]
    second = project.run("setup").stdout
    assert second != first
    assert kept(project) == holder(second.strip())
    project.fill()
    assert project.run("setup").returncode == 0


def test_a_key_whose_storing_was_cut_short_was_shown() -> None:
    """Whether or not it was stored in the end, nobody has to guess a key that is in force."""
    steps = Project()
    steps.run("setup")
    (step,) = (number for number, call in enumerate(steps.changes, 1) if call[1:4] == ["secrets", "versions", "add"])
    project = Project(stop_after=step)
    shown = project.run("setup").stdout.strip()
    assert kept(project) == holder(shown)


@pytest.mark.parametrize("kind", KINDS)
def test_a_half_made_project_is_finished(kind: str) -> None:
    """Without all that there was of a kind, the same scripts make it again."""
    project = deployed()
    project.state[kind].clear()
    if kind == "services":
        project.state["revisions"].clear()
    project.deploy()
    assert project.check() == []


@pytest.mark.parametrize("seed", range(5))
def test_a_project_with_holes_is_finished(seed: int) -> None:
    """Whatever a third of everything is that was lost."""
    project, dice = deployed(), Random(seed)  # noqa: S311 - a test's own
    for _, change in removals(deployed().state):
        if dice.random() < 1 / 3:
            with suppress(KeyError):  # gone with what it was part of
                change(project.state)
    project.deploy()
    assert project.check() == []


def test_a_set_up_stopped_by_hand_says_how_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, no traceback."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tests.unit.deploy.pretended.run_in", stop)
    assert failing(Project().state) == "interrupted: the same command again goes on from here"


def failing(state: State, script: str = "setup") -> str:
    """The one line in which a script fails."""
    done = Project(state).run(script)
    assert done.returncode == 1
    (line,) = (line for line in done.stderr.splitlines() if not line.endswith(" ..."))
    return line.removeprefix("error: ")


def without_money() -> State:
    """A project that nobody pays for."""
    return {**Project().state, "billing": {"billingEnabled": False, "billingAccountName": ""}}


def test_a_project_without_billing_is_told_what_to_do_and_then_finished() -> None:
    """Before anything that costs is asked for."""
    state = without_money()
    assert failing(state) == (
        "different: billing of my-project has billingEnabled=False, not True: "
        "gcloud billing projects link my-project --billing-account=012345-6789AB-CDEF01"
    )
    state["billing"] = EMPTY["billing"]
    project = Project(state)
    project.deploy()
    assert project.check() == []


@pytest.mark.parametrize("script", ["pubsub", "schedules", "worker/deploy"])
def test_a_script_before_set_up_says_that_set_up_is_missing(script: str) -> None:
    """An API that is not enabled is one line that names it."""
    line = failing(Project().state, script)
    assert ".googleapis.com] not enabled" in line
    assert "deploy/setup.sh enables every API" in line


def test_a_region_that_does_not_exist_is_refused_before_anything_is_made_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that lists them."""
    monkeypatch.setitem(VARIABLES, "REGION", "us-east9")
    state = Project().state
    assert failing(state) == "missing: region us-east9: set REGION to one of `gcloud run regions list`"
    assert "accounts" not in state


def test_secrets_without_a_version_are_named_with_the_command_that_fills_them() -> None:
    """After everything else is made; the same command again, once they are filled, finds nothing to do."""
    project = Project()
    done = project.run("setup")
    assert done.returncode == 1
    message = done.stderr.splitlines()[-1]
    for secret in SECRETS.values():
        asked_for = not (secret.generated or secret.optional)
        assert (f"versions add {secret.name} --data-file=FILE --project={ID}" in message) is asked_for
    assert FIRST_KEYS not in message
    project.fill()
    assert project.run("setup").returncode == 0


def test_what_tipoff_plans_is_understood(tmp_path: Path) -> None:
    """Every change that `tipoff schema plan` prints is one that the check can name."""
    answer = json.loads(inside(tmp_path, "schema", "plan", "--json").out)
    (group,) = (group for group in warehouse.groups(ENVIRONMENT) if group.kind == "schema")
    changes = str(group.read(answer)["of the tables"]["changes"])
    assert all(f"{table}: create with " in changes for table in TABLES)


@pytest.mark.parametrize(
    ("kind", "name", "what", "value"),
    [
        ("datasets", "raw", "location", "US"),
        ("buckets", "my-archive", "location", "US"),
        ("databases", "(default)", "locationId", "nam5"),
        ("databases", "(default)", "type", "DATASTORE_MODE"),
        ("repositories", "tipoff", "format", "MAVEN"),
    ],
)
def test_what_is_settled_when_it_is_made_is_not_mended_but_named(kind: str, name: str, what: str, value: str) -> None:
    """A dataset in the US stays there until a person moves it."""
    state = deployed().state
    state[kind][name][what] = value
    line = failing(state)
    assert f"{name} has {what}={value}, not " in line
    assert "settled when it is made" in line
