"""A voice that says nothing aloud, and secrets that hold its channels."""

from collections.abc import Awaitable, Callable

from pydantic import SecretStr

from shared.errors import Missing
from shared.registries.secrets import ALERT_URLS
from shared.runtime.voice import channel_name


class FakeVoice:
    """Keeps what was said and pinged. `before` and `after` are awaited with the channel's URL, and may raise."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str, str]] = []
        """Channel's URL, title, body."""
        self.pings: list[str] = []
        self.before: Callable[[str], Awaitable[None]] | None = None
        self.after: Callable[[str], Awaitable[None]] | None = None

    async def say(self, channel: SecretStr, title: str, body: str) -> None:
        """Keep it."""
        url = channel.get_secret_value()
        if self.before is not None:
            await self.before(url)
        self.said.append((url, title, body))
        if self.after is not None:
            await self.after(url)

    async def ping(self, url: SecretStr) -> None:
        """Keep it."""
        if self.before is not None:
            await self.before(url.get_secret_value())
        self.pings.append(url.get_secret_value())

    def titles(self, url: str) -> list[str]:
        """What a channel was told."""
        return [title.removeprefix("Tipoff: ") for of, title, _ in self.said if of == url]


class FakeSecrets:
    """Secrets by name, which a test may change."""

    def __init__(self, **known: str) -> None:
        self.known = {name.replace("_", "-"): value for name, value in known.items()}

    def channels(self, *urls: str) -> None:
        """From now on alerts go there."""
        self.known[ALERT_URLS] = " ".join(urls)

    async def get(self, name: str) -> SecretStr:
        """Raises `Missing`."""
        if name not in self.known:
            raise Missing(f"secret {name!r} is missing")
        return SecretStr(self.known[name])


def named(url: str) -> str:
    """What a channel is called."""
    return channel_name(SecretStr(url))
