"""`tipoff parse`: the rows of one payload file, as the scraper would read it, or why it cannot."""

import gzip
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click
import yaml
from rich.console import Console

from cli import common
from cli.common import out
from services.scraper.domain.box import Box
from services.scraper.domain.games import Season
from services.scraper.domain.wire import Fault, Parsed, Refusal
from services.scraper.sources import ENDPOINTS
from services.scraper.sources.endpoint import Endpoint
from shared.errors import Permanent

Row = dict[str, Any]
SHOWN = 200
"""Rows that are shown to people; `--json` has them all."""
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@click.command()
@click.option("--source", required=True, help="The source that gave the payload.")
@click.option("--endpoint", required=True, help="What the source was asked for.")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@common.json_option
def parse(source: str, endpoint: str, file: Path, *, as_json: bool) -> None:
    """Print the rows of FILE, or why there are none (exit code 1): JSON, PDF, gzipped or not, or a VCR cassette."""
    endpoints = named(source, endpoint)
    parsed = [read(endpoints, body, file) for body in bodies(file, endpoint)]
    rows = [row for each in parsed for record in each.records for row in rows_of(record)]
    refused = [refusal for each in parsed for refusal in _refusals(each)]
    covers = _plain(frozenset[Any]().union(*(each.covers for each in parsed if each.covers is not None)))
    if as_json:
        common.print_json(
            {
                "source": source,
                "endpoint": endpoint,
                "published_at": next((_plain(each.stamp) for each in parsed if each.stamp is not None), None),
                "covers": covers,
                "rows": rows,
                "refused": [asdict(refusal) for refusal in refused],
            }
        )
        return
    _show(rows)
    for refusal in refused:
        out.print(f"refused {refusal.record}: {refusal.reason}", markup=False, soft_wrap=True)
    if covers:
        who = ", ".join(" ".join(str(part) for part in each if part is not None) for each in covers)
        out.print(f"who is not listed of {who} is available", soft_wrap=True)
    out.print(f"{len(rows)} rows, {len(refused)} refused")


def named(source: str, endpoint: str) -> tuple[Endpoint[Any], ...]:
    """The endpoints of this name; a usage error says what there is, and what may have been meant."""
    _known(source, sorted({each.source for each in ENDPOINTS}), "source", "sources")
    of_source = [each for each in ENDPOINTS if each.source == source]
    _known(endpoint, sorted({each.name for each in of_source}), "endpoint", f"endpoints of {source}")
    return tuple(each for each in of_source if each.name == endpoint)


def _known(given: str, known: Sequence[str], what: str, all_of_them: str) -> None:
    if given not in known:
        near = get_close_matches(given.casefold(), {name.casefold(): name for name in known}, n=1)
        meant = f" (did you mean {next(name for name in known if name.casefold() == near[0])}?)" if near else ""
        raise click.UsageError(f"no {what} {given!r}{meant}: the {all_of_them} are {', '.join(known)}")


def bodies(file: Path, endpoint: str) -> list[bytes]:
    """The payloads in a file: one, or of a cassette those of the requests to the endpoint.

    Raises:
        Permanent: it cannot be unpacked, or holds none.
    """
    try:
        body = file.read_bytes()
        if file.suffix == ".gz":
            body = gzip.decompress(body)
    except (OSError, EOFError, zlib.error) as error:
        raise Permanent(f"{file} cannot be read: {error}") from None
    if not file.name.removesuffix(".gz").endswith((".yaml", ".yml")):
        return [body]
    try:
        recorded = [(made["request"]["uri"], made["response"]["body"]["string"])
                    for made in yaml.load(body, Loader=_LOADER)["interactions"]]  # noqa: S506 - a safe loader  # fmt: skip
        found = [
            answer if isinstance(answer, bytes) else answer.encode()
            for uri, answer in recorded
            if f"/{endpoint}?" in f"{uri}?"
        ]
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, UnicodeEncodeError, RecursionError) as error:
        raise Permanent(f"{file} is no cassette of HTTP requests ({type(error).__name__})") from None
    if not found:
        asked = ", ".join(sorted({str(uri).partition("?")[0] for uri, _ in recorded}))
        raise Permanent(f"{file} holds no answer of {endpoint}", remedy=f"it was recorded of {asked or 'nothing'}")
    return found


def read(endpoints: Iterable[Endpoint[Any]], body: bytes, file: Path) -> Parsed[Any]:
    """What the first of the endpoints that can read the body makes of it.

    Raises:
        Permanent: none can; with the first one's reason.
    """
    first: Permanent | None = None
    for each in endpoints:
        try:
            return each.parse(body)
        except Fault as fault:
            reason = f"{file} is no answer of {each.source} {each.name}: {fault} ({fault.kind})"
            first = first if first is not None else Permanent(reason)
    raise first if first is not None else Permanent(f"nothing can read {file}")


def rows_of(record: Any) -> Iterator[Row]:  # noqa: ANN401 - of any endpoint
    """A record as rows without anything nested: a season's games, a box score's lines and absences."""
    match record:
        case Season():
            yield from map(_row, record.games)
        case Box():
            game = {"game_id": record.game_id, "final": record.final}
            yield from ({**game, **_row(line)} for line in record.lines)
            yield from ({**game, **_row(absence)} for absence in record.absences)
        case _:
            yield _row(record)


def _row(record: Any) -> Row:  # noqa: ANN401 - a dataclass
    return {name: _plain(value) for name, value in asdict(record).items()}


def _refusals(parsed: Parsed[Any]) -> Iterator[Refusal]:
    yield from parsed.refused
    for record in parsed.records:
        if isinstance(record, Box):
            yield from (Refusal(f"{record.game_id} {line.record}", line.reason) for line in record.refused)


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a record holds
    """As JSON has it; dates in ISO's form."""
    match value:
        case datetime() | date():
            return value.isoformat()
        case Mapping():
            return {str(key): _plain(each) for key, each in value.items()}
        case set() | frozenset():
            return sorted(map(_plain, value))
        case tuple() | list():
            return [_plain(each) for each in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            return _row(value)
        case _:
            return value


def _show(rows: Sequence[Row]) -> None:
    """A table, as wide as it must be; what is empty in all rows is left out."""
    names = dict.fromkeys(name for row in rows for name, value in row.items() if value is not None)
    table = common.table(*names, gap=1)
    for row in rows[:SHOWN]:
        table.add_row(*(_cell(row.get(name)) for name in names))
    if rows:
        Console(highlight=False, markup=False, emoji=False, width=max(out.width, 40 * len(names))).print(table)
    if len(rows) > SHOWN:
        out.print(f"... and {len(rows) - SHOWN} more: --json has them all")


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return "" if value is None else ", ".join(map(str, value)) if isinstance(value, list) else str(value)
