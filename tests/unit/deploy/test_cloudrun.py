import pytest

from deploy.cloudrun import CloudRun
from deploy.commands import Gcloud
from deploy.revisions import commit_of, previous
from deploy.services import BASE, SERVICES
from shared.errors import Permanent
from tests.unit.deploy.conftest import ENVIRONMENT, VARIABLES, Cloud

GOOD, NEWER = "aaaaaaaaaaaa", "bbbbbbbbbbbb"


def name_of(revision: str, service: str = "worker") -> str:
    """The Cloud Run revision that a commit becomes."""
    return CloudRun(Gcloud("my-project"), ENVIRONMENT, SERVICES[service]).revision_name(revision)


def deployed(cloud: Cloud, *revisions: str) -> None:
    """Deploy the worker at each revision."""
    for revision in revisions:
        cloud.answers("worker", revision)
        done = cloud.run("worker/deploy.sh", revision=revision)
        assert done.returncode == 0, done.stderr
    cloud.calls()


def serving(cloud: Cloud) -> list[object]:
    """Revisions with traffic."""
    traffic = cloud.state["services"]["tipoff-worker"]["status"]["traffic"]
    assert isinstance(traffic, list)
    return [item["revisionName"] for item in traffic if item.get("percent")]


def test_deploy_goes_build_candidate_permission_check_traffic(shell: Cloud) -> None:
    """Built, deployed without traffic, checked with and without a token, only then given traffic, and checked again."""
    token = "auth print-identity-token --impersonate-service-account=tipoff-operator@my-project.iam.gserviceaccount.com"
    deployed(shell, GOOD)
    shell.answers("worker", NEWER)
    assert shell.run("worker/deploy.sh", revision=NEWER).returncode == 0
    steps = [" ".join(call[:3]) for call in shell.calls()]
    assert steps == [
        "run services list",
        "run revisions list",
        "builds submit .",
        "beta run deploy",
        "run services get-iam-policy",
        token,
        "curl https://candidate---tipoff-worker-123456789012.us-east1.run.app/readyz/",
        "curl https://candidate---tipoff-worker-123456789012.us-east1.run.app/healthz/",
        "run services update-traffic",
        token,
        "curl https://tipoff-worker-123456789012.us-east1.run.app/readyz/",
        "curl https://tipoff-worker-123456789012.us-east1.run.app/healthz/",
    ]
    assert serving(shell) == [name_of(NEWER)]


@pytest.mark.parametrize("service", SERVICES)
def test_candidate_gets_no_traffic(cloud: Cloud, service: str) -> None:
    """Every service's deploy keeps traffic from the new revision and closes it to strangers."""
    done = cloud.run(f"{service}/deploy.sh", "--dry-run")
    (deploy,) = (line for line in done.stdout.splitlines() if " run deploy " in line)
    assert {"--no-traffic", "--tag=candidate", "--no-allow-unauthenticated"} <= set(deploy.split())


@pytest.mark.parametrize(
    ("service", "revision", "healthy", "stranger", "said"),
    [
        ("analytics", NEWER, True, 403, "service is 'analytics', not 'worker'"),
        ("worker", GOOD, True, 403, f"revision is '{GOOD}', not '{NEWER}'"),
        ("worker", NEWER, False, 403, "healthy is False, not True (warehouse: away)"),
        ("worker", NEWER, True, 200, "answers 200 without a token"),
    ],
)
def test_f04_f23_no_traffic_for_the_wrong_service(
    cloud: Cloud,
    service: str,
    revision: str,
    healthy: bool,  # noqa: FBT001 - a column of the table
    stranger: int,
    said: str,
) -> None:
    """A candidate that is another service, another revision, unhealthy or open to all gets no traffic."""
    deployed(cloud, GOOD)
    cloud.answers(service, revision, healthy=healthy, stranger=stranger)
    done = cloud.run("worker/deploy.sh", revision=NEWER)
    assert done.returncode == 1
    assert said in done.stderr
    assert "update-traffic" not in [word for call in cloud.calls() for word in call]
    assert serving(cloud) == [name_of(GOOD)]


def test_candidate_that_failed_is_checked_again_not_built_again(cloud: Cloud) -> None:
    """After a failed check, deploying the same commit again checks the revision that is there."""
    deployed(cloud, GOOD)
    cloud.answers("worker", NEWER, healthy=False)
    cloud.run("worker/deploy.sh", revision=NEWER)
    cloud.calls()
    cloud.answers("worker", NEWER)
    assert cloud.run("worker/deploy.sh", revision=NEWER).returncode == 0
    assert [call[:3] for call in cloud.changes()] == [["run", "services", "update-traffic"]] * 2
    assert serving(cloud) == [name_of(NEWER)]


