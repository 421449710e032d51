"""What every service has in common: health, identity, metrics, and consumers that live as long as the app."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared.contract import Message
from shared.ports import Bus, BusHandler, Clock, Delivery, Ports
from shared.registries.keys import Role
from shared.registries.topics import DEAD_LETTER_ACK_DEADLINE, TOPICS, time_limit
from shared.runtime import metrics
from shared.runtime.access import ACCESS, Access, Keys, only
from shared.runtime.answers import failures, json_response
from shared.runtime.audit import audit
from shared.runtime.boundary import MessageHandler, guarded
from shared.runtime.logs import get_logger
from shared.runtime.metering import Metered, Reason, charged_to, reason_of
from shared.runtime.push import Push, Target
from shared.runtime.readiness import Ping, Readiness
from shared.runtime.settings import CommonSettings
from shared.runtime.trace import traced

MAX_BODY = 64 << 10
"""Bytes of a request's body; a push has a limit of its own."""


@dataclass(frozen=True, slots=True)
class Consumer:
    """A subscription and the handler of its messages."""

    topic: str
    """The topic; its subscription has the same name."""
    handler: MessageHandler
    max_in_flight: int = 1


@dataclass(frozen=True, slots=True)
class DeadLetterConsumer:
    """The dead letter of a topic and what is done with each delivery; the handler raises only `Nack`."""

    topic: str
    handler: BusHandler


class Health:
    """Answers /healthz and /readyz: who is running (failures 4 and 23: a deploy checks it) and whether it works."""

    def __init__(
        self,
        service: str,
        revision: str,
        pings: Mapping[str, Ping],
        clock: Clock,
    ) -> None:
        self.service = service
        self.revision = revision
        self.pings = pings
        self.readiness = Readiness(pings, clock)
        self.consumer_failure: str | None = None
        self.broken = asyncio.Event()
        """Set once there is a consumer failure."""

    def consumers_ended(self, task: asyncio.Task[None]) -> None:
        """Consumers run as long as the app: one that ends by itself makes the service unhealthy."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.consumer_failure = "; ".join(f"{type(leaf).__name__}: {leaf}" for leaf in _leaves(error))
            get_logger(self.service).error("consumers_stopped", reason=self.consumer_failure)
            self.broken.set()

    async def report(self, *, deep: bool) -> tuple[bool, dict[str, object]]:
        """(healthy, body): whether the service itself works and, if `deep`, what it stands on."""
        checks = {"consumers": "ok" if self.consumer_failure is None else "ended"}  # which strangers may know
        if deep:
            checks["consumers"] = self.consumer_failure or "ok"
            checks |= await self.readiness.checks()
        healthy = all(state == "ok" for state in checks.values())
        return healthy, {"service": self.service, "revision": self.revision, "healthy": healthy, "checks": checks}


HEALTH: web.AppKey[Health] = web.AppKey("health", Health)


@web.middleware
async def charged(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever the warehouse is asked for a request is charged to it; a message that is pushed says more itself."""
    with charged_to(Reason("health" if request.path.startswith("/readyz") else "api")):
        return await handler(request)


@web.middleware
async def changes_end(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whoever hangs up ends the reading he asked for (see `process`), but no change: what has begun is done."""
    if request.method in (hdrs.METH_GET, hdrs.METH_HEAD):
        return await handler(request)
    work = asyncio.ensure_future(handler(request))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        error = None if work.cancelled() else work.exception()
        if error is not None:  # nobody is left to answer
            reason = f"{type(error).__name__}: {error}"
            get_logger("http").error("change_failed", path=request.path, reason=reason)
        raise


def application(
    service: str,
    settings: CommonSettings,
    ports: Ports,
    consumers: Sequence[Consumer | DeadLetterConsumer],
    pings: Mapping[str, Ping] | None = None,
    middlewares: Sequence[Middleware] = (),
    keys: Keys | None = None,
) -> web.Application:
    """An aiohttp app that consumes while it runs and answers /healthz, /readyz and /metrics."""
    ours = [traced, audit, charged, changes_end, failures]
    app = web.Application(middlewares=[*ours, *middlewares], client_max_size=MAX_BODY)
    app[ACCESS] = Access(settings, keys)
    app.cleanup_ctx.append(app[ACCESS].running)
    health = Health(service, settings.revision, pings if pings is not None else {}, ports.clock)
    app[HEALTH] = health
    log = get_logger(service)

    receivers = [_receiver(consumer, ports, log) for consumer in consumers]

    async def consume(_: web.Application) -> AsyncIterator[None]:
        log.info("service_started", **settings.masked())
        pulled = receivers if settings.delivery == "pull" else []
        task = asyncio.create_task(_run(pulled, ports.bus), name=f"{service}-consumers")
        task.add_done_callback(health.consumers_ended)
        yield
        await health.readiness.close()
        task.cancel()
        await asyncio.wait([task])  # how it ended is in the health report
        if isinstance(ports.warehouse, Metered):
            await ports.warehouse.write_the_last()
        log.info("service_stopped")

    app.cleanup_ctx.append(consume)
    if settings.delivery == "push":
        targets = {
            each.subscription: Target(each.handler, asyncio.Semaphore(each.max_in_flight), each.time_limit)
            for each in receivers
        }
        Push(targets, log).add_to(app)
    for slash in ("", "/"):  # run.app's front end keeps /healthz for itself
        app.router.add_get(f"/healthz{slash}", partial(_health, deep=False))
        app.router.add_get(f"/readyz{slash}", only(Role.VIEWER)(partial(_health, deep=True)))
    app.router.add_get("/metrics", only(Role.VIEWER)(_metrics))
    return app


@dataclass(frozen=True, slots=True)
class _Receiver:
    """A consumer as the bus or a push sees it."""

    subscription: str
    handler: BusHandler
    max_in_flight: int
    time_limit: float


def _receiver(consumer: Consumer | DeadLetterConsumer, ports: Ports, log: object) -> _Receiver:
    topic = TOPICS[consumer.topic]
    if isinstance(consumer, DeadLetterConsumer):
        return _Receiver(topic.dead_letter, consumer.handler, 1, time_limit(DEAD_LETTER_ACK_DEADLINE))

    async def on_message(message: Message) -> None:
        with charged_to(reason_of(message)):
            await consumer.handler(message)

    handle = guarded(on_message, topic=topic, bus=ports.bus, clock=ports.clock, log=log)

    async def on_delivery(delivery: Delivery) -> None:
        await handle(delivery)
        if isinstance(ports.warehouse, Metered):  # the message is done, whatever becomes of this
            await ports.warehouse.write_if_due()

    return _Receiver(topic.name, on_delivery, consumer.max_in_flight, topic.time_limit)


async def _run(receivers: Sequence[_Receiver], bus: Bus) -> None:
    async with asyncio.TaskGroup() as group:
        for each in receivers:
            group.create_task(bus.consume(each.subscription, each.handler, max_in_flight=each.max_in_flight))


def _leaves(error: BaseException) -> list[BaseException]:
    """What an exception group holds, however deep."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in _leaves(inner)]
    return [error]


async def _health(request: web.Request, *, deep: bool) -> web.Response:
    healthy, body = await request.app[HEALTH].report(deep=deep)
    return json_response(body, HTTPStatus.OK if healthy else HTTPStatus.SERVICE_UNAVAILABLE)


async def _metrics(_: web.Request) -> web.Response:
    return web.Response(body=generate_latest(metrics.REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})
