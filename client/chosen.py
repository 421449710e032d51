"""Which coordinator is meant: a flag, the environment, or the context in use.

Read from the environment as it is, without a model of settings: every command passes here, and most of them only read.
"""

import os
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from client.api import Endpoint
from shared.errors import Permanent

URL, API_KEY, TOKEN, CONFIG = "TIPOFF_URL", "TIPOFF_API_KEY", "TIPOFF_TOKEN", "TIPOFF_CONFIG"
_CONFIG_FILE: Final = "~/.config/tipoff/config.toml"


def endpoint(flag: str | None) -> Endpoint | None:
    """The coordinator meant: that of the flag, else of TIPOFF_URL, else of the context in use; None: this machine's.

    TIPOFF_API_KEY and TIPOFF_TOKEN go before the context's own credentials.
    """
    key, token, named = (os.environ.get(name, "") for name in (API_KEY, TOKEN, URL))
    plain(key, API_KEY)
    plain(token, TOKEN)
    if flag is not None or named:
        given, origin = (flag, "--url") if flag is not None else (named, URL)
        return Endpoint(url(given, origin), key, token, remedy=f"start it, or correct {origin}")
    file = config_file()
    if not _is_there(file):
        return None
    from client import contexts  # noqa: PLC0415 - its models take longer than most answers, and few have the file

    config = contexts.read(file)
    if config.use is None:
        return None
    context = config.named(config.use)
    return Endpoint(
        url(context.url, f"the URL of context {config.use}"),
        key or context.api_key,
        token,
        "" if token else context.token_command,
        f"start it, or correct context {config.use} with `tipoff context add`",
    )


def config_file() -> Path:
    """TIPOFF_CONFIG, else the place in the user's home."""
    return Path(os.environ.get(CONFIG) or _CONFIG_FILE).expanduser()


def _is_there(file: Path) -> bool:
    try:
        file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:  # reading it says why it cannot be read
        return True
    return True


def url(text: str, what: str) -> str:
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


def plain(secret: str, what: str) -> None:
    """Refuse what no header, and no line of the file, can carry."""
    if not _printable(secret):
        raise Permanent(f"{what} has characters that cannot be sent", remedy="give it again, in plain ASCII")


def _printable(text: str) -> bool:
    return text.isascii() and text.isprintable()
