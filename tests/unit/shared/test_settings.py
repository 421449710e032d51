"""Settings: described, frozen, masked, and all problems at once."""

import pytest
from pydantic import Field, SecretStr, ValidationError

from services.analytics.settings import AnalyticsSettings
from services.coordinator.settings import CoordinatorSettings
from services.worker.settings import WorkerSettings
from shared.errors import Permanent
from shared.runtime.settings import PREFIX, CommonSettings, load


class Probe(CommonSettings):
    """Settings with required fields and a secret."""

    upstream: str = Field(description="where the data comes from")
    token: SecretStr = Field(description="what opens it")
    retries: int = Field(3, ge=0, description="how often")


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os  # noqa: PLC0415 - its only use

    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)


def test_settings_come_from_the_environment_and_overrides_win(monkeypatch: pytest.MonkeyPatch) -> None:
    """`TIPOFF_` plus the field's name; zero is a value."""
    monkeypatch.setenv("TIPOFF_UPSTREAM", "nba")
    monkeypatch.setenv("TIPOFF_TOKEN", "t")
    monkeypatch.setenv("TIPOFF_RETRIES", "0")
    found = load(Probe, upstream="espn")
    assert (found.upstream, found.token.get_secret_value(), found.retries) == ("espn", "t", 0)


def test_all_problems_are_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every missing and every invalid variable, with its meaning, in one line."""
    monkeypatch.setenv("TIPOFF_RETRIES", "-1")
    monkeypatch.setenv("TIPOFF_PORT", "ninety")
    with pytest.raises(Permanent) as caught:
        load(Probe)
    line = str(caught.value)
    assert "TIPOFF_UPSTREAM is missing (where the data comes from)" in line
    assert "TIPOFF_TOKEN is missing (what opens it)" in line
    assert "TIPOFF_RETRIES is invalid" in line
    assert "TIPOFF_PORT is invalid" in line
    assert "\n" not in line


def test_the_cloud_needs_a_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """Profile gcp without a project does not start."""
    monkeypatch.setenv("TIPOFF_PROFILE", "gcp")
    with pytest.raises(Permanent, match="TIPOFF_PROJECT is missing"):
        load(CommonSettings)
    assert load(CommonSettings, project="p").project == "p"


def test_a_missing_project_is_reported_beside_the_other_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    """One start shows everything that is wrong, not one thing per attempt."""
    monkeypatch.setenv("TIPOFF_PROFILE", "gcp")
    monkeypatch.setenv("TIPOFF_PORT", "ninety")
    with pytest.raises(Permanent) as caught:
        load(CommonSettings)
    assert "TIPOFF_PORT is invalid" in str(caught.value)
    assert "TIPOFF_PROJECT is missing" in str(caught.value)


def test_secrets_are_masked() -> None:
    """Neither the log line nor an error shows one."""
    found = load(Probe, upstream="nba", token="hunter2")
    assert found.masked()["token"] == "***"
    assert found.masked()["upstream"] == "nba"
    assert "hunter2" not in f"{found.masked()} {found!r} {found}"
    with pytest.raises(Permanent) as caught:
        load(Probe, token="hunter2", retries="hunter3")
    assert "hunter" not in str(caught.value)


def test_settings_are_frozen() -> None:
    """Read once; nobody changes them under way."""
    with pytest.raises(ValidationError, match="frozen"):
        load(CommonSettings).port = 1  # type: ignore[misc]  # that is the point


@pytest.mark.parametrize("model", [CommonSettings, AnalyticsSettings, CoordinatorSettings, WorkerSettings])
def test_every_field_is_described_and_has_a_sane_default(model: type[CommonSettings]) -> None:
    """A service starts locally without any variable."""
    assert all(field.description for field in model.model_fields.values())
    assert load(model).profile == "local"
