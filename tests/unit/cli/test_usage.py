"""What can be refused without starting anything: exit code 2, one line."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from cli import main
from tests.e2e.command import DONE, FAILED, USAGE, inside


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("predictoins",), ["No such command", "Did you mean 'predictions'?"]),
        (("demo", "--moed", "overnight"), ["--moed", "--mode"]),
        (("grid", "--mode", "overnigth"), ["--mode", "did you mean overnight?"]),
        (("demo", "--mode", "yesterday"), ["--mode", "'yesterday'", "same_day"]),
        (("backfill", "--from", "2024-03-05", "--to", "2024-03-04"), ["--to", "--from", "2024-03-05"]),
        (("backfill", "--from", "2024-03-04", "--to", "2024-03-04", "--to-step", "dance"), ["--to-step", "dance"]),
        (("backfill", "--from", "1999-03-04", "--to", "1999-03-05"), ["1999-03-04 is too early", "has slates from"]),
        (("grid", "--from", "2024-03-05", "--to", "2024-03-04"), ["--to", "--from", "2024-03-05"]),
        (("demo", "--history", "/nowhere/at/all"), ["--history", "/nowhere/at/all is not a folder"]),
        (("run", "--date", "yesterday"), ["--date", "'yesterday' is not a date", "YYYY-MM-DD"]),
        (("run", "--date", "2024-02-30"), ["'2024-02-30' is not a date"]),
        (("run", "--from-phase", "7"), ["--from-phase", "7"]),
        (("run", "--redo", "liens"), ["--redo", "did you mean lines?"]),
        (("run", "--redo", "lines", "--force"), ["--redo names steps", "--force"]),
        (("predictions", "--team", "rapters"), ["--team", "did you mean TOR, Toronto Raptors"]),
        (("predictions", "--system", "bosted"), ["--system", "did you mean boosted?"]),
        (("predictions", "--top", "3", "--json"), ["--top is for tables and --best", "leave it out"]),
        (("predictions", "--format", "csv", "--json"), ["--json is --format json", "--format csv"]),
        (("completion", "tcsh"), ["'tcsh'", "fish"]),
        (("predictions", "--market", "dunks"), ["--market", "points"]),
        (("replay", "--from", "2024-03-04", "--to", "2024-03-05"), ["2024-03-04 is too early", "generated league"]),
        (("replay", "--history", ".", "--from", "2024-03-05", "--to", "2024-03-04"), ["--to", "--from", "2024-03-05"]),
        (
            ("replay", "--history", ".", "--from", "2024-03-04", "--to", "2024-03-04", "--faults", "hail"),
            ["hail", "storm"],
        ),
        (("cost", "--from", "2024-03-04"), ["--from with --to"]),
        (("cost", "--from", "2024-03-05", "--to", "2024-03-04"), ["--to 2024-03-04 is before --from 2024-03-05"]),
        (
            ("replay", "--history", ".", "--from", "2024-03-04", "--to", "2024-03-04", "--faults", "unreachable:x.com"),
            ["--faults", "x.com", "cdn.nba.com"],
        ),
        (("dev", "up", "--port", "70000"), ["--port", "70000"]),
        (("context", "add", "prod"), ["Missing option '--url'"]),
        (("keys", "create", "ann"), ["Missing option '--role'", "viewer", "operator", "admin"]),
        (("keys", "create", "ann", "--role", "god"), ["--role", "'god'", "viewer"]),
        (("keys", "create", "ann", "--role", "admin", "--expires-in", "soon"), ["'soon' is no duration", "90d"]),
        (("keys", "create", "ann", "--role", "admin", "--overlap", "24h"), ["--overlap", "--replaces"]),
        (("keys", "revoke"), ["Missing argument 'ID'"]),
        (("parse", "--source", "espn", "--endpoint", "injuries", "nowhere.json"), ["'nowhere.json' does not exist"]),
        (("parse", "--source", "esp", "--endpoint", "injuries", "README.md"), ["'esp'", "did you mean espn?"]),
        (("names", "settle", "Jo Doe"), ["Missing option '--player'"]),
        (("names", "settle", "Jo Doe", "--player", "1", "--team", "Lakers"), ["--team", "'Lakers'", "LAL"]),
        (("names", "settle", "Jo Doe", "--player", "1", "--source", "tv"), ["--source", "'tv'", "odds_api"]),
        (
            ("backfill", "--from", "2024-03-04", "--to", "2024-03-04", "--history", ".", "--url", "https://a"),
            ["--history", "the coordinator at https://a has its own"],
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_usage_exits_2_with_one_line(arguments: tuple[str, ...], words: list[str], tmp_path: Path) -> None:
    """Each wrong argument is named with what would be right, and nothing is made."""
    inside(tmp_path / "home", *arguments).refused(USAGE, *words)
    assert not (tmp_path / "home").exists()


_COMMANDS = (
    "demo|replay|run|backfill|predictions|report|lines|parse|accuracy|status|runs|dlq|grid|cascade|alerts|reconcile|cost|schema|"
    "schema plan|schema apply|doctor|dev|dev up|bench|train|models|context|context add|context use|context list|"
    "context remove|watch|logs|completion|keys|keys create|keys list|keys revoke|names|names list|names settle"
)


@pytest.mark.parametrize("command", ["", *_COMMANDS.split("|")])
def test_every_command_explains_itself(command: str, tmp_path: Path) -> None:
    """`--help` exits 0 and describes the command and each of its options."""
    help_ = inside(tmp_path / "home", *command.split(), "--help")
    assert (help_.code, help_.err) == (DONE, "")
    assert help_.out.startswith("Usage: ")
    options = [line for line in help_.out.splitlines() if line.lstrip().startswith("--")]
    assert all(len(line.split()) > 2 for line in options if "--json" in line or "--dry-run" in line)


@pytest.mark.parametrize("group", ["dev", "keys", "context", "schema", "names", "quarantine"])
def test_a_group_alone_shows_its_help(group: str, tmp_path: Path) -> None:
    """Line by line as `--help` does, on stderr, since it is wrong usage."""
    alone = inside(tmp_path / "home", group)
    assert (alone.code, alone.out, alone.err) == (USAGE, "", inside(tmp_path / "home", group, "--help").out)


@pytest.mark.parametrize("command", ["predictions", "report", "lines", "status", "runs", "dlq", "cost"])
def test_reading_commands_before_the_first_night_say_what_to_run(command: str, tmp_path: Path) -> None:
    """In a home where nothing was run each reading command exits 1 with `tipoff demo` as the remedy."""
    inside(tmp_path / "home", command, "--json").refused(FAILED, str(tmp_path / "home"), "`tipoff demo`")
    assert not (tmp_path / "home").exists()


def test_tipoff_alone_says_where_to_begin(tmp_path: Path) -> None:
    """In a home where nothing was run; nothing is made there."""
    done = inside(tmp_path / "home")
    assert (done.code, done.err) == (DONE, "")
    assert "Nothing has been run here yet" in done.out
    assert "tipoff demo" in done.out
    assert max(map(len, done.out.replace(str(tmp_path), "").splitlines())) <= 80
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_it(shell: str, tmp_path: Path) -> None:
    """Each by click's own script."""
    assert "_TIPOFF_COMPLETE" in inside(tmp_path, "completion", shell).out


