"""The `tipoff` command: wiring of its subcommands, and the one place where failures become exit codes.

Exit codes: 0 done, 1 failed, 2 usage, 3 degraded.
"""

import sys
from importlib import import_module

import click

from shared.errors import TipoffError

COMMANDS = {
    "demo": "demo",
    "replay": "nights",
    "rehearse": "rehearse",
    "run": "run",
    "train": "models",
    "models": "models",
    "backfill": "backfill",
    "bootstrap": "bootstrap",
    "dev": "dev",
    "watch": "watch",
    "logs": "logs",
    "completion": "completion",
    "context": "context",
    "predictions": "predictions",
    "lines": "lines",
    "accuracy": "accuracy",
    "changes": "changes",
    "report": "report",
    "status": "reading",
    "runs": "reading",
    "dlq": "reading",
    "cost": "cost",
    "schema": "schema",
    "grid": "operating",
    "alerts": "operating",
    "cascade": "operating",
    "reconcile": "operating",
    "reparse": "reparse",
    "quarantine": "quarantine",
    "keys": "keys",
    "names": "names",
    "bench": "bench",
    "backup": "keep",
    "restore": "keep",
    "parse": "parse",
    "verify": "verify",
    "doctor": "doctor",
    "page": "page",
    "init": "init",
    "up": "live",
    "down": "live",
    "install": "live",
}
"""The module of this package that has the command, under the command's own name."""


class _Commands(click.Group):
    """Imports a command when it is asked for: all of them together take two seconds."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's interface
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's interface
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"cli.{COMMANDS[cmd_name]}"), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Click's, with what may have been meant: it suggests only what is loaded."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            raise click.exceptions.NoSuchCommand(error.command_name, possibilities=COMMANDS, ctx=ctx) from None


@click.group(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(package_name="tipoff")
@click.pass_context
def tipoff(context: click.Context) -> None:
    """NBA player-prop predictions, ready before tip-off. Without a command: tonight in one screen."""
    if context.invoked_subcommand is None:
        from cli.overview import overview  # noqa: PLC0415 - as every command, imported when it is asked for

        overview()


def main() -> None:
    """Entry point: a failure is one line on stderr; exit code 1, or 2 for wrong usage."""
    try:
        code = tipoff.main(standalone_mode=False)  # what a command gives to `Exit`, else None
        sys.exit(code)
    except click.exceptions.NoArgsIsHelpError as error:  # a group without a subcommand: the help, as it is
        error.show()
        sys.exit(error.exit_code)
    except click.ClickException as error:  # in one line, where click's own way takes three
        click.echo(f"error: {' '.join(error.format_message().split())}", err=True)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted: the same command resumes", err=True)
        sys.exit(130)
    except TipoffError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
