"""Every schedule, once. Events drive the cascade: these start it and are its fallback.

Each posts to the coordinator, most to `/v1/runs`, without a date, which means today's Eastern date (in mode `tomorrow`
the next one). Asking again for what is running resumes it and for what is done changes nothing, so that a fallback
costs nothing on a good night.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from shared.basketball.slate import EASTERN, Mode, eastern_instant

TIME_ZONE: Final = EASTERN.key
RUNS_PATH: Final = "/v1/runs"
PULSE_PATH: Final = "/v1/pulse"
WARM: Final = "55 5,6 * * *"
"""When services are woken: shortly before the fallbacks, within the quarter of an hour that an idle one is kept."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A recurring request for a run."""

    name: str
    cron: str
    """Minute, hour, day of month, month, day of week, on the Eastern wall clock."""
    mode: Mode
    why: str
    targets: tuple[str, ...] = ("export",)
    """Steps the run is to reach, with everything they stand on."""

    path: str = RUNS_PATH
    """What it posts to."""

    late: timedelta = timedelta(hours=1)
    """A firing missed by less, because the machine slept or was down, is made good at once; of several the newest.

    Less than what is left of the day: a run is for the day on which it is asked for.
    """

    @property
    def source(self) -> str:
        """How the run names its trigger."""
        return f"schedule:{self.name}"

    @property
    def body(self) -> str:
        """The JSON body that is posted. The reconciler looks after every mode by itself."""
        mode = {"mode": self.mode.value} if self.path == RUNS_PATH else {}
        targets = {"targets": list(self.targets)} if self.targets else {}
        return json.dumps({**mode, "schedule": self.name, **targets})


SCHEDULES = {
    schedule.name: schedule
    for schedule in (
        Schedule(
            "overnight",
            "0 5 * * *",
            Mode.OVERNIGHT,
            "starts the night's run: the last games are over",
            late=timedelta(hours=14),  # a first day's last chance: most games tip off at 19:00 or later
        ),
        Schedule(
            "features-fallback",
            "0 6 * * *",
            Mode.OVERNIGHT,
            "phase 4 where the cascade has not reached it",
            targets=("ml_feature_store",),
        ),
        Schedule("predictions-fallback", "0 7 * * *", Mode.OVERNIGHT, "predictions, half an hour before they are due"),
        Schedule(
            "reconcile",
            "30 * * * *",
            Mode.OVERNIGHT,
            "heals what the grid lacks, resumes what waits, and looks after outputs, sources and schedules",
            path="/v1/reconcile",
            late=timedelta(minutes=10),  # an hour later it looks again
        ),
        Schedule(
            "tomorrow",
            "0 20 * * *",
            Mode.TOMORROW,
            "an early look at the next slate, the evening before",
            late=timedelta(hours=3),
        ),
        Schedule(
            "same-day",
            "0 11 * * *",
            Mode.SAME_DAY,
            "day-of news, before the earliest tip-off",
            late=timedelta(hours=6),
        ),
        Schedule(
            "same-day-fallback",
            "0 17 * * *",
            Mode.SAME_DAY,
            "what the morning left open, before the evening",
            late=timedelta(hours=3),
        ),
        Schedule(
            "pulse",
            "* * * * *",
            Mode.SAME_DAY,
            "keeps today's slate current until each tip-off: looks for news, predicts again, makes the final passes",
            targets=(),
            late=timedelta(minutes=1),
            path=PULSE_PATH,
        ),
    )
}


SCHEDULED: Final = tuple(dict.fromkeys(schedule.mode for schedule in SCHEDULES.values()))
"""The modes that are run without anybody asking, the night's first."""


def due(mode: Mode, day: date) -> datetime:
    """The instant from which a slate's run of a mode may be expected: its first schedule's, else midnight Eastern."""
    crons = [s.cron.split() for s in SCHEDULES.values() if s.mode is mode and s.path == RUNS_PATH]
    first = min((time(int(hour), int(minute)) for minute, hour, *_ in crons), default=time(0))
    return eastern_instant(day - timedelta(days=1) if mode is Mode.TOMORROW else day, first)
