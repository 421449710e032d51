"""The commands of the documentation are ones that the command line knows; `tests/e2e/test_newcomer.py` runs them."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from cli.main import tipoff
from tests.pages import PAGES, ROOT, Block, blocks, commands

LANGUAGES = {"bash", "json", "mermaid", "python", "sql", "text", "toml"}
ALL = sorted(str(page.relative_to(ROOT)) for page in [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"])
TYPED = [block for page in ALL for block in commands(page)]


@pytest.mark.parametrize("page", ALL)
def test_a_block_says_what_it_is(page: str) -> None:
    """So that no command hides in one without a language."""
    assert [each.where for each in blocks(page) if each.language not in LANGUAGES] == []


@pytest.mark.parametrize("page", [page for page in ALL if page not in PAGES])
def test_a_page_that_is_not_run_says_why(page: str) -> None:
    """At each of its blocks of commands."""
    assert [each.where for each in commands(page) if not each.not_run] == []


def test_there_is_something_to_run() -> None:
    """On each of the pages."""
    assert [page for page in PAGES if not any(not block.not_run for block in commands(page))] == []


def lines(block: Block) -> Iterator[list[str]]:
    """Its calls of `tipoff`, as words."""
    for line in block.text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        while words and re.fullmatch(r"\w+=.*", words[0]):
            words.pop(0)
        if words[:1] == ["tipoff"]:
            yield words[1:]


@pytest.mark.parametrize("block", TYPED, ids=lambda block: block.where)
def test_a_command_is_one_there_is(block: Block) -> None:
    """Name and options, whether it is run or not."""
    for words in lines(block):
        command: click.Command | None = tipoff
        rest = list(words)
        while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
            command = command.get_command(click.Context(command), rest.pop(0))
        assert command is not None, words
        known = {option for each in command.params for option in each.opts} | {"--help"}
        assert {word.partition("=")[0] for word in rest if word.startswith("--")} <= known, words


def test_a_block_is_read_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line above the fence; another one's reason does not count."""
    (tmp_path / "page.md").write_text(
        "```bash\na\n```\n\n<!-- not run: a cloud -->\n```bash\nb\nc\n```\n```text\nd\n```\n"
    )
    monkeypatch.setattr("tests.pages.ROOT", tmp_path)
    found = [(each.line, each.language, each.text, each.not_run) for each in blocks("page.md")]
    assert found == [(2, "bash", "a\n", ""), (7, "bash", "b\nc\n", "a cloud"), (11, "text", "d\n", "")]
