"""Secrets of the embedded profile: the environment, then a `.env` file."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values
from pydantic import SecretStr

from shared.errors import Missing, Permanent
from shared.registries.secrets import PREFIX as PREFIX  # noqa: PLC0414 - with what reads them
from shared.registries.secrets import SECRETS, variable
from shared.runtime.redaction import as_secret


class EnvironmentSecrets:
    """Secret `odds-api-key` is the variable `TIPOFF_SECRET_ODDS_API_KEY`; an empty value counts as missing."""

    def __init__(self, environ: Mapping[str, str], env_file: Path | None = None) -> None:
        self._environ = environ
        self._env_file = env_file

    async def get(self, name: str) -> SecretStr:
        """The secret's current value; the file is read each time, so that a rotated secret is seen.

        Raises:
            Missing: it is; the message names the variable.
            Permanent: the file cannot be read; the message names the variable and the file.
        """
        key = variable(name)
        value = self._environ.get(key)
        if not value and self._env_file is not None:
            value = await asyncio.to_thread(_read, self._env_file, key)
        if not value:
            places = "the environment" if self._env_file is None else f"the environment and {self._env_file}"
            raise Missing(f"secret {name!r} is missing", remedy=f"set {key} (looked in {places})")
        several = name in SECRETS and SECRETS[name].several
        return as_secret(value, f"secret {name!r}", f"set {key} to one line", several=several)


def _read(env_file: Path, key: str) -> str | None:
    try:
        # Interpolation is off: a secret may well contain `${`.
        return dotenv_values(env_file, interpolate=False).get(key) if env_file.exists() else None
    except (OSError, UnicodeDecodeError) as error:
        raise Permanent(f"cannot read {env_file} ({error})", remedy=f"make it readable, or set {key}") from error
