"""Tonight, players and the record over HTTP: what is shown at an instant is what was published last by then."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.coordinator.documents import keys
from services.coordinator.documents.store import packed
from services.coordinator.runs.engine import RUNS
from services.coordinator.runs.events import RunRequested
from services.coordinator.runs.requested import requested
from services.coordinator.runs.run import Decision, StepState, StepStatus
from shared.basketball.slate import Mode
from tests.unit.coordinator import documents
from tests.unit.coordinator.routes import DAY, World

MORNING = datetime(2024, 3, 4, 12, tzinfo=UTC)
"""7:00 Eastern: half an hour before the slate is due."""
OTHER = "0022300902"


class Site(World):
    """The routes over an archive of documents; it is the evening of the slate."""

    def __init__(self) -> None:
        super().__init__(MORNING + timedelta(hours=13))

    def publish(self, at: datetime, run_id: str, game_id: str = documents.GAME, mode: str = "same_day") -> None:
        """A publication of one game, with its card."""
        known = {"run_id": run_id, "published_at": at.isoformat(), "game_id": game_id}
        stamp = keys.stamped(at, run_id)
        card = {
            "game": documents.card(**known),
            "edges": [documents.edge(game_id=game_id)],
            "changes": [{"at": at.isoformat(), "run_id": run_id, "reason": run_id, "moves": {}}],
        }
        made: dict[str, Mapping[str, Any]] = {
            keys.games(DAY, mode): documents.game(**known),
            keys.cards(DAY, mode): card,
        }
        for folder, document in made.items():
            self.archive.objects[f"{folder}{game_id}/{stamp}"] = packed(document)
        self.archive.objects[f"{keys.publications(DAY, mode)}{stamp}"] = packed({})

    async def get(self, path: str, **query: object) -> Any:  # noqa: ANN401 - whatever is answered
        """The answer to a question that is answered, without the warehouse."""
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        status, answer = await self.call("GET", f"{path}?{asked}")
        assert status == 200, answer
        assert not self.warehouse.asked
        return answer


def minutes(number: int) -> datetime:
    """So many minutes after the morning."""
    return MORNING + timedelta(minutes=number)


def written(instant: datetime) -> str:
    """As an address has it."""
    return instant.isoformat().replace("+00:00", "Z")


class Publications:
    """What has been published so far, simply."""

    def __init__(self) -> None:
        self.rows: list[tuple[datetime, str, str]] = []

    def shown(self, at: datetime) -> dict[str, str]:
        """Game -> the run that published it last by then; of those of one instant the last by name."""
        return {game: run for _, run, game in sorted(row for row in self.rows if row[0] <= at)}


_published = st.tuples(st.integers(0, 30), st.sampled_from(("a", "b", "c")), st.sampled_from((documents.GAME, OTHER)))


@given(st.lists(_published, max_size=12), st.lists(st.integers(-1, 31), min_size=1, max_size=4))
async def test_what_is_shown_at_an_instant_is_what_was_published_last_by_then(
    publications: list[tuple[int, str, str]], instants: list[int]
) -> None:
    """And nothing later: of every game, in Tonight, its picks and changes, in the list of players, of each player."""
    site, published = Site(), Publications()
    for at, run_id, game_id in publications:
        site.publish(minutes(at), run_id, game_id)
        published.rows.append((minutes(at), run_id, game_id))
    site.publish(minutes(40), "later")
    for instant in map(minutes, instants):
        expected, asked = published.shown(instant), {"game_date": DAY, "mode": "same_day", "as_of": written(instant)}
        if not expected:
            path = f"/v1/tonight?game_date={DAY}&mode=same_day&as_of={written(instant)}"
            status, refused = await site.call("GET", path)
            assert (status, "no same_day slate of 2024-03-04 was published" in refused["error"]) == (404, True)
            continue
        slate = await site.get("/v1/tonight", **asked)
        assert {game["game_id"]: game["run_id"] for game in slate["games"]} == expected
        assert {edge["game_id"] for edge in slate["edges"]} == set(expected)
        assert {change["run_id"]: change["games"] for change in slate["changes"]} == {
            run: sorted(game for game, by in expected.items() if by == run) for run in set(expected.values())
        }
        latest = max(at for at, _, _ in published.rows if at <= instant)
        assert datetime.fromisoformat(slate["published_at"]) == latest
        player = await site.get("/v1/players/203999", **asked)
        assert player["game"]["run_id"] == expected[player["game"]["game_id"]]
        assert {each["game_id"] for each in await site.get("/v1/players", query="jokic", **asked)} <= set(expected)


async def test_tonight_reads_one_object_for_each_game_and_later_only_what_is_new() -> None:
    """A list and the cards; no question to the warehouse, whatever is asked."""
    site = Site()
    for game_id in (documents.GAME, OTHER):
        site.publish(minutes(0), "run.1", game_id)
    asked = {"game_date": DAY, "mode": "same_day"}
    await site.get("/v1/tonight", **asked)
    assert site.archive.reads == 3
    await site.get("/v1/tonight", **asked)
    assert site.archive.reads == 4
    site.publish(minutes(5), "run.2")
    await site.get("/v1/tonight", **asked)
    assert site.archive.reads == 6


async def test_a_player_takes_two_reads() -> None:
    """The list of cards, which are known by now, and his game's document, of which he alone is read."""
    site = Site()
    site.publish(minutes(0), "run.1")
    asked = {"game_date": DAY, "mode": "same_day"}
    assert [found["player_id"] for found in await site.get("/v1/players", query="JAMES", **asked)] == [2544]
    site.archive.reads = 0
    shown = await site.get("/v1/players/2544", **asked)
    assert site.archive.reads == 2
    game = documents.game(run_id="run.1", published_at=minutes(0).isoformat())
    assert shown["player"] == game["players"][1]
    assert shown["game"] == {name: value for name, value in game.items() if name not in ("players", "out", "moves")}
    assert (shown["out"], shown["moves"]) == (game["out"], game["moves"])


