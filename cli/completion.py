"""`tipoff completion`: what a shell needs to complete commands and options."""

import click
from click.shell_completion import get_completion_class

from shared.errors import Permanent

SHELLS = ("bash", "zsh", "fish")
_PLACES = {
    "bash": 'eval "$(tipoff completion bash)" in ~/.bashrc',
    "zsh": 'eval "$(tipoff completion zsh)" in ~/.zshrc, after compinit',
    "fish": "tipoff completion fish > ~/.config/fish/completions/tipoff.fish",
}


@click.command(epilog="\b\n" + "\n".join(_PLACES.values()))
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the script by which a shell completes `tipoff`."""
    found = get_completion_class(shell)
    if found is None:
        raise Permanent(f"no completion for {shell}", remedy=f"one of {', '.join(SHELLS)}")
    group = click.get_current_context().find_root().command
    click.echo(found(group, {}, "tipoff", "_TIPOFF_COMPLETE").source())
