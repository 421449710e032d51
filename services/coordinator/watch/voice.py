"""Alerts leave the house: each is said once to every channel, and its end too.

The alerts are their own outbox. Before a message goes out, each alert in it notes by compare-and-set that the channel
is being sent; once the channel has it, that it has heard. Of several coordinators one says a word. A failure takes
the note back. A crash between the two leaves the note: after two minutes the word is said once more and never again,
since nobody knows whether it was heard. So a channel hears a word exactly once, but for a crash in that moment: then
once or twice.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from services.coordinator import alerts
from services.coordinator.watch.channels import Channel, Channels
from services.coordinator.watch.heartbeat import Heartbeat
from services.coordinator.watch.words import Word, begun_lately, messages, text, word_of
from services.coordinator.watch.written import Noticed
from shared.errors import Conflict, Permanent
from shared.ports import Document, Ports
from shared.registries.secrets import ALERT_URLS
from shared.runtime.boundary import failure_of
from shared.runtime.logs import get_logger

EVERY: Final = 15.0
"""Seconds of real time between two rounds; people and their channels live in it, whatever the clock shows."""
LOOK: Final = 600.0
"""Seconds of real time after which alerts are looked at although this process has written none and owes no word."""
ROUND_SECONDS: Final = 40.0
"""Within a round no message is begun after so long; what is left waits for the next."""
GRACE: Final = 5.0
"""Seconds that a message on its way has when the process ends."""
_TRIES = 10
_log = get_logger("voice")


class Speaker:
    """Says what there is to say, round by round."""

    def __init__(self, ports: Ports, *, per_hour: int) -> None:
        self._ports = ports
        self._per_hour = per_hour
        self._written = asyncio.Event()
        self._written.set()  # what an earlier process has written and not said
        self.ports = replace(ports, state=Noticed(ports.state, alerts.COLLECTION, self._written.set))
        """The ports for all others: alerts that are written through them are said at once."""
        self._channels = Channels(self.ports)
        self._heartbeat = Heartbeat(ports)
        self._one_at_a_time = asyncio.Lock()
        self._looked: float | None = None
        self._left = False
        """Whether the last round has left something unsaid."""
        self._ailing = False

    async def run(self) -> None:
        """Rounds, until cancelled: at once when an alert is written, else every 15 seconds of real time."""
        while True:
            await self.round()
            nap = asyncio.create_task(self._ports.clock.sleep(EVERY), name="nap of the voice")
            written = asyncio.create_task(self._written.wait(), name="alert written")
            try:
                await asyncio.wait((nap, written), return_when=asyncio.FIRST_COMPLETED)
            finally:
                nap.cancel()
                written.cancel()
                await asyncio.wait((nap, written))

    async def rest(self) -> None:
        """Let a round that is going on come to its end, for a moment, before `run` is cancelled."""
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE), self._one_at_a_time:
                return

    async def round(self) -> None:
        """Say what is to be said, and give the sign of life. Never fails: what ails is logged once, and comes again."""
        async with self._one_at_a_time:
            failure = await failure_of(self._say())
            if failure is not None:
                self._left = True
                if not self._ailing:
                    _log.warning("alerts_not_said", reason=str(failure))
            self._ailing = failure is not None
            await self._heartbeat.beat()

    async def test(self, *, dry_run: bool = False) -> list[dict[str, str]]:
        """Send a test message to each channel: its name, and `sent` or why not. With `dry_run` nothing is sent.

        Raises:
            Permanent: there is no channel.
        """
        if not await self._channels.urls():
            raise Permanent("there is no channel", remedy=f"put URLs of Apprise into the secret {ALERT_URLS}")
        channels = await self._channels.all()
        if dry_run:
            return [{"channel": channel.name, "outcome": "not asked", "reason": ""} for channel in channels]
        title, body = (
            "Tipoff: a test message",
            "Alerts come here. Somebody has asked for this message; nothing is wrong.",
        )
        failures = await asyncio.gather(*(failure_of(self._sent(channel, "test", title, body)) for channel in channels))
        self._written.set()  # one that was left alone may take what it missed
        return [
            {"channel": channel.name, "outcome": "sent", "reason": ""}
            if failure is None
            else {"channel": channel.name, "outcome": "failed", "reason": str(failure)}
            for channel, failure in zip(channels, failures, strict=True)
        ]

    async def _say(self) -> None:
        monotonic = self._ports.clock.monotonic
        lately = self._looked is not None and monotonic() - self._looked < LOOK
        if lately and not self._left and not self._written.is_set():
            return
        self._written.clear()
        self._left = False
        channels = await self._channels.all()
        found = await alerts.documents(self._ports.state) if channels else []
        self._looked = monotonic()
        deadline = self._looked + ROUND_SECONDS
        done = await asyncio.gather(*(failure_of(self._tell(channel, found, deadline)) for channel in channels))
        for failure in done:
            if failure is not None:
                raise failure

    async def _tell(self, channel: Channel, found: Sequence[Document], deadline: float) -> None:
        """Say to one channel what it is to hear; whatever is left has the next round look again."""
        now = self._ports.clock.now()
        words = [
            word
            for document in found
            if (word := word_of(document.id, document.data, channel.name, channel.since, now)) is not None
        ]
        waiting = any(begun_lately(document.data, channel.name, now) for document in found)
        sent = 0
        if not channel.rests(now):
            for message in messages(words, channel.lately(now), self._per_hour):
                if self._ports.clock.monotonic() > deadline:
                    break
                channel, reached = await self._message(channel, message)
                sent += reached
                if channel.rests(now):
                    break
        if waiting or sent < len(words):
            self._left = True

    async def _message(self, channel: Channel, message: Sequence[Sequence[Word]]) -> tuple[Channel, int]:
        """Send one message; how many of its words are heard."""
        noted = [[word for word in group if await self._note(word, channel)] for group in message]
        groups = [group for group in noted if group]
        if not groups:
            return channel, 0
        title, body = text(groups)
        words = [word for group in groups for word in group]
        failure = await failure_of(self._ports.voice.say(channel.url, title, body))
        for word in words:
            await self._settle(word, channel, said=failure is None)
        if failure is not None:
            return await self._channels.failed(channel, failure), 0
        return await self._channels.got(channel, words[0].severity), len(words)

    async def _sent(self, channel: Channel, severity: str, title: str, body: str) -> None:
        failure = await failure_of(self._ports.voice.say(channel.url, title, body))
        if failure is not None:
            await self._channels.failed(channel, failure)
            raise failure
        await self._channels.got(channel, severity)

    async def _note(self, word: Word, channel: Channel) -> bool:
        """Note that the word is being said; False if it is not to be said any more, or by somebody else."""
        state, now = self._ports.state, self._ports.clock.now()
        for _ in range(_TRIES):
            document = await state.get(alerts.COLLECTION, word.id)
            if document is None:
                return False
            current = word_of(word.id, document.data, channel.name, channel.since, now)
            if current is None or current.same != word.same:
                return False
            noted = _with(document.data, channel.name, word.begun(now))
            try:
                await state.compare_and_set(alerts.COLLECTION, word.id, noted, version=document.version)
            except Conflict:
                continue
            return True
        return False

    async def _settle(self, word: Word, channel: Channel, *, said: bool) -> None:
        """Note that it was heard, or take the note back."""
        state = self._ports.state
        for _ in range(_TRIES):
            document = await state.get(alerts.COLLECTION, word.id)
            if document is None:
                return
            before = word.alert.get("said", {}).get(channel.name)
            record = word.begun(self._ports.clock.now()) | {"state": "said"} if said else before
            noted = _with(document.data, channel.name, record)
            try:
                await state.compare_and_set(alerts.COLLECTION, word.id, noted, version=document.version)
            except Conflict:
                continue
            return
        raise Conflict(f"alert {word.id} is being written by too many at once")


def _with(data: Mapping[str, Any], channel: str, record: Mapping[str, Any] | None) -> dict[str, Any]:
    said = {name: value for name, value in data.get("said", {}).items() if name != channel}
    return {**data, "said": said if record is None else said | {channel: dict(record)}}