@pytest.mark.parametrize(
    ("words", "found"),
    [("jokic", [203999]), ("JOKIĆ", [203999]), ("nik jok", [203999]), ("203999", [203999]), ("Jokci", [203999]),
     ("e", [2544]), ("lebrn james", [2544]), ("zzz", []), (".", [])],
)  # fmt: skip
async def test_players_are_found_by_part_without_accents_and_by_near_names(words: str, found: list[int]) -> None:
    """By every word; where nobody has them, those whose names are near; by name."""
    site = Site()
    site.publish(minutes(0), "run.1")
    answer = await site.get("/v1/players", query=words.replace(" ", "%20"), game_date=DAY)
    assert [each["player_id"] for each in answer] == found
    assert {each["is_near"] for each in answer} <= {words in ("Jokci", "lebrn james")}


@pytest.mark.parametrize(
    ("path", "status", "words", "remedy"),
    [
        ("/v1/players/Jokci?game_date=2024-03-04", 404, "no player Jokci in the", "nearest: Nikola Jokić is 203999"),
        ("/v1/players/7?game_date=2024-03-04", 404, "no player 7 in the", "GET /v1/players?query= finds"),
        ("/v1/tonight?game_date=2024-03-01", 404, "no overnight slate of 2024-03-01", "nearest: 2024-03-04"),
        ("/v1/players/7?game_date=2024-03-01", 404, "no overnight slate of 2024-03-01", "nearest: 2024-03-04"),
        ("/v1/tonight?game_date=2024-03-04&mode=manual", 404, "no manual slate", "published are same_day"),
        ("/v1/tonight?mode=nightly", 400, "mode: Input should be", ""),
        ("/v1/tonight?as_of=yesterday", 400, "as_of: yesterday is no instant", ""),
        ("/v1/tonight?as_of=2024-03-04T12:00", 400, "as_of: 2024-03-04T12:00 has no time zone", ""),
        ("/v1/record?system=oracle", 400, "system: oracle is unknown: one of moving_average,", ""),
        ("/v1/record?first=2024-03-02&last=2024-03-01", 400, "last=2024-03-01 is before", ""),
        ("/v1/record/rows?first=2024-03-02&last=2026-03-01", 400, "more than", ""),
    ],
    ids=lambda value: value if str(value).startswith("/v1") else "",
)  # fmt: skip
async def test_what_is_not_there_is_refused_with_what_is(path: str, status: int, words: str, remedy: str) -> None:
    """404 with the nearest, 400 with what may be asked."""
    site = Site()
    site.publish(minutes(0), "run.1")
    answered, refused = await site.call("GET", path)
    assert answered == status
    assert words in refused["error"]
    assert refused["remedy"].startswith(remedy)


async def test_a_slate_that_is_not_published_yet_says_when_it_is_due_and_what_is_missing() -> None:
    """By the decisions of its run until then; not late before it is due, late after."""
    site = Site()
    decided = {"attempt": 1, "completeness": 1.0, "quality": 0.95}
    decisions = (
        Decision(step="lines", decision="wait", reason="no lines yet", decided_at=minutes(-60), **decided),
        Decision(step="schedule", decision="proceed", decided_at=minutes(-60), **decided),
        Decision(step="lines", decision="degrade", reason="4 of 6 games", decided_at=minutes(0), **decided),
        Decision(step="rosters", decision="retry", decided_at=minutes(10), **decided),
    )
    site.put(mode=Mode.OVERNIGHT, created_at=minutes(-60), decisions=decisions)
    found = await site.get("/v1/tonight", as_of=written(minutes(5)))
    assert (found["mode"], found["published_at"], found["games"]) == ("overnight", None, [])
    assert datetime.fromisoformat(found["due_at"]) == minutes(30)
    assert found["in_time"] is None
    assert found["missing"] == [{"what": "lines", "why": "4 of 6 games"}]
    found = await site.get("/v1/tonight", as_of=written(minutes(31)))
    assert found["in_time"] is False
    assert found["missing"][1] == {"what": "rosters", "why": "the run decided to retry"}


