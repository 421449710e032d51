import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from deploy import warehouse
from deploy.project import BROAD
from shared.registries.secrets import API_KEYS, SECRETS
from shared.tables import STAGING, TABLES
from tests.e2e.command import inside
from tests.unit.deploy.conftest import ENVIRONMENT, VARIABLES, Done
from tests.unit.deploy.fake_described import ID
from tests.unit.deploy.fake_gcloud import EMPTY
from tests.unit.deploy.fake_gcloud import KINDS as POLICIES
from tests.unit.deploy.pretended import SCRIPTS, Project

State = dict[str, Any]
Change = Callable[[State], object]
KINDS = {
    "apis": "api",
    "accounts": "service account",
    "repositories": "repository",
    "buckets": "bucket gs://",
    "databases": "database",
    "secrets": "secret",
    "versions": "latest version of secret",
    "datasets": "dataset",
    "tables": "table",
    "budgets": "budget",
    "services": "service",
    "topics": "topic",
    "subscriptions": "subscription",
    "jobs": "schedule",
}
"""Where the state keeps a kind by name -> what the check calls it."""
OURS = "serviceAccount:tipoff-schedule@my-project.iam.gserviceaccount.com"
STRANGER = "user:stranger@example.com"


@cache
def _deployed() -> Project:
    project = Project()
    project.deploy()
    return project


def deployed() -> Project:
    """A project after its first deployment."""
    return _deployed().copy()


def unnamed(changes: Iterator[tuple[tuple[str, ...], Change]]) -> list[tuple[str, ...]]:
    """Those changes of a deployed project of which no line of the check has every word."""
    missed = []
    for words, change in changes:
        project = deployed()
        change(project.state)
        if not any(all(word in line for word in words) for line in project.check()):
            missed.append(words)
    return missed


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


def label(kind: str, name: str) -> str:
    """How the check calls a resource."""
    name = f"Tipoff {ID}" if kind == "budgets" else name
    return f"{KINDS[kind]} {name}".replace("gs:// ", "gs://")


def resource(policy: str) -> str:
    """How the check calls what a policy is of."""
    group, _, name = policy.rpartition(" ")
    kind = POLICIES.get(group)
    return label(kind, name.removeprefix("gs://")) if kind is not None else f"project {name}"


def removals(state: State) -> Iterator[tuple[tuple[str, ...], Change]]:
    """Every single thing there is, and how it goes."""
    for kind in KINDS:
        for name in state[kind]:
            yield (f"missing: {label(kind, name)};",), gone(kind, name)
    for policy, bindings in state["bindings"].items():
        for binding in bindings:
            for member in binding["members"]:
                if binding not in EMPTY["bindings"].get(policy, ()) and not member.startswith("project"):
                    line = f"missing: grant on {resource(policy)}: {binding['role']} to {member};"
                    yield (line,), revoked(policy, binding["role"], member)
    for dataset, described in state["datasets"].items():
        for entry in described["access"]:
            email = entry.get("userByEmail", "")
            if email.endswith("gserviceaccount.com"):
                yield (f"missing: grant on dataset {dataset}:", f" to serviceAccount:{email};"), struck(dataset, entry)


def gone(kind: str, name: str) -> Change:
    """A resource is deleted; a service with its revisions."""
    return lambda state: (state[kind].pop(name), state["revisions"].pop(name, None))


def revoked(policy: str, role: str, member: str) -> Change:
    """A member loses a role."""

    def change(state: State) -> None:
        (binding,) = (each for each in state["bindings"][policy] if each["role"] == role)
        binding["members"].remove(member)

    return change


def struck(dataset: str, entry: State) -> Change:
    """An entry of a dataset's access list goes."""
    return lambda state: state["datasets"][dataset]["access"].remove(entry)


def test_each_single_thing_removed_is_named() -> None:
    """APIs, accounts, stores, secrets, tables, topics, schedules, services and every grant."""
    state = deployed().state
    assert len(list(removals(state))) > 150
    assert unnamed(removals(state)) == []


