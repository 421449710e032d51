"""The one file of settings, `tipoff.toml` in TIPOFF_HOME: the services' settings by name, commented.

The environment wins over the file. Secrets are never in it: they are in the workspace's `secrets.env`.
"""

import difflib
import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from live.settings import OWN, LiveSettings
from live.stack import Settings
from live.workspace import SECRETS_FILE, SETTINGS
from services.analytics.settings import AnalyticsSettings
from services.coordinator.settings import CoordinatorSettings
from services.scraper.settings import ScraperSettings
from services.worker.settings import WorkerSettings
from shared.errors import Missing, Permanent
from shared.registries.secrets import SECRETS, variable
from shared.runtime.settings import PREFIX, CommonSettings, load

TOP: Final = ""
"""The section of what stands before the first header."""
_MODELS: Final[Mapping[str, type[CommonSettings]]] = {
    TOP: LiveSettings,
    "scraper": ScraperSettings,
    "analytics": AnalyticsSettings,
    "coordinator": CoordinatorSettings,
    "worker": WorkerSettings,
}
_HEAD: Final = f"""\
# Tipoff's settings on this machine. What is commented out is the default.
# An environment variable wins: {PREFIX} and the name in capitals, as {PREFIX}LOG_LEVEL.
# Keys and other secrets are not here but in {SECRETS_FILE}.
"""
Values = Mapping[str, Mapping[str, object]]
"""Section -> name -> value."""
S = TypeVar("S", bound=CommonSettings)


@dataclass(frozen=True, slots=True)
class Config:
    """What the file says."""

    file: Path
    values: Values

    def load(self, model: type[S]) -> S:
        """A section's settings: the environment's, else the file's, else the defaults."""
        section = next(name for name, each in _MODELS.items() if each is model)
        common = {name: value for name, value in self.values.get(TOP, {}).items() if name == "log_level"}
        given = common | dict(self.values.get(section, {}))
        set_outside = {name.lower() for name in os.environ}
        return load(model, **{name: v for name, v in given.items() if (PREFIX + name).lower() not in set_outside})

    def services(self) -> Settings:
        """The four services' settings."""
        return Settings(
            scraper=self.load(ScraperSettings),
            analytics=self.load(AnalyticsSettings),
            worker=self.load(WorkerSettings),
            coordinator=self.load(CoordinatorSettings),
        )


def read(home: Path) -> Config:
    """The file of a home.

    Raises:
        Missing: there is none.
        Permanent: it cannot be read, is no TOML, or names or sets something wrongly; the line is named.
    """
    file = home / SETTINGS
    try:
        text = file.read_text()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Missing(f"there is no {file}", remedy="`tipoff init` writes it; TIPOFF_HOME names the folder") from error
    except (OSError, UnicodeDecodeError) as error:
        raise Permanent(f"cannot read {file} ({error})", remedy="make it readable") from error
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Permanent(f"{file} is no TOML: {error}", remedy="correct that line") from error
    values: dict[str, dict[str, object]] = {}
    for section, name, value in _entries(document, file):
        _require(section, name, value, f"{file}, line {_line(text, section, name)}")
        values.setdefault(section, {})[name] = value
    return Config(file, values)


def place(name: str) -> tuple[str, str]:
    """(section, name) of a setting, written `name`, or `section.name` where several sections have one of the name.

    Raises:
        Permanent: there is no such setting; a similar one is suggested.
    """
    section, _, own = name.rpartition(".")
    if section in _MODELS and section and own in _fields(section):
        return section, own
    found = [each for each in _MODELS if own in _fields(each)] if not section else []
    if len(found) == 1:
        return found[0], own
    if found:
        raise Permanent(f"{own} is a setting of {' and '.join(found)}", remedy=f"write {found[0]}.{own}")
    raise _unknown(section, own, "--set")


def parsed(section: str, name: str, text: str) -> object:
    """A setting's value from the command line.

    Raises:
        Permanent: it is none.
    """
    _require(section, name, text, "--set")
    value: object = getattr(_made(section, name, text), name)
    return value if isinstance(value, bool | int | float) else str(value)


def written(values: Values) -> str:
    """The file's text: every setting with its meaning, those in `values` set, the others commented out."""
    lines = [_HEAD]
    for section in _MODELS:
        if section:
            lines.append(f"\n[{section}]\n")
        for name, field in _fields(section).items():
            given = values.get(section, {})
            value = given.get(name, field.default)
            text = "" if value is None else _toml(value)
            lines.append(f"# {field.description}\n{'' if name in given else '# '}{name} = {text}".rstrip() + "\n")
    return "\n".join(lines)


def _fields(section: str) -> dict[str, FieldInfo]:
    """A section's settings by name."""
    return {
        name: field
        for name, field in _MODELS[section].model_fields.items()
        if name not in CommonSettings.model_fields or (section == TOP and name in OWN)
    }


def _entries(document: Mapping[str, Any], file: Path) -> Iterator[tuple[str, str, object]]:
    """(section, name, value) of everything in the file."""
    for name, value in document.items():
        if not isinstance(value, dict):
            yield TOP, name, value
        elif name in _MODELS:
            yield from ((name, own, each) for own, each in value.items())
        else:
            raise Permanent(
                f"{file}: there is no section [{name}]", remedy=_suggestion(name, [each for each in _MODELS if each])
            )


def _require(section: str, name: str, value: object, where: str) -> None:
    """Raises `Permanent` unless the section has the setting and it can have the value."""
    if name not in _fields(section):
        raise _unknown(section, name, where)
    try:
        _made(section, name, value)
    except ValidationError as error:
        wrong = [each for each in error.errors() if each["loc"][:1] == (name,)]
        if wrong:  # else it is the environment that is wrong, which is said when it is read
            meaning = _fields(section)[name].description
            raise Permanent(
                f"{where}: {name} = {value!r} is invalid: {wrong[0]['msg']}", remedy=f"it is: {meaning}"
            ) from error


def _made(section: str, name: str, value: object) -> CommonSettings:
    return _MODELS[section](**{name: value})  # type: ignore[arg-type]  # it is checked by the model itself


def _unknown(section: str, name: str, where: str) -> Permanent:
    if name.lower().replace("_", "-") in SECRETS:
        return Permanent(f"{where}: {name} is a secret", remedy=f"set {variable(name)} in {SECRETS_FILE}")
    homes = [each for each in _MODELS if name in _fields(each)]
    if homes:
        belongs = f"[{homes[0]}]" if homes[0] else "the top, before the first section"
        return Permanent(f"{where}: {name} is no setting of [{section}]", remedy=f"it belongs to {belongs}")
    names = [each for known in ([section] if section in _MODELS and section else _MODELS) for each in _fields(known)]
    return Permanent(f"{where}: there is no setting {name!r}", remedy=_suggestion(name, names))


def _suggestion(name: str, names: list[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {near[0]}?" if near else f"one of {', '.join(names)}"


def _line(text: str, section: str, name: str) -> int:
    """The number of the line that sets it, from 1; 0 where it is written in some other way."""
    here = TOP
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[\s*([\w.-]+)\s*\]", line)
        here = header[1] if header is not None else here
        if here == section and re.match(rf"\s*\"?{re.escape(name)}\"?\s*=", line):
            return number
    return 0


def _toml(value: object) -> str:
    """Numbers, truth values and text are written as in JSON."""
    return json.dumps(value if isinstance(value, bool | int | float) else str(value), ensure_ascii=False)
