"""The check before traffic: the candidate says who it is, and says it only to those who may ask."""

import json
from collections.abc import Callable
from http import HTTPStatus

from deploy.commands import output, say
from shared.errors import Permanent

PATH = "/healthz/"
"""With the slash: Google's front end keeps the exact path /healthz to itself and answers it 404."""
ATTEMPTS = 6
PAUSE_SECONDS = 10.0
"""A new permission may take a minute to be known everywhere."""


def check(url: str, service: str, revision: str, token: str, sleep: Callable[[float], None]) -> None:
    """Require the service at `url` to be `service` at `revision`, healthy, and closed to strangers.

    Raises:
        Permanent: it is not; the message says what it is instead.
    """
    problem = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            say(f"{problem}; asking again in {PAUSE_SECONDS:g} s")
            sleep(PAUSE_SECONDS)
        status, body = _get(url + PATH, token)
        if status == HTTPStatus.OK or (status == HTTPStatus.SERVICE_UNAVAILABLE and body.startswith("{")):
            _require(body, service, revision)
            break
        problem = f"{url} answers {status}"
    else:
        raise Permanent(f"identity check: {problem}", remedy="see the revision's logs; traffic was not switched")
    stranger, _ = _get(url + PATH, None)
    if stranger not in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise Permanent(
            f"identity check: {url} answers {stranger} without a token", remedy="deploy with --no-allow-unauthenticated"
        )


def _require(body: str, service: str, revision: str) -> None:
    try:
        answer = json.loads(body)
    except ValueError as error:
        raise Permanent(f"identity check: no JSON but {body[:80]!r}", remedy="traffic was not switched") from error
    for what, wanted in (("service", service), ("revision", revision), ("healthy", True)):
        if answer.get(what) != wanted:
            raise Permanent(
                f"identity check: {what} is {answer.get(what)!r}, not {wanted!r} ({body[:200]})",
                remedy="traffic was not switched",
            )


def _get(url: str, token: str | None) -> tuple[int, str]:
    """(status, body) of a GET; status 0 if there was no answer. The token goes through stdin: arguments are public."""
    command = ["curl", "--silent", "--max-time", "30", "--write-out", "\n%{http_code}", "--header", "@-", url]
    header = "" if token is None else f"Authorization: Bearer {token}\n"
    try:
        body, _, status = output(command, stdin=header, timeout=60.0).rpartition("\n")
    except Permanent as error:
        if "not installed" in str(error):
            raise
        return 0, str(error)
    return int(status), body
