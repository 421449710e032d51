"""The sign of life: a URL is asked for every five minutes while all is well, so that somebody notices silence.

Well is: the state store answers, and the reconciler, where it has ever come round, has done so within two hours. What
is wrong beyond that is an alert's to say.
"""

from datetime import datetime, timedelta
from typing import Final

from services.coordinator.watch.schedules import FIRES
from shared.errors import Missing, Transient
from shared.ports import Ports
from shared.registries.secrets import HEARTBEAT_URL
from shared.runtime.boundary import failure_of
from shared.runtime.logs import get_logger

EVERY: Final = 300.0
"""Seconds of real time."""
SILENT: Final = timedelta(hours=2)
"""The reconciler comes round every hour."""
_log = get_logger("heartbeat")


class Heartbeat:
    """Of one coordinator."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._last: float | None = None
        self._ailing = False

    async def beat(self) -> None:
        """Give the sign if it is time. An outage of whoever waits for it is logged once, and is no alert."""
        now = self._ports.clock.monotonic()
        if self._last is not None and now - self._last < EVERY:
            return
        self._last = now
        failure = await failure_of(self._ping())
        if isinstance(failure, Missing):  # nobody waits for it
            return
        if failure is not None and not self._ailing:
            _log.warning("heartbeat_failed", reason=str(failure))
        if failure is None and self._ailing:
            _log.info("heartbeat_back")
        self._ailing = failure is not None

    async def _ping(self) -> None:
        url = await self._ports.secrets.get(HEARTBEAT_URL)
        await self._well()
        await self._ports.voice.ping(url)

    async def _well(self) -> None:
        fired = await self._ports.state.get(FIRES, "reconcile")
        if fired is None:
            return
        at = datetime.fromisoformat(fired.data["at"])
        if self._ports.clock.now() - at > SILENT:
            raise Transient(f"no sign of life: the reconciler has not come round since {at:%Y-%m-%d %H:%M} UTC")
