"""Signing in and out, sessions, and forms that nobody else can send."""

from collections.abc import AsyncIterator
from datetime import timedelta
from http import HTTPStatus

import pytest

from services.coordinator.keys import KeyStore
from services.coordinator.page.sign_in import local
from services.coordinator.sessions import CODE_LIFE, CODES, COLLECTION, LONGEST, Sessions
from shared.embedded.clock import VirtualClock
from shared.ports import Ports
from shared.runtime.access import Untrusted
from tests.unit.coordinator.pages import Browser, browsing
from tests.unit.shared.places import API_KEY, VIEWER_KEY

pytestmark = pytest.mark.network
IDLE = timedelta(minutes=60)


@pytest.fixture
async def browser(ports: Ports) -> AsyncIterator[Browser]:
    async with browsing(ports) as browser:
        yield browser


@pytest.fixture
def sessions(ports: Ports) -> Sessions:
    return Sessions(ports.state, KeyStore(ports.state, ports.secrets, ports.clock), ports.clock, idle=IDLE)


def later(ports: Ports, by: timedelta) -> None:
    """Let time pass."""
    assert isinstance(ports.clock, VirtualClock)
    ports.clock.set(ports.clock.now() + by)


async def test_who_has_not_signed_in_is_asked_to_and_led_back(browser: Browser) -> None:
    """A page leads to the form, and the form back to the page with its query."""
    asked = await browser.get("/nights?last=2024-03-04")
    form = asked.form("/sign-in")
    assert (asked.status, form["next"]) == (HTTPStatus.OK, "/nights?last=2024-03-04")
    shown = await browser.post("/sign-in", form | {"key": API_KEY})
    assert (shown.status, shown.path) == (HTTPStatus.OK, "/nights?last=2024-03-04")
    assert "Sign out" in shown.text


async def test_the_cookie_is_for_this_site_alone_and_no_script_sees_it(browser: Browser) -> None:
    """HttpOnly and SameSite=Strict; under https, which a front end may have ended, Secure."""
    form = (await browser.get("/sign-in")).form("/sign-in")
    async with browser.client.post(
        "/sign-in", data=form | {"key": API_KEY}, allow_redirects=False, headers={"X-Forwarded-Proto": "https"}
    ) as answer:
        [cookie] = [each for each in answer.headers.getall("Set-Cookie") if "session" in each]
    assert {"HttpOnly", "SameSite=Strict", "Secure", "Path=/"} <= set(cookie.split("; "))


@pytest.mark.parametrize("key", ["", "nonsense", API_KEY[:-1] + "0"], ids=["none", "nonsense", "wrong"])
async def test_a_wrong_key_is_said_and_nobody_is_in(browser: Browser, key: str) -> None:
    """401 with the form again, which still knows where to go."""
    form = (await browser.get("/sign-in?next=/grid")).form("/sign-in")
    shown = await browser.post("/sign-in", form | {"key": key})
    assert (shown.status, shown.form("/sign-in")["next"]) == (HTTPStatus.UNAUTHORIZED, "/grid")
    assert "API key is wrong" in shown.text
    assert (await browser.get("/nights")).path.startswith("/sign-in")


async def test_signing_in_needs_the_forms_own_token(browser: Browser) -> None:
    """Nobody can be signed in as somebody else from another site."""
    form = (await browser.get("/sign-in")).form("/sign-in") | {"key": API_KEY}
    assert (await browser.post("/sign-in", form | {"csrf": "made up"})).status == HTTPStatus.FORBIDDEN
    foreign = await browser.post("/sign-in", form, **{"Sec-Fetch-Site": "cross-site"})
    assert foreign.status == HTTPStatus.FORBIDDEN


async def test_signing_out_ends_the_session_itself(browser: Browser, ports: Ports) -> None:
    """Not only the cookie goes: whoever has kept it is out."""
    shown = await browser.sign_in()
    [kept] = await ports.state.list(COLLECTION)
    assert API_KEY not in str(kept)
    out = await browser.post("/sign-out", shown.form("/sign-out"))
    assert out.path == "/sign-in"
    assert await ports.state.list(COLLECTION) == []


async def test_signing_out_needs_the_forms_own_token(browser: Browser) -> None:
    """Nobody else signs somebody out."""
    await browser.sign_in()
    assert (await browser.post("/sign-out", {"csrf": "made up"})).status == HTTPStatus.FORBIDDEN
    assert (await browser.get("/nights")).path == "/nights"


