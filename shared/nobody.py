"""Of ports that a service may go without: nobody outside can reach it, or is there to be talked to."""

from collections.abc import Mapping

from pydantic import SecretStr

from shared.errors import Permanent


class NoDoors:
    """Of services that nobody can reach from outside."""

    async def statuses(self) -> Mapping[str, int]:
        """None."""
        return {}


class NoVoice:
    """Of a service that has nobody to talk to."""

    async def say(self, channel: SecretStr, title: str, body: str) -> None:
        """Raises `Permanent`."""
        del channel, body
        raise Permanent(f"nobody is here to say {title!r}", remedy="give the ports a voice")

    async def ping(self, url: SecretStr) -> None:
        """Raises `Permanent`."""
        del url
        raise Permanent("nobody is here to ping", remedy="give the ports a voice")
