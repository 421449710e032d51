"""BigQuery's wire for unit tests: the real client, its HTTP session answered from a script."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession
from google.cloud import bigquery
from requests.adapters import BaseAdapter

JOB = {
    "jobReference": {"projectId": "p", "jobId": "j", "location": "US"},
    "configuration": {"query": {"query": "SELECT"}},
}
RUNNING = {**JOB, "status": {"state": "RUNNING"}}
DONE = {**JOB, "status": {"state": "DONE"}, "statistics": {"query": {"statementType": "SELECT"}}}
ONE = {
    "jobReference": JOB["jobReference"],
    "jobComplete": True,
    "schema": {"fields": [{"name": "one", "type": "INTEGER"}]},
    "rows": [{"f": [{"v": "1"}]}],
    "totalRows": "1",
}

Answer = tuple[int, Mapping[str, Any]]


def error(code: int, reason: str, message: str) -> Answer:
    """An error as the API writes it."""
    return code, {"error": {"code": code, "message": message, "errors": [{"reason": reason, "message": message}]}}


@dataclass
class Wire(BaseAdapter):
    """Answers by method and the last word of the path; records what was asked."""

    answer: Callable[[str], Answer]
    asked: list[str] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    timeouts: list[Any] = field(default_factory=list)

    def send(self, request: requests.PreparedRequest, *_: Any, timeout: Any = None, **__: Any) -> requests.Response:  # noqa: ANN401 - as requests has it
        """One request."""
        parts = urlsplit(str(request.url)).path.split("/")
        what = f"{request.method} {'/'.join(parts[parts.index('p') + 1 :])}"
        if "tipoff-" in what:  # a job's id, which is random
            what = "/".join(part if not part.startswith("tipoff-") else "JOB" for part in what.split("/"))
        self.asked.append(what)
        self.timeouts.append(timeout)
        if isinstance(request.body, str | bytes):
            self.bodies.append(json.loads(request.body))
        code, body = self.answer(what)
        response = requests.Response()
        response.status_code = code
        response.headers["content-type"] = "application/json"
        response._content = json.dumps(body).encode()
        response.request = request
        return response

    def close(self) -> None:
        """Nothing to release."""


def client(wire: Wire) -> bigquery.Client:
    """Google's client on the wire."""
    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]  # google publishes no type for it
    session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]  # google publishes no type for it
    session.mount("https://", wire)
    return bigquery.Client("p", credentials=credentials, _http=session)
