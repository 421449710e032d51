"""Static files, and what is vendored."""

import gzip
import hashlib
import json
from http import HTTPStatus
from pathlib import Path

import pytest

from services.coordinator.page.assets import FOLDER, Assets
from shared.ports import Ports
from tests.unit.coordinator.pages import browsing

OURS = {"tipoff.css", "tipoff.js", "line.js"}


def test_what_is_vendored_is_as_published_and_has_its_licence() -> None:
    """Every file that is not ours is listed with package, version and hash, and none has been changed."""
    listed = json.loads((FOLDER / "VENDORED.json").read_text())
    known = {"VENDORED.json"} | OURS
    for package in listed:
        assert set(package) == {"package", "version", "licence", "licence_file", "licence_sha256", "files"}
        for name, digest in [
            (package["licence_file"], package["licence_sha256"]),
            *((each["name"], each["sha256"]) for each in package["files"]),
        ]:
            known.add(name)
            assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest, name
    assert {path.name for path in FOLDER.iterdir()} == known


def test_other_content_has_another_address(tmp_path: Path) -> None:
    """And all pages another version."""
    (tmp_path / "a.css").write_text("a {}")
    before = Assets(tmp_path)
    (tmp_path / "a.css").write_text("b {}")
    after = Assets(tmp_path)
    assert before.url("a.css") != after.url("a.css")
    assert before.version != after.version


@pytest.mark.network
async def test_a_file_may_be_kept_for_a_year_and_is_compressed(ports: Ports) -> None:
    """Under the address that the page names; under another there is none."""
    async with browsing(ports) as browser:
        url = Assets().url("tipoff.css")
        async with browser.client.get(url, headers={"Accept-Encoding": "gzip"}) as answer:
            assert answer.headers["Content-Encoding"] == "gzip"
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert await answer.read() == (FOLDER / "tipoff.css").read_bytes()
        async with browser.client.get(url, headers={"Accept-Encoding": "identity"}) as answer:
            assert "Content-Encoding" not in answer.headers
        assert (await browser.get("/static/tipoff.000000000000.css")).status == HTTPStatus.NOT_FOUND
        assert url in (await browser.get("/sign-in")).text


def test_a_page_is_light() -> None:
    """What a first visit loads besides the page itself, compressed: far below 200 KB."""
    every = ("tipoff.css", "tipoff.js", "htmx.min.js", "htmx-sse.min.js")
    assert sum(len(gzip.compress((FOLDER / name).read_bytes())) for name in every) < 40_000
