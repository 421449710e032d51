"""`tipoff page`: a link into the page, for whoever has a key and a terminal."""

import webbrowser
from typing import TypedDict

import click

from cli import common
from cli.common import out
from client.api import Endpoint, connect
from devstack import daemon
from shared.errors import Permanent


class _Link(TypedDict):
    url: str
    expires_in_seconds: int


@click.command()
@click.option("--open", "opens", is_flag=True, help="Open it in this machine's browser.")
@common.coordinator_options
def page(*, opens: bool, as_json: bool) -> None:
    """A link that signs a browser in as the key in use, once and soon."""
    endpoint = common.remote()
    stack = daemon.running_stack(common.home()) if endpoint is None else None
    endpoint = stack.endpoint if stack is not None else endpoint
    if endpoint is None:
        raise Permanent("nothing runs that could serve a page", remedy="`tipoff up` or `tipoff dev up` starts it")
    link = common.settle(_link(endpoint))
    if as_json:
        common.print_json(link)
    else:
        out.print(link["url"], soft_wrap=True, markup=False, highlight=False)
        out.print(f"It signs in once, within {link['expires_in_seconds'] // 60} minutes")
    if opens:
        webbrowser.open(link["url"])


async def _link(endpoint: Endpoint) -> _Link:
    async with connect(endpoint) as client:
        made = await client.post("sign-in-links", {})
    return _Link(url=endpoint.url + made["path"], expires_in_seconds=made["expires_in_seconds"])
