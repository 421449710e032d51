"""The trace of a request, from the headers that name it."""

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from structlog.contextvars import get_contextvars

from shared.runtime.trace import trace_of, traced

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"  # pragma: allowlist secret - of the standard
SAMPLED = {"trace": TRACE, "span": SPAN, "trace_sampled": True}


@pytest.mark.parametrize(
    ("headers", "trace"),
    [
        ({"traceparent": f"00-{TRACE}-{SPAN}-01"}, SAMPLED),
        ({"traceparent": f"00-{TRACE}-{SPAN}-02"}, SAMPLED | {"trace_sampled": False}),
        ({"traceparent": f"01-{TRACE}-{SPAN}-03-later"}, SAMPLED),
        ({"X-Cloud-Trace-Context": f"{TRACE}/13235353014750950193;o=1"}, SAMPLED),
        ({"X-Cloud-Trace-Context": f"{TRACE}/1"}, {"trace": TRACE, "span": f"{1:016x}", "trace_sampled": False}),
        ({"X-Cloud-Trace-Context": TRACE}, {"trace": TRACE, "trace_sampled": False}),
        ({"X-Cloud-Trace-Context": f"{TRACE}/18446744073709551616"}, {"trace": TRACE, "trace_sampled": False}),
        ({"traceparent": "no trace", "X-Cloud-Trace-Context": f"{TRACE}/13235353014750950193;o=1"}, SAMPLED),
        ({"traceparent": f"00-{'0' * 32}-{SPAN}-01"}, {}),
        ({"traceparent": f"00-{TRACE}-{SPAN}-01\n"}, {}),
        ({"X-Cloud-Trace-Context": f"{TRACE}/one"}, {}),
        ({}, {}),
    ],
)
def test_a_trace_is_read_from_either_header(headers: dict[str, str], trace: dict[str, object]) -> None:
    """W3C's first, Google's own else; what is malformed is no trace."""
    assert trace_of(headers) == trace


async def test_a_request_has_its_own_trace_and_no_other() -> None:
    """A connection's next request does not take over the trace of the last."""
    seen = []

    async def handler(_: web.Request) -> web.Response:
        seen.append(get_contextvars())
        return web.Response()

    await traced(make_mocked_request("GET", "/", {"traceparent": f"00-{TRACE}-{SPAN}-01"}), handler)
    await traced(make_mocked_request("GET", "/"), handler)
    assert seen == [SAMPLED, {}]
