"""API keys: each has a name and a role, and only a hash of its secret is kept.

The first keys are in a secret that set-up writes, all others in the state store, where a change of a first one is, too.
"""

import hmac
import re
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from shared.errors import AlreadyExists, Conflict, Permanent, TipoffError, Transient
from shared.ports import Clock, Document, Secrets, StateStore
from shared.registries.keys import ID, KEY, NAME, RESERVED, Role, hashed, made
from shared.registries.secrets import FIRST_KEYS
from shared.runtime.access import Caller, Untrusted

COLLECTION = "api_keys"
CACHED_SECONDS = 30.0
"""How long a key counts as it was when it was last looked up: a revocation holds after that at the latest."""
MAX_KEYS = 10_000
"""More are not listed."""

_REMEDY = "`tipoff keys list --all` shows them"


class Key(BaseModel):
    """A key without its secret."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: Annotated[str, Field(pattern=f"^{ID}$")]
    name: str
    role: Role
    hash: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    created_at: AwareDatetime | None = None
    """None of the first keys."""
    created_by: str = "set-up"
    expires_at: AwareDatetime | None = None
    revoked_at: AwareDatetime | None = None

    def status(self, at: datetime) -> Literal["active", "expired", "revoked"]:
        """Whether it counts at an instant."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and at >= self.expires_at else "active"


def new_key(name: str, role: Role, **given: Any) -> tuple[Key, str]:  # noqa: ANN401 - any other field
    """A key as it is kept, and as its owner gets it, once.

    Raises:
        Permanent: the name is none.
    """
    if not NAME.fullmatch(name) or name in RESERVED:
        remedy = f"use up to 40 small letters, digits and -, and none of {', '.join(RESERVED)}"
        raise Permanent(f"{name!r} cannot be a key's name", remedy=remedy)
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
        self._cached: dict[str, tuple[float, Key]] = {}
        """Keys that exist: whoever tries ids at random fills no memory, and empties none."""

    async def caller(self, given: str) -> Caller:
        """Whose key it is.

        Raises:
            Untrusted: it is no key, or one no longer.
            Transient: the store cannot be asked at present.
            Permanent: what is kept of the key cannot be read.
        """
        match = KEY.fullmatch(given)
        key = None if match is None else await self._known(match[1])
        if match is None or key is None or not hmac.compare_digest(key.hash, hashed(match[2])):
            raise Untrusted(HTTPStatus.UNAUTHORIZED, "API key is wrong")
        return self._active(key)

    async def holder(self, id_: str) -> Caller:
        """Whose key has an id: for sessions, which were begun with the key itself. Raises as `caller`."""
        key = await self._known(id_)
        if key is None:
            raise Untrusted(HTTPStatus.UNAUTHORIZED, "API key is gone")
        return self._active(key)

    async def list(self) -> list[Key]:
        """Every key there is or was, by name."""
        stored = [_stored(document) for document in await self._state.list(COLLECTION, limit=MAX_KEYS)]
        keys = await self._first() | {key.id: key for key in stored}
        return sorted(keys.values(), key=lambda key: (key.name, key.id))

    async def get(self, id_: str) -> Key | None:
        """A key as it is now."""
        return (await self._found(id_))[0]

    async def create(self, key: Key) -> None:
        """Keep a key."""
        await self._state.create(COLLECTION, key.id, key.model_dump(mode="json"))

    async def replace(self, id_: str, key: Key, *, at: datetime) -> Key:
        """Keep a key and let another one expire at an instant, as `end` does; where that fails, none is kept."""
        await self.create(key)
        try:
            return await self.end(id_, revoke=False, at=at)
        except TipoffError:
            await self._state.delete(COLLECTION, key.id)  # nobody has seen it
            raise

    async def end(self, id_: str, *, revoke: bool, at: datetime) -> Key:
        """Revoke a key, or let it expire at an instant; what has ended before stays as it is.

        Raises:
            Permanent: there is no such key, or nobody could make another one then.
            Transient: another changes it at this moment.
        """
        key, document = await self._found(id_)
        if key is None:
            raise Permanent(f"no API key has the id {id_!r}", remedy=_REMEDY)
        if key.revoked_at is not None or (not revoke and key.status(at) == "expired"):
            return key
        if key.role is Role.ADMIN and key.status(at) == "active":
            await self._require_another_admin(key, at)
        ended = key.model_copy(update={"revoked_at" if revoke else "expires_at": at})
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

    async def _require_another_admin(self, last: Key, at: datetime) -> None:
        """Of two admins who revoke each other at one moment both succeed: docs/runbooks/emergency/leaked-key.md."""
        if not any(
            key.id != last.id and key.role is Role.ADMIN and key.status(at) == "active" for key in await self.list()
        ):
            raise Permanent(
                f"API key {last.name} ({last.id}) is the last one of an admin",
                remedy="make another first: `tipoff keys create NAME --role admin`",
            )

    def _active(self, key: Key) -> Caller:
        status = key.status(self._clock.now())
        if status != "active":
            raise Untrusted(HTTPStatus.UNAUTHORIZED, f"API key {key.name} ({key.id}) is {status}")
        return Caller(key.name, key.role, key.id)

    async def _known(self, id_: str) -> Key | None:
        now = self._clock.monotonic()
        if id_ in self._cached and now - self._cached[id_][0] < CACHED_SECONDS:
            return self._cached[id_][1]
        key = await self.get(id_)
        if key is not None:
            self._cached[id_] = now, key
        return key

    async def _found(self, id_: str) -> tuple[Key | None, Document | None]:
        """A key and, unless it is a first one and unchanged, its document."""
        if not re.fullmatch(ID, id_):
            return None, None
        document = await self._state.get(COLLECTION, id_)
        return ((await self._first()).get(id_) if document is None else _stored(document)), document

    async def _first(self) -> dict[str, Key]:
        return first_keys((await self._secrets.get(FIRST_KEYS)).get_secret_value())


def _stored(document: Document) -> Key:
    try:
        return Key.model_validate(document.data)
    except ValidationError:
        remedy = f"mend or delete document {COLLECTION}/{document.id}"
        raise Permanent(f"what is kept of API key {document.id} is none", remedy=remedy) from None
