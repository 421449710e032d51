"""Push, end to end: our server POSTs to a real service, which lets pass only what Pub/Sub sent for us."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request

from devstack.pubsub_server import Server
from devstack.pubsub_server.keys import Keys
from shared.cloud.bus import PubSubBus
from shared.cloud.pubsub_admin import PushTo
from shared.contract import Message, StepReported
from shared.errors import Permanent, Skip, Transient
from shared.ports import Delivery
from shared.registries.keys import SCHEDULES, Role
from shared.registries.topics import TOPICS
from shared.runtime.access import ACCESS, Caller, Untrusted
from shared.runtime.deadline import left
from shared.runtime.push import PUSH
from shared.runtime.service import Consumer, DeadLetterConsumer, application
from shared.runtime.settings import CommonSettings, load
from tests.clock import FastClock
from tests.contract.fakes import Inbox
from tests.tokens import put_together, segment
from tests.unit.pubsub.conftest import SPEED
from tests.unit.shared.places import embedded_ports

pytestmark = pytest.mark.network

REPORT = StepReported(run_id="r", step="s", attempt=1, outcome="done")
AUDIENCE, EMAIL = "tipoff-push", "push@demo.iam.gserviceaccount.com"
SCHEDULE = {"aud": "tipoff-schedule", "email": "schedule@demo.iam.gserviceaccount.com"}
PERSON = {"aud": "tipoff-operator", "email": "ann@demo"}
TOPIC = "worker-tasks"


@dataclass
class Service:
    """A service that is pushed to, what it handled, and its dead letters."""

    client: TestClient[web.Request, web.Application]
    bus: PubSubBus
    failures: list[Exception] = field(default_factory=list)
    """Raised one after another, before deliveries are handled."""
    handled: asyncio.Queue[Message] = field(default_factory=asyncio.Queue)
    attempts: int = 0
    rest: float = 0.0
    """Seconds that the latest delivery had left when its handling began."""
    dead: Inbox = field(default_factory=Inbox)

    async def handle(self, message: Message) -> None:
        self.attempts += 1
        self.rest = left()
        if self.failures:
            raise self.failures.pop(0)
        self.handled.put_nowait(message)


async def quiet(server: Server) -> None:
    """Stop pushing: a connection that a closing service is just accepting would be left open."""
    for subscription in list(server.broker.subscriptions):
        server.broker.delete_subscription(subscription)
    pushers = [task for task in asyncio.all_tasks() if task.get_name().startswith("push ")]
    await asyncio.gather(*pushers, return_exceptions=True)
    for _ in range(20):
        await asyncio.sleep(0)


@asynccontextmanager
async def pushed(server: Server, folder: Path, certs_url: str | None = None) -> AsyncIterator[Service]:
    settings = load(
        CommonSettings,
        delivery="push",
        push_audience=AUDIENCE,
        push_emails=f"other@demo, {EMAIL}",
        schedule_audience=SCHEDULE["aud"],
        schedule_emails=SCHEDULE["email"],
        people_audience=PERSON["aud"],
        viewers=f"eve@demo, {PERSON['email']}",
        admins=PERSON["email"],
        token_certs_url=certs_url if certs_url is not None else server.certs_url,
    )
    bus = PubSubBus("demo", clock=FastClock(SPEED), emulator=server.address, call_timeout=10)
    async with embedded_ports(folder) as ports:
        service: Service

        async def handle(message: Message) -> None:
            await service.handle(message)

        async def bury(delivery: Delivery) -> None:
            await service.dead(delivery)

        app = application(
            "probe",
            settings,
            replace(ports, bus=bus, clock=FastClock(1.0)),
            [Consumer(TOPIC, handle, max_in_flight=4), DeadLetterConsumer(TOPIC, bury)],
        )
        async with TestClient(TestServer(app)) as client:
            service = Service(client, bus)
            yield service
            await quiet(server)
    await bus.close()


@pytest.fixture
def few_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five attempts at a delivery: fifteen take nine minutes."""
    monkeypatch.setitem(TOPICS, TOPIC, replace(TOPICS[TOPIC], max_delivery_attempts=5))


