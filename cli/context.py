"""`tipoff context`: coordinators by name, and which of them commands ask."""

from typing import Any

import click

from cli import common
from cli.common import out
from client import chosen, contexts
from client.contexts import LOCAL, Context


@click.group()
def context() -> None:
    """Coordinators by name, kept in TIPOFF_CONFIG or ~/.config/tipoff/config.toml."""


def _dry_run(command: common.F) -> common.F:
    return click.option("--dry-run", is_flag=True, help="Only say what would be written.")(command)


@context.command()
@click.argument("name")
@click.option("--url", required=True, help="The coordinator's URL.")
@click.option("--api-key", default="", help="One of its API keys.")
@click.option(
    "--token-command", default="", help="Prints a Google identity token, e.g. gcloud auth print-identity-token."
)
@_dry_run
def add(name: str, url: str, api_key: str, token_command: str, *, dry_run: bool) -> None:
    """Keep a coordinator under a name, in place of another that had it."""
    known = contexts.read(chosen.config_file())
    new = known.add(name, Context(url=url, api_key=api_key, token_command=token_command))
    _write(new, f"{'replace' if name in known.contexts else 'add'} context {name}", dry_run=dry_run)


@context.command()
@click.argument("name")
@_dry_run
def use(name: str, *, dry_run: bool) -> None:
    """Let commands ask this coordinator; `local` is this machine."""
    _write(contexts.read(chosen.config_file()).choose(name), f"use context {name}", dry_run=dry_run)


@context.command()
@click.argument("name")
@_dry_run
def remove(name: str, *, dry_run: bool) -> None:
    """Forget a coordinator; if it was in use, commands ask this machine."""
    _write(contexts.read(chosen.config_file()).remove(name), f"remove context {name}", dry_run=dry_run)


@context.command("list")
@common.json_option
def list_(as_json: bool) -> None:  # noqa: FBT001 - a flag of the command line
    """Every context, without its secrets."""
    config = contexts.read(chosen.config_file())
    rows: list[dict[str, Any]] = [
        {"name": LOCAL, "url": None, "api_key": False, "token_command": None, "in_use": config.use is None},
        *(
            {"name": name, "url": known.url, "api_key": bool(known.api_key),
             "token_command": known.token_command or None, "in_use": name == config.use}
            for name, known in config.contexts.items()
        ),
    ]  # fmt: skip
    if as_json:
        common.print_json(rows)
        return
    table = common.table("", "name", "URL", "credentials")
    for row in rows:
        credentials = ["API key"] if row["api_key"] else []
        credentials += [f"`{row['token_command']}`"] if row["token_command"] else []
        where = row["url"] or "this machine"
        table.add_row("*" if row["in_use"] else "", row["name"], where, ", ".join(credentials))
    out.print(table)


def _write(config: contexts.Config, what: str, *, dry_run: bool) -> None:
    path = chosen.config_file()
    if not dry_run:
        contexts.write(path, config)
    out.print(f"{'would ' if dry_run else ''}{what} in {path}", soft_wrap=True, markup=False)
