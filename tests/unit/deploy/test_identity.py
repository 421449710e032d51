import json
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


def unready(why: str) -> str:
    """The answer of a candidate that lacks something."""
    checks = {"topics": "ok", "warehouse": why}
    return json.dumps({"service": "worker", "revision": "abc", "healthy": False, "checks": checks})


def test_a_candidate_that_is_not_ready_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cold one is slow to find out; so is one whose own door cannot be looked at yet."""
    slow = unready("no answer within 2 s")
    pauses = answering(monkeypatch, (503, slow), (503, '{"error":"door","remedy":""}'), (200, GOOD), (403, ""))
    identity.check("https://x", "worker", "abc", "token", pauses.append)
    assert len(pauses) == 2


def test_a_candidate_that_stays_unready_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is: the rest of the answer says nothing."""
    pauses = answering(monkeypatch, *[(503, unready("raw.games: add season"))] * identity.ATTEMPTS)
    with pytest.raises(Permanent, match=r"not True \(warehouse: raw\.games: add season\): traffic was not switched"):
        identity.check("https://x", "worker", "abc", "token", pauses.append)


def test_after_the_switch_the_revision_before_may_answer_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it, another revision is refused at once; after it, only when it does not go away."""
    before = GOOD.replace("abc", "old")
    answering(monkeypatch, (200, before))
    with pytest.raises(Permanent, match="revision is 'old', not 'abc'"):
        identity.check("https://x", "worker", "abc", "token", lambda _: None)
    pauses = answering(monkeypatch, (200, before), (200, GOOD), (403, ""))
    identity.check("https://x", "worker", "abc", "token", pauses.append, settling=True)
    assert len(pauses) == 1
    pauses = answering(monkeypatch, *[(200, before)] * identity.SETTLING_ATTEMPTS)
    with pytest.raises(Permanent, match="revision is 'old', not 'abc'"):
        identity.check("https://x", "worker", "abc", "token", pauses.append, settling=True)


def test_strangers_are_tried_where_only_iam_turns_them_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service refuses strangers its readiness by itself: that would prove nothing."""
    asked: list[tuple[str, str | None]] = []

    def get(url: str, token: str | None) -> tuple[int, str]:
        asked.append((url, token))
        return (200, GOOD) if token is not None else (401, "")

    monkeypatch.setattr(identity, "_get", get)
    identity.check("https://x", "worker", "abc", "token", lambda _: None)
    assert asked == [("https://x/readyz/", "token"), ("https://x/healthz/", None)]
