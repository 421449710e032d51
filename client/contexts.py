"""Coordinators by name, kept in one configuration file."""

import json
import os
import re
import tempfile
import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from client.chosen import plain, url
from shared.errors import Permanent

LOCAL = "local"
"""The context that is none: this machine."""
_NAME = re.compile(r"[A-Za-z0-9_-]+")


class Context(BaseModel):
    """A coordinator by name."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    url: str
    api_key: str = ""
    token_command: str = ""


class Config(BaseModel):
    """The configuration file."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    use: str | None = None
    """The context in use; None: this machine."""
    contexts: dict[str, Context] = {}

    def named(self, name: str) -> Context:
        """The context of that name, or `Permanent` with the names there are."""
        if name not in self.contexts:
            raise Permanent(
                f"no context {name!r}: there is {', '.join(sorted(self.contexts)) or 'none'}",
                remedy="`tipoff context add` makes one, `tipoff context use` chooses one",
            )
        return self.contexts[name]

    def add(self, name: str, context: Context) -> "Config":
        """With one more context, or another under its name."""
        if name == LOCAL or not _NAME.fullmatch(name):
            raise Permanent(
                f"{name!r} cannot be a context's name", remedy=f"use letters, digits, - and _; {LOCAL} is this machine"
            )
        url(context.url, f"the URL of context {name}")
        for what, text in (("API key", context.api_key), ("token command", context.token_command)):
            plain(text, f"the {what} of context {name}")
        return self.model_copy(update={"contexts": self.contexts | {name: context}})

    def remove(self, name: str) -> "Config":
        """Without a context; if it was in use, this machine is."""
        self.named(name)
        rest = {other: context for other, context in self.contexts.items() if other != name}
        return Config(use=None if self.use == name else self.use, contexts=rest)

    def choose(self, name: str) -> "Config":
        """With another context in use."""
        if name != LOCAL:
            self.named(name)
        return self.model_copy(update={"use": None if name == LOCAL else name})


def read(path: Path) -> Config:
    """The configuration; an absent file is an empty one.

    Raises:
        Permanent: it cannot be read, is no TOML, or has what no release wrote.
    """
    try:
        return Config.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        return Config()
    except ValidationError as error:
        first = error.errors()[0]
        reason = f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    except OSError as error:
        reason = str(error.strerror)
    except ValueError as error:  # no TOML, or no UTF-8
        reason = str(error)
    raise Permanent(f"cannot read {path}: {reason}", remedy="correct it, or delete it and add the contexts again")


def write(path: Path, config: Config) -> None:
    """Write the configuration, atomically and for its owner's eyes only.

    Raises:
        Permanent: the file cannot be written.
    """
    lines = ["# Written by `tipoff context`.", *_fields({"use": config.use})]
    for name, context in config.contexts.items():
        lines += ["", f"[contexts.{name}]", *_fields(context.model_dump())]
    path = path.resolve()  # a link stays one
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:  # has mode 0600
            temporary = Path(file.name)
            try:
                file.write("\n".join(lines) + "\n")
                file.flush()
                os.fsync(file.fileno())
                temporary.replace(path)
            except OSError:
                temporary.unlink()
                raise
    except OSError as error:
        raise Permanent(
            f"cannot write {path}: {error.strerror}", remedy="name a writable file in TIPOFF_CONFIG"
        ) from error


def _fields(values: dict[str, str | None]) -> list[str]:
    """TOML's lines of what is set; a JSON string without control characters is a TOML string."""
    return [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items() if value]
