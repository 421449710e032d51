"""Rehearsed weeks, with everything that is to be checked of them."""

import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from client.api import Client
from devstack import rehearsal
from devstack.league import open_history
from devstack.rehearsal import Part
from live.workspace import LIVE
from services.coordinator.alerts import documents
from services.coordinator.runs.engine import OPEN, RUNS
from services.coordinator.runs.run import LOOK, Run
from shared.basketball.slate import SAME_DAY_LEAD, days, eastern_instant
from shared.embedded.clock import FileClock
from shared.registries.secrets import ALERT_URLS
from shared.runtime.profiles import embedded
from tests.e2e.nights import VOLATILE, Key, key_of, tips
from tests.mailbox import Heard

_TITLE = re.compile(r"Tipoff: (?P<kind>PAGE|TICKET|resolved:|raised and resolved:) (?P<name>\w+) \((?P<scope>.*)\)")
_SCOPE = re.compile(r"(?:^|\s)- (?P<scope>\S+): .*?\(raised ", re.DOTALL)
"""A mail's plain text may come in one line."""
_KINDS = {"PAGE": "raised", "TICKET": "raised", "resolved:": "resolved", "raised and resolved:": "over"}
Spoken = Counter[tuple[str, str, str]]
"""(word, alert, scope) -> how often it arrived."""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A rehearsal and what it left."""

    part: Part
    history: Path
    report: dict[str, Any]
    predictions: dict[str, list[dict[str, Any]]]
    """By mode: what was predicted last."""
    rows: list[dict[str, Any]]
    """Every prediction that was ever published."""
    grades: list[dict[str, Any]]
    alerts: list[dict[str, Any]]
    """As they are kept, with what each channel was told."""
    open_runs: list[str]
    unentered: list[str]
    """Runs that have ended, and whose end the ledger does not have."""
    runs: list[Run]
    mails: Spoken
    posts: Spoken

    @property
    def raised(self) -> dict[str, int]:
        """`<name> <scope>` -> how often it was raised anew."""
        return {f"{alert['name']} {alert['scope']}": alert["opening"] for alert in self.alerts}

    def served(self, mode: str) -> dict[Key, dict[str, Any]]:
        """What was predicted last, without run ids, of which a generation is a part, and times of writing."""
        left_out = VOLATILE | {"generation"}
        kept = {key_of(row): {k: v for k, v in row.items() if k not in left_out} for row in self.predictions[mode]}
        assert len(kept) == len(self.predictions[mode])  # nothing twice
        return kept


async def rehearse(home: Path, history: Path, part: Part, heard: Heard) -> Rehearsed:
    """Rehearse `part`, its alerts going to the mailbox and the webhook."""
    found: dict[str, list[dict[str, Any]]] = {"overnight": [], "same_day": []}

    async def collect(client: Client) -> None:
        for mode, rows in found.items():
            for day in days(part.first, part.last):
                rows.extend(await client.get("predictions", game_date=str(day), mode=mode))

    part = replace(part, secrets={**part.secrets, ALERT_URLS: "\n".join(heard.urls)})
    report = await rehearsal.rehearse(home, open_history(str(history)), part, lambda _: None, after=collect)
    async with embedded(home / LIVE, FileClock(home / "clock")) as ports:
        runs = [Run.model_validate(each.data) for each in await ports.state.list(RUNS, limit=1_000_000)]
        window = {"first": part.first, "last": part.last}
        sql = "SELECT * FROM {} WHERE game_date BETWEEN @first AND @last"
        steps = await ports.warehouse.query(sql.format("ops.step_runs"), window)
        entered = {(row["run_id"], row["run_ended_at"]) for row in steps}
        return Rehearsed(
            part,
            history,
            report,
            found,
            await ports.warehouse.query(sql.format("predictions.player_prop_predictions"), window),
            await ports.warehouse.query(sql.format("predictions.prediction_grades"), window),
            [document.data for document in await documents(ports.state)],
            [each.id for each in await ports.state.list(OPEN, limit=1_000_000)],
            [
                run.run_id
                for run in runs
                if run.finished_at is not None
                and run.part != LOOK  # of which the fetch log has what matters
                and part.first <= run.game_date <= part.last
                and (run.run_id, run.finished_at) not in entered
            ],
            runs,
            spoken(heard.letters),
            spoken(heard.calls),
        )


def spoken(messages: list[tuple[str, str]]) -> Spoken:
    """The words in messages, each of one alert or of several of one name."""
    words: Spoken = Counter()
    for title, body in messages:
        found = _TITLE.fullmatch(title)
        assert found is not None, title
        text = re.sub(r"<br\s*/?>", "\n", body).replace("&nbsp;", " ")
        for scope in _SCOPE.findall(text):
            words[_KINDS[found["kind"]], found["name"], scope] += 1
    return words


def check_in_time(nights: Rehearsed) -> None:
    """Every slate was published by 07:30 ET; a date without games is silent."""
    for night in nights.report["nights"]:
        assert not night["games"] or night["in_time"], night
        assert not night["games"] or (night["overnight"] and night["same_day"]), night
        over = date.fromisoformat(night["game_date"]) < nights.part.last  # the rehearsal ends before the last is graded
        assert not (night["games"] and over) or night["graded"], night
        assert night["games"] or not (night["overnight"] or night["same_day"]), night


def check_final(nights: Rehearsed) -> None:
    """Every game was predicted in each mode, last by its final pass."""
    tip = tips(nights.history)
    history = open_history(str(nights.history))
    wanted = {game.game_id for day in days(nights.part.first, nights.part.last) for game in history.on(day)}
    for mode in nights.predictions:
        assert {key[0] for key in nights.served(mode)} == wanted
    late = {
        (row["game_id"], str(row["predicted_at"]))
        for row in nights.predictions["same_day"]
        if _instant(row["predicted_at"]) != tip[row["game_id"]] - SAME_DAY_LEAD
    }
    assert not late


def check_kept(nights: Rehearsed) -> None:
    """No run is open, each end is in the ledger, no row is there twice."""
    assert not nights.open_runs
    assert not nights.unentered
    assert not [run.run_id for run in nights.runs if run.finished_at is None]
    twice = Counter((key_of(row), row["mode"], row["predicted_at"], row["run_id"]) for row in nights.rows)
    assert not [key for key, times in twice.items() if times > 1]


def check_said(nights: Rehearsed, *, at_most_again: int = 0) -> None:
    """Each alert, and its end, has arrived once at both; after a kill a word may be repeated once."""
    for words in (nights.mails, nights.posts):
        again = 0
        for alert in nights.alerts:
            about = (alert["name"], alert["scope"])
            raised, over, resolved = (words.pop((kind, *about), 0) for kind in ("raised", "over", "resolved"))
            ends = alert["opening"] - (alert["resolved_at"] is None)
            extra = raised + over - alert["opening"] + abs(resolved + over - ends)
            assert 0 <= extra <= at_most_again, (about, alert["opening"], raised, over, resolved)
            again += extra
        assert not words  # nothing that never was
        assert again <= at_most_again


def check_over(nights: Rehearsed) -> None:
    """Every alert was resolved."""
    assert not [(alert["name"], alert["scope"]) for alert in nights.alerts if alert["resolved_at"] is None]


def at(day: date, hour: int) -> datetime:
    """An hour of the Eastern day, in UTC."""
    return eastern_instant(day + timedelta(days=hour // 24), time(hour % 24))


def _instant(value: Any) -> datetime:  # noqa: ANN401 - JSON
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
