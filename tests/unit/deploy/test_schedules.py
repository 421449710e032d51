import json
import re

import pytest

from deploy.scheduler import JOBS
from deploy.services import SERVICES
from shared.registries.pipeline import STEPS
from shared.registries.schedules import RUNS_PATH, SCHEDULES
from tests.unit.deploy.conftest import Cloud

FIRST, SECOND = list(SCHEDULES)[:2]


def test_second_run_changes_nothing(shell: Cloud) -> None:
    """After one run every schedule is as the registry says."""
    assert shell.run("schedules.sh").returncode == 0
    assert len(shell.changes()) == len(JOBS)
    assert shell.run("schedules.sh").returncode == 0
    assert shell.changes() == []
    assert shell.run("schedules.sh", "check").returncode == 0


def test_f34_a_purged_schedule_is_noticed_and_mended(cloud: Cloud) -> None:
    """The check names the missing one and fails; the next run creates it, and only it."""
    cloud.run("schedules.sh")
    state = cloud.state
    del state["jobs"][f"tipoff-{FIRST}"]
    cloud.set_state(state)
    done = cloud.run("schedules.sh", "check")
    assert done.returncode == 1
    assert done.stdout == f"missing: schedule tipoff-{FIRST}; deploy/schedules.sh\n"
    cloud.calls()
    cloud.run("schedules.sh")
    assert [call[:5] for call in cloud.changes()] == [["scheduler", "jobs", "create", "http", f"tipoff-{FIRST}"]]


def test_f34_a_schedule_that_differs_is_noticed_and_mended(cloud: Cloud) -> None:
    """A job whose hour or body was changed by hand is listed; the next run updates it, and only it."""
    cloud.run("schedules.sh")
    state = cloud.state
    state["jobs"][f"tipoff-{FIRST}"]["schedule"] = "0 9 * * *"
    state["jobs"][f"tipoff-{SECOND}"]["httpTarget"]["body"] = "bm90IGpzb24="
    cloud.set_state(state)
    done = cloud.run("schedules.sh", "check")
    assert done.returncode == 1
    assert [line.split("=")[0] for line in done.stdout.splitlines()] == [
        f"different: schedule tipoff-{FIRST} has schedule",
        f"different: schedule tipoff-{SECOND} has httpTarget.body",
    ]
    cloud.calls()
    cloud.run("schedules.sh")
    assert [call[2:5] for call in cloud.changes()] == [
        ["update", "http", f"tipoff-{FIRST}"],
        ["update", "http", f"tipoff-{SECOND}"],
    ]
    assert cloud.run("schedules.sh", "check").returncode == 0


def test_f34_an_extra_schedule_is_noticed_and_left_alone(cloud: Cloud) -> None:
    """A job of ours that the registry does not know is listed, never deleted; others' jobs are not looked at."""
    cloud.run("schedules.sh")
    state = cloud.state
    for name in ("tipoff-retrain", "somebody-elses"):
        state["jobs"][name] = {"name": f"projects/my-project/locations/us-east1/jobs/{name}", "state": "ENABLED"}
    cloud.set_state(state)
    done = cloud.run("schedules.sh", "check")
    assert done.returncode == 1
    assert done.stdout == "extra: schedule tipoff-retrain; declare it or remove it\n"
    cloud.calls()
    cloud.run("schedules.sh")
    assert cloud.changes() == []


def test_pause_is_noticed_survives_a_run_and_is_undone_by_resume(cloud: Cloud) -> None:
    """A paused schedule is listed until it is resumed; creating and updating do not resume it behind one's back."""
    cloud.run("schedules.sh")
    assert cloud.run("schedules.sh", "pause", FIRST).returncode == 0
    cloud.run("schedules.sh")
    done = cloud.run("schedules.sh", "check")
    assert done.returncode == 1
    assert done.stdout == (
        f"different: schedule tipoff-{FIRST} has state=PAUSED, not ENABLED; deploy/schedules.sh resume {FIRST}\n"
    )
    assert cloud.run("schedules.sh", "resume", FIRST).returncode == 0
    assert cloud.run("schedules.sh", "check").returncode == 0


@pytest.mark.parametrize("action", ["pause", "resume", "executions"])
def test_an_unknown_schedule_is_refused(cloud: Cloud, action: str) -> None:
    """A wrong name is one line that lists the right ones."""
    done = cloud.run("schedules.sh", action, "nightly")
    assert done.returncode == 1
    assert done.stderr == f"error: unknown schedule 'nightly': one of {', '.join(JOBS)}\n"
    assert cloud.calls() == []


def test_executions_asks_the_log_for_the_attempts_of_one_schedule(cloud: Cloud) -> None:
    """The query of deploy/monitoring narrows to the job asked for."""
    assert cloud.run("schedules.sh", "executions", FIRST).returncode == 0
    (call,) = cloud.calls()
    assert call[:2] == ["logging", "read"]
    assert call[2].endswith(f'resource.labels.job_id="tipoff-{FIRST}"')


def test_a_schedule_asks_for_todays_slate_and_names_itself() -> None:
    """The body has no date (the coordinator takes today's Eastern one), known steps, and the schedule's name."""
    for schedule in SCHEDULES.values():
        body = json.loads(schedule.body)
        mode = {"mode": schedule.mode.value} if schedule.path == RUNS_PATH else {}  # the others know theirs
        targets = {} if schedule.name == "pulse" else {"targets": list(schedule.targets)}
        assert body == {**mode, "schedule": schedule.name, **targets}
        assert set(schedule.targets) <= set(STEPS)


def test_schedules_are_well_formed() -> None:
    """Names fit Cloud Scheduler and cron expressions have five fields."""
    for name, job in JOBS.items():
        assert re.fullmatch(r"[a-z][a-z0-9-]{1,40}", name)
        assert re.fullmatch(r"([\d,]+|\*) ([\d,]+|\*) (\d+|\*) (\d+|\*) (\d+|\*)", job.cron)


def test_an_attempt_of_the_pulse_is_over_before_the_next(cloud: Cloud) -> None:
    """It fires every minute and is its own retry; an attempt of the others has a minute, and is made six times."""
    cloud.run("schedules.sh")
    jobs = {name: cloud.state["jobs"][f"tipoff-{name}"] for name in JOBS}
    assert {name: (job["attemptDeadline"], job["retryConfig"]["retryCount"]) for name, job in jobs.items()} == {
        name: ("50s", 0) if name == "pulse" else ("60s", 5) for name in JOBS
    }
    assert jobs["pulse"]["schedule"] == "* * * * *"
    assert jobs["pulse"]["httpTarget"]["uri"].endswith("/v1/pulse")


def test_every_service_is_woken_before_the_fallbacks(cloud: Cloud) -> None:
    """By a GET of its readiness, five minutes before, as the account of schedules, with a token for that service."""
    minute, hours, *_ = JOBS["warm-worker"].cron.split()
    asked = {int(SCHEDULES[name].cron.split()[1]) for name in ("features-fallback", "predictions-fallback")}
    assert ({int(hour) + 1 for hour in hours.split(",")}, minute) == (asked, "55")
    cloud.run("schedules.sh")
    for service in SERVICES:
        base = f"https://tipoff-{service}-123456789012.us-east1.run.app"
        target = cloud.state["jobs"][f"tipoff-warm-{service}"]["httpTarget"]
        assert (target["uri"], target["httpMethod"], "body" in target) == (f"{base}/readyz/", "GET", False)
        assert target["oidcToken"] == {
            "serviceAccountEmail": "tipoff-schedule@my-project.iam.gserviceaccount.com",
            "audience": f"{base}/schedule",
        }
