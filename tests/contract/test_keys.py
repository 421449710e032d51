"""The key store: who holds a key, and for how long, whatever keeps the documents."""

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, cast

import pytest

from services.coordinator.keys import CACHED_SECONDS, COLLECTION, Key, KeyStore, first_keys, new_key
from shared.embedded.secrets import EnvironmentSecrets
from shared.errors import AlreadyExists, Permanent, Transient
from shared.ports import Document, StateStore
from shared.registries.keys import SCHEDULES, Role, hashed, made
from shared.runtime.access import Caller, Untrusted
from tests.clock import NOON, FakeClock

KEPT, FIRST = made("set-up", Role.ADMIN)
OTHER, _ = made("other", Role.ADMIN)
DAY = timedelta(days=1)
OpenState = Callable[[], Awaitable[StateStore]]


async def nothing() -> None:
    """What most stores do beside reading."""


class Around:
    """A store with something before and after each reading of a document."""

    def __init__(self, state: StateStore) -> None:
        self._state = state
        self.before: Callable[[], Awaitable[object]] = nothing
        self.after: Callable[[], Awaitable[object]] = nothing

    async def get(self, collection: str, id_: str) -> Document | None:
        """As the store."""
        await self.before()
        document = await self._state.get(collection, id_)
        await self.after()
        return document

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - everything else as the store
        return getattr(self._state, name)


def secrets(*kept: Mapping[str, object]) -> EnvironmentSecrets:
    """The secret with the first keys."""
    return EnvironmentSecrets({"TIPOFF_SECRET_FIRST_KEYS": json.dumps(kept)})


def opened(state: StateStore, clock: FakeClock, *kept: Mapping[str, object]) -> KeyStore:
    """The keys of an instance of the coordinator."""
    return KeyStore(state, secrets(*(kept or (KEPT,))), clock)


@pytest.fixture
def time() -> FakeClock:
    return FakeClock()


@pytest.fixture
def keys(state: StateStore, time: FakeClock) -> KeyStore:
    return opened(state, time)


async def add(keys: KeyStore, name: str = "ann", role: Role = Role.OPERATOR, **given: object) -> tuple[Key, str]:
    """A new key that is kept."""
    key, text = new_key(name, role, created_at=NOON, created_by="tests", **given)
    await keys.create(key)
    return key, text


async def refusal(keys: KeyStore, given: str) -> str:
    """Why nobody is known by it."""
    with pytest.raises(Untrusted) as refused:
        await keys.caller(given)
    assert refused.value.status is HTTPStatus.UNAUTHORIZED
    return str(refused.value)


async def test_a_key_has_a_name_and_a_role(keys: KeyStore, state: StateStore) -> None:
    """A first one, and one of each role; of none the secret is kept."""
    assert await keys.caller(FIRST) == Caller("set-up", Role.ADMIN)
    for role in Role:
        key, text = await add(keys, f"the-{role}", role)
        assert await keys.caller(text) == Caller(f"the-{role}", role)
        assert await keys.get(key.id) == key
        document = await state.get(COLLECTION, key.id)
        assert document is not None
        assert text[-43:] not in json.dumps(document.data)
        assert document.data["hash"] == hashed(text[-43:])


async def test_what_is_no_key_is_nobodys(keys: KeyStore) -> None:
    """Another secret, another id, another's secret, one cut short, with something before or after it."""
    (_, ann), (_, bob) = await add(keys), await add(keys, "bob")
    id_, secret = ann[7:23], ann[24:]
    for given in (
        "", " ", "tipoff", id_, secret, ann[:-1], ann + "x", ann + "\n", f" {ann}", ann.upper(), f"{ann},{bob}",
        f"tipoff_{id_}_{bob[24:]}", f"tipoff_{bob[7:23]}_{secret}", f"tipoff_{id_}_{'x' * 43}",
        f"tipoff_{'0' * 16}_{secret}", f"tipoff_{id_}_{hashed(secret)}", "é" * 67, "\udcff" * 67,
    ):  # fmt: skip
        assert await refusal(keys, given) == "API key is wrong"
    assert (await keys.caller(ann)).actor == "ann"


async def test_a_key_expires_at_its_instant(keys: KeyStore, time: FakeClock) -> None:
    """It counts until then, and from then on no longer, whatever is cached."""
    key, text = await add(keys, expires_at=NOON + DAY)
    time.set(NOON + DAY - timedelta(microseconds=1))
    assert (await keys.caller(text)).actor == "ann"
    time.set(NOON + DAY)
    assert await refusal(keys, text) == f"API key ann ({key.id}) is expired"