def test_wrong_setting_is_named_with_its_meaning(tmp_path: Path) -> None:
    """A setting that cannot be read fails with variable, problem and meaning."""
    done = inside(tmp_path, "status", TIPOFF_LOG_LEVEL="loud")
    done.refused(FAILED, "TIPOFF_LOG_LEVEL is invalid", "least severe level logged")


def test_doctor_in_a_new_home_finds_nothing_needed_missing(tmp_path: Path) -> None:
    """Before the first night only the workspace and the stack are absent, each with the command that makes it."""
    checks = {check["check"]: check for check in inside(tmp_path / "home", "doctor", "--json").json}
    assert {name for name, check in checks.items() if check["needed"]} == {"python", "packages", "settings", "home"}
    assert all(check["ok"] for check in checks.values() if check["needed"])
    assert "`tipoff demo` makes one" in checks["workspace"]["detail"]
    assert "`tipoff dev up` starts it" in checks["local stack"]["detail"]


def test_doctor_names_a_home_it_cannot_write(tmp_path: Path) -> None:
    """A home that is a file is missing something needed: exit code 1, with the path."""
    (tmp_path / "home").write_text("")
    doctor = inside(tmp_path / "home", "doctor", "--json")
    [home] = [check for check in doctor.json if check["check"] == "home"]
    assert (doctor.code, home["ok"], str(tmp_path / "home") in home["detail"]) == (FAILED, False, True)


def test_nothing_runs_in_a_new_home(tmp_path: Path) -> None:
    """`dev status` exits 1 where nothing runs, as JSON too; `dev down` there is success."""
    status = inside(tmp_path, "dev", "status", "--json")
    assert (status.code, status.json) == (FAILED, {"running": False, "services": []})
    assert "`tipoff dev up` starts it" in inside(tmp_path, "dev", "status").out
    assert inside(tmp_path, "dev", "down").code == DONE


def test_demo_s_dry_run_names_its_slate_and_makes_nothing(tmp_path: Path) -> None:
    """The slate that is shown, with its games; no home is made."""
    done = inside(tmp_path / "home", "demo", "--dry-run")
    assert (done.code, done.err) == (DONE, "")
    [slate] = done.json
    assert list(slate) == ["game_date", "games"]
    assert slate["games"] > 0
    assert not (tmp_path / "home").exists()


def test_the_command_line_imports_what_is_asked_for() -> None:
    """No engine, no client, no service is imported until a command needs it."""
    asked = "import sys, cli.main; print(*sys.modules)"
    heavy = {"duckdb", "pyarrow", "numpy", "scipy", "aiohttp", "google", "grpc", "benchmarks", "services", "devstack"}
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, timeout=60, check=True)
    assert heavy.isdisjoint(done.stdout.split())


def test_commands_that_read_load_little() -> None:
    """What takes longer to import than a running coordinator to answer is not loaded until it is needed."""
    modules = "common, predictions, operating, reading, changes, lines, cost, accuracy, models, names, quarantine"
    heavy = {"aiohttp", "pydantic", "structlog", "duckdb", "numpy", "pyarrow", "scipy", "services", "live.daemon"}
    asked = f"import sys; from cli import {modules}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, timeout=60, check=True)
    assert heavy.isdisjoint(done.stdout.split())


def test_every_command_is_where_it_is_said_to_be() -> None:
    """Each name leads to the command of that name."""
    context = click.Context(main.tipoff)
    for name in main.tipoff.list_commands(context):
        command = main.tipoff.get_command(context, name)
        assert command is not None
        assert command.name == name
