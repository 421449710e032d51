"""`tipoff keys`: who may ask a coordinator, by API key. Through its API, which only admins may ask about keys."""

import re
from typing import Any

import click

from cli import common
from cli.common import err, out
from cli.paged import whole
from client.answers import ApiKey, NewApiKey
from client.api import Client
from shared.errors import Permanent
from shared.registries.keys import Role

_UNITS = {"m": 60, "h": 3600, "d": 86_400}


class Duration(click.ParamType[int]):
    """Seconds, written as 30m, 24h or 90d."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401 - click
        """Parse, or fail as a usage error."""
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"(\d{1,6})([mhd])", value)
        if match is None:
            self.fail(f"{value!r} is no duration: write it as 30m, 24h or 90d", param, ctx)
        return int(match[1]) * _UNITS[match[2]]


def _dry_run(command: common.F) -> common.F:
    return click.option("--dry-run", is_flag=True, help="Only say what would be done.")(command)


@click.group()
def keys() -> None:
    """API keys of a coordinator: for people and machines, each with a name and a role."""


@keys.command()
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True, help="What its owner may do.")
@click.option("--expires-in", type=Duration(), help="When it ends by itself: 30m, 24h, 90d; default: never.")
@click.option("--replaces", metavar="ID", help="The key that ends instead, after --overlap.")
@click.option("--overlap", type=Duration(), help="For how long the replaced key still counts; default: 24h.")
@_dry_run
@common.coordinator_options
def create(
    name: str,
    role: str,
    expires_in: int | None,
    replaces: str | None,
    overlap: int | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Make a key. It is printed once, alone on stdout, and nobody can show it again."""
    if overlap is not None and replaces is None:
        raise click.UsageError("--overlap is of the key that --replaces names")
    given = {
        "name": name, "role": role, "expires_in_seconds": expires_in, "replaces": replaces, "overlap_seconds": overlap
    }  # fmt: skip
    body = {field: value for field, value in given.items() if value is not None}
    if dry_run:
        old = [] if replaces is None else [common.ask(lambda client: _found(client, replaces))]
        replaced = "".join(f", in place of {_words(key)}" for key in old)
        err.print(f"would make a key for {name}, {role}{replaced}", markup=False, soft_wrap=True)
        if as_json:
            common.print_json(body | {"dry_run": True})
        return
    made: NewApiKey = common.ask(lambda client: client.create_key(**body), changing=True)
    until = "never ends by itself" if made["expires_at"] is None else f"ends {made['expires_at']}"
    err.print(
        f"key {made['id']} for {name}, {role}, {until}: shown this once, keep it safe", markup=False, soft_wrap=True
    )
    if as_json:
        common.print_json(made)
    else:
        click.echo(made["key"])


@keys.command("list")
@click.option("--all", "ended", is_flag=True, help="Also those that have ended.")
@common.coordinator_options
def list_(*, ended: bool, as_json: bool) -> None:
    """Every key that counts, without its secret."""
    rows = [key for key in common.ask(Client.keys) if ended or key["status"] == "active"]
    if as_json:
        common.print_json(rows)
        return
    table = common.table("id", "name", "role", "status", "made", "by", "ends", gap=1)
    for key in rows:
        ends = key["revoked_at"] if key["revoked_at"] is not None else key["expires_at"]
        made, until = (text[:16].replace("T", " ") if text else "" for text in (key["created_at"], ends))  # minutes
        table.add_row(key["id"], key["name"], key["role"], key["status"], made, key["created_by"], until)
    whole(table, "id")
    out.print(table)


@keys.command()
@click.argument("id_", metavar="ID")
@_dry_run
@common.coordinator_options
def revoke(id_: str, *, dry_run: bool, as_json: bool) -> None:
    """End a key: within half a minute nobody gets in with it, anywhere."""
    key: ApiKey = common.ask(lambda client: _found(client, id_) if dry_run else client.revoke_key(id_), changing=True)
    if as_json:
        common.print_json(key)
    elif dry_run:
        out.print(f"would revoke {_words(key)}", markup=False, soft_wrap=True)
    else:
        out.print(f"revoked {_words(key)}", markup=False, soft_wrap=True)


async def _found(client: Client, id_: str) -> ApiKey:
    for key in await client.keys():
        if key["id"] == id_:
            return key
    raise Permanent(f"no API key has the id {id_!r}", remedy="`tipoff keys list --all` shows them")


def _words(key: ApiKey) -> str:
    return f"key {key['id']} of {key['name']}, {key['role']}, {key['status']}"