@pytest.fixture
async def service(server: Server, tmp_path: Path) -> AsyncIterator[Service]:
    async with pushed(server, tmp_path) as service:
        yield service


async def subscribe(service: Service, audience: str = AUDIENCE, email: str = EMAIL) -> None:
    """Let the server push everything to the service."""
    base = str(service.client.make_url("")).rstrip("/")
    urls = dict.fromkeys(("scraper", "analytics", "coordinator", "worker"), base)
    await service.bus.ensure(PushTo(urls, audience, email))


async def drained(server: Server, subscription: str = TOPIC) -> None:
    """Wait until the subscription is owed nothing."""
    async with asyncio.timeout(20):
        while server.broker.core.depth(f"projects/demo/subscriptions/{subscription}"):  # noqa: ASYNC110 - no event for it
            await asyncio.sleep(0)


async def test_a_message_is_pushed_handled_and_acknowledged(server: Server, service: Service) -> None:
    """Published to Pub/Sub, it arrives as the same message, once."""
    await subscribe(service)
    await service.bus.publish(TOPIC, REPORT.encode(), {"key": REPORT.key})
    assert await asyncio.wait_for(service.handled.get(), 20) == REPORT
    await drained(server)
    assert service.attempts == 1


async def test_a_skip_is_acknowledged(server: Server, service: Service) -> None:
    """Nothing to do, and that is right."""
    service.failures = [Skip("no games")]
    await subscribe(service)
    await service.bus.publish(TOPIC, REPORT.encode())
    await drained(server)
    assert (service.attempts, service.dead.deliveries) == (1, [])


async def test_a_transient_failure_is_pushed_again(server: Server, service: Service) -> None:
    """503 is a nack: the next attempt comes after the backoff."""
    service.failures = [Transient("warehouse away"), Transient("still away")]
    await subscribe(service)
    started = time.monotonic()
    await service.bus.publish(TOPIC, REPORT.encode())
    assert await asyncio.wait_for(service.handled.get(), 20) == REPORT
    await drained(server)
    assert service.attempts == 3
    assert time.monotonic() - started >= (1.0 + 2.0) / SPEED


async def test_f26_a_permanent_failure_goes_to_the_dead_letter_once(server: Server, service: Service) -> None:
    """Acknowledged with 204, never a 5xx; the dead letter is pushed too, with its reason."""
    service.failures = [Permanent("bad batch")]
    await subscribe(service)
    await service.bus.publish(TOPIC, REPORT.encode())
    (letter,) = await service.dead.take()
    await drained(server)
    assert service.attempts == 1
    assert letter.data == REPORT.encode()
    assert letter.attributes["reason"] == "bad batch"


@pytest.mark.usefixtures("few_attempts")
async def test_f26_what_fails_for_ever_is_dead_lettered(server: Server, service: Service) -> None:
    """After the topic's attempts, not days of them: `deliveryAttempt` tells the boundary which is the last."""
    service.failures = [Transient("never") for _ in range(9)]
    await subscribe(service)
    await service.bus.publish(TOPIC, REPORT.encode())
    (letter,) = await service.dead.take()
    await drained(server)
    assert service.attempts == 5
    assert letter.attributes["reason"] == "never"


@pytest.mark.usefixtures("few_attempts")
async def test_a_push_for_another_audience_is_never_handled(server: Server, service: Service) -> None:
    """Genuine, but made for something else: every delivery is refused, and Pub/Sub itself dead-letters the message."""
    await subscribe(service, audience="another-app")
    await service.bus.publish(TOPIC, REPORT.encode())
    await drained(server)
    assert service.attempts == 0
    assert server.broker.core.depth(f"projects/demo/subscriptions/{TOPIC}-dead") == 1


def body(**changes: Any) -> bytes:  # noqa: ANN401 - a JSON document
    data = base64.b64encode(REPORT.encode()).decode()
    message = {"data": data, "messageId": "1", "publishTime": "2024-03-04T12:00:00Z"}
    return json.dumps(
        {"message": {**message, **changes}, "subscription": f"projects/demo/subscriptions/{TOPIC}"}
    ).encode()


