"""The voice: alerts are said once to each channel, whoever fails, and their ends too."""

import asyncio
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from services.coordinator.alerts import alerts
from services.coordinator.watch import voice as rounds
from services.coordinator.watch.channels import COLLECTION
from services.coordinator.watch.heartbeat import EVERY, SILENT
from services.coordinator.watch.schedules import note
from shared.errors import Conflict, Permanent, Transient
from tests.unit.coordinator.memory import failing, opened
from tests.unit.coordinator.voices import HOOK, KEY, MAIL, World
from tests.voices import named

FAILED = f"PAGE run_failed ({KEY})"


async def test_an_alert_is_said_once_to_each_channel() -> None:
    """Seen again it is not said again, whatever its detail has become; nor by the next process."""
    world = World()
    await world.raised("run_failed")
    assert await world.round() == [[FAILED], [FAILED]]
    await world.raised("run_failed", detail="worse")
    assert await world.round() == [[], []]
    world.again()
    assert await world.round() == [[], []]


async def test_its_end_is_said_once_to_who_has_heard_of_it() -> None:
    """And raised anew it is said again."""
    world = World()
    await world.raised("run_failed")
    await world.round()
    await world.resolved("run_failed")
    over = f"resolved: run_failed ({KEY})"
    assert await world.round() == [[over], [over]]
    assert await world.round() == [[], []]
    await world.raised("run_failed")
    assert await world.round() == [[FAILED], [FAILED]]


async def test_what_is_over_before_it_could_be_said_is_one_message() -> None:
    """Nobody hears of an end without a beginning."""
    world = World()
    await world.round()
    await world.raised("run_failed")
    await world.resolved("run_failed")
    over = f"raised and resolved: run_failed ({KEY})"
    assert await world.round() == [[over], [over]]
    assert await world.round() == [[], []]


async def test_the_scopes_of_an_alert_come_in_one_message() -> None:
    """Five of them with their details; pages come first."""
    world = World(HOOK)
    for number in range(7):
        await world.raised("dead_letter", f"letter-{number}", "poison " * 100)
    await world.raised("open_door", "scraper", "answers 200")
    assert await world.round(HOOK) == [["PAGE open_door (scraper)", "TICKET dead_letter (7 of them)"]]
    [(_, _, door), (_, _, letters)] = world.voice.said
    assert door.splitlines() == [
        "a service answers strangers: tokens for it can be forged.",
        "- scraper: answers 200 (raised 2024-03-04 12:00 UTC)",
        "What to do: docs/runbooks/open_door.md",
    ]
    lines = letters.splitlines()
    assert (len(lines), lines[-2]) == (8, "- and 2 more: `tipoff alerts`")
    assert max(map(len, lines)) < 360


async def test_without_a_channel_nothing_is_said() -> None:
    """Nor logged; a channel that comes later hears of what is open, and not of what was over."""
    world = World()
    del world.secrets.known["alert-urls"]
    await world.raised("run_failed")
    await world.raised("run_degraded")
    await world.resolved("run_degraded")
    with capture_logs() as logs:
        assert await world.round() == [[], []]
    assert logs == []
    world.pass_(minutes=10)
    world.secrets.channels(MAIL)
    assert await world.round() == [[FAILED], []]
    await world.raised("run_degraded")
    assert await world.round() == [[f"TICKET run_degraded ({KEY})"], []]


async def test_a_channel_that_refuses_silences_no_other() -> None:
    """The log says so once; the others hear of that too; it is tried again each hour, and what it missed it hears."""
    world = World()

    async def refuse(url: str) -> None:
        if url == MAIL:
            raise Permanent(f"channel {named(url)} refuses: status 535")

    world.voice.before = refuse
    await world.raised("run_failed")
    with capture_logs() as logs:
        assert await world.round() == [[], [FAILED]]
        assert await world.round() == [[], [f"TICKET channel_refused ({named(MAIL)})"]]
        await world.raised("run_degraded")
        assert await world.round() == [[], [f"TICKET run_degraded ({KEY})"]]
        world.pass_(hours=1)
        assert await world.round() == [[], []]
    assert [log["event"] for log in logs if log["event"].startswith("channel")] == ["channel_failed"]
    assert await opened(world.state) | {} == {
        f"run_failed {KEY}": "why", f"run_degraded {KEY}": "why",
        f"channel_refused {named(MAIL)}": f"channel {named(MAIL)} refuses: status 535",
    }  # fmt: skip
    world.voice.before = None
    world.pass_(hours=1)
    assert await world.round() == [[FAILED, f"TICKET run_degraded ({KEY})"], []]
    assert f"channel_refused {named(MAIL)}" not in await opened(world.state)
    assert await world.round() == [[], [f"resolved: channel_refused ({named(MAIL)})"]]


