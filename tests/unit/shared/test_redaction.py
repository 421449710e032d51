"""Nothing secret in a log: what is starred, and what is left alone."""

from datetime import date
from types import MappingProxyType
from typing import Any

import pytest
from pydantic import SecretStr

from shared.errors import Permanent
from shared.runtime.redaction import as_secret, redact, redacted

ID, CANARY = "0123456789abcdef", "c4n4ryc4n4ryc4n4ryc4n4ryc4n4ryc4n4ryc4n4ry_"
JWT = f"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiI{CANARY}.{CANARY}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"key tipoff_{ID}_{CANARY} is revoked", f"key tipoff_{ID}_*** is revoked"),
        (f"a token {JWT}, forged", "a token ***, forged"),
        (f"eyJhbGciOiJub25lIn0.eyJ{CANARY}.", "***"),
        (f"Authorization: Bearer {CANARY}\r\nHost: a", "Authorization: ***\r\nHost: a"),
        (f"sent 'Bearer {CANARY}', refused", "sent 'Bearer ***', refused"),
        (f"basic {CANARY}==", "basic ***"),
        (f"b'X-API-Key: {CANARY} {CANARY}\\r\\nHost: a'", "b'X-API-Key: ***\\r\\nHost: a'"),
        (f"X-Serverless-Authorization: {CANARY}", "X-Serverless-Authorization: ***"),
        (f"cookie: session={CANARY}; a={CANARY}", "cookie: ***"),
        (f"GET https://a.example/v4/odds?apiKey={CANARY}&regions=us", "GET https://a.example/v4/odds?apiKey=***&regions=us"),
        (f"?api_key={CANARY} and ?access_token={CANARY}", "?api_key=*** and ?access_token=***"),
        (f"TIPOFF_SECRET_ODDS_API_KEY={CANARY}", "TIPOFF_SECRET_ODDS_API_KEY=***"),
        (f"{{'X-API-Key': '{CANARY}', 'a': 'b'}}", "{'X-API-Key': '***', 'a': 'b'}"),
        (f'{{"password": "{CANARY}\\"{CANARY}", "a": 1}}', '{"password": "***", "a": 1}'),
        # pragma: allowlist nextline secret - made up
        (f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----\nleft", "***\nleft"),
        ("secret 'odds-api-key' of project p is missing", "secret 'odds-api-key' of project p is missing"),
        ("token: expired; Basketball of 2026-01-15", "token: expired; Basketball of 2026-01-15"),
        ("2026-01-15.overnight/lines/1", "2026-01-15.overnight/lines/1"),
        ("game_date >= @first_date AND mode = @mode", "game_date >= @first_date AND mode = @mode"),
    ],
)  # fmt: skip
def test_what_looks_like_a_credential_is_starred(text: str, shown: str) -> None:
    """In any text; the rest of it stays, and so does the id of a key."""
    assert redacted(text) == shown


@pytest.mark.parametrize(
    "name",
    ["authorization", "X-API-Key", "token", "password", "secret", "api_key", "apiKey", "odds_api_key", "access-token"],
)
def test_a_field_named_like_a_credential_is_starred(name: str) -> None:
    """Whatever its value, and however deep it lies."""
    found = redact(None, "info", {name: CANARY, "headers": [MappingProxyType({name: [CANARY]})]})
    assert found == {name: "***", "headers": [{name: "***"}]}


def test_what_is_no_credential_is_left_alone() -> None:
    """Numbers stay numbers; what JSON does not know becomes its text."""
    event: dict[str, Any] = {"event": "step_settled", "rows": 3, "share": 0.5, "key": "a/b", "ok": True, "none": None}
    assert redact(None, "info", {**event, "day": date(2026, 1, 15)}) == {**event, "day": "2026-01-15"}


def test_an_object_is_starred_as_the_text_it_is_written_as() -> None:
    """An exception or bytes in a field hide nothing."""
    found = redact(None, "info", {"error": ValueError(f"apiKey={CANARY}"), "sent": b"Bearer " + CANARY.encode()})
    assert found == {"error": "apiKey=***", "sent": "b'Bearer ***'"}


def test_a_secret_that_was_read_is_starred_wherever_it_turns_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several keys in one secret, each; in a form that nothing else would know."""
    monkeypatch.setattr("shared.runtime.redaction._known", set())
    as_secret("plain-canary-one, plain-canary-two\n", "secret 'x'", "")
    assert redacted("/v1/plain-canary-one/odds then plain-canary-two") == "/v1/***/odds then ***"


def test_a_secret_that_is_json_is_a_document(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have lines, and its names and hashes are starred in no log."""
    monkeypatch.setattr("shared.runtime.redaction._known", set())
    text = '[\n {"name": "the first administrator", "hash": "aaaaaaaaaaaaaaaa"}\n]'
    assert as_secret(f"{text}\n", "secret 'x'", "").get_secret_value() == text
    assert redacted("made by the first administrator") == "made by the first administrator"


def test_a_short_secret_stars_no_ordinary_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test key such as `dev` is no reason to make logs unreadable."""
    monkeypatch.setattr("shared.runtime.redaction._known", set())
    assert as_secret("dev", "secret 'x'", "") == SecretStr("dev")
    assert redacted("a dev build") == "a dev build"


@pytest.mark.parametrize(("stored", "read"), [("canary\n", "canary"), ("\tcanary\r\n", "canary"), ("a b", "a b")])
def test_a_secret_loses_the_line_break_it_was_stored_with(stored: str, read: str) -> None:
    """`echo` and editors end files with one; no header takes it."""
    assert as_secret(stored, "secret 'x'", "").get_secret_value() == read


@pytest.mark.parametrize(
    ("stored", "reason"),
    [("", "empty"), (" \n", "empty"), ("can\nary", "line break"), ("can\x00ary", "control")],
)
def test_a_secret_that_no_header_takes_is_refused(stored: str, reason: str) -> None:
    """Clearly, with the remedy, and without the value."""
    with pytest.raises(Permanent, match=f"secret 'x' .*{reason}.*: store it again") as caught:
        as_secret(stored, "secret 'x'", "store it again")
    assert "can" not in str(caught.value).replace("character", "")


@pytest.mark.parametrize("part", ["_", "-", "a_", "tipoff_", "bearer ", "'_", '"secret', "eyJ", "authorization:"])
def test_what_a_stranger_sends_takes_no_minutes(part: str) -> None:
    """A path or a name as long as a body: were the time its square, this would not end."""
    assert len(redacted(part * (65_536 // len(part)))) > 0


def test_of_several_secrets_each_stands_on_its_own_line_and_is_starred() -> None:
    """They become one line; each is looked for, whole: a URL may hold a comma."""
    stored = "\n  json://hook/canary,one\n\tslack://canary/two three-is-short  \n"
    secret = as_secret(stored, "secret 'x'", "", several=True)
    assert secret.get_secret_value() == "json://hook/canary,one slack://canary/two three-is-short"
    assert redacted("to json://hook/canary,one and slack://canary/two") == "to *** and ***"
