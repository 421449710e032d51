from collections.abc import Iterator

import pytest

from deploy import identity
from shared.errors import Permanent

GOOD = '{"service": "worker", "revision": "abc", "healthy": true}'


def answering(monkeypatch: pytest.MonkeyPatch, *answers: tuple[int, str]) -> list[float]:
    """Let the candidate answer so, one answer per request; returns the pauses made meanwhile."""
    left: Iterator[tuple[int, str]] = iter(answers)
    monkeypatch.setattr(identity, "_get", lambda *_: next(left))
    return []


def test_a_candidate_not_yet_reachable_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new permission takes a while: 403, 404 and no answer at all are asked again."""
    pauses = answering(monkeypatch, (403, ""), (0, "timeout"), (404, "<html>"), (200, GOOD), (403, ""))
    identity.check("https://x", "worker", "abc", "token", pauses.append)
    assert pauses == [identity.PAUSE_SECONDS] * 3


def test_a_candidate_that_never_answers_fails_in_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the last attempt the status is said and nothing is waited for."""
    pauses = answering(monkeypatch, *[(403, "")] * identity.ATTEMPTS)
    with pytest.raises(Permanent, match="https://x answers 403"):
        identity.check("https://x", "worker", "abc", "token", pauses.append)
    assert len(pauses) == identity.ATTEMPTS - 1


@pytest.mark.parametrize("body", ["<html>", '{"service": "worker"}'])
def test_an_answer_that_is_no_identity_is_refused_at_once(monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """HTML as 200 and JSON without a revision are not asked again."""
    pauses = answering(monkeypatch, (200, body))
    with pytest.raises(Permanent, match="identity check"):
        identity.check("https://x", "worker", "abc", "token", pauses.append)
    assert pauses == []