@pytest.mark.parametrize(("minute", "in_time"), [(30, True), (31, False)])
async def test_a_slate_is_in_time_by_its_first_publication(minute: int, in_time: bool) -> None:  # noqa: FBT001 - a case
    """However often it is published again."""
    site = Site()
    site.publish(minutes(minute), "run.1", mode="overnight")
    site.publish(minutes(90), "run.2", mode="overnight")
    assert (await site.get("/v1/tonight"))["in_time"] is in_time


async def test_without_a_mode_the_one_that_was_published_last_is_shown() -> None:
    """As of the instant: a later publication in another mode is not known yet."""
    site = Site()
    site.publish(minutes(0), "run.1", mode="overnight")
    site.publish(minutes(60), "run.1", mode="same_day")
    assert (await site.get("/v1/tonight"))["mode"] == "same_day"
    assert (await site.get("/v1/tonight", as_of=written(minutes(59))))["mode"] == "overnight"


async def test_without_a_date_where_today_has_nothing_the_latest_runs_slate_is_shown() -> None:
    """Today's, once it has a publication."""
    site = Site()
    site.publish(minutes(0), "run.1")
    site.clock.set(MORNING + timedelta(days=40))
    site.put(mode=Mode.SAME_DAY, steps={"publish": StepState(status=StepStatus.DONE)})
    found = await site.get("/v1/tonight")
    assert (found["game_date"], found["mode"], len(found["games"])) == ("2024-03-04", "same_day", 1)


async def test_an_instant_that_lies_ahead_is_now() -> None:
    """Nothing is known of later."""
    site = Site()
    site.publish(minutes(0), "run.1")
    assert (await site.get("/v1/tonight", as_of="2030-01-01T00:00:00Z"))["as_of"] == site.clock.now().isoformat()


async def test_a_slate_that_nobody_had_asked_for_by_then_is_unknown() -> None:
    """Its run began later; nor is a slate named that was published later."""
    site = Site()
    site.publish(minutes(0), "run.1")
    site.put(mode=Mode.OVERNIGHT, created_at=minutes(10))
    path = f"/v1/tonight?game_date={DAY}&mode=overnight&as_of="
    assert (await site.call("GET", path + written(minutes(10))))[0] == 200
    status, refused = await site.call("GET", path + written(minutes(9)))
    assert (status, refused["remedy"]) == (404, "published are same_day")
    status, refused = await site.call("GET", f"/v1/tonight?game_date=2024-03-01&as_of={written(minutes(-1))}")
    assert (status, refused["remedy"]) == (404, "nothing is published yet")


async def test_a_run_that_was_begun_anew_is_looked_back_to() -> None:
    """As it was first asked for, and with what its earlier generation lacked at that instant."""
    site = Site()
    decided = {"attempt": 1, "completeness": 1.0, "quality": 0.95}
    degraded = Decision(step="lines", decision="degrade", reason="4 of 6 games", decided_at=minutes(0), **decided)
    complete = Decision(step="lines", decision="proceed", decided_at=minutes(45), **decided)
    run = site.put(mode=Mode.OVERNIGHT, created_at=minutes(-60), decisions=(degraded,))
    event = RunRequested(game_date=DAY, mode=Mode.OVERNIGHT, source="test", targets=("publish",), retrospective=True,
                         redo=("lines",))  # fmt: skip
    again, _ = requested(run, event, minutes(40))
    assert again is not None
    assert (again.generation, again.retrospective) == (2, True)
    site.state._put(RUNS, run.key, again.model_copy(update={"decisions": (complete,)}).model_dump(mode="json"))
    path = f"/v1/tonight?game_date={DAY}&mode=overnight&as_of="
    assert (await site.call("GET", path + written(minutes(-61))))[0] == 404
    for at, in_time, missing in (
        (5, None, [{"what": "lines", "why": "4 of 6 games"}]),
        (31, False, [{"what": "lines", "why": "4 of 6 games"}]),
        (46, False, []),
    ):
        found = await site.get("/v1/tonight", game_date=DAY, mode="overnight", as_of=written(minutes(at)))
        assert (found["in_time"], found["missing"]) == (in_time, missing)
