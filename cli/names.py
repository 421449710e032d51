"""`tipoff names`: names of players that fit nobody, and who a person says they are. Through the coordinator's API."""

from datetime import date

import click

from cli import common
from cli.common import Day, out
from client.answers import NameSettled, Run, UnresolvedName
from client.api import Client
from client.runs import LOCAL_LOOK, REMOTE_LOOK, follow
from shared.basketball.identity import TEAMS
from shared.registries.sources import SOURCES


@click.group()
def names() -> None:
    """Names of players that the sources write so that they fit nobody, or several."""


@names.command("list")
@click.option("--from", "first", type=Day(), help="First slate; default: 30 days before the last.")
@click.option("--to", "last", type=Day(), help="Last slate; default: tomorrow's.")
@common.coordinator_options
def list_(first: date | None, last: date | None, *, as_json: bool) -> None:
    """Names that are not settled, with who they may be. Exit code 3 if there are any."""
    query = {name: day.isoformat() for name, day in (("first", first), ("last", last)) if day is not None}
    rows = common.ask(lambda client: client.names(**query))
    if as_json:
        common.print_json(rows)
    else:
        table = common.table("name", "source", "teams", "first", "last", "times", "may be")
        for row in rows:
            teams, times = " ".join(row["teams"]), str(row["times"])
            table.add_row(
                row["player_name"], row["source"], teams, row["first_date"], row["last_date"], times, _may_be(row)
            )
        out.print(table if rows else "every name is resolved")
    if any(row["settled_as"] is None for row in rows):
        raise click.exceptions.Exit(3)


@names.command()
@click.argument("name")
@click.option("--player", "player_id", type=click.IntRange(min=1), required=True, metavar="ID", help="NBA player id.")
@click.option("--team", type=click.Choice(list(TEAMS)), help="Only of this team; default: of any.")
@click.option("--source", type=click.Choice(list(SOURCES)), help="Only where this source writes so; default: any.")
@click.option("--note", help="Why, for whoever reads it later.")
@common.coordinator_options
def settle(name: str, player_id: int, team: str | None, source: str | None, note: str | None, *, as_json: bool) -> None:
    """Say which player NAME is; what waited for it is loaded from the archive. Asked again, the last answer counts."""
    given = {"name": name, "player_id": player_id, "team": team, "source": source, "note": note}
    body: dict[str, object] = {field: value for field, value in given.items() if value is not None}
    settled, runs = common.ask(lambda client: _settled(client, body), changing=True)
    if as_json:
        common.print_json(settled)
        return
    out.print(f"{name} is {settled['player_name']} ({player_id})", markup=False)
    for run in runs:
        out.print(f"{run['run_id']}: loaded from the archive, {run['status']}", markup=False)
    for run_id, why in settled["left"].items():
        out.print(f"{run_id}: {why}", markup=False)


async def _settled(client: Client, body: dict[str, object]) -> tuple[NameSettled, list[Run]]:
    """The answer, and the runs that load what waited: followed to their ends, since on this machine they are ours."""
    settled = await client.settle_name(**body)
    every = LOCAL_LOOK if common.remote() is None else REMOTE_LOOK
    return settled, [await follow(client, await client.run(key), _unseen, every=every) for key in settled["runs"]]


def _unseen(_: Run) -> None:
    """Nobody looks at these runs meanwhile."""


def _may_be(row: UnresolvedName) -> str:
    """The candidates, or who it was settled as."""
    if row["settled_as"] is not None:
        return f"settled as {row['settled_as']}, not loaded yet"
    return "; ".join(f"{each['player_id']} {each['player_name']} {each['team']}" for each in row["candidates"])