def token(keys: Keys, **changes: Any) -> str:  # noqa: ANN401 - claims
    return keys.sign({**keys.claims(EMAIL, AUDIENCE, int(time.time())), **changes})


PAST = int(time.time()) - 7200
REFUSED: dict[str, tuple[dict[str, Any], int]] = {
    "expired": ({"iat": PAST, "exp": PAST + 3600}, 401),
    "not yet valid": ({"iat": PAST + 10_800, "exp": PAST + 14_400}, 401),
    "audience": ({"aud": "another-app"}, 403),
    "issuer": ({"iss": "https://evil.example"}, 403),
    "e-mail": ({"email": "stranger@demo"}, 403),
    "e-mail not verified": ({"email_verified": False}, 403),
    "e-mail verified in words": ({"email_verified": "true"}, 403),
    "no e-mail": ({"email": None}, 403),
    "the schedules' account": (SCHEDULE, 403),
    "the schedules' account for a push": ({"email": SCHEDULE["email"]}, 403),
    "a push for a schedule": ({"aud": SCHEDULE["aud"]}, 403),
}


@pytest.mark.parametrize("claim", REFUSED)
async def test_f35_a_genuine_token_with_a_wrong_claim_is_refused(server: Server, service: Service, claim: str) -> None:
    """Signature, audience, issuer, expiry, verified e-mail on the list: each is needed."""
    changes, status = REFUSED[claim]
    headers = {"Authorization": f"Bearer {token(server.keys, **changes)}"}
    async with service.client.post(f"/push/{TOPIC}", data=body(), headers=headers) as response:
        assert response.status == status
    assert service.attempts == 0


async def test_f35_a_forged_token_is_refused(server: Server, service: Service) -> None:
    """No header, no scheme, garbage, unsigned, another's key under our key id, a signature of something else: 401."""
    good = token(server.keys)
    head, _, signature = good.split(".")
    claims = {**server.keys.claims(EMAIL, AUDIENCE, int(time.time())), "sub": "me"}
    unsigned = put_together({"alg": "none", "typ": "JWT"}, claims)
    forged = (
        "", "Bearer", "Bearer ", good, f"Basic {good}", "Bearer x", "Bearer a.b.c", "Bearer é.é.é",
        f"Bearer {unsigned}", f"Bearer {token(Keys())}", f"Bearer {head}.{segment(claims)}.{signature}",
    )  # fmt: skip
    for authorization in forged:
        headers = {"Authorization": authorization} if authorization else {}
        async with service.client.post(f"/push/{TOPIC}", data=body(), headers=headers) as response:
            assert response.status == 401, authorization
    assert service.attempts == 0


async def test_callers_are_told_apart(server: Server, service: Service) -> None:
    """Pushes, schedules and people have accounts and audiences of their own, and none opens another's door."""
    app = service.client.app
    assert app is not None
    access = app[ACCESS]

    def request(**claims: str) -> web.Request:
        return make_mocked_request("POST", "/", headers={"Authorization": f"Bearer {token(server.keys, **claims)}"})

    await access.require_push(request())
    with pytest.raises(Untrusted, match="aud"):
        await access.caller(request())
    for claims, caller in (
        (SCHEDULE, Caller(SCHEDULES, Role.OPERATOR)),
        (PERSON, Caller(PERSON["email"], Role.ADMIN)),
        ({**PERSON, "email": "eve@demo"}, Caller("eve@demo", Role.VIEWER)),
    ):
        assert await access.caller(request(**claims)) == caller
        with pytest.raises(Untrusted, match="aud"):
            await access.require_push(request(**claims))
    with pytest.raises(Untrusted, match="email"):
        await access.caller(request(**(SCHEDULE | {"aud": PERSON["aud"]})))


@pytest.mark.parametrize("path", ["/readyz", "/metrics"])
async def test_strangers_learn_nothing(server: Server, service: Service, path: str) -> None:
    """What the service stands on, and its figures, are for those who may read."""
    for claims, status in ((None, 401), ({}, 403), (PERSON, 200)):
        headers = {} if claims is None else {"Authorization": f"Bearer {token(server.keys, **claims)}"}
        async with service.client.get(path, headers=headers) as response:
            assert response.status == status


