import pytest
from hypothesis import given
from hypothesis import strategies as st

from devstack.upstream.distortions import emptied
from devstack.upstream.faults import PROFILES, Fault, FaultProfile
from devstack.upstream.faults import STORM as STORM_KINDS
from devstack.upstream.gate import REQUESTS_PER_SECOND, Gate
from shared.errors import Permanent
from tests.clock import FakeClock

HOST = "stats.nba.com"
STORM = FaultProfile.named("storm", seed=3)


@given(st.sampled_from(sorted(PROFILES)), st.integers(), st.text(min_size=1), st.integers(0, 50))
def test_faults_follow_from_seed_request_and_count(name: str, seed: int, request: str, asked: int) -> None:
    """The same seed, request and count meet the same fault, whatever was asked in between."""
    one, other = FaultProfile.named(name, seed=seed), FaultProfile.named(name, seed=seed)
    assert one.verdict(HOST, request, asked) == other.verdict(HOST, request, asked)


@given(st.sampled_from(sorted(PROFILES)), st.integers(), st.text(), st.integers(0, 100))
def test_no_request_meets_more_than_three_faults_running(name: str, seed: int, request: str, first: int) -> None:
    """Of any four consecutive requests for one URL at least one is answered truthfully."""
    profile = FaultProfile.named(name, seed=seed)
    assert None in [profile.verdict(HOST, request, first + n) for n in range(4)]


def test_storm_faults_at_least_a_fifth_of_the_requests() -> None:
    """A client that asks until it is told the truth meets faults in 20 to 50 % of its requests, of every kind."""
    kinds: set[Fault] = set()
    for night in range(20):
        requests = faults = 0
        for url in range(80):
            for asked in range(4):
                requests += 1
                verdict = STORM.verdict(HOST, f"GET /{night}/{url}", asked)
                if verdict is None:
                    break
                faults += 1
                kinds.add(verdict.fault)
        assert 0.2 < faults / requests < 0.5
    assert kinds == set(STORM_KINDS)


def test_profiles_have_names() -> None:
    """Each kind has a profile of its own, `none` has no faults, and an unknown name is one clear line."""
    for kind in set(Fault) - {Fault.UNREACHABLE}:
        assert FaultProfile.named(kind.value).kinds == (kind,)
    assert FaultProfile.named("none").verdict(HOST, "GET /", 0) is None
    with pytest.raises(Permanent, match=r"unknown fault profile 'gale': one of none, storm, .*unreachable:<host>"):
        FaultProfile.named("gale")


def test_unreachable_host_never_answers_and_others_always_do() -> None:
    """`unreachable:<host>` concerns that host alone, without end."""
    profile = FaultProfile.named(f"unreachable:{HOST}")
    verdicts = {verdict.fault for n in range(9) if (verdict := profile.verdict(HOST, "GET /", n)) is not None}
    assert verdicts == {Fault.UNREACHABLE}
    assert profile.verdict("cdn.nba.com", "GET /", 0) is None


def test_empty_answers_keep_their_shape() -> None:
    """Each endpoint's list of records is emptied and everything around it kept."""
    assert emptied([{"id": "x"}]) == []
    assert emptied({"leagueSchedule": {"seasonYear": "2024-25", "gameDates": [1]}}) == {
        "leagueSchedule": {"seasonYear": "2024-25", "gameDates": []}
    }
    assert emptied({"resultSets": [{"name": "x", "headers": ["A"], "rowSet": [[1]]}]}) == {
        "resultSets": [{"name": "x", "headers": ["A"], "rowSet": []}]
    }
    assert emptied({"timestamp": "t", "data": [1]}) == {"timestamp": "t", "data": []}
    assert emptied({"data": {"id": "x", "bookmakers": [1]}}) == {"data": {"id": "x", "bookmakers": []}}
    assert emptied({"injuries": [1], "season": {"year": 2025}}) == {"injuries": [], "season": {"year": 2025}}
    assert emptied({"game": {"homeTeam": {"score": 1, "players": [1]}}}) == {
        "game": {"homeTeam": {"score": 1, "players": []}}
    }


