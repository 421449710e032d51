"""The one file of settings: what is written is read, and what is wrong is named with its line."""

import re
import tomllib
from pathlib import Path

import pytest

from live import config
from live.settings import LiveSettings
from live.workspace import SETTINGS
from services.scraper.settings import ScraperSettings
from services.worker.settings import WorkerSettings
from shared.errors import Missing, Permanent


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of this machine's settings."""
    for name in ("TIPOFF_PORT", "TIPOFF_CONCURRENCY", "TIPOFF_LOG_LEVEL", "TIPOFF_HISTORY_SEASONS"):
        monkeypatch.delenv(name, raising=False)


def home(tmp_path: Path, text: str) -> Path:
    """A home with that file."""
    (tmp_path / SETTINGS).write_text(text)
    return tmp_path


def test_the_file_as_it_is_written_sets_what_was_given_and_nothing_else(tmp_path: Path) -> None:
    """Every other setting is there as a comment, with its meaning and its default."""
    given: dict[str, dict[str, object]] = {"": {"port": 0}, "scraper": {"history_seasons": 3, "odds_alternates": False}}
    text = config.written(given)
    read = config.read(home(tmp_path, text))
    assert read.values == given
    assert "# description" not in text
    for name in ("odds_regions", "retrain_days", "nightly_budget_usd", "regrade_days"):
        assert re.search(rf"^# .+\n# {name} = ", text, re.MULTILINE)
    assert read.load(ScraperSettings).history_seasons == 3
    assert read.load(ScraperSettings).odds_alternates is False
    assert read.load(LiveSettings).port == 0


def test_every_default_can_be_taken_out_of_its_comment(tmp_path: Path) -> None:
    """It is valid TOML, known and accepted, and changes nothing."""
    text = re.sub(r"^# (\w+ = .+)$", r"\1", config.written({}), flags=re.MULTILINE)
    document = tomllib.loads(text)
    assert document["scraper"]["espn_url"] == "https://site.api.espn.com"
    read = config.read(home(tmp_path, text))
    assert read.load(WorkerSettings) == WorkerSettings()
    assert read.load(ScraperSettings) == ScraperSettings()


def test_a_section_is_of_one_service(tmp_path: Path) -> None:
    """Settings of one name are each service's own."""
    services = config.read(home(tmp_path, "[worker]\nconcurrency = 1\n[scraper]\nconcurrency = 3\n")).services()
    assert (services.worker.concurrency, services.scraper.concurrency, services.analytics.concurrency) == (1, 3, 8)


def test_the_log_level_is_everybodys(tmp_path: Path) -> None:
    """It stands at the top, and nothing else from there reaches a service."""
    services = config.read(home(tmp_path, 'log_level = "warning"\nport = 99\n')).services()
    assert services.worker.log_level == services.coordinator.log_level == "warning"
    assert services.coordinator.port == 0


def test_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the file, in whatever case it is written."""
    monkeypatch.setenv("TIPOFF_HISTORY_SEASONS", "2")
    monkeypatch.setenv("tipoff_port", "4711")
    read = config.read(home(tmp_path, "port = 1\n[scraper]\nhistory_seasons = 3\n"))
    assert read.load(ScraperSettings).history_seasons == 2
    assert read.load(LiveSettings).port == 4711


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[scraper]\n\nodds_region = 'us'\n", "line 3: there is no setting 'odds_region': did you mean odds_regions?"),
        ("[scrapper]\nattempts = 8\n", "there is no section [scrapper]: did you mean scraper?"),
        ("retrain_days = 7\n", "line 1: retrain_days is no setting of []: it belongs to [worker]"),
        ("[worker]\nport = 1\n", "line 2: port is no setting of [worker]: it belongs to the top"),
        ("odds_api_key = 'x'\n", "odds_api_key is a secret: set TIPOFF_SECRET_ODDS_API_KEY in live/secrets.env"),
        ("[worker]\nretrain_days = 'soon'\n", "line 2: retrain_days = 'soon' is invalid"),
        ("[scraper]\nodds_markets = 'dunks'\n", "'dunks' is none of points, rebounds"),
        ("[scraper\n", "is no TOML"),
        ("project = 'p'\n", "there is no setting 'project': "),
    ],
    ids=lambda value: value.split("\n")[0] if "\n" in value else "",
)
def test_what_is_wrong_is_named_in_one_line(tmp_path: Path, text: str, words: str) -> None:
    """With the file, the line where there is one, and what to do."""
    with pytest.raises(Permanent) as refused:
        config.read(home(tmp_path, text))
    message = str(refused.value)
    assert words in message
    assert str(tmp_path / SETTINGS) in message
    assert "\n" not in message


def test_no_file_is_said(tmp_path: Path) -> None:
    """With the command that writes it."""
    with pytest.raises(Missing, match="`tipoff init` writes it"):
        config.read(tmp_path)


def test_settings_of_the_command_line_find_their_section() -> None:
    """By name alone, unless several sections have one."""
    assert config.place("odds_regions") == ("scraper", "odds_regions")
    assert config.place("port") == ("", "port")
    assert config.place("worker.concurrency") == ("worker", "concurrency")
    with pytest.raises(Permanent, match=r"write scraper\.concurrency"):
        config.place("concurrency")
    with pytest.raises(Permanent, match="did you mean odds_regions"):
        config.place("odds_region")
    with pytest.raises(Permanent, match=r"did you mean retrain_days"):
        config.place("worker.retrain_day")


def test_a_value_of_the_command_line_has_the_settings_type() -> None:
    """So that the file has a number and no text."""
    assert config.parsed("scraper", "history_seasons", "3") == 3
    assert config.parsed("scraper", "odds_alternates", "false") is False
    assert config.parsed("scraper", "espn_url", "http://127.0.0.1:1/espn") == "http://127.0.0.1:1/espn"
    with pytest.raises(Permanent, match="history_seasons = 'many' is invalid"):
        config.parsed("scraper", "history_seasons", "many")