async def test_a_true_token_is_let_in(server: Server, service: Service) -> None:
    """The same request with a good token: handled, 204; so the refusals above are the token's doing."""
    headers = {"Authorization": f"Bearer {token(server.keys)}"}
    async with service.client.post(f"/push/{TOPIC}", data=body(), headers=headers) as response:
        assert response.status == 204
    assert service.attempts == 1


async def test_waiting_for_its_turn_is_part_of_a_pushs_time(server: Server, service: Service) -> None:
    """The deadline runs from the push on: what a delivery waits until others are done is not given on top."""
    app = service.client.app
    assert app is not None
    slots = app[PUSH]._targets[TOPIC].slots
    for _ in range(4):
        await slots.acquire()
    headers = {"Authorization": f"Bearer {token(server.keys)}"}
    waiting = asyncio.create_task(service.client.post(f"/push/{TOPIC}", data=body(), headers=headers))
    for _ in range(1000):
        if slots._waiters:
            break
        await service.client.get("/healthz")
    waits_since = asyncio.get_running_loop().time()
    for _ in range(20):  # what takes its time
        await service.client.get("/healthz")
    waited = asyncio.get_running_loop().time() - waits_since
    slots.release()
    assert (await waiting).status == 204
    assert service.rest <= TOPICS[TOPIC].time_limit - waited


@pytest.mark.parametrize("path", ["/push/nobody", "/push/scraper-tasks"])
async def test_a_push_for_another_service_is_not_found(server: Server, service: Service, path: str) -> None:
    """404 names the subscription: a wrong endpoint shows at once."""
    headers = {"Authorization": f"Bearer {token(server.keys)}"}
    async with service.client.post(path, data=body(), headers=headers) as response:
        assert response.status == 404
        assert path.rpartition("/")[2] in await response.text()


@pytest.mark.parametrize(("size", "status"), [(2_000_000, 204), (13_000_000, 400)])
async def test_a_push_has_a_limit_of_its_own(server: Server, service: Service, size: int, status: int) -> None:
    """A message of 10 MB in base64 and no more, where aiohttp's limit is 1 MB."""
    headers = {"Authorization": f"Bearer {token(server.keys)}"}
    long = REPORT.model_copy(update={"reason": "x" * size})
    data = BytesIO(body(data=base64.b64encode(long.encode()).decode()))
    async with service.client.post(f"/push/{TOPIC}", data=data, headers=headers) as response:
        assert response.status == status
    assert service.attempts == (status == 204)


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", body(data="not base64!"), body(messageId=None)])
async def test_what_is_no_envelope_is_refused(server: Server, service: Service, data: bytes) -> None:
    """400, nothing handled."""
    headers = {"Authorization": f"Bearer {token(server.keys)}"}
    async with service.client.post(f"/push/{TOPIC}", data=data, headers=headers) as response:
        assert response.status == 400
    assert service.attempts == 0


async def test_a_message_of_5_mb_is_taken(server: Server, service: Service) -> None:
    """Aiohttp's own limit of 1 MB for a body does not apply; the handler then refuses what it cannot decode."""
    await subscribe(service)
    await service.bus.publish(TOPIC, b"x" * 5_000_000)
    (letter,) = await service.dead.take()
    await drained(server)
    assert len(letter.data) == 5_000_000


async def test_without_certificates_nothing_is_handled(server: Server, tmp_path: Path) -> None:
    """503, so that Pub/Sub tries again when the issuer answers."""
    async with pushed(server, tmp_path, certs_url="http://127.0.0.1:9/certs") as service:
        headers = {"Authorization": f"Bearer {token(server.keys)}"}
        async with service.client.post(f"/push/{TOPIC}", data=body(), headers=headers) as response:
            assert response.status == 503
        assert service.attempts == 0


def test_push_settings_are_needed_for_push() -> None:
    """Both missing values are reported at once."""
    with pytest.raises(Permanent, match=r"PUSH_AUDIENCE.*PUSH_EMAILS"):
        load(CommonSettings, delivery="push")
