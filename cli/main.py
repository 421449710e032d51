"""The `tipoff` command: wiring of its subcommands, and the one place where failures become exit codes.

Exit codes: 0 done, 1 failed, 2 usage, 3 degraded.
"""

import sys

import click

from cli import accuracy, bench, dev, doctor, nights, predictions, reading
from shared.errors import TipoffError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="tipoff")
def tipoff() -> None:
    """NBA player-prop predictions, ready before tip-off."""


for command in (
    nights.demo,
    nights.replay,
    nights.run,
    dev.dev,
    predictions.predictions,
    accuracy.accuracy,
    reading.status,
    reading.runs,
    reading.dlq,
    bench.bench,
    doctor.doctor,
):
    tipoff.add_command(command)


def main() -> None:
    """Entry point: a failure is one line on stderr; exit code 1, or 2 for wrong usage."""
    try:
        code = tipoff.main(standalone_mode=False)  # what a command gives to `Exit`, else None
        sys.exit(code)
    except click.ClickException as error:  # in one line, where click's own way takes three
        click.echo(f"error: {error.format_message()}", err=True)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted: the same command resumes", err=True)
        sys.exit(130)
    except TipoffError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