async def test_a_channel_that_does_not_answer_is_asked_again_less_and_less() -> None:
    """Half a minute, one, two...; after half an hour of it the others hear of it."""
    world = World(HOOK)
    world.voice.before = failing(Transient("channel x does not answer"), HOOK)
    await world.raised("run_failed")
    for tries, seconds in enumerate((30, 60, 120, 240, 480, 960), 1):
        assert f"channel_refused {named(HOOK)}" not in await opened(world.state)
        await world.round()
        assert world.state.documents[COLLECTION, named(HOOK)].data["failures"] == tries
        world.pass_(seconds=seconds - 1)
        await world.round()
        assert world.state.documents[COLLECTION, named(HOOK)].data["failures"] == tries
        world.pass_(seconds=1)
    assert (await opened(world.state))[f"channel_refused {named(HOOK)}"] == "channel x does not answer"


async def test_a_channel_that_is_no_more_is_forgotten() -> None:
    """Its alert is resolved."""
    world = World()
    world.voice.before = failing(Permanent("no"), HOOK)
    await world.raised("run_failed")
    await world.round()
    world.secrets.channels(MAIL)
    world.again()
    await world.round()
    assert await opened(world.state) == {f"run_failed {KEY}": "why"}
    assert [document.id for document in await world.state.list(COLLECTION)] == [named(MAIL)]


@pytest.mark.parametrize("ends", [True, False])
async def test_a_crash_while_speaking_repeats_once_at_most(ends: bool) -> None:  # noqa: FBT001 - a case
    """After two minutes; a second crash leaves it at that. An end that came meanwhile is said with it."""
    world = World(HOOK)
    await world.raised("run_failed")
    for time in (1, 2):
        await crash(world)
        assert [title for _, title, _ in world.voice.said] == [f"Tipoff: {FAILED}"] * time
        world.again()
        await world.speaker.round()
        assert len(world.voice.said) == time
        if ends and time == 1:
            await world.resolved("run_failed")
            world.pass_(minutes=2)
            assert await world.round(HOOK) == [[f"raised and resolved: run_failed ({KEY})"]]
            return
        world.pass_(minutes=2)
    assert await world.round(HOOK) == [[]]
    await world.resolved("run_failed")
    assert await world.round(HOOK) == [[f"resolved: run_failed ({KEY})"]]


async def crash(world: World) -> None:
    """The process dies once the channel has the message and before that is noted."""
    died = asyncio.Event()

    async def last(_: str) -> None:
        died.set()
        await asyncio.Event().wait()

    world.voice.after = last
    task = asyncio.create_task(world.speaker.round())
    await died.wait()
    task.cancel()
    await asyncio.wait([task])
    world.voice.after = None


async def test_of_two_coordinators_one_speaks() -> None:
    """Whichever notes it first."""
    world = World()
    await world.raised("run_failed")
    await world.raised("open_door", "scraper")
    first = world.speaker
    world.again()
    await asyncio.gather(first.round(), world.speaker.round())
    assert sorted(title for _, title, _ in world.voice.said) == sorted(
        [f"Tipoff: {FAILED}", "Tipoff: PAGE open_door (scraper)"] * 2
    )


async def test_what_is_too_much_for_an_hour_is_held_back_and_comes_together() -> None:
    """Four of six messages may be tickets; the last one that fits has all the rest. A page finds room."""
    world = World(HOOK, per_hour=6)
    names = ["dead_letter", "credits_low", "feature_health", "source_stale", "challenger_worse", "budget_exceeded"]
    for name in names:
        await world.raised(name)
    [titles] = await world.round(HOOK)
    assert len(titles) == 4
    assert titles[3].startswith("3 alerts at once, or held back: ")
    for name in names:
        await world.resolved(name)
    await world.raised("run_failed")
    await world.raised("open_door")
    await world.raised("artifact_refused")
    [titles] = await world.round(HOOK)
    assert titles == [FAILED, "2 alerts at once, or held back: artifact_refused, open_door"]
    await world.raised("heal_exhausted")
    assert await world.round(HOOK) == [[]]
    world.pass_(minutes=59)
    assert await world.round(HOOK) == [[]]
    world.pass_(minutes=1)
    [titles] = await world.round(HOOK)
    assert titles[0] == f"PAGE heal_exhausted ({KEY})"
    assert len(titles) == 5
    assert all(title.startswith(("resolved: ", "3 alerts at once")) for title in titles[1:])


