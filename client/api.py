"""A client of the coordinator's HTTP API: credentials, timeouts, and failures in one line."""

import asyncio
import shlex
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from datetime import date
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote
from uuid import uuid4

from client.answers import (
    Alert,
    ApiKey,
    ChannelTested,
    DryRun,
    File,
    GridCell,
    NameSettled,
    NewApiKey,
    Quarantined,
    QuarantinedShown,
    Reconciled,
    Run,
    UnresolvedName,
)
from client.wire import Plain, Pooled, Reply, Request, Unanswered, Wire
from shared.basketball.slate import days
from shared.errors import Permanent, Transient
from shared.registries.api import API_VERSION, MAX_WINDOW_DAYS

_FIRST_ANSWER = 15.0
"""Seconds for whoever may be no coordinator."""
_TOKEN_TIMEOUT = 30.0
_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a coordinator is, and with what it is asked: an API key, a Google identity token, or both."""

    url: str
    """Without a slash at its end."""
    api_key: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    token_command: str = ""
    """Prints an identity token; asked again when the coordinator refuses the last one."""
    remedy: str = "start it, or correct its URL"
    """What to do when nobody answers."""


class Client:
    """Speaks to one coordinator.

    Raises:
        Permanent: the request is refused, or whoever answers is no coordinator of this contract.
        Transient: nobody answers, or the coordinator cannot at present.
    """

    def __init__(self, wire: Wire, endpoint: Endpoint) -> None:
        self._wire = wire
        self._endpoint = endpoint
        self._url = endpoint.url
        self._token = endpoint.token

    async def check(self) -> None:
        """Ask who answers, before anything is asked for: its key and its contract must fit."""
        status, body, _ = await self._answer(Request("GET", "", timeout=_FIRST_ANSWER))
        if status != HTTPStatus.NOT_FOUND:  # which a coordinator older than this question answers
            _raise_for(status, body)
        version = body.get("contract") if isinstance(body, dict) else None
        if version != API_VERSION:
            raise Permanent(
                f"the coordinator at {self._url} has version {version or 'unknown'} of the contract, "
                f"this command line has {API_VERSION}",
                remedy="use the release of Tipoff that the coordinator was deployed from",
            )

    async def runs(self, **query: str) -> list[Run]:
        """With `first` and `last` the runs of these slates, else those of the last 400 days; the oldest slate first."""
        if "first" not in query or "last" not in query:
            return cast("list[Run]", await self.get("runs", **query))
        every = days(date.fromisoformat(query["first"]), date.fromisoformat(query["last"]))
        found: list[Run] = []
        for start in range(0, len(every), MAX_WINDOW_DAYS):
            window = every[start : start + MAX_WINDOW_DAYS]
            found += await self.get("runs", **query | {"first": str(window[0]), "last": str(window[-1])})
        return found

    async def run(self, run_id: str) -> Run:
        """A run."""
        return cast("Run", await self.get(f"runs/{run_id}"))

    async def start_run(self, game_date: date | None, mode: str, *, idempotency_key: str = "", **body: object) -> Run:
        """Start, resume, retry or widen a run; without a date, the one that the coordinator calls today.

        `idempotency_key` is for whoever may ask again because no answer came: see `post`.
        """
        return cast("Run", await self.post("runs", _run_body(game_date, mode, body), idempotency_key))

    async def would_start(self, game_date: date | None, mode: str, **body: object) -> DryRun:
        """Which steps `start_run` would start."""
        return cast("DryRun", await self.post("runs", _run_body(game_date, mode, body) | {"dry_run": True}))

    async def grid(self, **query: str) -> list[GridCell]:
        """Date x step, expected against there."""
        return cast("list[GridCell]", await self.get("grid", **query))

    async def alerts(self, **query: str) -> list[Alert]:
        """Open alerts, gravest first; with `resolved` the others too."""
        return cast("list[Alert]", await self.get("alerts", **query))

    async def test_alerts(self, *, dry_run: bool = False) -> list[ChannelTested]:
        """Send a test message to every channel of alerts; with `dry_run` only name them."""
        return cast("list[ChannelTested]", await self.post("alerts/test", {"dry_run": dry_run}))

    async def reconcile(self, **body: object) -> Reconciled:
        """Ask for what the grid lacks."""
        return cast("Reconciled", await self.post("reconcile", body))

    async def names(self, **query: str) -> list[UnresolvedName]:
        """Names that fit nobody, or several."""
        return cast("list[UnresolvedName]", await self.get("names", **query))

    async def settle_name(self, **body: object) -> NameSettled:
        """Say which player a name is."""
        return cast("NameSettled", await self.post("names", body))

    async def quarantine(self, **query: str) -> list[Quarantined]:
        """What a slate's scraping refused."""
        return cast("list[Quarantined]", await self.get("quarantine", **query))

    async def quarantined(self, id_: str) -> QuarantinedShown:
        """One refusal, with what it came in."""
        return cast("QuarantinedShown", await self.get(f"quarantine/{quote(id_, safe='')}"))

    async def retry_quarantined(self, id_: str, *, anew: bool) -> Run:
        """Do the step again that refused it."""
        return cast("Run", await self.post(f"quarantine/{quote(id_, safe='')}/retry", {"anew": anew}))

    async def keys(self) -> list[ApiKey]:
        """Every API key there is or was."""
        return cast("list[ApiKey]", await self.get("keys"))

    async def create_key(self, **body: object) -> NewApiKey:
        """A new API key."""
        return cast("NewApiKey", await self.post("keys", body))

    async def revoke_key(self, id_: str) -> ApiKey:
        """An API key that counts no longer."""
        status, answer, _ = await self._answer(Request("DELETE", f"keys/{quote(id_, safe='')}"))
        return cast("ApiKey", _raise_for(status, answer))

    async def get(self, path: str, **query: str) -> Any:  # noqa: ANN401 - JSON
        """GET /v1/<path>; a list comes in parts, which are put together, unless a `limit` asks for one alone."""
        status, answer, following = await self._answer(Request("GET", path, query))
        _raise_for(status, answer)
        while following is not None and "limit" not in query:
            status, part, following = await self._answer(Request("GET", path, following))
            answer += _raise_for(status, part)
        return answer

    async def file(self, path: str, media: str, **query: str) -> File:
        """GET /v1/<path> as a file of a media type; without a `limit` with all rows."""
        reply = await self._reply(Request("GET", path, query, headers={"Accept": media}))
        if reply.status >= HTTPStatus.BAD_REQUEST:
            _raise_for(reply.status, self._json(reply))
        if reply.rows is None:
            raise Permanent(f"{self._url} is no coordinator: it does not say how many rows it sends")
        return File(reply.body, reply.rows)

    async def post(self, path: str, body: Mapping[str, object], idempotency_key: str = "") -> Any:  # noqa: ANN401 - JSON
        """POST /v1/<path>. Asked again under the same key, it is answered and not done again."""
        headers = {"Idempotency-Key": idempotency_key or new_idempotency_key()}
        status, answer, _ = await self._answer(Request("POST", path, body=body, headers=headers))
        return _raise_for(status, answer)

    async def _answer(self, request: Request) -> tuple[int, Any, Mapping[str, str] | None]:
        """Status, JSON, and of a list the query of its next part."""
        reply = await self._reply(request)
        return reply.status, self._json(reply), reply.following

    async def _reply(self, request: Request) -> Reply:
        """The answer as it came; a token that has expired is replaced once."""
        command = self._endpoint.token_command
        if command and not self._token:
            self._token = await _printed(command)
            return await self._send(request, again=False)
        return await self._send(request, again=bool(command))

    async def _send(self, request: Request, *, again: bool) -> Reply:
        token = f"Bearer {self._token}" if self._token else ""
        headers = {"X-API-Key": self._endpoint.api_key, "Authorization": token, **request.headers}
        try:
            reply = await self._wire.send(replace(request, headers={name: v for name, v in headers.items() if v}))
        except Unanswered as error:
            raise self._unanswered(str(error)) from error
        if reply.status in _REFUSED and again:
            self._token = await _printed(self._endpoint.token_command)
            return await self._send(request, again=False)
        if reply.status in _REFUSED:
            raise self._refusal(reply)
        if HTTPStatus.MULTIPLE_CHOICES <= reply.status < HTTPStatus.BAD_REQUEST:
            where = reply.location if reply.location is not None else "nowhere"
            raise Permanent(
                f"{self._url} is no coordinator: it refers to {where}", remedy="give the coordinator's own URL"
            )
        return reply

    def _json(self, reply: Reply) -> Any:  # noqa: ANN401 - JSON
        try:
            return reply.json()
        except ValueError as error:
            raise self._unanswered(type(error).__name__) from error

    def _unanswered(self, why: str) -> Transient:
        return Transient(f"the coordinator at {self._url} does not answer ({why})", remedy=self._endpoint.remedy)

    def _refusal(self, reply: Reply) -> Permanent:
        """The coordinator's own words, or the status of whatever stands before it."""
        try:
            words = reply.json()["error"]
        except (ValueError, LookupError, TypeError):
            words = f"HTTP {reply.status}"
        return Permanent(
            f"the coordinator at {self._url} refuses: {words}",
            remedy="give one of its API keys as TIPOFF_API_KEY or in its context, or an identity token",
        )


