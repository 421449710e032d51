"""Alerts reach a mail server and a webhook on this machine, each once, by the voice that a coordinator has."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from services.coordinator.alerts import clear_alert, raise_alert
from services.coordinator.watch.voice import Speaker
from shared.embedded.secrets import EnvironmentSecrets
from tests.mailbox import house
from tests.unit.coordinator.memory import opened
from tests.unit.shared.places import embedded_ports

pytestmark = pytest.mark.network


async def test_each_alert_reaches_mailbox_and_webhook_once(tmp_path: Path) -> None:
    """And its end; a bad URL beside them, and a hook that refuses for a while, cost the others nothing."""
    async with house() as heard, embedded_ports(tmp_path) as embedded:
        secrets = tmp_path / "secrets.env"
        secrets.write_text(f"TIPOFF_SECRET_ALERT_URLS='\n{chr(10).join([*heard.urls, 'nonsense://x'])}\n'\n")
        ports = replace(embedded, secrets=EnvironmentSecrets({}, secrets))
        speaker = Speaker(ports, per_hour=12)
        task = asyncio.create_task(speaker.run())
        try:
            await raise_alert(speaker.ports, "run_failed", "2024-03-04.overnight", "rosters: 0 of 30 there")
            await heard.until(2, 2)
            assert heard.mails == heard.posts
            assert heard.mails[0] == "Tipoff: PAGE run_failed (2024-03-04.overnight)"
            assert heard.mails[1].startswith("Tipoff: TICKET channel_refused (nonsense-")
            mailed, posted = ([body.strip().splitlines() for _, body in each] for each in (heard.letters, heard.calls))
            assert mailed == posted
            assert len(mailed[0]) > 1
            await clear_alert(speaker.ports, "run_failed", "2024-03-04.overnight")
            await heard.until(3, 3)
            heard.hook_status = 404
            await raise_alert(speaker.ports, "open_door", "scraper", "answers 200")
            await heard.until(5, 3)
            assert [title for title in heard.mails[3:] if "channel_refused (json-" in title]
            heard.hook_status = 200
            results = {row["channel"].partition("-")[0]: row["outcome"] for row in await speaker.test()}
            assert results == {"mailto": "sent", "json": "sent", "nonsense": "failed"}
            await heard.until(7, 5)
        finally:
            await speaker.rest()
            task.cancel()
            await asyncio.wait([task])
        assert heard.posts[3:] == ["Tipoff: a test message", "Tipoff: PAGE open_door (scraper)"]
        assert [title.partition(" (")[0] for title in sorted(heard.mails[5:])] == [
            "Tipoff: a test message", "Tipoff: resolved: channel_refused"
        ]  # fmt: skip
        assert {name.partition("-")[0] for name in await opened(ports.state)} == {
            "channel_refused nonsense", "open_door scraper"
        }  # fmt: skip
