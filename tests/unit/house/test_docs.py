"""What the docs and the comments name exists."""

import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.reference import document
from tests.unit.house.test_house import ROOT, output

TESTS = {
    f"{path.relative_to(ROOT)}::{name}"
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
}
FAILURES = re.split(r"^### ", (ROOT / "docs" / "failures.md").read_text("utf-8"), flags=re.MULTILINE)[1:]
NUMBERS = [entry.split(".")[0] for entry in FAILURES]
IN_GIT = pytest.mark.skipif(shutil.which("git") is None or not (ROOT / ".git").exists(), reason="not a git checkout")
READ = re.compile(r"\.(py|sql|sh|md|toml|ya?ml|txt)$|(^|/)(Dockerfile|Makefile)$")
"""Files that name others."""


def files() -> list[str]:
    """Every file of the repository, relative to its root."""
    listed = output("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def texts() -> Iterator[tuple[str, str]]:
    """(name, text) of the files that name others; the locks and the changelog, which is history, do not."""
    for name in files():
        if READ.search(name) and not name.startswith("requirements/") and name != "CHANGELOG.md":
            yield name, (ROOT / name).read_text("utf-8")


def test_every_failure_has_an_entry() -> None:
    """From 1 to 50, in order."""
    assert [str(number) for number in range(1, 51)] == NUMBERS


@pytest.mark.parametrize("entry", FAILURES, ids=NUMBERS)
def test_a_failure_names_tests_that_exist(entry: str) -> None:
    """At least one, of an existing file."""
    named = re.findall(r"`(tests/[\w/]+\.py::\w+)`", entry)
    assert named
    assert [name for name in named if name not in TESTS] == []


@IN_GIT
def test_every_failure_that_is_named_has_an_entry() -> None:
    """Whatever number a test's name, a docstring or a comment gives."""
    known = {int(number) for number in NUMBERS}
    for name, text in texts():
        named = re.findall(r"(?:_|\b)f(\d\d)(?=_|\))", text)
        for listed in re.findall(r"[Ff]ailures? (\d+(?:(?:, | and )\d+)*)", text):
            named += re.findall(r"\d+", listed)
        assert {int(number) for number in named} <= known, name


MADE_ON_THE_SPOT = {"deploy/.env", "live/secrets.env", "tipoff.toml"}
"""What git ignores, each checkout has its own, and what a command makes in TIPOFF_HOME."""


@IN_GIT
def test_every_path_that_is_named_exists() -> None:
    """`docs/...`, `shared/...` and so on, in code, comments and docs; patterns (`<name>`, `*`, `{name}`) name none."""
    known = {parent for name in files() for parent in (name, *map(str, Path(name).parents))} | MADE_ON_THE_SPOT
    tops = "|".join(sorted({re.escape(name.split("/")[0]) for name in known if "/" in name}))
    path = re.compile(rf"(?<![\w./<>*{{}}$@:=-])(?:{tops})/[\w./-]*(?![\w<>*{{}}$])")
    missing = [
        f"{name}: {found}" for name, text in texts() for found in path.findall(text) if found.rstrip("./") not in known
    ]
    assert missing == []


@IN_GIT
def test_every_link_of_a_page_leads_to_a_file() -> None:
    """Relative ones; a page's own headings and the web are not followed."""
    missing = [
        f"{name}: {target}"
        for name, text in texts()
        if name.endswith(".md")
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
        if not (ROOT / name).parent.joinpath(target).exists()
    ]
    assert missing == []


def anchors(text: str) -> set[str]:
    """Where links can lead within a page: its headings, as GitHub and the site name them."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    found: list[str] = []
    for heading in re.findall(r"^#+ (.+)$", prose, re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", plain).strip().replace(" ", "-")
        found.append(f"{slug}-{found.count(slug)}" if slug in found else slug)
    return set(found)


@IN_GIT
def test_every_anchor_of_a_link_is_a_heading() -> None:
    """Of another page or of its own."""
    missing = []
    for name, text in texts():
        if name.endswith(".md"):
            for target, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", text):
                page = (ROOT / name).parent / target if target else ROOT / name
                if anchor not in anchors(page.read_text("utf-8")):
                    missing.append(f"{name}: {target}#{anchor}")
    assert missing == []


@IN_GIT
def test_a_page_of_the_site_links_to_pages_of_the_site() -> None:
    """What is outside of `docs` is named, not linked: on the site there is no such page."""
    outside = [
        f"{name}: {target}"
        for name, text in texts()
        if name.startswith("docs/") and name.endswith(".md")
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
        if not (ROOT / name).parent.joinpath(target).resolve().is_relative_to(ROOT / "docs")
    ]
    assert outside == []


def _named(part: object) -> Iterator[str]:
    """The pages of a part of the navigation."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict | list):
        for each in part.values() if isinstance(part, dict) else part:
            yield from _named(each)


def test_the_site_s_navigation_has_every_page() -> None:
    """Once; decisions and runbooks are reached from their index."""
    navigation = tomllib.loads((ROOT / "zensical.toml").read_text("utf-8"))["project"]["nav"]
    pages = [page.name for page in (ROOT / "docs").glob("*.md")]
    assert sorted(_named(navigation)) == sorted([*pages, "adr/README.md", "runbooks/README.md"])


def test_the_reference_is_what_the_registries_say() -> None:
    """`python -m cli.reference > docs/reference.md` was run after the last change."""
    assert (ROOT / "docs" / "reference.md").read_text("utf-8") == document()


@IN_GIT
def test_every_file_that_a_page_names_exists() -> None:
    """Also by the end of its path, as a service's own page does: `domain/decide.py`, `engine.py`."""
    known = {"/".join(parts[start:]) for name in files() for parts in [name.split("/")] for start in range(len(parts))}
    known |= MADE_ON_THE_SPOT
    missing = [
        f"{name}: {found}"
        for name, text in texts()
        if name.endswith(".md")
        for found in re.findall(r"`([\w./-]+\.(?:py|sql|sh|md|toml))`", text)
        if found not in known
    ]
    assert missing == []
