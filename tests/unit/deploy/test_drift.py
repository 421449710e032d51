from deploy.commands import same
from tests.unit.deploy.conftest import Cloud


def test_f32_f21_drift_is_listed_and_nothing_is_changed(cloud: Cloud) -> None:
    """The check names a variable changed by hand, another revision, and whatever the scripts would change."""
    cloud.answers("worker", "aaaaaaaaaaaa")
    assert cloud.run("worker/deploy.sh", revision="aaaaaaaaaaaa").returncode == 0
    state = cloud.state
    container = state["service"]["spec"]["template"]["spec"]["containers"][0]  # type: ignore[index]  # nested JSON
    container["env"][0]["value"] = "local"
    cloud.set_state(state)
    cloud.calls()
    done = cloud.run("check.sh", revision="bbbbbbbbbbbb")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert "different: tipoff-worker has TIPOFF_PROFILE=local, not gcp" in lines
    assert any(line.startswith("different: tipoff-worker serves tipoff-worker-aaaaaaaaaaaa-") for line in lines)
    assert "different: deploy/pubsub.sh would pubsub topics create scraper-tasks" in lines
    assert any(line.startswith("missing: overnight ") for line in lines)
    assert cloud.changes() == []


def test_same_looks_only_at_what_is_wanted() -> None:
    """Fields that the cloud adds do not count; an empty wish means empty."""
    assert same({"a": {"b": 1}}, {"a": {"b": 1, "more": 2}, "more": 3})
    assert not same({"a": {"b": 1}}, {"a": {"b": 2}})
    assert not same({"a": {"b": 1}}, {"a": None})
    assert same({"a": {}}, {})
    assert not same({"a": {}}, {"a": {"ttl": "1s"}})