async def test_a_revocation_holds_within_a_minute_everywhere(open_state: OpenState, time: FakeClock) -> None:
    """At once where it was made; in an instance that has just asked for the key, after half a minute."""
    here, there = opened(await open_state(), time), opened(await open_state(), time)
    key, text = await add(here)
    await there.caller(text)
    ended = await here.end(key.id, revoke=True, at=time.now())
    assert (ended.revoked_at, ended.status(NOON)) == (NOON, "revoked")
    assert await refusal(here, text) == f"API key ann ({key.id}) is revoked"
    time.elapsed = CACHED_SECONDS - 0.1
    assert (await there.caller(text)).actor == "ann"
    time.elapsed = CACHED_SECONDS
    assert await refusal(there, text) == f"API key ann ({key.id}) is revoked"
    assert CACHED_SECONDS < 60


async def test_a_key_that_was_read_before_it_was_revoked_is_not_kept_for_longer(
    open_state: OpenState, time: FakeClock
) -> None:
    """Half a minute from when it was asked for, not from when the slow answer came."""
    slow = Around(await open_state())
    keys = opened(cast("StateStore", slow), time)
    key, text = await add(keys)

    async def slowly() -> None:
        time.elapsed += 20.0

    slow.after = slowly
    await keys.caller(text)
    slow.after = nothing
    await opened(await open_state(), time).end(key.id, revoke=True, at=NOON)
    time.elapsed = CACHED_SECONDS
    assert await refusal(keys, text) == f"API key ann ({key.id}) is revoked"


async def test_a_key_made_elsewhere_counts_at_once(open_state: OpenState, time: FakeClock) -> None:
    """That it was unknown a moment ago is not remembered."""
    here, there = opened(await open_state(), time), opened(await open_state(), time)
    key, text = new_key("ann", Role.VIEWER)
    assert await refusal(there, text) == "API key is wrong"
    await here.create(key)
    assert (await there.caller(text)).actor == "ann"


async def test_rotation_overlaps(keys: KeyStore, time: FakeClock) -> None:
    """Both keys count until the old one's hour has come; one that ends sooner by itself keeps its hour."""
    (old, old_text), (soon, _) = await add(keys), await add(keys, expires_at=NOON + timedelta(hours=1))
    new, new_text = new_key("ann", Role.OPERATOR)
    assert (await keys.replace(old.id, new, at=NOON + DAY)).expires_at == NOON + DAY
    for text in (old_text, new_text):
        assert (await keys.caller(text)).actor == "ann"
    time.set(NOON + DAY)
    assert await refusal(keys, old_text) == f"API key ann ({old.id}) is expired"
    assert (await keys.caller(new_text)).actor == "ann"
    assert (await keys.end(soon.id, revoke=False, at=NOON + DAY)) == soon


async def test_a_rotation_that_fails_leaves_no_key(keys: KeyStore) -> None:
    """The key nobody was shown is gone, and the last admin's stays."""
    for replaced, words in (("0" * 16, "no API key has the id"), (KEPT["id"], "is the last one of an admin")):
        key, text = new_key("ann", Role.OPERATOR)
        with pytest.raises(Permanent, match=words):
            await keys.replace(replaced, key, at=NOON)
        assert await refusal(keys, text) == "API key is wrong"
    assert [key.name for key in await keys.list()] == ["set-up"]


async def test_a_first_key_is_revoked_as_any_other(open_state: OpenState, time: FakeClock) -> None:
    """What the store says of it goes before the secret, which nobody has to change."""
    keys = opened(await open_state(), time)
    await add(keys, "ann", Role.ADMIN)
    await keys.caller(FIRST)
    await keys.end(KEPT["id"], revoke=True, at=NOON)
    for instance in (keys, opened(await open_state(), time)):
        assert await refusal(instance, FIRST) == f"API key set-up ({KEPT['id']}) is revoked"
        assert [(key.name, key.status(NOON)) for key in await instance.list()] == [
            ("ann", "active"),
            ("set-up", "revoked"),
        ]


async def test_what_has_ended_stays_as_it_is(keys: KeyStore) -> None:
    """A second revocation keeps the first one's instant, and a rotation of a revoked key changes nothing."""
    key, _ = await add(keys)
    ended = await keys.end(key.id, revoke=True, at=NOON)
    assert await keys.end(key.id, revoke=True, at=NOON + DAY) == ended
    assert await keys.end(key.id, revoke=False, at=NOON + DAY) == ended
    assert await keys.get(key.id) == ended


