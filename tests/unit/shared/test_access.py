"""Who asks, where no token has to be verified; `tests/integration/test_credentials.py` has all that is refused."""

from http import HTTPStatus

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from shared.errors import Permanent, TipoffError, Transient
from shared.registries.keys import Role
from shared.runtime.access import KEY_HEADER, Access, Caller, Untrusted
from shared.runtime.settings import CommonSettings, load


class Keys:
    """One key, or an outage."""

    def __init__(self, role: Role = Role.VIEWER, failure: TipoffError | None = None) -> None:
        self._role = role
        self._failure = failure

    async def caller(self, given: str) -> Caller:
        """Its owner."""
        if self._failure is not None:
            raise self._failure
        return Caller(given, self._role)


def request(remote: str = "127.0.0.1", **headers: str) -> web.Request:
    """A request from an address."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return make_mocked_request("GET", "/", headers=named).clone(remote=remote)


def access(keys: Keys | None = None, **settings: str) -> Access:
    """As of a service that runs with these settings."""
    return Access(load(CommonSettings, **settings), keys)


async def refused(known: Access, asking: web.Request) -> HTTPStatus:
    """How it is refused."""
    with pytest.raises(Untrusted) as untrusted:
        await known.caller(asking)
    return untrusted.value.status


@pytest.mark.parametrize("remote", ["127.0.0.1", "127.8.8.8", "::1"])
async def test_this_machine_may_look_where_nobody_is_known(remote: str) -> None:
    """A service without keys and accounts is a local one: its own machine is a viewer, and no more."""
    assert await access().caller(request(remote)) == Caller("this machine", Role.VIEWER)
    with pytest.raises(Untrusted, match="this machine is viewer, this takes operator"):
        await access().require(request(remote), Role.OPERATOR)


@pytest.mark.parametrize(
    "asking",
    [
        request("10.0.0.7"),
        request("169.254.8.1"),
        request("::ffff:10.0.0.7"),
        request(""),
        request("localhost"),
        request(X_Forwarded_For="203.0.113.9"),
        request(X_Forwarded_For=""),
        request(Forwarded="for=203.0.113.9"),
        request(X_API_Key="x"),
        request(Authorization="Bearer x"),
        request(Authorization=""),
        request(X_Serverless_Authorization="Bearer x"),
    ],
    ids=lambda asking: f"{asking.remote} {dict(asking.headers)}",
)
async def test_nobody_else_may(asking: web.Request) -> None:
    """Another machine, one behind a proxy on this one, and who gives a credential that nobody can check: 401."""
    assert await refused(access(), asking) is HTTPStatus.UNAUTHORIZED


async def test_this_machine_is_nobody_where_callers_are_known() -> None:
    """With keys a key is needed, and with accounts a token; pushes are no callers."""
    people = access(people_audience="people", viewers="vic@demo")
    pushed = access(delivery="push", push_audience="push", push_emails="push@demo")
    async for _ in people.running(web.Application()):
        assert await refused(people, request()) is HTTPStatus.UNAUTHORIZED
        with pytest.raises(Untrusted, match="takes no pushes"):
            await people.require_push(request())
    async for _ in pushed.running(web.Application()):
        assert (await pushed.caller(request())).actor == "this machine"
    assert await refused(access(Keys()), request()) is HTTPStatus.UNAUTHORIZED


async def test_a_role_does_what_those_below_it_may() -> None:
    """And 403 names who asks, his role and the one that it takes."""
    for role in Role:
        for needed in Role:
            known, asking = access(Keys(role)), request(**{KEY_HEADER: "ann"})
            if list(Role).index(role) >= list(Role).index(needed):
                assert await known.require(asking, needed) == Caller("ann", role)
            else:
                with pytest.raises(Untrusted, match=f"ann is {role}, this takes {needed}") as untrusted:
                    await known.require(asking, needed)
                assert untrusted.value.status is HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("failure", [Transient("store at 10.0.0.7 away"), Permanent("no secret", remedy="/srv/.env")])
async def test_an_outage_says_nothing_of_itself(failure: TipoffError) -> None:
    """`Transient`, whatever it is: with a credential that may be good nobody is refused for our trouble."""
    with pytest.raises(Transient, match=r"^who asks cannot be found out at present$"):
        await access(Keys(failure=failure)).caller(request(**{KEY_HEADER: "ann"}))
