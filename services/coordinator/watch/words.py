"""What is to be said of alerts, and how: pure.

A channel hears of every opening of an alert once, and of its end if it has heard of the opening; an opening that was
over before it could be said is said with its end. What a channel has heard stands in the alert itself: the opening,
the word, and whether it was only begun (`sending`), which a crash may leave behind.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from services.coordinator.alerts import ALERTS, Severity

Kind = Literal["raised", "resolved", "over"]
"""`over`: raised and resolved, before anybody could hear of the first."""
CLAIM: Final = timedelta(minutes=2)
"""After so long what was begun and not ended was cut short by a crash."""
ATTEMPTS: Final = 2
"""Times a word is begun at most: where a crash has hidden whether it was heard, it is repeated once."""
SHOWN: Final = 5
"""Scopes of a message that are given with their details."""
_DETAIL = 300
"""Characters of a detail: some channels take no more than 2000 in all."""


@dataclass(frozen=True, slots=True)
class Word:
    """What one channel is to hear of one alert."""

    id: str
    """The alert's document."""
    kind: Kind
    opening: int
    attempt: int
    alert: Mapping[str, Any]

    @property
    def same(self) -> tuple[Kind, int, int]:
        """What it has in common with the same word, read again."""
        return self.kind, self.opening, self.attempt

    @property
    def name(self) -> str:
        """The alert's."""
        return str(self.alert["name"])

    @property
    def severity(self) -> Severity:
        """The alert's."""
        severity: Severity = self.alert["severity"]
        return severity

    def begun(self, now: datetime) -> dict[str, Any]:
        """What is noted before it is said."""
        noted = {"opening": self.opening, "word": self.kind, "attempt": self.attempt}
        return noted | {"state": "sending", "at": now.isoformat()}


def begun_lately(alert: Mapping[str, Any], channel: str, now: datetime) -> bool:
    """Whether somebody is saying something of it there: what else is to be said has to wait."""
    record = _record(alert, channel)
    return record is not None and record["state"] == "sending" and now - datetime.fromisoformat(record["at"]) < CLAIM


def word_of(id_: str, alert: Mapping[str, Any], channel: str, since: datetime, now: datetime) -> Word | None:
    """What the channel is to hear now; None where it has heard all, or somebody is saying it.

    Args:
        id_: of the alert's document.
        alert: its data.
        channel: its name.
        since: when it became a channel: what was over before is none of its business.
        now: the instant.
    """
    if begun_lately(alert, channel, now):
        return None
    if alert["name"] == "channel_refused" and alert["scope"] == channel:
        return None
    opening, record = int(alert.get("opening", 1)), _record(alert, channel)
    last, word, attempt = (0, "", 1) if record is None else _before(record)
    resolved = alert["resolved_at"]
    kind: Kind | None = None
    if last < opening:
        if resolved is None:
            kind = "raised"
        elif datetime.fromisoformat(resolved) >= since:
            kind = "over"
    elif word == "raised" and resolved is not None:
        kind = "resolved"
    return None if kind is None else Word(id_, kind, opening, attempt, alert)


def _record(alert: Mapping[str, Any], channel: str) -> Mapping[str, Any] | None:
    record: Mapping[str, Any] | None = alert.get("said", {}).get(channel)
    return record


def _before(record: Mapping[str, Any]) -> tuple[int, str, int]:
    """The opening and the word that it has heard for sure, or as often as it may, and which attempt the next one is."""
    opening, word, attempt = record["opening"], record["word"], record["attempt"]
    if record["state"] == "said" or attempt >= ATTEMPTS:
        return opening, word, 1
    return (opening, "raised", attempt + 1) if word == "resolved" else (opening - 1, "", attempt + 1)


def grouped(words: Sequence[Word]) -> list[list[Word]]:
    """One group for each alert's name and kind of word: raised ones first, in the order of the registry."""
    groups: dict[tuple[Kind, str], list[Word]] = {}
    for kind in ("raised", "over", "resolved"):
        of_kind = [word for word in words if word.kind == kind]
        for name in (*ALERTS, *{word.name for word in of_kind if word.name not in ALERTS}):
            groups[kind, name] = [word for word in of_kind if word.name == name]
    return [group for group in groups.values() if group]


def messages(words: Iterable[Word], sent: Sequence[str], per_hour: int) -> list[list[list[Word]]]:
    """The messages that may go out now, each of one group, the last of all that are left if they are too many.

    Pages go first. A third of the allowance is for pages alone, so that none waits behind tickets.

    Args:
        words: what the channel is to hear.
        sent: severities of the messages that it got within the last hour.
        per_hour: messages that it may get in an hour.
    """
    by_severity: dict[str, list[Word]] = {"page": [], "ticket": []}
    for word in words:
        by_severity[word.severity].append(word)
    pages = _fitted(grouped(by_severity["page"]), per_hour - len(sent))
    left = min(per_hour - len(sent) - len(pages), max(1, per_hour * 2 // 3) - list(sent).count("ticket"))
    return pages + _fitted(grouped(by_severity["ticket"]), left)


def _fitted(groups: list[list[Word]], allowed: int) -> list[list[list[Word]]]:
    if allowed <= 0 or not groups:
        return []
    head, rest = groups[: allowed - 1], groups[allowed - 1 :]
    return [[group] for group in head] + ([rest] if rest else [])


def text(message: Sequence[Sequence[Word]]) -> tuple[str, str]:
    """Title and body of a message."""
    if len(message) == 1:
        return _title(message[0]), _body(message[0])
    title = f"Tipoff: {len(message)} alerts at once, or held back: {', '.join(group[0].name for group in message)}"
    return title[:200], "\n\n".join(f"{_title(group)}\n{_body(group, 1)}" for group in message)


def _title(group: Sequence[Word]) -> str:
    first = group[0]
    about = str(first.alert["scope"])[:80] if len(group) == 1 else f"{len(group)} of them"
    before = {"raised": first.severity.upper(), "resolved": "resolved:", "over": "raised and resolved:"}[first.kind]
    return f"Tipoff: {before} {first.name} ({about})"


def _body(group: Sequence[Word], shown: int = SHOWN) -> str:
    name = group[0].name
    lines = [f"{ALERTS[name].meaning}."] if name in ALERTS else []
    lines += [_line(word) for word in group[:shown]]
    if len(group) > shown:
        lines.append(f"- and {len(group) - shown} more: `tipoff alerts`")
    if group[0].kind == "raised":
        lines.append(f"What to do: docs/runbooks/{name}.md")
    return "\n".join(lines)


def _line(word: Word) -> str:
    alert = word.alert
    detail = str(alert["detail"])
    short = detail if len(detail) <= _DETAIL else f"{detail[:_DETAIL]}..."
    end = "" if alert["resolved_at"] is None else f", resolved {_minute(alert['resolved_at'])}"
    return f"- {alert['scope']}: {short} (raised {_minute(alert['raised_at'])}{end} UTC)"


def _minute(instant: str) -> str:
    return f"{datetime.fromisoformat(instant):%Y-%m-%d %H:%M}"