def new_idempotency_key() -> str:
    """A key for a change that is to happen once."""
    return str(uuid4())


def _run_body(game_date: date | None, mode: str, body: Mapping[str, object]) -> dict[str, object]:
    return {"mode": mode, **({} if game_date is None else {"game_date": game_date.isoformat()}), **body}


def _raise_for(status: int, body: Any) -> Any:  # noqa: ANN401 - JSON
    """The body of a good answer."""
    if status < HTTPStatus.BAD_REQUEST:
        return body
    answer = body if isinstance(body, dict) else {}
    error, remedy = answer.get("error", f"the coordinator answers HTTP {status}"), answer.get("remedy", "")
    kind = Transient if status >= HTTPStatus.INTERNAL_SERVER_ERROR else Permanent
    raise kind(error if not remedy or remedy in error else f"{error}: {remedy}")


async def _printed(command: str) -> str:
    """The token that a command prints."""
    try:
        process = await asyncio.create_subprocess_exec(
            *shlex.split(command), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
    except (OSError, ValueError) as error:
        raise Permanent(f"the token command `{command}` cannot be run: {error}", remedy="correct it") from error
    try:
        out, err = await asyncio.wait_for(process.communicate(), _TOKEN_TIMEOUT)
    except TimeoutError as error:
        process.kill()
        await process.wait()
        raise Transient(f"the token command `{command}` did not end in {_TOKEN_TIMEOUT:.0f} s") from error
    token = out.decode(errors="replace").strip()
    if process.returncode != 0 or not token.isascii() or not token.isprintable() or not token:
        last = err.decode(errors="replace").strip().rpartition("\n")[2]
        raise Permanent(f"the token command `{command}` prints no token: {last}", remedy="run it to see why")
    return token


@asynccontextmanager
async def connect(endpoint: Endpoint) -> AsyncIterator[Client]:
    """A client of a coordinator that has answered, with a key and a contract that fit."""
    import aiohttp  # noqa: PLC0415 - see client/wire.py

    async with aiohttp.ClientSession() as session:
        client = Client(Pooled(session, endpoint.url), endpoint)
        await client.check()
        yield client


@asynccontextmanager
async def connect_briefly(endpoint: Endpoint) -> AsyncIterator[Client]:
    """The same for a few questions, one after another: without TLS the standard library asks them."""
    if not endpoint.url.startswith("http://"):
        async with connect(endpoint) as client:
            yield client
        return
    with closing(Plain(endpoint.url)) as wire:
        client = Client(wire, endpoint)
        await client.check()
        yield client
