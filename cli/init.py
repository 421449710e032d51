"""`tipoff init`: the settings and secrets of the product on this machine."""

from collections import defaultdict
from collections.abc import Sequence

import click

from cli import common
from cli.common import out
from live import config, credits, daemon  # noqa: A004 - a month's credits
from live.workspace import SETTINGS, write_atomically
from services.scraper.settings import ScraperSettings
from shared.errors import Permanent
from shared.registries.secrets import ALERT_URLS, BALLDONTLIE_API_KEY, HEARTBEAT_URL, ODDS_API_KEY

SEASONS = 3


@click.command()
@click.option("--yes", is_flag=True, help="Ask nothing: what is not given is left out.")
@click.option("--odds-api-key", default="", help="The Odds API's; without it predictions are made without lines.")
@click.option("--balldontlie-api-key", default="", help="BallDontLie's, a fallback.")
@click.option("--alert-url", "alert_urls", multiple=True, metavar="URL", help="Where alerts go, by Apprise; repeat.")
@click.option("--heartbeat-url", default="", metavar="URL", help="Asked for while all is well.")
@click.option(
    "--seasons",
    type=click.IntRange(1, 20),
    default=SEASONS,
    show_default=True,
    help="Seasons whose games are collected, this one included.",
)
@click.option("--set", "assignments", multiple=True, metavar="NAME=VALUE", help="Any other setting; repeat.")
@click.option("--force", is_flag=True, help="Write over the settings that are there; secrets that are not given stay.")
@click.option("--dry-run", is_flag=True, help="Only show the settings that would be written.")
@click.pass_context
def init(  # noqa: PLR0913 - flags of the command line
    context: click.Context,
    *,
    yes: bool,
    odds_api_key: str,
    balldontlie_api_key: str,
    alert_urls: Sequence[str],
    heartbeat_url: str,
    seasons: int,
    assignments: Sequence[str],
    force: bool,
    dry_run: bool,
) -> None:
    """Set Tipoff up on this machine: asks for what there is, writes settings and secrets, says what lines will cost."""
    home = common.home()
    file = home / SETTINGS
    if file.exists() and not force and not dry_run:
        raise Permanent(f"{file} is there already", remedy="edit it, or write over it with --force")
    if daemon.found(home) is not None and not dry_run:
        raise Permanent("it is up", remedy="`tipoff down` first")
    values = _values(assignments, seasons)
    if not yes:
        given = context.get_parameter_source
        default = click.core.ParameterSource.DEFAULT
        if given("odds_api_key") is default:
            odds_api_key = _asked("The Odds API's key (empty: predictions without lines)", hide=True)
        if given("balldontlie_api_key") is default:
            balldontlie_api_key = _asked("BallDontLie's key, a fallback (empty: none)", hide=True)
        if given("alert_urls") is default:
            alert_urls = _asked("Apprise URLs that alerts go to, separated by spaces (empty: none)").split()
        if given("heartbeat_url") is default:
            heartbeat_url = _asked("URL of a heartbeat (empty: none)")
        if given("seasons") is default:
            values["scraper"]["history_seasons"] = click.prompt(
                "Seasons whose games are collected", default=SEASONS, type=click.IntRange(1, 20), err=True
            )
    secrets = {
        ODDS_API_KEY: odds_api_key,
        BALLDONTLIE_API_KEY: balldontlie_api_key,
        ALERT_URLS: "\n".join(alert_urls),
        HEARTBEAT_URL: heartbeat_url,
    }
    text = config.written(values)
    if dry_run:
        out.print(text, markup=False, soft_wrap=True)
        return
    workspace = daemon.workspace_of(home)
    workspace.write_secrets({name: value for name, value in secrets.items() if value})
    with common.writing(file, "folder as TIPOFF_HOME"):
        write_atomically(file, text)
    out.print(f"settings in {file}, secrets in {workspace.secrets_file}", soft_wrap=True, markup=False)
    out.print(_lines(bool(odds_api_key), config.read(home).load(ScraperSettings)), soft_wrap=True)
    out.print("Next: `tipoff up` (or `tipoff up --detach`), `tipoff status`, `tipoff install`")


def _values(assignments: Sequence[str], seasons: int) -> defaultdict[str, dict[str, object]]:
    """What the file sets."""
    values: defaultdict[str, dict[str, object]] = defaultdict(dict)
    values["scraper"]["history_seasons"] = seasons
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise click.BadParameter(f"{assignment!r} is no NAME=VALUE", param_hint="--set")
        section, own = config.place(name.strip())
        values[section][own] = config.parsed(section, own, text.strip())
    return values


def _asked(question: str, *, hide: bool = False) -> str:
    return str(click.prompt(question, default="", hide_input=hide, show_default=False, err=True)).strip()


def _lines(has_key: bool, settings: ScraperSettings) -> str:  # noqa: FBT001 - one of two answers
    """What lines will cost, or that there are none."""
    return f"Lines: {credits.month(settings)}" if has_key else f"Lines: {daemon.NO_LINES}"