def test_second_deploy_changes_nothing(cloud: Cloud) -> None:
    """Deploying what serves already asks and checks, and changes nothing."""
    deployed(cloud, GOOD)
    done = cloud.run("worker/deploy.sh", revision=GOOD)
    assert done.returncode == 0
    assert "nothing to do" in done.stderr
    assert cloud.changes() == []


def test_first_deploy_that_fails_its_check_fails_again(cloud: Cloud) -> None:
    """A service's first revision has traffic whatever it says, so it is checked on every deploy until it is right."""
    cloud.answers("analytics", GOOD)
    assert [cloud.run("worker/deploy.sh", revision=GOOD).returncode for _ in range(2)] == [1, 1]


def test_a_first_deploy_that_was_cut_short_is_finished(cloud: Cloud) -> None:
    """Its revision has the traffic as the latest one: the second deploy pins it by name, and the third changes nothing.

    There is nothing to roll back to, and nobody is told to.
    """
    cloud.answers("analytics", GOOD)
    assert cloud.run("worker/deploy.sh", revision=GOOD).returncode == 1
    assert "rollback.sh" not in cloud.run("worker/deploy.sh", revision=GOOD).stderr
    cloud.calls()
    deployed(cloud, GOOD)
    traffic = cloud.state["services"]["tipoff-worker"]["status"]["traffic"]
    assert [item for item in traffic if "percent" in item] == [{"revisionName": name_of(GOOD), "percent": 100}]
    assert cloud.run("worker/deploy.sh", revision=GOOD).returncode == 0
    assert cloud.changes() == []


def test_what_serves_and_is_not_well_may_be_rolled_back(cloud: Cloud) -> None:
    """Where there is a revision before."""
    deployed(cloud, GOOD, NEWER)
    cloud.answers("worker", NEWER, healthy=False)
    done = cloud.run("worker/deploy.sh", revision=NEWER)
    assert done.returncode == 1
    assert "deploy/rollback.sh worker" in done.stderr


def test_f32_a_deploy_takes_away_whoever_was_let_in_by_hand(cloud: Cloud) -> None:
    """The lists of admins and viewers are declared as empty, and are so after the next deploy."""
    deployed(cloud, GOOD)
    state = cloud.state
    container = state["services"]["tipoff-worker"]["spec"]["template"]["spec"]["containers"][0]
    for variable in container["env"]:
        if variable["name"] in ("TIPOFF_ADMINS", "TIPOFF_VIEWERS"):
            variable["value"] = "eve@example.com"
    cloud.set_state(state)
    assert "eve@example.com" in (cloud.folder / "state.json").read_text()
    deployed(cloud, NEWER)
    assert "eve@example.com" not in (cloud.folder / "state.json").read_text()


@pytest.mark.parametrize("service", SERVICES)
def test_f32_variables_are_only_updated(cloud: Cloud, service: str) -> None:
    """A deploy adds to the environment variables; no flag of it can replace or remove one."""
    done = cloud.run(f"{service}/deploy.sh", "--dry-run")
    assert "--update-env-vars=" in done.stdout
    for flag in ("set-env-vars", "clear-env-vars", "remove-env-vars", "env-vars-file", "services replace"):
        assert flag not in done.stdout


def test_f32_variables_set_by_hand_survive(cloud: Cloud) -> None:
    """A variable that the scripts do not know is still there after a deploy."""
    deployed(cloud, GOOD)
    state = cloud.state
    container = state["services"]["tipoff-worker"]["spec"]["template"]["spec"]["containers"][0]
    container["env"].append({"name": "TIPOFF_LOG_LEVEL", "value": "debug"})
    cloud.set_state(state)
    deployed(cloud, NEWER)
    assert '"TIPOFF_LOG_LEVEL"' in (cloud.folder / "state.json").read_text()


def test_f21_uncommitted_changes_are_not_deployed(cloud: Cloud) -> None:
    """A checkout with uncommitted changes is refused before anything is asked or changed."""
    (cloud.folder / "git-status").write_text(" M shared/registries/topics.py\n")
    done = cloud.run("worker/deploy.sh")
    assert done.returncode == 1
    assert "uncommitted changes" in done.stderr
    assert cloud.calls() == []


