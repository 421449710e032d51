"""Which coordinator is meant: a flag, the environment, or a named context of the one configuration file."""

import json
import os
import re
import tempfile
import tomllib
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from client.api import Endpoint
from shared.errors import Permanent
from shared.runtime.settings import CommonSettings, load

LOCAL = "local"
"""The context that is none: this machine."""
_NAME = re.compile(r"[A-Za-z0-9_-]+")


class ClientSettings(CommonSettings):
    """Where the command line finds its coordinator."""

    url: str = Field("", description="URL of the coordinator that commands ask")
    api_key: SecretStr = Field(SecretStr(""), description="API key for that coordinator")
    token: SecretStr = Field(SecretStr(""), description="Google identity token for that coordinator")
    config: Path = Field(Path("~/.config/tipoff/config.toml"), description="file of the named contexts")


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
        _url(context.url, f"the URL of context {name}")
        for what, text in (("API key", context.api_key), ("token command", context.token_command)):
            _plain(text, f"the {what} of context {name}")
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


def endpoint(flag: str | None) -> Endpoint | None:
    """The coordinator meant: that of the flag, else of TIPOFF_URL, else of the context in use; None: this machine's.

    TIPOFF_API_KEY and TIPOFF_TOKEN go before the context's own credentials.
    """
    settings = load(ClientSettings)
    key, token = settings.api_key.get_secret_value(), settings.token.get_secret_value()
    _plain(key, "TIPOFF_API_KEY")
    _plain(token, "TIPOFF_TOKEN")
    if flag is not None or settings.url:
        given, origin = (flag, "--url") if flag is not None else (settings.url, "TIPOFF_URL")
        return Endpoint(_url(given, origin), key, token, remedy=f"start it, or correct {origin}")
    config = read(config_file())
    if config.use is None:
        return None
    context = config.named(config.use)
    return Endpoint(
        _url(context.url, f"the URL of context {config.use}"),
        key or context.api_key,
        token,
        "" if token else context.token_command,
        f"start it, or correct context {config.use} with `tipoff context add`",
    )


def config_file() -> Path:
    """TIPOFF_CONFIG, else the place in the user's home."""
    return load(ClientSettings).config.expanduser()


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


def _url(text: str, what: str) -> str:
    """The URL without its last slash, or `Permanent`: of an API, with scheme and host and nothing after its path."""
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        raise Permanent(f"{what} {text!r} is no URL", remedy="write it as https://host[:port]") from None
    if not good or parts.query or parts.fragment or parts.username is not None or not _printable(text):
        raise Permanent(f"{what} {text!r} is no URL of a coordinator", remedy="write it as https://host[:port]")
    if parts.scheme == "http" and not _is_near(str(parts.hostname)):
        raise Permanent(f"{what} {text!r} would send its credentials unencrypted", remedy="write it as https://...")
    return text.rstrip("/")


def _is_near(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _plain(secret: str, what: str) -> None:
    """Refuse what no header, and no line of the file, can carry."""
    if not _printable(secret):
        raise Permanent(f"{what} has characters that cannot be sent", remedy="give it again, in plain ASCII")


def _printable(text: str) -> bool:
    return text.isascii() and text.isprintable()
