import subprocess

import pytest

from deploy.commands import Gcloud
from deploy.resources import Group, Resource, by_name, differences, unlike
from deploy.resources import run as create
from tests.unit.deploy.conftest import Cloud


def test_f32_f21_drift_is_listed_and_nothing_is_changed(cloud: Cloud) -> None:
    """The check names a variable changed by hand, another revision, and whatever the scripts would change."""
    cloud.answers("worker", "aaaaaaaaaaaa")
    assert cloud.run("worker/deploy.sh", revision="aaaaaaaaaaaa").returncode == 0
    state = cloud.state
    container = state["services"]["tipoff-worker"]["spec"]["template"]["spec"]["containers"][0]
    container["env"][0]["value"] = "local"
    cloud.set_state(state)
    cloud.calls()
    done = cloud.run("check.sh", revision="bbbbbbbbbbbb")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert (
        "different: service tipoff-worker has variables.TIPOFF_PROFILE=local, not gcp; deploy/worker/deploy.sh" in lines
    )
    assert any(
        line.startswith("different: service tipoff-worker has serving=tipoff-worker-aaaaaaaaaaaa-") for line in lines
    )
    assert "missing: subscription scraper-tasks; deploy/pubsub.sh" in lines
    assert "missing: schedule tipoff-overnight; deploy/schedules.sh" in lines
    assert cloud.changes() == []


def test_what_cannot_be_asked_is_said_and_the_rest_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line for the question that failed, none for what hangs on its answer, and the next group as ever."""

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        if command[1] == "secrets":
            return subprocess.CompletedProcess(command, 1, "", "ERROR: (gcloud) PERMISSION_DENIED: no\nmore of it\n")
        return subprocess.CompletedProcess(command, 0, "[]", "")

    monkeypatch.setattr(subprocess, "run", run)
    groups = [
        Group("secret", ("secrets", "list"), by_name, (Resource("a"),), "setup.sh"),
        Group(
            "version of", ("secrets", "versions", "list"), by_name, (Resource("a"),), "setup.sh", needs=("secret a",)
        ),
        Group("topic", ("pubsub", "topics", "list"), by_name, (Resource("b", create("c")),), "pubsub.sh"),
    ]
    assert list(differences(Gcloud("p"), groups)) == [
        (
            "unknown: secret: gcloud secrets list --format=json --project=p: ERROR: (gcloud) PERMISSION_DENIED: "
            "no more of it: be an owner of the project"
        ),
        "missing: topic b; pubsub.sh",
    ]


def test_only_what_is_wanted_is_looked_at() -> None:
    """Fields that the cloud adds do not count; an empty wish means empty; what differs is named by its path."""
    assert list(unlike({"a": {"b": 1}}, {"a": {"b": 1, "more": 2}, "more": 3})) == []
    assert list(unlike({"a": {"b": 1, "c": 3}}, {"a": {"b": 2, "c": 3}})) == [("a.b", 1, 2)]
    assert list(unlike({"a": {"b": 1}}, {"a": None})) == [("a", {"b": 1}, None)]
    assert list(unlike({"a": {}}, {})) == []
    assert list(unlike({"a": {}}, {"a": {"ttl": "1s"}})) == [("a", {}, {"ttl": "1s"})]
