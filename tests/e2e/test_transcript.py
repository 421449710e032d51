"""docs/commands.md has what the commands print."""

import re
from pathlib import Path

import pytest

from tests.e2e import transcript
from tests.e2e.command import REPOSITORY
from tests.e2e.nights import Replayed

pytestmark = pytest.mark.network

PAGE = REPOSITORY / "docs" / "commands.md"


@pytest.fixture(scope="module")
def parts() -> dict[str, str]:
    """The page's sections, by command."""
    found = re.split(r"^## `(.*)`$", PAGE.read_text(), flags=re.MULTILINE)[1:]
    return dict(zip(found[::2], found[1::2], strict=True))


@pytest.mark.parametrize(("arguments", "meaning"), transcript.COMMANDS, ids=[each for each, _ in transcript.COMMANDS])
def test_the_page_has_what_a_command_prints(
    arguments: str, meaning: str, parts: dict[str, str], undisturbed: Replayed
) -> None:
    """To the letter, in 80 columns, an error in one line; `python -m tests.e2e.transcript` renews it."""
    command = f"tipoff {arguments}".rstrip()
    assert parts[command].strip() == transcript.section(undisturbed.home, arguments, meaning).strip()
    lines = transcript.said(undisturbed.home, arguments).splitlines()
    to_send = arguments.startswith("report") or "--format" in arguments  # not to a terminal
    if not to_send and not lines[0].startswith("error: "):
        assert max(map(len, lines)) <= transcript.WIDTH


def test_every_reading_command_is_on_the_page(parts: dict[str, str]) -> None:
    """And nothing else is."""
    assert list(parts) == [f"tipoff {arguments}".rstrip() for arguments, _ in transcript.COMMANDS]


def test_the_page_names_no_place() -> None:
    """Of the machine it was made on."""
    assert str(Path.home()) not in PAGE.read_text()
