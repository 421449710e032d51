"""The sources' secrets: keys, kept until they are refused, and the URLs of proxies, which may be missing."""

import re
from collections.abc import Callable
from typing import Final

from shared.errors import Missing, Permanent
from shared.ports import Secrets
from shared.registries.sources import Source

_PROXY_URL: Final = re.compile(r"https?://[^/\s]+")
_LOOK_AGAIN: Final = 300.0
"""Seconds between two looks for a proxy's URL that is not there."""


class Keys:
    """Each is read once: what a source refuses may have been rotated, and is read anew."""

    def __init__(self, secrets: Secrets, monotonic: Callable[[], float]) -> None:
        self._secrets = secrets
        self._monotonic = monotonic
        self._kept: dict[str, str] = {}
        self._missing_until: dict[str, float] = {}

    async def get(self, name: str) -> str:
        """A secret's value; raises what the port raises."""
        if name not in self._kept:
            self._kept[name] = (await self._secrets.get(name)).get_secret_value()
        return self._kept[name]

    def forget(self, name: str) -> None:
        """It was refused."""
        self._kept.pop(name, None)

    async def proxy(self, source: Source) -> str | None:
        """The URL of the source's proxy; None where it has none.

        Raises:
            Permanent: it is no URL of a proxy. The message does not hold it: passwords are in it.
        """
        if source.proxy is None or self._monotonic() < self._missing_until.get(source.proxy, 0.0):
            return None
        try:
            url = await self.get(source.proxy)
        except Missing:
            self._missing_until[source.proxy] = self._monotonic() + _LOOK_AGAIN
            return None
        if _PROXY_URL.match(url) is None:
            self.forget(source.proxy)
            raise Permanent("its proxy's URL is not http://...", remedy=f"check the secret {source.proxy}")
        return url

    def proxy_refused(self, source: Source, status: int) -> Permanent:
        """What a proxy's refusal is."""
        name = str(source.proxy)
        self.forget(name)
        return Permanent(f"its proxy refuses: HTTP {status}", remedy=f"check the secret {name}")