def additions(state: State) -> Iterator[tuple[tuple[str, ...], Change]]:
    """What has no business in the project: one more of each kind, and strangers and everybody in every policy."""
    strangers = [
        ("accounts", "tipoff-stranger@my-project.iam.gserviceaccount.com"),
        ("jobs", "tipoff-stranger"),
        *((kind, "stranger") for kind in ("databases", "secrets", "datasets", "topics", "subscriptions", "services")),
        *(("tables", f"{dataset}.stranger") for dataset in state["datasets"] if dataset != STAGING),
    ]
    for kind, name in strangers:
        yield (f"extra: {label(kind, name)};",), added(kind, name)
    everybody = ("allUsers", "allAuthenticatedUsers", OURS)
    grants = [(policy, "roles/viewer", member) for policy in state["bindings"] for member in everybody]
    # On the project people may have roles of their own, but not these.
    grants += [(policy, "roles/viewer", STRANGER) for policy in state["bindings"] if policy != f"projects {ID}"]
    grants += [(f"projects {ID}", f"roles/{role}", STRANGER) for role in BROAD]
    for policy, role, member in grants:
        yield (f"extra: grant on {resource(policy)}: {role} to {member};",), granted(policy, role, member)
    for dataset in state["datasets"]:
        for member, entry in (
            ("allUsers", {"iamMember": "allUsers"}),
            ("allAuthenticatedUsers", {"specialGroup": "allAuthenticatedUsers"}),
            (STRANGER, {"userByEmail": STRANGER.removeprefix("user:")}),
        ):
            line = f"extra: grant on dataset {dataset}: roles/bigquery.dataViewer to {member};"
            yield (line,), entered(dataset, {"role": "READER", **entry})


def added(kind: str, name: str) -> Change:
    """One more of a kind."""
    return lambda state: state[kind].update({name: _stranger(kind, name, state)})


def granted(policy: str, role: str, member: str) -> Change:
    """A member has one role more."""
    return lambda state: state["bindings"][policy].append({"role": role, "members": [member]})


def entered(dataset: str, entry: State) -> Change:
    """A dataset's access list has one entry more."""
    return lambda state: state["datasets"][dataset]["access"].append(entry)


def _stranger(kind: str, name: str, state: State) -> dict[str, Any]:
    """One more of a kind, after the pattern of one that is there."""
    pattern = deepcopy(next(iter(state[kind].values())))
    match kind:
        case "datasets":
            return {**pattern, "datasetReference": {"datasetId": name}}
        case "services":
            return {**pattern, "metadata": {"name": name}}
        case "accounts":
            return {**pattern, "email": name}
        case _:
            return {**pattern, "name": f"projects/{ID}/{kind}/{name}"} if "name" in pattern else pattern


def test_each_single_thing_added_is_named() -> None:
    """Whatever is not declared, and every public binding."""
    assert unnamed(additions(deployed().state)) == []


ADDED_BY_THE_CLOUD = re.compile(
    r"\w+\.[^.]+\.(name|displayName)|.*\.id|.*(effectiveTime|currencyCode|tagState|x-goog-version|User-Agent"
    r"|maxDoublings|maxRetryDuration)|subscriptions.*\.state|services.*(metadata\.name|percent|traffic\.1\..*)"
    r"|datasets.*(datasetReference|access)\..*"
)
"""Properties that are not declared, and the access lists, which have tests of their own."""