async def test_a_quiet_round_asks_little() -> None:
    """Alerts are looked at when one was written, when a word is left, and every ten minutes."""
    world = World()
    await world.round()
    asked: list[str] = []

    async def before(operation: str) -> None:
        asked.append(operation)

    world.state.before = before
    world.secrets.channels(MAIL, HOOK, "json://another/one")
    await world.speaker.round()
    assert asked == []
    world.pass_(seconds=rounds.LOOK)
    await world.speaker.round()
    assert asked == ["create"]


async def test_rounds_follow_each_other_until_the_end() -> None:
    """At once when an alert is written, else every fifteen seconds; a message on its way is waited for."""
    world = World(HOOK)
    said = asyncio.Event()

    async def slow(url: str) -> None:
        assert url == HOOK
        said.set()
        for _ in range(50):
            await asyncio.sleep(0)

    world.voice.before = slow
    task = asyncio.create_task(world.speaker.run())
    for _ in range(300):
        await asyncio.sleep(0)
    assert set(world.clock.naps) == {rounds.EVERY}
    await world.raised("run_failed")
    await said.wait()
    await world.speaker.rest()
    task.cancel()
    await asyncio.wait([task])
    assert world.voice.titles(HOOK) == [FAILED]


async def test_what_ails_the_state_is_logged_once_and_nothing_is_lost() -> None:
    """The next round that can says it all."""
    world = World(HOOK)
    await world.raised("run_failed")
    world.state.before = failing(Transient("away"), "get")
    with capture_logs() as logs:
        for _ in range(3):
            assert await world.round(HOOK) == [[]]
    assert [log["event"] for log in logs] == ["alerts_not_said"]
    world.state.before = failing(Conflict("newer"), "compare_and_set", lambda call: call < 3)
    assert await world.round(HOOK) == [[FAILED]]


async def test_a_test_message_says_how_each_channel_took_it() -> None:
    """Whatever it has got within the hour; a dry run sends nothing."""
    world = World(per_hour=1)
    assert [row["outcome"] for row in await world.speaker.test(dry_run=True)] == ["not asked"] * 2
    world.voice.before = failing(Permanent("refuses: status 404"), MAIL)

    async def refuse(url: str) -> None:
        if url == MAIL:
            raise Permanent("refuses: status 404")

    world.voice.before = refuse
    assert await world.speaker.test() == [
        {"channel": named(MAIL), "outcome": "failed", "reason": "refuses: status 404"},
        {"channel": named(HOOK), "outcome": "sent", "reason": ""},
    ]
    world.voice.before = None
    assert [row["outcome"] for row in await world.speaker.test()] == ["sent", "sent"]
    assert [alert["resolved_at"] is None for alert in await alerts(world.state, resolved=True)] == [False]
    world.secrets.known.clear()
    with pytest.raises(Permanent, match="there is no channel: put URLs of Apprise into the secret alert-urls"):
        await world.speaker.test()


async def test_the_heartbeat_beats_every_five_minutes_while_all_is_well() -> None:
    """Not without its URL, nor once the reconciler has fallen silent."""
    world = World(HOOK)
    await world.round()
    world.secrets.known["heartbeat-url"] = "https://alive/token"
    world.pass_(seconds=EVERY)
    for beat in (1, 2):
        await world.round()
        await world.round()
        assert len(world.voice.pings) == beat
        world.pass_(seconds=EVERY)
    await note(world.ports, "schedule:reconcile")
    world.pass_(seconds=SILENT.total_seconds())
    await world.round()
    assert len(world.voice.pings) == 3
    with capture_logs() as logs:
        for _ in range(3):
            world.pass_(seconds=EVERY)
            await world.round()
        await note(world.ports, "schedule:reconcile")
        world.pass_(seconds=EVERY)
        await world.round()
    assert len(world.voice.pings) == 4
    assert [log["event"] for log in logs] == ["heartbeat_failed", "heartbeat_back"]
    assert await opened(world.state) == {}


async def test_a_channel_is_told_nothing_of_before_its_time() -> None:
    """Of what was over by then."""
    world = World(MAIL)
    await world.round(MAIL)
    await world.raised("run_failed")
    await world.resolved("run_failed")
    world.clock.set(world.clock.now() + timedelta(seconds=1))
    world.secrets.channels(MAIL, HOOK)
    assert await world.round() == [[f"raised and resolved: run_failed ({KEY})"], []]
