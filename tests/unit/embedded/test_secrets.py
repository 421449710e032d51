"""Secrets from the environment and a file."""

from pathlib import Path

import pytest

from shared.embedded.secrets import EnvironmentSecrets
from shared.errors import Permanent

VARIABLE = "TIPOFF_SECRET_ODDS_API_KEY"


async def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    """A deployment can override what a developer wrote down; an empty override does not."""
    env_file = tmp_path / ".env"
    env_file.write_text(f"# keys\n{VARIABLE}=from-file\n")
    secrets = EnvironmentSecrets({VARIABLE: "from-environment"}, env_file)
    assert (await secrets.get("odds-api-key")).get_secret_value() == "from-environment"
    secrets = EnvironmentSecrets({VARIABLE: ""}, env_file)
    assert (await secrets.get("odds-api-key")).get_secret_value() == "from-file"


async def test_a_rotated_secret_is_seen(tmp_path: Path) -> None:
    """The file is read at each request."""
    env_file = tmp_path / ".env"
    secrets = EnvironmentSecrets({}, env_file)
    for value in ("old", "new${HOME}"):
        env_file.write_text(f"{VARIABLE}={value}\n")
        assert (await secrets.get("odds-api-key")).get_secret_value() == value


async def test_a_missing_secret_names_variable_and_file(tmp_path: Path) -> None:
    """A file that is not there is no error of its own."""
    with pytest.raises(Permanent, match=rf"'odds-api-key' is missing: set {VARIABLE} .*\.env"):
        await EnvironmentSecrets({}, tmp_path / ".env").get("odds-api-key")
    with pytest.raises(Permanent, match=rf"set {VARIABLE} \(looked in the environment\)"):
        await EnvironmentSecrets({}).get("odds-api-key")


async def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """It is not taken for an empty one."""
    (tmp_path / ".env").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(Permanent, match=r"cannot read .*\.env"):
        await EnvironmentSecrets({}, tmp_path / ".env").get("odds-api-key")
