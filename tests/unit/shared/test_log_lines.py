"""Reading a log file back: the lines of a run and a step, from the end, whatever the file holds."""

import json
from pathlib import Path

import pytest

from shared.errors import Permanent
from shared.runtime import log_lines
from shared.runtime.log_lines import SEVERITIES, Wanted, last

RUN = "2024-03-04.overnight"
CANARY = "c4n4ryc4n4ryc4n4ry"


def line(message: str, key: str = "", **fields: object) -> str:
    """A line as a service writes it while it handles the message of this key."""
    labels = {"key": key, "run_id": key.partition("/")[0]} if key else {}
    event = {"severity": "INFO", "message": message, "time": "t", **fields}
    return json.dumps({**event, "logging.googleapis.com/labels": labels} if labels else event)


@pytest.mark.parametrize(
    ("text", "belongs"),
    [
        (line("a", f"{RUN}.1/lines/2"), True),
        (line("a", f"{RUN}.3/lines/1/reported"), True),
        (line("a", f"{RUN}.1/rosters/2"), False),
        (line("a", "2024-03-05.overnight.1/lines/2"), False),
        (line("a", f"{RUN}.news-7.1/lines/2"), False),
        (line("a", f"{RUN}.1/rosters/2", step="lines"), True),
        (line("a", f"{RUN}.1/lines/2", step="rosters"), False),
        (line("a", step="lines", run_id=f"{RUN}.1"), True),
        (line("a", f"{RUN}.1/ended/9"), False),
        (f"Traceback of {RUN}.1/lines/2", True),
        (f'{{"message": "half a line", "key": "{RUN}.1/lines/2', True),
        (f"{RUN} of no step", False),
        (f'["{RUN}/lines/1"]', True),
        (f'{RUN} {"[" * 100_000}', False),
        (f'{{"message": "{RUN}", "logging.googleapis.com/labels": 7}}', False),
    ],
    ids=["message", "report", "step", "run", "part", "field", "other field", "label", "end", "text", "half",
         "text of none", "list", "deep", "odd labels"],
)  # fmt: skip
def test_a_line_is_of_a_step_by_its_field_else_by_its_key(text: str, belongs: bool) -> None:  # noqa: FBT001 - a case
    """Of every generation of the run, and of none of its parts; what is no JSON by its text."""
    assert (Wanted(RUN, "lines").shown(text) is not None) == belongs


def test_batches_are_of_the_step_that_predicts() -> None:
    """Their keys have no step."""
    batch = line("a", f"{RUN}.1/batch/3")
    assert Wanted(RUN, "predict").shown(batch) is not None
    assert Wanted(RUN, "publish").shown(batch) is None


@pytest.mark.parametrize("run", [f"{RUN}.1", RUN, "2024-03-04", None], ids=str)
def test_a_run_is_named_by_its_id_its_key_or_its_date(run: str | None) -> None:
    """None: every run."""
    assert Wanted(run).shown(line("a", f"{RUN}.1/lines/2")) is not None
    assert Wanted(run).shown(line("a", f"{RUN}.12/lines/2")) is None or run != f"{RUN}.1"


@pytest.mark.parametrize("level", SEVERITIES)
def test_what_is_less_grave_is_left_out(level: str) -> None:
    """In the order of severities."""
    shown = [each for each in SEVERITIES if Wanted(level=level).shown(json.dumps({"severity": each.upper()}))]
    assert tuple(shown) == SEVERITIES[SEVERITIES.index(level) :]


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {CANARY}",
        f"https://example.org/?api_key={CANARY}&x=1",
        json.dumps({"severity": "INFO", "message": "a", "token": CANARY}),
        json.dumps({"severity": "INFO", "message": "a", "reason": f"password={CANARY}"}),
    ],
    ids=["header", "query", "field", "text"],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_f35_no_credential_is_shown(text: str, *, as_json: bool) -> None:
    """Also of what went to stderr past the logs, and of older files."""
    shown = Wanted(as_json=as_json).shown(text)
    assert shown is not None
    assert CANARY not in shown
    assert "***" in shown


@pytest.mark.parametrize("block", [1, 7, 64, 1_000_000])
def test_lines_are_read_from_the_end_whole_and_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    """However much is read at once, and through the files that were rotated away."""
    monkeypatch.setattr(log_lines, "_BLOCK", block)
    file = tmp_path / "up.log"
    file.write_bytes(b"five\r\n\nsi\xff\nseven without an end")
    (tmp_path / "up.log.1").write_bytes(b"three\nfour\n")
    (tmp_path / "up.log.2").write_bytes("einß\ntwo\n".encode())
    (tmp_path / "up.log.4").write_bytes(b"of no file before\n")
    expected = ["einß", "two", "three", "four", "five", "si\ufffd", "seven without an end"]
    assert last(file, Wanted(), 100) == expected
    assert last(file, Wanted(), 3) == expected[-3:]
    assert last(file, Wanted(), 0) == []


def test_no_more_is_read_than_asked_for(tmp_path: Path) -> None:
    """A line that begins before is left out: it would be half a one."""
    file = tmp_path / "up.log"
    file.write_text("one\ntwo\nthree\n")
    file.with_name("up.log.1").write_text("zero\n")
    assert last(file, Wanted(), 100, 9) == ["three"]
    assert last(file, Wanted(), 100, 14) == ["one", "two", "three"]
    assert last(file, Wanted(), 100, 16) == ["one", "two", "three"]
    assert last(file, Wanted(), 100, 19) == ["zero", "one", "two", "three"]


def test_a_file_that_is_rotated_meanwhile_is_read_once(tmp_path: Path) -> None:
    """Under its new name it is the same file."""
    file = tmp_path / "up.log"
    file.write_text("one\n")
    file.with_name("up.log.1").hardlink_to(file)
    assert last(file, Wanted(), 100) == ["one"]


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """Nothing there, and a folder."""
    for path in (tmp_path / "up.log", tmp_path):
        with pytest.raises(Permanent, match=f"there is no file {path}"):
            last(path, Wanted(), 1)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its name and the reason."""

    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    file = tmp_path / "up.log"
    file.touch()
    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(Permanent, match=f"cannot read {file}: Permission denied: make it readable"):
        last(file, Wanted(), 1)


def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    """Which is no failure."""
    file = tmp_path / "up.log"
    file.touch()
    assert last(file, Wanted(), 1) == []
