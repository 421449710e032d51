"""What a living slate needs at an instant: a day's pulses, whenever they come."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.coordinator.pulse.plan import (
    EVERY,
    LAST_LOOK,
    LINES_BEFORE,
    MAX_TRIES,
    MONTH,
    QUIET,
    RUN_LOOKS,
    SOON,
    UNKNOWN_LOOKS,
    Game,
    Needs,
    line_looks,
    looks_passed,
    needs,
)

NOON = datetime(2024, 3, 4, 17, tzinfo=UTC)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
LEAD = timedelta(minutes=20)
TIP = NOON + timedelta(hours=7)


@dataclass
class Day:
    """A day whose pulses are made when asked for; a final pass ends at once, unless its game is in `failing`."""

    games: Sequence[Game]
    failing: frozenset[str] = frozenset()
    looks: Sequence[timedelta] = ()
    looked_at: datetime | None = None
    looked: dict[str, int] = field(default_factory=dict)
    finals: dict[str, int] = field(default_factory=dict)
    pulses: list[tuple[datetime, Needs]] = field(default_factory=list)

    def pulse(self, now: datetime) -> None:
        """What is due, as it is noted; nothing before the last answer's `next_at`."""
        if self.pulses and now < self.pulses[-1][1].next_at:
            return
        found = needs(
            self.games, now, looked_at=self.looked_at, looks=self.looks, looked=self.looked, finals=self.finals,
            settled=dict.fromkeys(self.finals.keys() - self.failing, True),
        )  # fmt: skip
        self.pulses.append((now, found))
        self.looked_at = now if found.look else self.looked_at
        for game in self.games:
            if game.game_id in found.lines:
                self.looked[game.game_id] = looks_passed(game, self.looks, now)
        for game_id in found.finals:
            self.finals[game_id] = self.finals.get(game_id, 0) + 1

    def begun(self, game_id: str) -> list[datetime]:
        """When the game's final pass was asked for."""
        return [now for now, found in self.pulses if game_id in found.finals]

    def looked_when(self) -> list[datetime]:
        """When somebody looked at the injuries."""
        return [now for now, found in self.pulses if found.look]


@st.composite
def slates(draw: st.DrawFn) -> list[Game]:
    """Up to four games that tip off within nine hours, some at once."""
    after = draw(st.lists(st.integers(30, 540), min_size=1, max_size=4))
    return [Game(f"g{n}", NOON + timedelta(minutes=minutes)) for n, minutes in enumerate(after)]


@given(games=slates(), seconds=st.integers(0, 59))
def test_asked_every_minute_a_slate_is_looked_at_in_time(games: list[Game], seconds: int) -> None:
    """At least every five minutes while a game is ahead, and once within the minute before each cutoff."""
    day = Day(games)
    for minute in range(600):
        day.pulse(NOON + minute * MINUTE + timedelta(seconds=seconds))
    looked, last = day.looked_when(), max(game.cutoff for game in games)
    ahead = [at for at in looked if at < last]
    assert looked == ahead
    assert (
        max((later - at for at, later in zip(ahead, [*ahead[1:], last], strict=True)), default=EVERY) <= EVERY + MINUTE
    )
    for game in games:
        if game.cutoff - LAST_LOOK >= looked[0]:
            assert any(game.cutoff - LAST_LOOK <= at < game.cutoff for at in looked)


@given(games=slates(), waits=st.lists(st.integers(1, 3000), min_size=1, max_size=60))
def test_a_final_pass_is_made_once_whenever_the_pulses_come(games: list[Game], waits: list[int]) -> None:
    """By the first that comes between the cutoff and the tip-off, and never outside of them."""
    day, now, came = Day(games), NOON, []
    for wait in waits:
        came.append(now)
        day.pulse(now)
        now += timedelta(seconds=wait)
    for game in games:
        in_time = [at for at in came if game.cutoff <= at < game.tip_utc]
        assert day.begun(game.game_id) == in_time[:1]


