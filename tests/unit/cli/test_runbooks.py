"""The commands on the runbooks' pages exist."""

import re
import shlex

import click
import pytest

from cli.main import tipoff
from tests.e2e.command import REPOSITORY

PAGES = {path.stem: path.read_text("utf-8") for path in (REPOSITORY / "docs" / "runbooks").rglob("*.md")}


def commands(page: str) -> list[list[str]]:
    """Words of every `tipoff ...` that a page names, a command that goes over two lines included."""
    found = re.findall(r"`(tipoff [^`]+)`", page)
    return [shlex.split(text.replace("\n", " "))[1:] for text in found]


@pytest.mark.parametrize("page", PAGES)
def test_a_command_on_a_runbook_exists_with_its_flags(page: str) -> None:
    """Whoever is in a hurry copies them."""
    for words in commands(PAGES[page]):
        command: click.Command | None = tipoff
        while isinstance(command, click.Group):
            if command.invoke_without_command and (
                not words or words[0] not in command.list_commands(click.Context(command))
            ):
                break
            command = command.get_command(click.Context(command), words.pop(0))
        assert command is not None, PAGES[page]
        known = {option for parameter in command.params for option in parameter.opts} | {"--json"}
        assert {word for word in words if word.startswith("--")} <= known, words