def leaves(thing: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of every single value."""
    if isinstance(thing, dict | list):
        for key, inner in thing.items() if isinstance(thing, dict) else enumerate(thing):
            yield from leaves(inner, (*path, key))
    else:
        yield path


def alter(state: State, path: tuple[Any, ...]) -> None:
    """Make one value another."""
    *way, last = path
    for key in way:
        state = state[key]
    state[last] = "altered"


def test_each_property_that_differs_is_named() -> None:
    """Every value of every description that is not the cloud's own addition."""
    state = deployed().state
    kinds = ("repositories", "buckets", "databases", "datasets", "subscriptions", "jobs", "services", "budgets")
    paths = [path for kind in kinds for path in leaves(state[kind], (kind,))]
    declared = [path for path in paths if not ADDED_BY_THE_CLOUD.fullmatch(".".join(map(str, path)))]
    assert len(declared) > 250
    changes = ((("different: " + label(path[0], path[1]),), _altering(path)) for path in declared)
    assert unnamed(changes) == []


def _altering(path: tuple[Any, ...]) -> Change:
    return lambda state: alter(state, path)


def opened(state: State) -> None:
    """Take IAM's check off the worker, which leaves no trace in its policy."""
    annotations = state["services"]["tipoff-worker"]["metadata"]["annotations"]
    annotations["run.googleapis.com/invoker-iam-disabled"] = "true"


def disabled(state: State) -> None:
    """Disable the scraper's account."""
    state["accounts"]["tipoff-scraper@my-project.iam.gserviceaccount.com"]["disabled"] = True


def changed_by_hand(state: State) -> None:
    """Set a variable of the worker."""
    container = state["services"]["tipoff-worker"]["spec"]["template"]["spec"]["containers"][0]
    container["env"][0]["value"] = "local"


def behind(state: State) -> None:
    """Leave a table as an earlier revision made it."""
    state["tables"]["raw.games"]["change"] = "add season STRING"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (opened, "service tipoff-worker has open=true"),
        (disabled, "tipoff-scraper@my-project.iam.gserviceaccount.com has disabled=True"),
        (changed_by_hand, "service tipoff-worker has variables.TIPOFF_PROFILE=local, not gcp"),
        (behind, "raw.games: add season STRING"),
    ],
)
def test_what_is_changed_behind_the_scripts_backs_is_named(change: Change, words: str) -> None:
    """One line, and no other."""
    project = deployed()
    change(project.state)
    (line,) = project.check()
    assert words in line


def test_nobody_has_a_broad_role_for_the_whole_project() -> None:
    """Data and secrets are given by dataset and secret."""
    granted = [binding["role"] for binding in deployed().state["bindings"][f"projects {ID}"]]
    assert not {f"roles/{role}" for role in BROAD} & set(granted)


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


def without_values(state: State) -> State:
    """A state without what differs from run to run."""
    return {**state, "versions": {name: len(versions) for name, versions in state["versions"].items()}}


def test_the_first_api_key_is_shown_once_and_is_the_one_stored() -> None:
    """256 random bits; a second run neither makes nor shows one; no other program's output or arguments hold it."""
    project = Project()
    key = project.run("setup").stdout.strip()
    assert re.fullmatch(r"[\w-]{43}", key)
    assert [version["value"] for version in project.state["versions"][API_KEYS]] == [key]
    assert key not in str(project.changes)
    assert project.run("setup").stdout == ""


def test_a_key_whose_storing_was_cut_short_was_shown() -> None:
    """Whether or not it was stored in the end, nobody has to guess a key that is in force."""
    steps = Project()
    steps.run("setup")
    (step,) = (number for number, call in enumerate(steps.changes, 1) if call[1:4] == ["secrets", "versions", "add"])
    project = Project(stop_after=step)
    shown = project.run("setup").stdout.strip()
    assert [version["value"] for version in project.state["versions"][API_KEYS]] == [shown]


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


def test_a_grant_on_a_condition_is_not_the_grant() -> None:
    """It is named as it is, and the one declared is missing."""
    project = deployed()
    (binding,) = project.state["bindings"]["secrets api-keys"]
    binding["condition"] = {"title": "until Friday"}
    granted = "grant on secret api-keys: roles/secretmanager.secretAccessor to "
    assert [line.partition("serviceAccount:")[0] for line in project.check()] == [
        f"missing: {granted}",
        f"extra: {granted}",
    ]


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
        assert (f"versions add {secret.name} --data-file=FILE --project={ID}" in message) is not secret.generated
    assert "api-keys" not in message
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