async def test_a_link_signs_in_once(browser: Browser, ports: Ports) -> None:
    """Whoever has a key gets a link; it goes on by itself, and a second time it is no way in."""
    async with browser.client.post("/v1/sign-in-links", headers={"X-API-Key": VIEWER_KEY}) as answer:
        assert answer.status == HTTPStatus.CREATED
        link = (await answer.json())["path"]
    [code] = await ports.state.list(CODES)
    assert code.id not in link
    shown = await browser.get(f"{link}&next=/nights")
    assert (shown.status, shown.headers["Refresh"]) == (HTTPStatus.OK, "0; url=/nights")
    assert "viewer" in (await browser.get("/nights")).text
    browser.client.session.cookie_jar.clear()
    again = await browser.get(link)
    assert (again.status, "has been used" in again.text) == (HTTPStatus.UNAUTHORIZED, True)


async def test_whoever_asks_with_a_key_or_a_token_needs_no_session(browser: Browser) -> None:
    """The platform's identity headers count as they do for the API."""
    shown = await browser.get("/nights", **{"X-API-Key": API_KEY})
    assert (shown.status, "Sign out" in shown.text) == (HTTPStatus.OK, False)


async def test_a_session_lives_as_long_as_it_is_used(sessions: Sessions, ports: Ports) -> None:
    """An hour without use ends it; use carries it on, though not for ever; looking on is no use."""
    token = (await sessions.begin(API_KEY)).token
    for _ in range(3):
        later(ports, IDLE - timedelta(minutes=1))
        assert await sessions.find(token) is not None
    later(ports, IDLE - timedelta(minutes=1))
    assert await sessions.find(token, used=False) is not None
    later(ports, timedelta(minutes=1))
    assert await sessions.find(token) is None

    token, passed = (await sessions.begin(API_KEY)).token, timedelta(0)
    while passed < LONGEST:
        assert await sessions.find(token) is not None
        later(ports, IDLE / 2)
        passed += IDLE / 2
    assert await sessions.find(token) is None


async def test_a_revoked_key_ends_its_sessions(sessions: Sessions, ports: Ports) -> None:
    """The key is looked up at each request."""
    keys = KeyStore(ports.state, ports.secrets, ports.clock)
    token = (await sessions.begin(VIEWER_KEY)).token
    await keys.end(VIEWER_KEY.split("_")[1], revoke=True, at=ports.clock.now())
    sessions._keys._cached.clear()
    assert await sessions.find(token) is None


async def test_what_has_ended_is_forgotten(sessions: Sessions, ports: Ports) -> None:
    """At the next sign-in, links too."""
    caller = (await sessions.begin(API_KEY)).caller
    await sessions.new_code(caller)
    later(ports, IDLE)
    await sessions.begin(API_KEY)
    assert (len(await ports.state.list(COLLECTION)), await ports.state.list(CODES)) == (1, [])


async def test_a_link_is_soon_too_old(sessions: Sessions, ports: Ports) -> None:
    """And one that somebody made up begins nothing."""
    code = await sessions.new_code((await sessions.begin(API_KEY)).caller)
    later(ports, CODE_LIFE)
    assert await sessions.begin_by_code(code) is None
    assert await sessions.begin_by_code("made up") is None


async def test_only_a_key_begins_a_session(sessions: Sessions) -> None:
    """What is no key raises as it does for the API."""
    with pytest.raises(Untrusted, match="wrong"):
        await sessions.begin("nonsense")


@pytest.mark.parametrize(
    "given",
    ["", "https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example", "javascript:alert(1)", "/a\r\nb"],
    ids=["empty", "url", "host", "backslash", "script", "header"],
)
def test_nobody_is_led_elsewhere(given: str) -> None:
    """Where somebody goes after signing in is a path of ours, or the first page."""
    assert local(given) == "/"


def test_a_path_of_ours_is_kept_with_its_query() -> None:
    """As it was."""
    assert local("/nights/2024-03-04.overnight?step=lines") == "/nights/2024-03-04.overnight?step=lines"


@pytest.mark.parametrize(("theme", "kept"), [("dark", "dark"), ("made up", "auto")])
async def test_a_theme_is_kept(browser: Browser, theme: str, kept: str) -> None:
    """Without JavaScript too; another than the three is none."""
    shown = await browser.post("/theme", {"theme": theme, "next": "/sign-in"})
    assert f'data-theme="{kept}"' in shown.text


async def test_a_broken_stream_can_ask_whether_the_session_lives(browser: Browser) -> None:
    """204 or 401."""
    assert (await browser.get("/session")).status == HTTPStatus.UNAUTHORIZED
    await browser.sign_in()
    assert (await browser.get("/session")).status == HTTPStatus.NO_CONTENT
