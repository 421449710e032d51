"""Whatever happens in whatever order, a channel hears of each opening once, and of no end without one."""

import asyncio
import re
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from services.coordinator.alerts import COLLECTION
from services.coordinator.watch.words import ATTEMPTS
from shared.errors import Permanent, Transient
from tests.unit.coordinator.test_voice import crash
from tests.unit.coordinator.voices import HOOK, MAIL, World
from tests.voices import named

NAMES = ("run_failed", "dead_letter", "credits_low")
_do = st.one_of(
    st.tuples(st.sampled_from(["raise", "resolve"]), st.sampled_from(NAMES)),
    st.tuples(st.sampled_from(["round", "again", "hour", "minute", "refuse", "hang up", "mend", "crash"]), st.just("")),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_do, max_size=25), st.sampled_from([2, 12]))
async def test_each_opening_is_said_once_and_no_end_without_it(deeds: list[tuple[str, str]], per_hour: int) -> None:
    """A crash while speaking may repeat a word once; a channel that is mended hears what is left."""
    world, story = World(per_hour=per_hour), Story()
    await world.speaker.round()
    for deed, name in deeds:
        await story.do(world, deed, name)
    world.voice.before = None
    for _ in range(4):  # whatever rests or is held back has had its time
        world.pass_(hours=1)
        world.again()
        await world.speaker.round()
    for url in (MAIL, HOOK):
        _judge(world, url, story)
    count = len(world.voice.said)
    await world.speaker.round()
    assert len(world.voice.said) == count


class Story:
    """What has happened."""

    def __init__(self) -> None:
        self.openings: Counter[str] = Counter()
        self.opened: set[str] = set()
        self.crashes = 0

    async def do(self, world: World, deed: str, name: str) -> None:
        """One more thing happens."""
        if deed == "raise":
            await world.raised(name)
            self.openings[name] += name not in self.opened
            self.opened.add(name)
        elif deed == "resolve":
            await world.resolved(name)
            self.opened.discard(name)
        elif deed == "crash":
            self.crashes += await _speaks(world)
        else:
            await _elsewhere(world, deed)


async def _elsewhere(world: World, deed: str) -> None:
    match deed:
        case "round":
            await world.speaker.round()
        case "again":
            world.again()
        case "hour" | "minute":
            world.pass_(**{f"{deed}s": 1})
        case "mend":
            world.voice.before = None
        case _:
            _fail(world, refused=deed == "refuse")


def _fail(world: World, *, refused: bool) -> None:
    async def before(url: str) -> None:
        if url == MAIL:
            raise Permanent("refuses") if refused else Transient("away")

    world.voice.before = before


async def _speaks(world: World) -> bool:
    """Crash in the next message, if there is one: the next process carries on."""
    probe = asyncio.create_task(crash(world))
    for _ in range(500):
        await asyncio.sleep(0)
    done = probe.done()
    probe.cancel()
    await asyncio.wait([probe])
    world.voice.after = None
    world.again()
    return done


def _judge(world: World, url: str, story: Story) -> None:
    openings, opened, crashes = story.openings, story.opened, story.crashes
    heads = [
        line
        for of, title, body in world.voice.said
        for line in (title, *body.split("\n"))
        if of == url and line.startswith("Tipoff: ") and "held back" not in line
    ]
    words = Counter(tuple(re.sub(r"Tipoff: |:| \(.*|PAGE |TICKET ", "", line).rsplit(" ", 1)) for line in heads)
    for name in NAMES:
        begun = words[name,] + words["raised and resolved", name]
        assert begun <= openings[name] + crashes
        assert words["resolved", name] <= (begun + crashes if begun else 0)
        assert (begun > 0) == (openings[name] > 0)
        for (collection, _), document in world.state.documents.items():
            if collection == COLLECTION and document.data["name"] == name:
                heard = document.data["said"][named(url)]
                assert heard["state"] == "said" or heard["attempt"] == ATTEMPTS
                assert heard["opening"] == openings[name]
                assert (heard["word"] == "raised") == (name in opened)
