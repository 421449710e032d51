"""`tipoff init`, `up`, `down`, `status`, `install`, as far as nothing runs."""

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import tipoff
from live import config
from live.backup import WAREHOUSE
from live.workspace import LIVE, SETTINGS, Workspace
from services.scraper.settings import ScraperSettings
from shared.embedded.secrets import EnvironmentSecrets
from shared.errors import Permanent


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """TIPOFF_HOME, and nobody's contexts."""
    monkeypatch.setenv("TIPOFF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TIPOFF_CONFIG", str(tmp_path / "contexts.toml"))
    return tmp_path / "home"


def run(*arguments: str, typed: str | None = None) -> Result:
    """The command, with what is typed; a failure is raised."""
    return CliRunner().invoke(tipoff, arguments, input=typed, catch_exceptions=False)


def said(result: Result) -> str:
    """Its output in one line, however wide the terminal is."""
    return " ".join(result.stdout.split())


async def test_init_asks_for_what_there_is(home: Path) -> None:
    """Keys are not shown; they go to the secrets, the seasons to the settings, and the month's credits are said."""
    typed = "0dds\n\nntfy://topic mailto://me@example.org\nhttps://hc.example/1\n2\n"
    result = run("init", typed=typed)
    assert result.exit_code == 0
    assert "0dds" not in result.output
    assert "a month of the season takes up to 18,927 credits" in said(result)
    assert config.read(home).load(ScraperSettings).history_seasons == 2
    workspace = Workspace(home, LIVE)
    assert stat.S_IMODE(workspace.secrets_file.stat().st_mode) == 0o600
    assert "0dds" not in (home / SETTINGS).read_text()
    secrets = EnvironmentSecrets({}, workspace.secrets_file)
    assert (await secrets.get("odds-api-key")).get_secret_value() == "0dds"
    text = workspace.secrets_file.read_text()
    assert "ntfy://topic\nmailto://me@example.org" in text
    assert "BALLDONTLIE" not in text


def test_init_writes_over_nothing_unless_it_is_forced_to(home: Path) -> None:
    """Then secrets that are not given again stay."""
    run("init", "--yes", "--odds-api-key", "first", "--set", "port=1")
    with pytest.raises(Permanent, match="is there already: edit it, or write over it with --force"):
        run("init", "--yes")
    assert config.read(home).values[""] == {"port": 1}
    run("init", "--yes", "--force", "--set", "worker.concurrency=1", "--set", "odds_alternates=false")
    assert config.read(home).values == {
        "scraper": {"history_seasons": 3, "odds_alternates": False},
        "worker": {"concurrency": 1},
    }
    assert "first" in Workspace(home, LIVE).secrets_file.read_text()


def test_a_dry_run_of_init_shows_the_settings_and_writes_nothing(home: Path) -> None:
    """Nor does it make the folder."""
    result = run("init", "--yes", "--dry-run", "--set", "retrain_days=7")
    assert "\nretrain_days = 7\n" in result.stdout
    assert not home.exists()


@pytest.mark.parametrize(
    ("flag", "words"),
    [("odds_region=us", "did you mean odds_regions"), ("retrain_days=x", "is invalid"), ("odds_api_key=x", "a secret")],
    ids=["typo", "value", "secret"],
)
def test_a_setting_that_is_none_is_refused_before_anything_is_written(home: Path, flag: str, words: str) -> None:
    """In one line."""
    with pytest.raises(Permanent, match=words):
        run("init", "--yes", "--set", flag)
    assert not home.exists()


def test_what_is_not_there_is_not_started(home: Path) -> None:
    """`up`, `install` and `status` name `init`, or `up`."""
    for command in (("up",), ("up", "--detach"), ("install",)):
        with pytest.raises(Permanent, match="`tipoff init` writes it"):
            run(*command)
    run("init", "--yes")
    assert said(run("up", "--dry-run")) == f"would run from {home / LIVE}"
    assert said(run("down")) == "nothing was running"
    assert said(run("down", "--dry-run")) == "nothing is running"
    status = run("status")
    assert (status.exit_code, said(status)) == (1, "Tipoff is not running: `tipoff up --detach` starts it")


def test_the_unit_runs_this_home(home: Path) -> None:
    """As a user's own, or as the system's for a user."""
    run("init", "--yes")
    own = run("install", "--dry-run").stdout
    assert f"Environment=TIPOFF_HOME={home}\n" in own
    assert "User=" not in own
    assert "User=tipoff\n" in run("install", "--dry-run", "--system", "--user", "tipoff").stdout
    assert run("install", "--user", "tipoff").exit_code == 2


def test_commands_beside_the_product_speak_of_its_home(home: Path) -> None:
    """The doctor, the schema and the local stack know whose home it is, whatever was simulated there before."""
    assert run("init", "--yes").exit_code == 0
    (home / "current").write_text("demo")
    (home / "demo").mkdir()
    checks = {check["check"]: check for check in json.loads(run("doctor", "--json").stdout)}
    assert checks["workspace"]["detail"] == str(home / LIVE)
    assert checks["tipoff"]["detail"] == "not running: `tipoff up --detach` starts it"
    assert "local stack" not in checks
    assert run("schema", "apply").exit_code == 0
    assert (home / LIVE / WAREHOUSE).exists()
    with pytest.raises(Permanent, match="is the product's home"):
        run("dev", "up")
    with (home / SETTINGS).open("a") as file:
        file.write("\nodds_region = 'eu'\n")
    checks = {check["check"]: check for check in json.loads(run("doctor", "--json").stdout)}
    assert checks["settings"]["ok"] is False
    assert "there is no setting 'odds_region'" in checks["settings"]["detail"]