@given(games=slates(), start=st.integers(0, 600))
def test_the_next_pulse_is_later_and_misses_nothing(games: list[Game], start: int) -> None:
    """Whoever asks at `next_at` and no sooner makes each final pass at its cutoff, and a look a minute before."""
    day, now = Day(games), NOON + start * MINUTE
    begin = now
    while now < NOON + timedelta(hours=11):
        day.pulse(now)
        assert day.pulses[-1][1].next_at > now
        now = day.pulses[-1][1].next_at
    for game in games:
        if game.tip_utc > begin:
            assert day.begun(game.game_id) == [max(game.cutoff, begin)]
        if game.cutoff - LAST_LOOK >= begin:
            assert game.cutoff - LAST_LOOK in day.looked_when()


def test_a_failed_final_pass_is_asked_for_three_times_within_the_minute() -> None:
    """Until the tip-off."""
    day = Day([Game("a", TIP)], failing=frozenset("a"))
    for minute in range(600):
        day.pulse(NOON + minute * MINUTE)
    assert day.begun("a") == [TIP - LEAD + n * MINUTE for n in range(MAX_TRIES)]


def of(games: Sequence[Game], now: datetime, **known: object) -> Needs:
    """What is due, where nothing is known unless it is given."""
    rest: dict[str, object] = {
        "looked_at": now, "looks": (), "looked": {}, "finals": {}, "settled": {}
    }  # fmt: skip
    return needs(games, now, **{**rest, **known})  # type: ignore[arg-type]  # fields of the call


def test_a_final_pass_at_work_is_watched_until_the_tip_off() -> None:
    """It may fail: the last game's, too, when nothing else is ahead."""
    games, cutoff = [Game("a", TIP)], TIP - LEAD
    at_work = {"finals": {"a": 1}, "settled": {"a": False}}
    assert of(games, cutoff + MINUTE, **at_work) == Needs(False, (), (), cutoff + MINUTE + SOON)  # noqa: FBT003 - look
    assert of(games, TIP, **at_work).next_at == TIP + QUIET
    done = {"finals": {"a": 1}, "settled": {"a": True}}
    assert of(games, cutoff + MINUTE, **done) == Needs(False, (), (), cutoff + MINUTE + QUIET)  # noqa: FBT003 - look


def test_final_passes_that_are_due_at_once_are_asked_for_together() -> None:
    """In the order of the games; those that are done, at work or ahead are left out."""
    games = [Game(name, TIP) for name in "abcd"] + [Game("e", TIP + MINUTE)]
    found = of(games, TIP - LEAD, settled={"b": True, "c": False}, finals={"b": 1, "c": 1, "d": MAX_TRIES})
    assert found.finals == ("a",)
    assert of(games, TIP - LEAD - SECOND).finals == ()
    assert of(games, TIP - SECOND).finals == tuple("abcde")
    assert of(games, TIP).finals == ("e",)


def test_lines_are_looked_at_with_the_injuries_and_once_for_each_look() -> None:
    """Of the games for which a look is due that they have not had."""
    games, looks = [Game("a", TIP), Game("b", TIP + timedelta(hours=3))], LINES_BEFORE[:2]
    at = TIP - LEAD - LINES_BEFORE[0]
    assert [looks_passed(games[0], looks, when) for when in (at - SECOND, at)] == [1, 2]
    assert of(games, at, looks=looks, looked_at=None, looked={"a": 1}).lines == ("a",)
    assert of(games, at, looks=looks, looked_at=None, looked={"a": 2}).lines == ()
    assert of(games, at, looks=looks, looked_at=at - SECOND, looked={"a": 1}).lines == ()
    assert of(games, at - SECOND, looks=looks, looked_at=None, looked={"a": 1}).lines == ()


@given(left=st.integers(0, 100_000), slate=st.integers(1, 500))
def test_looks_at_lines_never_spend_more_than_a_months_share(left: int, slate: int) -> None:
    """With those of the runs and of the final passes a month of such days can be paid for; one look more could not."""
    looks = line_looks(left, slate)
    assert looks == LINES_BEFORE[: len(looks)]
    if looks:
        assert (len(looks) + RUN_LOOKS) * slate * MONTH <= left
    if len(looks) < len(LINES_BEFORE):
        assert (len(looks) + RUN_LOOKS + 1) * slate * MONTH > left


@pytest.mark.parametrize(("left", "slate"), [(None, 40), (9000, 0)])
def test_where_credits_are_not_known_two_looks_are_made(left: int | None, slate: int) -> None:
    """The most useful ones."""
    assert line_looks(left, slate) == LINES_BEFORE[:UNKNOWN_LOOKS]
