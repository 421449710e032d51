"""Pages of names: the token is the last name of the page before."""

from collections.abc import Iterable

from devstack.pubsub_server.refusal import invalid
from devstack.pubsub_server.wire import Pb

DEFAULT_PAGE = 100


def page(names: Iterable[str], request: Pb, *, prefix: str = "") -> tuple[list[str], str]:
    """(names of the page the request asks for, token of the next page or "")."""
    if request.page_size < 0:
        raise invalid(f"page_size must not be negative (got {request.page_size})")
    size = request.page_size if request.page_size > 0 else DEFAULT_PAGE
    left = sorted(name for name in names if name.startswith(prefix) and name > request.page_token)
    return left[:size], left[size - 1] if len(left) > size else ""
