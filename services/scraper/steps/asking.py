"""Asking one source everything that a need takes: a whole answer or none, and the fetch log says why."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from services.scraper.fetch import Failed
from services.scraper.payloads import Collected
from services.scraper.sources.endpoint import Endpoint, Need, Request
from services.scraper.task import Task, together

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """A request's payload."""

    request: Request[T]
    got: Collected[T]


async def whole_answer(task: Task, endpoint: Endpoint[T], need: Need, *, optional: bool = False) -> list[Answer[T]]:
    """Every request answered, or one where one is enough; else none: half an answer is asked for again next time.

    If it is `optional`, that nothing came is not entered in the fetch log.
    """
    requests = endpoint.requests(need) if endpoint.requests is not None else ()
    if endpoint.first_of:
        return await _first(task, requests)
    answers = await together(task.payloads.get(request) for request in requests)
    found: list[Answer[T]] = []
    lost: list[tuple[Request[T], Failed]] = []
    for request, got in zip(requests, answers, strict=True):
        if isinstance(got, Failed):
            lost.append((request, got))
        else:
            found.append(Answer(request, got))
    if lost and optional:
        return []
    for request, failure in lost:
        task.fetches.failed(request.unit, request.source, failure)
    if not lost:
        return found
    refuse(task, found, f"only part of what was asked of {endpoint.source} came: {lost[0][0].unit} is missing")
    return []


def refuse(task: Task, answers: Sequence[Answer[Any]], reason: str) -> None:
    """Enter all of a source's answers as refused."""
    for answer in answers:
        task.fetches.quarantined(answer.request.unit, answer.got, reason)


async def _first(task: Task, requests: Sequence[Request[T]]) -> list[Answer[T]]:
    failures: list[tuple[Request[T], Failed]] = []
    for request in requests:
        got = await task.payloads.get(request)
        if not isinstance(got, Failed):
            return [Answer(request, got)]
        failures.append((request, got))
    if failures:
        request, failure = failures[0]
        task.fetches.failed(request.unit, request.source, failure)
    return []
