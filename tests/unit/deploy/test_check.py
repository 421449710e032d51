import re
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.project import BROAD
from tests.unit.deploy.changes import Change, State, additions, deployed, label, removals
from tests.unit.deploy.fake_described import ID


def unnamed(changes: Iterator[tuple[tuple[str, ...], Change]]) -> list[tuple[str, ...]]:
    """Those changes of a deployed project of which no line of the check has every word."""
    missed = []
    for words, change in changes:
        project = deployed()
        change(project.state)
        if not any(all(word in line for word in words) for line in project.check()):
            missed.append(words)
    return missed


def test_each_single_thing_removed_is_named() -> None:
    """APIs, accounts, stores, secrets, tables, topics, schedules, services and every grant."""
    state = deployed().state
    assert len(list(removals(state))) > 150
    assert unnamed(removals(state)) == []


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


def by_hand(name: str, value: str) -> Change:
    """Set a variable of the coordinator."""

    def change(state: State) -> None:
        container = state["services"]["tipoff-coordinator"]["spec"]["template"]["spec"]["containers"][0]
        (variable,) = (each for each in container["env"] if each["name"] == name)
        variable["value"] = value

    return change


def behind(state: State) -> None:
    """Leave a table as an earlier revision made it."""
    state["tables"]["raw.games"]["change"] = "add season STRING"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (opened, "service tipoff-worker has open=true"),
        (disabled, "tipoff-scraper@my-project.iam.gserviceaccount.com has disabled=True"),
        (changed_by_hand, "service tipoff-worker has variables.TIPOFF_PROFILE=local, not gcp"),
        (by_hand("TIPOFF_ADMINS", "eve@example.com"), "variables.TIPOFF_ADMINS=eve@example.com, not ;"),
        (by_hand("TIPOFF_VIEWERS", "eve@example.com"), "variables.TIPOFF_VIEWERS=eve@example.com, not ;"),
        (
            by_hand("TIPOFF_TOKEN_CERTS_URL", "https://eve.example.com"),
            "variables.TIPOFF_TOKEN_CERTS_URL=https://eve.example.com, not https://www.googleapis.com/oauth2/v1/certs;",
        ),
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


def test_a_grant_on_a_condition_is_not_the_grant() -> None:
    """It is named as it is, and the one declared is missing."""
    project = deployed()
    (binding,) = project.state["bindings"]["secrets first-keys"]
    binding["condition"] = {"title": "until Friday"}
    granted = "grant on secret first-keys: roles/secretmanager.secretAccessor to "
    assert [line.partition("serviceAccount:")[0] for line in project.check()] == [
        f"missing: {granted}",
        f"extra: {granted}",
    ]
