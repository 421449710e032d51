"""Alerts, channels and a voice in memory."""

from dataclasses import replace
from datetime import timedelta

from services.coordinator.alerts import clear_alert, raise_alert
from services.coordinator.watch.voice import Speaker
from shared.ports import Ports
from tests.clock import FakeClock
from tests.simulation.fakes import MemoryState
from tests.unit.coordinator.memory import memory_ports
from tests.voices import FakeSecrets, FakeVoice

MAIL, HOOK = "mailto://user:pass@example.com", "json://hook/token"
KEY = "2024-03-04.overnight"


class World:
    """A coordinator's voice with two channels; `again` is another process on the same state."""

    def __init__(self, *urls: str, per_hour: int = 12, state: MemoryState | None = None) -> None:
        self.clock, self.voice, self.secrets = FakeClock(), FakeVoice(), FakeSecrets()
        self.state = MemoryState() if state is None else state
        self.secrets.channels(*(urls or (MAIL, HOOK)))
        self.per_hour = per_hour
        self.base = replace(memory_ports(clock=self.clock, state=self.state), voice=self.voice, secrets=self.secrets)
        self.again()

    def again(self) -> None:
        """The process starts again."""
        self.speaker = Speaker(self.base, per_hour=self.per_hour)

    @property
    def ports(self) -> Ports:
        """Those that the coordinator works with."""
        return self.speaker.ports

    async def raised(self, name: str, scope: str = KEY, detail: str = "why") -> None:
        """It is wrong."""
        await raise_alert(self.ports, name, scope, detail)

    async def resolved(self, name: str, scope: str = KEY) -> None:
        """It is well."""
        await clear_alert(self.ports, name, scope)

    def pass_(self, **time: float) -> None:
        """Both times go on."""
        by = timedelta(**time)
        self.clock.set(self.clock.now() + by)
        self.clock.elapsed += by.total_seconds()

    async def round(self, *urls: str) -> list[list[str]]:
        """What each channel is told in a round, by title."""
        self.voice.said.clear()
        await self.speaker.round()
        return [self.voice.titles(url) for url in (urls or (MAIL, HOOK))]
