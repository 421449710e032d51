"""The reference of commands, settings and registries: `python -m cli.reference > docs/reference.md`."""

import sys
from collections.abc import Iterable, Iterator, Sequence

import click
from pydantic.fields import FieldInfo

from cli.main import COMMANDS, tipoff
from live.settings import LiveSettings
from services.analytics.settings import AnalyticsSettings
from services.coordinator.settings import CoordinatorSettings
from services.scraper.settings import ScraperSettings
from services.worker.settings import WorkerSettings
from shared.registries.markets import MARKETS
from shared.registries.pipeline import PHASES, STEPS
from shared.registries.schedules import SCHEDULES
from shared.registries.sources import SOURCES
from shared.registries.systems import SYSTEMS
from shared.runtime.settings import PREFIX, CommonSettings

_HEAD = """\
# Reference

Made from the command line, the settings and the registries: `python -m cli.reference > docs/reference.md`.
Beside it are tables and columns ([data dictionary](data-dictionary.md)), the API's routes
([coordinator](coordinator.md#http-api)) and the file of settings ([run it for real](run-it-for-real.md#what-is-where)).
"""
_SETTINGS: Sequence[tuple[str, type[CommonSettings]]] = (
    ("One machine", LiveSettings),
    ("Scraper", ScraperSettings),
    ("Analytics", AnalyticsSettings),
    ("Coordinator", CoordinatorSettings),
    ("Worker", WorkerSettings),
)


def document() -> str:
    """The page, as Markdown."""
    return "\n".join([_HEAD, *_commands(), *_settings(), *_registries()]).rstrip() + "\n"


def _commands() -> Iterator[str]:
    yield "## Commands\n\nEvery command has `--help`.\n"
    context = click.Context(tipoff, info_name="tipoff")
    for name in sorted(COMMANDS):
        command = tipoff.get_command(context, name)
        if command is not None:
            yield from _command(name, command)


def _command(name: str, command: click.Command) -> Iterator[str]:
    if isinstance(command, click.Group):
        for part, each in sorted(command.commands.items()):
            yield from _command(f"{name} {part}", each)
        return
    arguments = "".join(f" {each.make_metavar(click.Context(command))}" for each in command.params
                        if isinstance(each, click.Argument))  # fmt: skip
    yield f"### tipoff {name}\n\n`tipoff {name}{arguments}`: {' '.join((command.help or '').split())}\n"
    options = [each for each in command.params if isinstance(each, click.Option)]
    if options:
        yield from _table(("option", "does"), ((f"`{_form(each)}`", each.help or "") for each in options))


def _form(option: click.Option) -> str:
    """As one types it: `--date DATE`, `--json`."""
    words = " / ".join(option.opts)
    if option.is_flag:
        return words
    kind = option.metavar or (
        "\\|".join(option.type.choices) if isinstance(option.type, click.Choice) else option.type.name
    )
    return f"{words} {kind if isinstance(option.type, click.Choice) else kind.upper()}"


def _settings() -> Iterator[str]:
    yield f"## Settings\n\nEach is an environment variable: `{PREFIX}` and the name in capitals.\n"
    common = CommonSettings.model_fields
    yield "### Every service\n"
    yield from _fields(common.items())
    for title, model in _SETTINGS:
        yield f"### {title}\n"
        yield from _fields((name, field) for name, field in model.model_fields.items() if name not in common)


def _fields(fields: Iterable[tuple[str, FieldInfo]]) -> Iterator[str]:
    rows = (
        (f"`{name}`", _default(field),
         field.description or "")
        for name, field in fields
    )  # fmt: skip
    yield from _table(("setting", "default", "meaning"), rows)


def _default(field: FieldInfo) -> str:
    """As one would write it; nothing where there is none."""
    if field.is_required():
        return "needed"
    value = field.get_default(call_default_factory=True)
    return "" if value in (None, "") else f"`{value}`"


def _registries() -> Iterator[str]:
    yield "## Markets\n"
    yield from _table(
        ("market", "is", "at The Odds API"),
        (
            (f"`{each.name}`", " + ".join(each.sum_of) or "a statistic of its own", each.odds_key)
            for each in MARKETS.values()
        ),
    )
    yield "## Prediction systems\n\nThe best for everybody first is `ensemble`. A learned one needs a model.\n"
    yield from _table(
        ("system", "predicts by", "learned", "stage"),
        ((f"`{each.name}`", each.summary, "yes" if each.learned else "", each.stage) for each in SYSTEMS.values()),
    )
    yield "## Steps of a night\n"
    yield from _table(
        ("step", "phase", "service", "needs", "makes"),
        (
            (
                f"`{each.name}`",
                f"{each.phase} {PHASES[each.phase]}",
                each.service,
                ", ".join(each.needs),
                f"`{each.table}`" if each.table else "",
            )
            for each in STEPS.values()
        ),
    )
    yield "## Schedules\n\nEastern time.\n"
    yield from _table(
        ("schedule", "cron", "mode", "why"),
        ((f"`{each.name}`", f"`{each.cron}`", str(each.mode), each.why) for each in SCHEDULES.values()),
    )
    yield "## Sources\n"
    yield from _table(
        ("source", "is", "requests a second", "key", "only when another fails"),
        (
            (
                f"`{each.name}`",
                each.title,
                str(each.rate),
                f"`{each.secret}`" if each.secret else "",
                "yes" if each.fallback else "",
            )
            for each in SOURCES.values()
        ),
    )


def _table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(names)} |"
    yield f"| {' | '.join('---' for _ in names)} |"
    for row in rows:
        yield f"| {' | '.join(' '.join(cell.split()) for cell in row)} |"
    yield ""


if __name__ == "__main__":
    sys.stdout.write(document())
