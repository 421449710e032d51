"""Tonight, a player and the record as the service serves them: from documents, to everybody where that is set."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest

from services.coordinator.documents import keys
from services.coordinator.documents.store import packed
from shared.ports import Ports
from tests.unit.coordinator import documents
from tests.unit.coordinator.pages import browsing
from tests.unit.coordinator.test_api_published import MORNING
from tests.unit.coordinator.test_page_people import Read
from tests.unit.shared.places import API_KEY

pytestmark = pytest.mark.network

SLATE = f"game_date={documents.DATE}&mode={documents.MODE}"
PAGES = (f"/?{SLATE}", f"/players/203999?{SLATE}", "/record")


class CountingWarehouse:
    """Notes what is asked."""

    def __init__(self, inner: Any) -> None:  # noqa: ANN401 - a warehouse
        self.inner = inner
        self.asked: list[str] = []

    async def query(self, statement: str, params: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - rows
        self.asked.append(statement)
        return await self.inner.query(statement, params)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever else the port has
        return getattr(self.inner, name)


@pytest.fixture
async def published(ports: Ports) -> tuple[Ports, CountingWarehouse]:
    return await publish(ports)


async def publish(ports: Ports) -> tuple[Ports, CountingWarehouse]:
    """A slate that is published, and a warehouse that counts."""
    at = MORNING - timedelta(hours=1)
    stamp = keys.stamped(at, documents.RUN)
    card = {"game": documents.card(published_at=at.isoformat()), "edges": [documents.edge()], "changes": []}
    for folder, document in (
        (f"{keys.games(documents.DATE, documents.MODE)}{documents.GAME}/", documents.game()),  # type: ignore[arg-type]  # a date as text is written alike
        (f"{keys.cards(documents.DATE, documents.MODE)}{documents.GAME}/", card),  # type: ignore[arg-type]  # as above
        (keys.publications(documents.DATE, documents.MODE), {}),  # type: ignore[arg-type]  # as above
    ):
        await ports.archive.put(f"{folder}{stamp}", packed(document))
    warehouse = CountingWarehouse(ports.warehouse)
    return replace(ports, warehouse=warehouse), warehouse  # type: ignore[arg-type]  # has every method of the port


async def test_the_three_pages_are_everybodys_where_that_is_set_and_ask_the_warehouse_nothing(
    published: tuple[Ports, CountingWarehouse],
) -> None:
    """And lead nobody to what is not."""
    ports, warehouse = published
    async with browsing(ports, public_pages=True) as browser:
        before = len(warehouse.asked)
        for path in PAGES:
            shown = await browser.get(path)
            assert (shown.status, shown.path) == (HTTPStatus.OK, path)
            assert not [link for link in Read(shown.text).links if link.startswith(("/nights", "/record/"))]
        assert warehouse.asked[before:] == []
        assert (await browser.get("/record/rows.csv")).path.startswith("/sign-in")
        assert (await browser.get("/record/picks")).path.startswith("/sign-in")


async def test_strangers_share_a_limit_that_leaves_those_with_a_key_alone(
    published: tuple[Ports, CountingWarehouse],
) -> None:
    """Whoever asks fast in public mode takes nothing from the operators."""
    async with browsing(published[0], public_pages=True, requests_per_second=0.1) as browser:
        seen = [await browser.get(PAGES[0]) for _ in range(2)]
        assert [each.status for each in seen] == [HTTPStatus.OK, HTTPStatus.TOO_MANY_REQUESTS]
        assert "everybody without a session asks more than 0.1 times a second" in seen[-1].text
        assert (await browser.get(PAGES[0], **{"X-API-Key": API_KEY})).status == HTTPStatus.OK


async def test_the_three_pages_ask_for_a_session_where_nothing_is_set(
    published: tuple[Ports, CountingWarehouse],
) -> None:
    """Public is off by default."""
    async with browsing(published[0]) as browser:
        for path in PAGES:
            assert (await browser.get(path)).path.startswith("/sign-in")


async def test_a_player_who_is_not_there_is_a_page_with_links(published: tuple[Ports, CountingWarehouse]) -> None:
    """From the names of the slate, whatever the accents."""
    async with browsing(published[0], public_pages=True) as browser:
        shown = await browser.get(f"/players/jokic?{SLATE}")
        assert shown.status == HTTPStatus.NOT_FOUND
        assert f"/players/203999?{SLATE}" in Read(shown.text).links