async def test_the_last_admins_key_stays(keys: KeyStore, time: FakeClock) -> None:
    """Nobody could make another; a key that has ended by then is no other, and neither is an operator's."""
    await add(keys, "op", Role.OPERATOR)
    await add(keys, "short", Role.ADMIN, expires_at=NOON + DAY)
    gone, _ = await add(keys, "gone", Role.ADMIN)
    await keys.end(gone.id, revoke=True, at=NOON)
    time.set(NOON + DAY)
    for revoke in (True, False):
        with pytest.raises(Permanent, match=r"set-up \(.*\) is the last one of an admin: make another first: `tipoff"):
            await keys.end(KEPT["id"], revoke=revoke, at=NOON + DAY)
    assert (await keys.caller(FIRST)).role is Role.ADMIN
    new, text = new_key("ann", Role.ADMIN)
    await keys.replace(KEPT["id"], new, at=NOON + DAY)
    assert (await keys.caller(text)).role is Role.ADMIN
    assert await refusal(keys, FIRST) == f"API key set-up ({KEPT['id']}) is expired"


async def test_two_who_end_a_key_at_once(open_state: OpenState, time: FakeClock) -> None:
    """The second is asked to try again, of a first key as of any other; it is revoked once."""
    key, _ = await add(opened(await open_state(), time), "ann", Role.ADMIN)
    for id_ in (key.id, KEPT["id"]):
        late, other = Around(await open_state()), opened(await open_state(), time, KEPT, OTHER)
        late.after = partial(other.end, id_, revoke=True, at=NOON)
        with pytest.raises(Transient, match=f"API key {id_} is being changed by another"):
            await opened(cast("StateStore", late), time, KEPT, OTHER).end(id_, revoke=True, at=NOON + DAY)
        ended = await opened(await open_state(), time).get(id_)
        assert ended is not None
        assert ended.revoked_at == NOON


async def test_forged_ids_fill_no_memory(keys: KeyStore) -> None:
    """Not one of them is remembered, and none drives out what is known."""
    _, text = await add(keys)
    await keys.caller(text)
    for number in range(50):
        await refusal(keys, f"tipoff_{number:016x}_{text[24:]}")
    assert len(keys._cached) == 1


async def test_a_store_that_is_away_is_transient(open_state: OpenState, time: FakeClock) -> None:
    """A key that was just looked up goes on counting; of any other nobody can say."""
    store = Around(await open_state())
    keys = opened(cast("StateStore", store), time)
    (_, known), (_, other) = await add(keys), await add(keys, "bob")
    await keys.caller(known)

    async def away() -> None:
        raise Transient("the store is away")

    store.before = away
    assert (await keys.caller(known)).actor == "ann"
    for given in (other, FIRST, f"tipoff_{'0' * 16}_{'x' * 43}"):
        with pytest.raises(Transient, match="away"):
            await keys.caller(given)
    assert await refusal(keys, "no key") == "API key is wrong"  # nothing has to be asked for that
    time.elapsed = CACHED_SECONDS
    with pytest.raises(Transient, match="away"):
        await keys.caller(known)


async def test_without_the_secret_stored_keys_count(state: StateStore, time: FakeClock) -> None:
    """The secret is asked for what the store does not have."""
    keys = KeyStore(state, EnvironmentSecrets({}), time)
    _, text = await add(keys)
    assert (await keys.caller(text)).actor == "ann"
    with pytest.raises(Permanent, match="secret 'first-keys' is missing"):
        await keys.caller(FIRST)


@pytest.mark.parametrize(
    "change", [{"role": "god"}, {"hash": "secret"}, {"expires_at": "2024-03-04T12:00:00"}, {"id": "x"}, {"more": 1}]
)
async def test_what_cannot_be_read_is_no_key(state: StateStore, time: FakeClock, change: dict[str, Any]) -> None:
    """In the store and in the secret: `Permanent`, which names the document or the secret and quotes nothing of it."""
    key, text = new_key("ann", Role.ADMIN)
    spoilt = key.model_dump(mode="json") | change
    await state.create(COLLECTION, key.id, spoilt)
    with pytest.raises(Permanent, match=f"{COLLECTION}/{key.id}") as error:
        await opened(state, time).caller(text)
    assert key.hash not in str(error.value)
    with pytest.raises(Permanent, match="secret first-keys is no list of keys") as error:
        first_keys(json.dumps([spoilt]))
    assert key.hash not in str(error.value)


@pytest.mark.parametrize("name", ["", "Ann", "ann b", "-ann", "a" * 41, "é", "ann\n", "ann@demo", SCHEDULES])
def test_a_name_is_no_other_callers(name: str) -> None:
    """Small letters, digits and -: neither an account's address nor the schedules'."""
    with pytest.raises(Permanent, match="cannot be a key's name"):
        new_key(name, Role.VIEWER)


async def test_a_key_is_made_once(keys: KeyStore) -> None:
    """An id that is taken is refused."""
    key, _ = await add(keys)
    with pytest.raises(AlreadyExists):
        await keys.create(key)