def test_f21_the_revision_is_the_commit(cloud: Cloud) -> None:
    """Image, Cloud Run revision and the identity that is required are named after the commit."""
    cloud.answers("worker", "0123456789ab")
    done = cloud.run("worker/deploy.sh")
    assert done.returncode == 0
    assert "built from python@sha256:ba5e" in done.stderr
    (build,) = (call for call in cloud.calls() if call[0] == "builds")
    substitutions = (
        f"--substitutions=_SERVICE=worker,_PACKAGES=libgomp1,_REVISION=0123456789ab,_BASE={BASE},"
        "_IMAGE=us-east1-docker.pkg.dev/my-project/tipoff/worker:0123456789ab"
    )
    assert substitutions in build
    assert serving(cloud) == [name_of("0123456789ab")]


def test_the_image_says_its_revision_itself() -> None:
    """No variable of the deploy names the revision: the identity check would prove the variable, not the image."""
    for service in SERVICES.values():
        assert "TIPOFF_REVISION" not in service.variables(ENVIRONMENT)


def test_rollback_returns_to_the_ready_revision_before(cloud: Cloud) -> None:
    """Rollback tags the revision before the serving one, checks it as its own commit, and gives it all traffic."""
    deployed(cloud, GOOD, NEWER)
    cloud.answers("worker", GOOD)
    assert cloud.run("rollback.sh", "worker").returncode == 0
    assert [call[-3] for call in cloud.changes()] == [
        f"--update-tags=candidate={name_of(GOOD)}",
        f"--to-revisions={name_of(GOOD)}=100",
    ]
    assert serving(cloud) == [name_of(GOOD)]


def test_rollback_to_what_does_not_answer_as_itself_is_refused(cloud: Cloud) -> None:
    """The identity check guards a rollback as it guards a deploy."""
    deployed(cloud, GOOD, NEWER)
    done = cloud.run("rollback.sh", "worker")
    assert done.returncode == 1
    assert serving(cloud) == [name_of(NEWER)]


def test_rollback_to_a_named_revision_of_another_service_is_refused(cloud: Cloud) -> None:
    """A revision's name says whose it is."""
    deployed(cloud, GOOD)
    done = cloud.run("rollback.sh", "worker", "tipoff-scraper-aaaaaaaaaaaa-00000000")
    assert "is no revision of tipoff-worker" in done.stderr
    assert cloud.changes() == []


def test_previous_skips_revisions_that_never_became_ready() -> None:
    """The newest older revision that is ready is chosen, whatever lies between."""

    def revision(name: str, ready: str) -> dict[str, object]:
        return {"metadata": {"name": name}, "status": {"conditions": [{"type": "Ready", "status": ready}]}}

    assert previous([revision("c", "True"), revision("b", "False"), revision("a", "True")], "c") == "a"


def test_previous_needs_one_serving_revision_and_an_older_one() -> None:
    """With traffic split, or nothing older, the operator must say what to do."""
    only: list[dict[str, object]] = [{"metadata": {"name": "a"}}]
    with pytest.raises(Permanent, match="no single revision"):
        previous(only, "")
    with pytest.raises(Permanent, match="no ready revision older"):
        previous(only, "a")


def test_commit_of_a_foreign_revision_is_refused() -> None:
    """A revision that the scripts did not name has no commit to check against."""
    assert commit_of("tipoff-worker", name_of(GOOD)) == GOOD
    with pytest.raises(Permanent, match="not deployed by"):
        commit_of("tipoff-worker", "tipoff-worker-00007-xyz")


def test_every_missing_variable_is_named_at_once(shell: Cloud) -> None:
    """A deploy without its environment says everything that is missing in one line."""
    done = shell.run("worker/deploy.sh", "--dry-run", PROJECT="", REGION="")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert all(name in done.stderr for name in ("PROJECT (", "REGION (", "deploy/env.example"))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("BUDGET", "50 USD", "BUDGET='50 USD' is not a whole number"),
        ("OPERATORS", "ann", "'ann' is no member of a policy"),
    ],
)
def test_a_variable_that_cannot_be_right_is_one_line(cloud: Cloud, name: str, value: str, said: str) -> None:
    """With what it means."""
    done = cloud.run("setup.sh", "--dry-run", **{name: value})
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert said in done.stderr


