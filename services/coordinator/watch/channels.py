"""The channels that alerts are sent to: which there are, how they do, and how much each has got.

A channel that fails is left alone for a while, longer each time; one that refuses, or fails for long, is an alert of
its own, which the others hear.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import SecretStr

from services.coordinator.alerts import clear_alert, raise_alert
from shared.errors import AlreadyExists, Conflict, Missing, Permanent, TipoffError
from shared.ports import Ports, Row
from shared.registries.secrets import ALERT_URLS
from shared.runtime.logs import get_logger
from shared.runtime.voice import channel_name

COLLECTION: Final = "channels"
HOUR: Final = timedelta(hours=1)
_FIRST_WAIT = timedelta(seconds=30)
_PATIENCE = 6
"""Failures in a row, half an hour of them, after which a channel counts as refusing."""
_TRIES = 10
_log = get_logger("voice")


@dataclass(frozen=True, slots=True)
class Channel:
    """One of them, as it is kept in the state store; its URL never is."""

    name: str
    url: SecretStr
    since: datetime
    """What was over before is none of its business."""
    failures: int = 0
    """In a row."""
    retry_at: datetime | None = None
    sent: tuple[tuple[datetime, str], ...] = ()
    """When it got a message, and of which severity; those of the last hour count."""

    def lately(self, now: datetime) -> list[str]:
        """Severities of what it got within the hour."""
        return [severity for at, severity in self.sent if now - HOUR < at]

    def rests(self, now: datetime) -> bool:
        """Whether it has failed, and is left alone."""
        return self.retry_at is not None and now < self.retry_at


class Channels:
    """Of one coordinator."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def urls(self) -> dict[str, SecretStr]:
        """URL by name; none without the secret."""
        try:
            secret = await self._ports.secrets.get(ALERT_URLS)
        except Missing:
            return {}
        return {channel_name(url): url for url in map(SecretStr, dict.fromkeys(secret.get_secret_value().split()))}

    async def all(self) -> list[Channel]:
        """Those of the secret; what is known of others is forgotten, and their alerts are resolved."""
        state, urls = self._ports.state, await self.urls()
        known = {document.id: document.data for document in await state.list(COLLECTION)}
        for name in known.keys() - urls.keys():
            await clear_alert(self._ports, "channel_refused", name)
            await state.delete(COLLECTION, name)
        now = self._ports.clock.now()
        for name in urls.keys() - known.keys():
            known[name] = _kept(Channel(name, urls[name], since=now))
            try:
                await state.create(COLLECTION, name, known[name])
            except AlreadyExists:
                continue  # another coordinator met it at the same time
        return [_channel(name, url, known[name]) for name, url in urls.items()]

    async def got(self, channel: Channel, severity: str) -> Channel:
        """It took a message."""
        now = self._ports.clock.now()

        def noted(kept: Channel) -> Channel:
            sent = (*((at, of) for at, of in kept.sent if now - HOUR < at), (now, severity))
            return replace(kept, failures=0, retry_at=None, sent=sent)

        if channel.failures:
            _log.info("channel_back", channel=channel.name)
        changed = await self._change(channel, noted)
        await clear_alert(self._ports, "channel_refused", channel.name)
        return changed

    async def failed(self, channel: Channel, failure: TipoffError) -> Channel:
        """It did not: the reason is logged once, and the next message waits."""
        if channel.failures == 0:
            _log.warning("channel_failed", channel=channel.name, reason=str(failure))
        refused = isinstance(failure, Permanent)
        wait = HOUR if refused else min(HOUR, _FIRST_WAIT * 2**channel.failures)
        if refused or channel.failures + 1 >= _PATIENCE:
            await raise_alert(self._ports, "channel_refused", channel.name, str(failure))
        retry_at = self._ports.clock.now() + wait
        return await self._change(channel, lambda kept: replace(kept, failures=kept.failures + 1, retry_at=retry_at))

    async def _change(self, channel: Channel, change: Callable[[Channel], Channel]) -> Channel:
        for _ in range(_TRIES):
            document = await self._ports.state.get(COLLECTION, channel.name)
            if document is None:  # no longer a channel
                return change(channel)
            changed = change(_channel(channel.name, channel.url, document.data))
            try:
                await self._ports.state.compare_and_set(
                    COLLECTION, channel.name, _kept(changed), version=document.version
                )
            except Conflict:
                continue
            return changed
        raise Conflict(f"channel {channel.name} is being written by too many at once")


def _kept(channel: Channel) -> Row:
    return {
        "since": channel.since.isoformat(),
        "failures": channel.failures,
        "retry_at": None if channel.retry_at is None else channel.retry_at.isoformat(),
        "sent": [{"at": at.isoformat(), "severity": severity} for at, severity in channel.sent],
    }


def _channel(name: str, url: SecretStr, data: dict[str, Any]) -> Channel:
    return Channel(
        name,
        url,
        since=datetime.fromisoformat(data["since"]),
        failures=data["failures"],
        retry_at=None if data["retry_at"] is None else datetime.fromisoformat(data["retry_at"]),
        sent=tuple((datetime.fromisoformat(each["at"]), each["severity"]) for each in data["sent"]),
    )
