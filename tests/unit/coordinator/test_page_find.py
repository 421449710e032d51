"""The search for players: to the one who is called so, or to those who may be meant, in the slate that is looked at."""

from datetime import UTC, datetime
from http import HTTPStatus

import pytest

from services.coordinator.page import find
from services.coordinator.page.find import FindQuery
from services.coordinator.page.page import VISITOR, Visit
from shared.ports import Ports
from tests.unit.coordinator import documents
from tests.unit.coordinator.pages import browsing
from tests.unit.coordinator.test_page_people import Read, page
from tests.unit.coordinator.test_page_public import SLATE, CountingWarehouse, publish

pytestmark = pytest.mark.network
Published = tuple[Ports, CountingWarehouse]
THERE = {"game_date": documents.DATE, "mode": documents.MODE}
THEN = "2024-03-05T12:00"


@pytest.fixture
async def published(ports: Ports) -> Published:
    return await publish(ports)


@pytest.mark.parametrize("words", ["jokic", "JOKIĆ", "nik jok", "203999", "  jokic "], ids=str)
async def test_one_who_is_called_so_is_led_to(published: Published, words: str) -> None:
    """Without accents, by part or by id; the slate is kept, and the warehouse is asked nothing."""
    ports, warehouse = published
    async with browsing(ports, public_pages=True) as browser:
        before = len(warehouse.asked)
        shown = await browser.get(f"/players?{SLATE}&query={words}")
        assert (shown.status, shown.path) == (HTTPStatus.OK, f"/players/203999?{SLATE}")
        assert warehouse.asked[before:] == []


@pytest.mark.parametrize(
    ("words", "heading", "linked"),
    [("", "Find a player", 0), ("   ", "Find a player", 0), ("jokci", "Nobody is called “jokci”", 1),
     ("<b>zzz", "Nobody is called “<b>zzz”", 0), (".", "Nobody is called “.”", 0)],
    ids=["nothing", "blanks", "near", "nobody", "point"],
)  # fmt: skip
async def test_who_may_be_meant_is_shown(
    published: Published,
    words: str,
    heading: str,
    linked: int,
) -> None:
    """A name that is only near leads nowhere by itself; what was written is text, in the field, too."""
    async with browsing(published[0], public_pages=True) as browser:
        shown = await browser.get(f"/players?{SLATE}&query={words}")
    read = Read(shown.text)
    assert shown.status == HTTPStatus.OK
    assert heading in read.words
    assert len([link for link in read.links if link.startswith("/players/")]) == linked
    assert f"/?{SLATE}" in read.links
    [field] = [each for each in read.fields if each.get("name") == "query"]
    assert field["value"] == words


async def test_what_is_too_long_is_refused_in_words(published: Published) -> None:
    """And the search that is offered then asks for nothing of it again."""
    async with browsing(published[0], public_pages=True) as browser:
        shown = await browser.get(f"/players?{SLATE}&query={'x' * 101}")
    assert (shown.status, "at most 100 characters" in shown.text) == (HTTPStatus.BAD_REQUEST, True)
    assert shown.form("/players") == {"query": ""}


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        (f"/?{SLATE}", THERE),
        (f"/?{SLATE}&as_of={THEN}", THERE | {"as_of": THEN}),
        (f"/record?mode=overnight&as_of={THEN}", {"as_of": THEN}),
        (f"/players/999?{SLATE}", THERE),
        ("/?as_of=yesterday", {}),
        ("/nowhere?mode=overnight", {}),
    ],
    ids=["tonight", "then", "record", "unknown player", "refused", "nowhere"],
)  # fmt: skip
async def test_the_slate_that_is_looked_at_is_searched(
    published: Published,
    path: str,
    kept: dict[str, str],
) -> None:
    """And no other page's mode is taken for its own."""
    async with browsing(published[0], public_pages=True) as browser:
        shown = await browser.get(path, Accept="text/html")
        assert shown.form("/players") == kept | {"query": ""}


async def test_who_may_not_see_players_gets_no_search(published: Published) -> None:
    """Where nothing is public, before he has signed in."""
    async with browsing(published[0]) as browser:
        assert 'role="search"' not in (await browser.get("/sign-in")).text
        assert (await browser.get("/players?query=jokic")).path.startswith("/sign-in")
        assert 'role="search"' in (await browser.sign_in()).text


class Many:
    """An API in which everybody fits."""

    async def get(self, *_: object, **__: object) -> list[dict[str, object]]:
        """Sixty of them."""
        return [{"player_id": n, "player_name": f"Player {n}", "team": "DEN", "is_near": False} for n in range(1, 61)]


async def test_of_very_many_the_first_are_shown() -> None:
    """With how many there are; each keeps the instant."""
    query = FindQuery.model_validate({"query": "e", "as_of": "2024-03-04T20:00:00+00:00"})
    now = datetime(2024, 3, 5, tzinfo=UTC)
    visit = Visit(VISITOR, query, {}, Many(), now)  # type: ignore[arg-type]  # what the handler asks of it
    read = page("players.html", await find.find(visit))
    assert "60 players fit “e”" in read.words
    assert "The first 50 by name" in read.words
    links = [link for link in read.links if link.startswith("/players/")]
    assert len(links) == 50
    assert all("as_of=2024-03-04T20" in link for link in links)
