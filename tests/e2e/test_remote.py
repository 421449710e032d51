"""The command line against a coordinator in another process, by URL and key, with an empty home."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from devstack import daemon
from devstack.daemon import RunningStack
from shared.registries.keys import KEY
from tests.e2e.command import DONE, FAILED, Done, clock, inside, tipoff
from tests.e2e.nights import FIRST, LAST

pytestmark = pytest.mark.network

SLATE = ("--from", str(LAST), "--to", str(LAST))
FILL = ("backfill", "--from", str(FIRST), "--to", str(LAST), "--to-step", "schedule")


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A coordinator, and somebody who has nothing but its URL and a key."""

    stack: RunningStack
    home: Path
    config: Path

    def tipoff(self, *arguments: str | Path, **environment: str) -> Done:
        """A command of his."""
        return inside(self.home, *arguments, **{"TIPOFF_CONFIG": str(self.config), **environment})

    def reached(self, *arguments: str | Path) -> Done:
        """By the environment."""
        return self.tipoff(*arguments, TIPOFF_URL=self.stack.url, TIPOFF_API_KEY=self.stack.api_key)


@pytest.fixture(scope="module")
def elsewhere(league_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    """`tipoff dev up` on the tests' league in the home of somebody else."""
    folder = tmp_path_factory.mktemp("elsewhere")
    theirs = folder / "theirs"
    assert tipoff(theirs, "dev", "up", "--history", league_folder, "--port", "0").code == DONE
    stack = daemon.running_stack(theirs)
    assert stack is not None
    home = folder / "home"
    home.mkdir()
    yield Elsewhere(stack, home, folder / "config.toml")
    assert list(home.iterdir()) == [], "nothing is ever written here"
    daemon.stop(theirs)


def test_every_command_reaches_it(elsewhere: Elsewhere) -> None:
    """Asked for and read there: a night, past slates, models, the ledger; its clock stays where it stands."""
    stood = clock(elsewhere.stack)
    for command in ("predictions", "runs", "dlq", "alerts", "cost", "models"):
        assert elsewhere.reached(command, "--json").json == []
    assert elsewhere.reached("status").out == "no runs yet: `tipoff run` starts one\n"
    assert elsewhere.reached("run", "--date", str(LAST), "--dry-run", "--json").json["starts"]
    assert elsewhere.reached("runs", "--json").json == []

    run = elsewhere.reached("run", "--date", str(LAST), "--json")
    assert (run.code, run.json["status"], run.json["game_date"]) == (DONE, "complete", str(LAST))
    assert elsewhere.reached("status", "--json").json["run_id"] == run.json["run_id"]
    rows = elsewhere.reached("predictions", "--json").json
    assert {row["game_date"] for row in rows} == {str(LAST)}
    player = rows[0]["player_name"]
    assert player in elsewhere.reached("predictions", "--explain", player).out
    [over, *_] = elsewhere.reached("predictions", "--player", player, "--line", "22.5", "--json").json
    assert (over["player_name"], over["asked_line"]) == (player, 22.5)
    assert {cell["status"] for cell in elsewhere.reached("grid", "--json").json} <= {"done", "idle", "degraded"}
    assert elsewhere.reached("cascade", *SLATE, "--json").json["cascade_timing"]
    assert elsewhere.reached("cost", "--json").json
    assert elsewhere.reached("accuracy", "--json").json["groups"] == []

    train = elsewhere.reached("train", "--as-of", str(LAST), "--json")
    assert (train.code, train.json["run"]["game_date"]) == (DONE, str(LAST))

    cells = elsewhere.reached(*FILL, "--dry-run", "--json").json
    assert {cell["game_date"] for cell in cells} == {str(FIRST), str(LAST)}
    filled = elsewhere.reached(*FILL, "--json")
    assert (filled.code, filled.json["status"], filled.json["cells"]) == (DONE, "complete", len(cells))
    assert elsewhere.reached(*FILL, "--dry-run", "--json").json == []
    backfilled = [run for run in elsewhere.reached("runs", "--json").json if run["mode"] == "backfill"]
    assert [(run["game_date"], run["retrospective"]) for run in backfilled] == [(str(FIRST), True), (str(LAST), True)]

    asked = elsewhere.reached("reconcile", "--dry-run", "--days", "1", "--json").json
    assert asked["dry_run"] is True
    assert elsewhere.reached("reconcile", "--days", "1", "--json").code == DONE
    elsewhere.reached("alerts", "--resolve", "no_such_alert", "overnight").refused(
        FAILED, "unknown alert 'no_such_alert'"
    )
    assert clock(elsewhere.stack) == stood


def test_a_context_is_as_good_as_the_environment(elsewhere: Elsewhere) -> None:
    """Added, used, listed without its key, removed; each says what it would do, and --url goes before it."""
    add = ("context", "add", "theirs", "--url", elsewhere.stack.url, "--api-key", elsewhere.stack.api_key)
    assert elsewhere.tipoff(*add, "--dry-run").out.startswith("would add context theirs in ")
    assert not elsewhere.config.exists()
    assert elsewhere.tipoff(*add).code == DONE
    assert elsewhere.tipoff("context", "use", "theirs").code == DONE
    assert elsewhere.tipoff("runs", "--json").code == DONE
    elsewhere.tipoff("runs", "--url", "http://127.0.0.1:9").refused(FAILED, "http://127.0.0.1:9", "correct --url")
    listed = elsewhere.tipoff("context", "list", "--json")
    assert [(row["name"], row["url"], row["in_use"]) for row in listed.json] == [
        ("local", None, False), ("theirs", elsewhere.stack.url, True),
    ]  # fmt: skip
    shown = listed.out + elsewhere.tipoff("context", "list").out
    assert "API key" in shown
    assert elsewhere.stack.api_key not in shown
    checks = {check["check"]: check for check in elsewhere.tipoff("doctor", "--json").json}
    assert checks["coordinator"]["detail"] == f"{elsewhere.stack.url} answers"
    assert elsewhere.tipoff("context", "remove", "theirs").code == DONE
    elsewhere.tipoff("runs").refused(FAILED, "`tipoff demo`")
    assert elsewhere.stack.api_key not in elsewhere.config.read_text()


def test_a_key_of_another_coordinator_is_refused(elsewhere: Elsewhere) -> None:
    """By every command, with the coordinator and how to give a key."""
    for command in (("run", "--date", str(LAST)), FILL, ("runs",)):
        done = elsewhere.tipoff(*command, "--url", elsewhere.stack.url, TIPOFF_API_KEY="of another")
        done.refused(FAILED, elsewhere.stack.url, "API key is wrong", "TIPOFF_API_KEY")


def test_a_key_is_made_used_replaced_and_revoked(elsewhere: Elsewhere) -> None:
    """It is alone on stdout, once; what its role does not allow is refused; a dry run changes nothing."""
    create = ("keys", "create", "ann", "--role", "viewer", "--expires-in", "90d")
    assert elsewhere.reached(*create, "--dry-run").err == "would make a key for ann, viewer\n"
    before = elsewhere.reached("keys", "list", "--json").json
    assert [key["name"] for key in before] == ["local", "schedules"]

    made = elsewhere.reached(*create)
    key = made.out.removesuffix("\n")
    assert KEY.fullmatch(key)
    id_ = key[7:23]
    assert f"key {id_} for ann, viewer, ends " in made.err
    assert key not in made.err
    theirs = {"TIPOFF_URL": elsewhere.stack.url, "TIPOFF_API_KEY": key}
    assert elsewhere.tipoff("runs", "--json", **theirs).code == DONE
    for command in (("run", "--date", str(LAST)), ("keys", "list"), create):
        elsewhere.tipoff(*command, **theirs).refused(FAILED, "ann is viewer")

    replace = ("keys", "create", "ann", "--role", "viewer", "--replaces", id_, "--overlap", "1h", "--json")
    assert f"in place of key {id_} of ann, viewer, active" in elsewhere.reached(*replace, "--dry-run").err
    new = elsewhere.reached(*replace).json
    assert (new["name"], new["status"], new["expires_at"]) == ("ann", "active", None)
    assert elsewhere.tipoff("runs", "--json", **theirs).code == DONE

    would = elsewhere.reached("keys", "revoke", id_, "--dry-run")
    assert would.out == f"would revoke key {id_} of ann, viewer, active\n"
    assert elsewhere.reached("keys", "revoke", id_).out == f"revoked key {id_} of ann, viewer, revoked\n"
    elsewhere.tipoff("runs", **theirs).refused(FAILED, f"API key ann ({id_}) is revoked")
    counting = elsewhere.reached("keys", "list", "--json").json
    assert elsewhere.stack.api_key[7:23] in {row["id"] for row in before}
    assert {row["id"]: row["status"] for row in counting} == dict.fromkeys(
        (new["id"], *(row["id"] for row in before)), "active"
    )
    listed = elsewhere.reached("keys", "list", "--all").out
    assert id_ in listed
    assert not {key[24:], new["key"][24:]} & set(listed.split())

    elsewhere.reached("keys", "revoke", "0000").refused(FAILED, "no API key has the id '0000'")
    elsewhere.reached("keys", "revoke", elsewhere.stack.api_key[7:23]).refused(FAILED, "the last one of an admin")
