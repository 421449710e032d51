"""The check before and after traffic: who answers, whether it is ready, and that it answers only those who may ask."""

import json
from collections.abc import Callable
from http import HTTPStatus

from deploy.commands import output, say
from shared.errors import Permanent

ALIVE = "/healthz/"
"""With the slash: Google's front end keeps the exact path /healthz to itself and answers it 404."""
READY = "/readyz/"
ATTEMPTS = 6
PAUSE_SECONDS = 10.0
"""A new permission takes up to a minute to be known everywhere, and a cold instance is slow to say that it is ready."""
SETTLING_ATTEMPTS = 3
"""What has traffic and is not well is not waited for as long."""
_ANSWERS = (HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE)


def check(  # noqa: PLR0913 - who is asked, as whom, and what has to be true of the answer
    url: str,
    service: str,
    revision: str,
    token: str,
    sleep: Callable[[float], None],
    *,
    path: str = READY,
    settling: bool = False,
    remedy: str = "traffic was not switched",
) -> None:
    """Require `url` to be `service` at `revision`, well by its answer to `path`, and closed to strangers.

    `settling`: traffic has just been switched, and for some seconds the revision before may still answer.

    Raises:
        Permanent: it is not; the message says what it is instead.
    """
    problem = ""
    for attempt in range(SETTLING_ATTEMPTS if settling else ATTEMPTS):
        if attempt:
            say(f"{problem}; asking again in {PAUSE_SECONDS:g} s")
            sleep(PAUSE_SECONDS)
        status, body = _get(url + path, token)
        if status == HTTPStatus.OK or (status in _ANSWERS and '"service"' in body):
            problem = _problem(body, service, revision, remedy, settling=settling)
        else:
            problem = f"{url} answers {status}"
        if not problem:
            break
    else:
        raise Permanent(f"identity check: {problem}", remedy=remedy)
    # Not the path above: a service refuses strangers its readiness by itself, with or without IAM before it.
    stranger, _ = _get(url + ALIVE, None)
    if stranger not in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise Permanent(
            f"identity check: {url} answers {stranger} without a token", remedy="deploy with --no-allow-unauthenticated"
        )


def _problem(body: str, service: str, revision: str, remedy: str, *, settling: bool) -> str:
    """What may be otherwise at the next attempt; empty if all is well. Raises for what will not be."""
    try:
        answer = json.loads(body)
    except ValueError as error:
        raise Permanent(f"identity check: no JSON but {body[:80]!r}", remedy=remedy) from error
    for what, wanted in (("service", service), ("revision", revision)):
        if answer.get(what) != wanted:
            problem = f"{what} is {answer.get(what)!r}, not {wanted!r}"
            if settling and what == "revision":
                return problem
            raise Permanent(f"identity check: {problem} ({body[:200]})", remedy=remedy)
    if answer.get("healthy") is True:
        return ""
    why = "; ".join(f"{name}: {state}" for name, state in answer.get("checks", {}).items() if state != "ok")
    return f"healthy is {answer.get('healthy')!r}, not True ({why})"


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