def test_the_example_environment_is_complete(shell: Cloud) -> None:
    """deploy/env.example is enough for a dry run."""
    nothing = dict.fromkeys(VARIABLES, "")
    done = shell.run("scraper/deploy.sh", "--dry-run", **nothing, DEPLOY_ENV="deploy/env.example")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "script",
    [*(f"{service}/deploy.sh" for service in SERVICES), "setup.sh", "pubsub.sh", "schedules.sh", "check.sh"],
)
def test_a_dry_run_runs_nothing(shell: Cloud, script: str) -> None:
    """A dry run prints gcloud commands, one per line and nothing else, and runs none."""
    done = shell.run(script, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert all(line.startswith(("gcloud ", "bq ", "env TIPOFF_")) for line in done.stdout.splitlines())
    assert shell.calls() == []


def ill_at(cloud: Cloud, revision: str, url: str) -> None:
    """Let the revision be well, except at one URL: what it shows once it has traffic."""
    cloud.answers("worker", revision, at=url, healthy=False)


SERVING = "https://tipoff-worker-123456789012.us-east1.run.app"
CANDIDATE = "https://candidate---tipoff-worker-123456789012.us-east1.run.app"


def test_a_revision_that_is_worse_with_traffic_loses_it_by_itself(cloud: Cloud) -> None:
    """The one that served before has all of it again, and the exit code and one line say so."""
    deployed(cloud, GOOD)
    cloud.answers("worker", NEWER)
    ill_at(cloud, NEWER, SERVING)
    done = cloud.run("worker/deploy.sh", revision=NEWER)
    assert done.returncode == 1
    assert f"error: {name_of(NEWER)} with traffic: identity check: healthy is False" in done.stderr
    assert done.stderr.rstrip().endswith(f"{name_of(GOOD)} serves again")
    assert serving(cloud) == [name_of(GOOD)]
    (cloud.folder / "answers" / SERVING.partition("//")[2]).unlink()
    assert cloud.run("worker/deploy.sh", revision=NEWER).returncode == 0
    assert serving(cloud) == [name_of(NEWER)]


def test_the_first_revision_has_nothing_to_roll_back_to(cloud: Cloud) -> None:
    """It keeps its traffic, and the deploy fails."""
    cloud.answers("worker", GOOD)
    ill_at(cloud, GOOD, SERVING)
    done = cloud.run("worker/deploy.sh", revision=GOOD)
    assert done.returncode == 1
    assert "serves again" not in done.stderr
    assert serving(cloud) == [name_of(GOOD)]


def shares(cloud: Cloud) -> dict[str, int]:
    """Percent of the traffic by revision."""
    traffic = cloud.state["services"]["tipoff-worker"]["status"]["traffic"]
    return {item["revisionName"]: item["percent"] for item in traffic if item.get("percent")}


def test_a_slow_start_goes_on_with_the_same_command(cloud: Cloud) -> None:
    """Ten percent, half, all; the check says meanwhile that traffic is split, and nothing is built twice."""
    deployed(cloud, GOOD)
    cloud.answers("worker", NEWER)
    good, newer = name_of(GOOD), name_of(NEWER)
    done = cloud.run("worker/deploy.sh", "--percent", "10", revision=NEWER)
    assert done.returncode == 0, done.stderr
    assert "the same command goes on" in done.stderr
    assert shares(cloud) == {newer: 10, good: 90}
    split = f"service tipoff-worker has serving=split ({newer} 10 %, {good} 90 %), not {newer}; deploy/worker/deploy.sh"
    assert split in cloud.run("check.sh", revision=NEWER).stdout
    cloud.calls()
    assert cloud.run("worker/deploy.sh", "--percent", "50", revision=NEWER).returncode == 0
    assert shares(cloud) == {newer: 50, good: 50}
    assert cloud.run("worker/deploy.sh", revision=NEWER).returncode == 0
    assert shares(cloud) == {newer: 100}
    assert {tuple(call[:3]) for call in cloud.changes()} == {("run", "services", "update-traffic")}


def test_a_slow_start_that_goes_wrong_gives_all_traffic_back(cloud: Cloud) -> None:
    """Of a split the candidate is asked at its own URL: at the service's own anybody might answer."""
    deployed(cloud, GOOD)
    cloud.answers("worker", NEWER)
    cloud.answers("worker", NEWER, at=CANDIDATE, after=1, healthy=False)
    done = cloud.run("worker/deploy.sh", "--percent", "5", revision=NEWER)
    assert done.returncode == 1
    assert shares(cloud) == {name_of(GOOD): 100}


@pytest.mark.parametrize("percent", ["0", "101", "half"])
def test_a_percentage_is_one(cloud: Cloud, percent: str) -> None:
    """From 1 to 100."""
    with pytest.raises(SystemExit):
        cloud.run("worker/deploy.sh", "--percent", percent, revision=NEWER)


def test_a_rollback_does_not_ask_what_the_revision_stands_on(cloud: Cloud) -> None:
    """The warehouse may be away: that is no reason to keep a bad revision."""
    deployed(cloud, GOOD, NEWER)
    cloud.answers("worker", GOOD)
    assert cloud.run("rollback.sh", "worker").returncode == 0
    assert [call[1] for call in cloud.calls() if call[0] == "curl"] == [f"{CANDIDATE}/healthz/"] * 2
