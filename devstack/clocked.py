"""How slates of a simulated world follow each other in a backfill: each is collected at its own instant.

What an upstream shows depends on the virtual clock, so slates are collected one after another, each with the clock at
its last cutoff. What only reads the warehouse - or asks the past by instant, as `lines` does in a retrospective run -
does not look at the clock: it goes on while the next slate is collected. So the rows are those of a replay night by
night.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from client.answers import Run
from devstack.daemon import RunningStack
from devstack.stack import Stack

SCRAPING: Mapping[str, float] = {"odds_api_rate": 40}
"""Over the local stack's own pace: that a game of the past has no lines is believed only when asked four times."""
CLOCKED = frozenset({"schedule", "box_scores", "rosters", "injuries"})
"""Steps whose upstreams answer as of the clock's instant."""
_SETTLED = frozenset({"done", "degraded", "failed", "blocked"})


@dataclass(frozen=True, slots=True)
class Clocked:
    """The turns of `client.backfill.backfill` on a local stack."""

    stack: Stack | RunningStack
    instant: Callable[[date], datetime]
    """A slate's instant on the clock: `devstack.driver.last_cutoff` of a history and a mode."""

    async def begin(self, day: date) -> None:
        """Set the clock to the slate's instant."""
        await self.stack.set_clock(self.instant(day))

    def over(self, run: Run) -> bool:
        """Nothing of it will look at the clock any more."""
        return all(run["steps"][name]["status"] in _SETTLED for name in CLOCKED & run["steps"].keys())
