"""Sessions of people who have signed in with an API key.

The cookie is a random token; what is kept is a document under its SHA-256. It names the key, which is looked up again
at each request: a key that is revoked ends its sessions, and its role is what counts.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.coordinator.keys import KeyStore
from shared.errors import AlreadyExists, Conflict
from shared.ports import Clock, Document, StateStore
from shared.runtime.access import Caller, Untrusted

COLLECTION: Final = "sessions"
CODES: Final = "sign_in_codes"
LONGEST: Final = timedelta(hours=12)
"""A session ends after so long, whatever is done in it."""
CODE_LIFE: Final = timedelta(minutes=5)
_SLIDES: Final = 10
"""A session is written again after a tenth of its life, not at each request."""
_SWEPT: Final = 1000


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in."""

    token: str
    caller: Caller


class Sessions:
    """All sessions. The clock is the world's, also in a replay."""

    def __init__(self, state: StateStore, keys: KeyStore, clock: Clock, *, idle: timedelta) -> None:
        self._state = state
        self._keys = keys
        self._clock = clock
        self.idle = idle
        """A session in which nothing is done for so long ends."""

    async def begin(self, key_text: str) -> Session:
        """Sign in with an API key; raises as `KeyStore.caller`."""
        return await self._begun(await self._keys.caller(key_text))

    async def find(self, token: str, *, used: bool = True) -> Session | None:
        """The session of a cookie, and its life from now on if it is `used`; None: it has ended, or never was.

        Raises:
            Transient: the store cannot be asked at present.
        """
        if not token:
            return None
        document = await self._state.get(COLLECTION, _digest(token))
        now = self._clock.now()
        if document is None or now >= self._end(document):
            return None
        try:
            caller = await self._keys.holder(document.data["key_id"])
        except Untrusted:
            return None
        if used and now - datetime.fromisoformat(document.data["used_at"]) > self.idle / _SLIDES:
            await self._note_use(document, now)
        return Session(token, caller)

    async def end(self, token: str) -> None:
        """Sign out."""
        await self._state.delete(COLLECTION, _digest(token))

    async def new_code(self, caller: Caller) -> str:
        """A code that begins one session of the caller's key, soon."""
        code = secrets.token_urlsafe(32)
        expires = self._clock.now() + CODE_LIFE
        await self._state.create(CODES, _digest(code), {"key_id": caller.key_id, "expires_at": expires.isoformat()})
        return code

    async def begin_by_code(self, code: str) -> Session | None:
        """The session that a code begins; None: it has been used, is too old, or never was."""
        document = await self._state.get(CODES, _digest(code))
        if document is None or document.data["key_id"] is None:
            return None
        try:  # of two who use it at once one wins
            await self._state.compare_and_set(
                CODES, document.id, document.data | {"key_id": None}, version=document.version
            )
        except Conflict:
            return None
        await self._state.delete(CODES, document.id)
        if self._clock.now() >= datetime.fromisoformat(document.data["expires_at"]):
            return None
        try:
            return await self._begun(await self._keys.holder(document.data["key_id"]))
        except Untrusted:
            return None

    async def _begun(self, caller: Caller) -> Session:
        await self._sweep()
        token, now = secrets.token_urlsafe(32), self._clock.now().isoformat()
        await self._state.create(
            COLLECTION, _digest(token), {"key_id": caller.key_id, "created_at": now, "used_at": now}
        )
        return Session(token, caller)

    async def _note_use(self, document: Document, now: datetime) -> None:
        try:
            await self._state.compare_and_set(
                COLLECTION, document.id, document.data | {"used_at": now.isoformat()}, version=document.version
            )
        except (Conflict, AlreadyExists):  # another request of the session has, or it was ended
            return

    async def _sweep(self) -> None:
        """Forget what has ended."""
        now = self._clock.now()
        for document in await self._state.list(COLLECTION, limit=_SWEPT):
            if now >= self._end(document):
                await self._state.delete(COLLECTION, document.id)
        for document in await self._state.list(CODES, limit=_SWEPT):
            if now >= datetime.fromisoformat(document.data["expires_at"]):
                await self._state.delete(CODES, document.id)

    def _end(self, document: Document) -> datetime:
        used, created = (datetime.fromisoformat(document.data[name]) for name in ("used_at", "created_at"))
        return min(used + self.idle, created + LONGEST)


def form_token(cookie: str) -> str:
    """What a form must send along with a cookie: only a page that was made for the cookie knows it."""
    return hmac.new(cookie.encode(), b"form", hashlib.sha256).hexdigest()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