def test_more_than_fifty_requests_in_a_second_are_violations() -> None:
    """The window slides per host: the fifty-first is refused and counted, and a second later there is room again."""
    clock = FakeClock()
    gate = Gate(clock, FaultProfile.named("none"))
    for n in range(REQUESTS_PER_SECOND):
        clock.elapsed = n * 0.01
        assert gate.admit(HOST, f"GET /{n}") is None
    refused = gate.admit(HOST, "GET /more")
    assert refused is not None
    assert refused.fault is Fault.RATE_LIMITED
    assert gate.admit("cdn.nba.com", "GET /") is None
    clock.elapsed = 1.0
    assert gate.admit(HOST, "GET /later") is None
    report = gate.report()
    assert report["hosts"][HOST]["rate_limit_violations"] == 1
    assert report["hosts"]["cdn.nba.com"]["rate_limit_violations"] == 0
    assert report["totals"] == {
        "requests": 53,
        "faults": {},
        "rate_limit_violations": 1,
        "retry_after_violations": 0,
    }


def test_asking_again_before_retry_after_is_a_violation() -> None:
    """After a 429 the same URL must wait its second; another URL, or waiting, is right."""
    clock = FakeClock()
    gate = Gate(clock, FaultProfile("always", (Fault.RATE_LIMITED,), 1.0))
    gate.admit(HOST, "GET /a")
    clock.elapsed = 0.5
    gate.admit(HOST, "GET /b")
    assert gate.report()["totals"]["retry_after_violations"] == 0
    gate.admit(HOST, "GET /a")
    assert gate.report()["totals"]["retry_after_violations"] == 1
    clock.elapsed = 1.5
    gate.admit(HOST, "GET /a")
    report = gate.report()
    assert report["totals"]["retry_after_violations"] == 1
    assert report["hosts"][HOST]["faults"] == {"rate_limited": 4}


@pytest.mark.parametrize("host", ["cdn.nba.con", "CDN.NBA.COM", "nba.com"])
def test_a_host_that_nobody_asks_is_refused(host: str) -> None:
    """A mistyped host would be a night without faults, reported as one with: refused, with the hosts there are."""
    with pytest.raises(Permanent, match=rf"{host}.*cdn\.nba\.com"):
        FaultProfile.named(f"unreachable:{host}")


def test_parts_of_a_profile_are_joined_by_commas() -> None:
    """A profile, hosts with a fault for the whole night, and credits: each as if it were alone."""
    profile = FaultProfile.named(f"storm,blocked:{HOST},hung:site.api.espn.com,credits:40", seed=3)
    assert (profile.kinds, profile.share, profile.credits) == (STORM_KINDS, 0.4, 40)
    for asked in range(9):
        assert profile.verdict("cdn.nba.com", "GET /", asked) == STORM.verdict("cdn.nba.com", "GET /", asked)
        blocked, hung = profile.verdict(HOST, "GET /", asked), profile.verdict("site.api.espn.com", "GET /", asked)
        assert (blocked and blocked.fault, hung and hung.fault) == (Fault.BLOCKED, Fault.HUNG)
    assert FaultProfile.named("credits:0").credits == 0
    assert FaultProfile.named("storm").credits is None


@pytest.mark.parametrize("name", ["storm,flaky", "blocked:", "credits:", "credits:many", "storm,", "gale:cdn.nba.com"])
def test_nonsense_in_a_profile_is_refused(name: str) -> None:
    """Two profiles at once, a host or a number that is missing, or a fault that nobody knows."""
    with pytest.raises(Permanent, match="unknown fault profile"):
        FaultProfile.named(name)


def test_the_storm_is_what_it_was() -> None:
    """Seed, request and count decide as they always did: what was recorded under a storm can be played again."""
    verdicts = [STORM.verdict(HOST, f"GET /{n}", 0) for n in range(12)]
    assert [verdict and verdict.fault.value for verdict in verdicts] == [
        *("html", "truncated", "flaky", "html", None, "rate_limited"),
        *(None, "empty", "html", "truncated", None, None),
    ]
