"""API keys: each has a name and a role, and only a hash of its secret is kept.

The first keys are in a secret that set-up writes, all others in the state store, where a change of a first one is, too.
"""

import hmac
from datetime import datetime
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from shared.errors import AlreadyExists, Conflict, Permanent, Transient
from shared.ports import Clock, Secrets, StateStore
from shared.registries.keys import KEY, NAME, Role, hashed, made
from shared.registries.secrets import FIRST_KEYS
from shared.runtime.access import Caller, Untrusted

COLLECTION = "api_keys"
CACHED_SECONDS = 30.0
"""How long a key counts as it was when it was last looked up: a revocation holds after that at the latest."""
_MOST_CACHED = 1000


class Key(BaseModel):
    """A key without its secret."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str
    name: str
    role: Role
    hash: str
    created_at: datetime | None = None
    """None of the first keys."""
    created_by: str = "set-up"
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def refusal(self, now: datetime) -> str:
        """Why it counts no longer; empty if it does."""
        if self.revoked_at is not None:
            return f"API key {self.name} ({self.id}) was revoked"
        if self.expires_at is not None and now >= self.expires_at:
            return f"API key {self.name} ({self.id}) expired at {self.expires_at.isoformat()}"
        return ""


def new_key(name: str, role: Role, **given: Any) -> tuple[Key, str]:  # noqa: ANN401 - any other field
    """A key as it is kept, and as its owner gets it, once.

    Raises:
        Permanent: the name is none.
    """
    if not NAME.fullmatch(name):
        raise Permanent(f"{name!r} cannot be a key's name", remedy="use up to 40 small letters, digits and -")
    fields, text = made(name, role)
    return Key.model_validate(fields | given), text


_FIRST = TypeAdapter(tuple[Key, ...])


def first_keys(text: str) -> dict[str, Key]:
    """The keys of the secret, by id.

    Raises:
        Permanent: it holds no keys; the message quotes nothing of it.
    """
    try:
        return {key.id: key for key in _FIRST.validate_json(text)}
    except ValidationError:
        raise Permanent(f"secret {FIRST_KEYS} is no list of keys", remedy="run deploy/setup.sh") from None


class KeyStore:
    """All keys: who holds one, and how they are made and revoked."""

    def __init__(self, state: StateStore, secrets: Secrets, clock: Clock) -> None:
        self._state = state
        self._secrets = secrets
        self._clock = clock
        self._cached: dict[str, tuple[float, Key | None]] = {}

    async def caller(self, given: str) -> Caller:
        """Whose key it is.

        Raises:
            Untrusted: it is no key, or one no longer.
            Transient: the store cannot be asked at present.
        """
        match = KEY.fullmatch(given)
        key = None if match is None else await self._known(match[1])
        if match is None or key is None or not hmac.compare_digest(key.hash, hashed(match[2])):
            raise Untrusted(HTTPStatus.UNAUTHORIZED, "API key is wrong")
        refusal = key.refusal(self._clock.now())
        if refusal:
            raise Untrusted(HTTPStatus.UNAUTHORIZED, refusal)
        return Caller(key.name, key.role)

    async def list(self) -> list[Key]:
        """Every key there is or was, by name."""
        stored = [Key.model_validate(document.data) for document in await self._state.list(COLLECTION)]
        keys = await self._first() | {key.id: key for key in stored}
        return sorted(keys.values(), key=lambda key: (key.name, key.id))

    async def create(self, key: Key) -> None:
        """Keep a key."""
        await self._state.create(COLLECTION, key.id, key.model_dump(mode="json"))

    async def end(self, id_: str, *, revoke: bool, at: datetime) -> Key:
        """Revoke a key, or let it expire at an instant; what has ended before stays as it is.

        Raises:
            Permanent: there is no such key.
            Transient: another changes it at this moment.
        """
        document = await self._state.get(COLLECTION, id_)
        key = (await self._first()).get(id_) if document is None else Key.model_validate(document.data)
        if key is None:
            raise Permanent(f"no API key has the id {id_}", remedy="`tipoff keys list` shows them")
        if revoke:
            change = {"revoked_at": at if key.revoked_at is None else key.revoked_at}
        else:
            change = {"expires_at": at if key.expires_at is None else min(at, key.expires_at)}
        ended = key.model_copy(update=change)
        data = ended.model_dump(mode="json")
        try:
            if document is None:
                await self._state.create(COLLECTION, id_, data)
            else:
                await self._state.compare_and_set(COLLECTION, id_, data, version=document.version)
        except (AlreadyExists, Conflict) as error:
            raise Transient(f"API key {id_} is being changed by another") from error
        self._cached.pop(id_, None)
        return ended

    async def _known(self, id_: str) -> Key | None:
        now = self._clock.monotonic()
        at, key = self._cached.get(id_, (-CACHED_SECONDS, None))
        if now - at < CACHED_SECONDS:
            return key
        document = await self._state.get(COLLECTION, id_)
        key = (await self._first()).get(id_) if document is None else Key.model_validate(document.data)
        if len(self._cached) >= _MOST_CACHED:  # whoever tries ids at random fills no memory
            self._cached.clear()
        self._cached[id_] = now, key
        return key

    async def _first(self) -> dict[str, Key]:
        return first_keys((await self._secrets.get(FIRST_KEYS)).get_secret_value())
