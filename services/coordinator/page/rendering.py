"""Templates: escaped by default, a missing value is an error, and how instants, numbers and shares are written."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from services.coordinator.page.assets import Assets
from shared.basketball.slate import EASTERN

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
NOTHING = "–"  # noqa: RUF001 - the dash of a table without a value
"""Where there is no value."""


class Renderer:
    """Renders the templates of this package."""

    def __init__(self, assets: Assets) -> None:
        self._environment = Environment(
            loader=PackageLoader("services.coordinator.page"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals["asset"] = assets.url
        self._environment.filters.update(
            {
                "clock": clock, "instant": instant, "day": day, "number": number, "share": share, "words": words,
                "duration": duration, "ago": ago, "american": american,
            }
        )  # fmt: skip

    def render(self, template: str, values: Mapping[str, Any]) -> str:
        """A template with its values.

        Raises:
            jinja2.TemplateError: the template and its values do not fit, which is a bug.
        """
        return self._environment.get_template(template).render(values)


def _instant(given: datetime | str) -> datetime:
    return datetime.fromisoformat(given) if isinstance(given, str) else given


def clock(given: datetime | str | None) -> str:
    """An instant as Eastern time of day: `7:30 PM`."""
    return NOTHING if given is None else f"{_instant(given).astimezone(EASTERN):%-I:%M %p}"


def instant(given: datetime | str | None) -> str:
    """An instant as Eastern date and time: `4 Mar 2024, 7:30 PM ET`."""
    return NOTHING if given is None else f"{_instant(given).astimezone(EASTERN):%-d %b %Y, %-I:%M %p} ET"


def day(given: date | str | None) -> str:
    """A date: `Mon 4 Mar 2024`."""
    if given is None:
        return NOTHING
    return f"{date.fromisoformat(given) if isinstance(given, str) else given:%a %-d %b %Y}"


def number(given: float | None, digits: int = 0) -> str:
    """A number with thousands set apart; `digits` decimals."""
    return NOTHING if given is None else f"{given:,.{digits}f}"


def share(given: float | None, digits: int = 0) -> str:
    """A share of 1 as a percentage: `57 %`."""
    return NOTHING if given is None else f"{100 * given:.{digits}f} %"


def american(given: float | None) -> str:
    """American odds, signed: `+120`."""
    return NOTHING if given is None else f"{given:+.0f}"


def words(given: str) -> str:
    """A name of the code as words: `box_scores` as `box scores`."""
    return given.replace("_", " ")


def duration(seconds: float | timedelta | None) -> str:
    """How long: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`."""
    if seconds is None:
        return NOTHING
    total = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
    if total < _MINUTE:
        return f"{total:.1f} s" if total < 10 else f"{total:.0f} s"  # noqa: PLR2004 - one digit is enough then
    whole = round(total)
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"


def ago(given: datetime | str | None, now: datetime) -> str:
    """How long before an instant another was: `3 h ago`, `12 days ago`."""
    if given is None:
        return "never"
    seconds = (now - _instant(given)).total_seconds()
    if seconds < _MINUTE:
        return "just now"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE:.0f} min ago"
    if seconds < 2 * _DAY:
        return f"{seconds // _HOUR:.0f} h ago"
    return f"{seconds // _DAY:.0f} days ago"
