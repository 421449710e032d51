"""`client.contexts`: which coordinator is meant, and the file of those that have names."""

import stat
from pathlib import Path

import pytest

from client import chosen, contexts
from client.contexts import Config, Context
from shared.errors import Permanent

PROD = Context(url="https://tipoff.example/api", api_key='k"1\\', token_command="gcloud auth print-identity-token")


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration file that is not there yet, and no other setting."""
    for name in ("URL", "API_KEY", "TOKEN"):
        monkeypatch.delenv(f"TIPOFF_{name}", raising=False)
    path = tmp_path / "config" / "tipoff.toml"
    monkeypatch.setenv("TIPOFF_CONFIG", str(path))
    return path


def test_what_is_written_is_read_again(file: Path) -> None:
    """Every field, whatever quotes it has; an absent file is an empty one."""
    assert contexts.read(file) == Config()
    config = Config().add("prod", PROD).add("test_2", Context(url="http://127.0.0.1:8780")).choose("prod")
    contexts.write(file, config)
    assert contexts.read(file) == config


def test_the_file_is_its_owner_s_alone(file: Path) -> None:
    """It has keys: mode 0600, in a folder of mode 0700, also where a file of another mode was; nothing else is left."""
    for _ in range(2):
        contexts.write(file, Config().add("prod", PROD))
        assert (stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(file.parent.stat().st_mode)) == (0o600, 0o700)
        file.chmod(0o644)
    assert list(file.parent.iterdir()) == [file]


def test_a_link_to_the_file_stays_one(file: Path, tmp_path: Path) -> None:
    """Who keeps his files elsewhere keeps this one there."""
    file.parent.mkdir()
    file.symlink_to(tmp_path / "kept.toml")
    contexts.write(file, Config().add("prod", PROD))
    assert file.is_symlink()
    assert contexts.read(tmp_path / "kept.toml").contexts == {"prod": PROD}


def test_a_file_that_cannot_be_written_is_named(file: Path) -> None:
    """With the variable that names another."""
    file.parent.write_text("in the way")
    with pytest.raises(Permanent, match=rf"cannot write {file}: .*TIPOFF_CONFIG"):
        contexts.write(file, Config())


@pytest.mark.parametrize(
    ("text", "words"),
    [(b"use = ", "Invalid value"), (b"colour = 1", "colour"), (b"[contexts.a]", "contexts.a.url"), (b"\xff", "utf-8")],
)
def test_a_broken_file_is_refused_in_one_line(text: bytes, words: str, file: Path) -> None:
    """With its path, what is wrong in it, and the remedy."""
    file.parent.mkdir()
    file.write_bytes(text)
    with pytest.raises(Permanent, match=rf"^cannot read {file}: .*{words}.*: correct it, or delete it"):
        chosen.endpoint(None)


def test_a_folder_in_its_place_is_named(file: Path) -> None:
    """As any other file that cannot be read."""
    file.mkdir(parents=True)
    with pytest.raises(Permanent, match=rf"cannot read {file}: Is a directory"):
        contexts.read(file)


def test_flag_environment_context_machine_in_this_order(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is asked only where the ones before say nothing; whoever does not answer is put down to its origin."""
    assert chosen.endpoint(None) is None
    contexts.write(file, Config().add("prod", PROD))
    assert chosen.endpoint(None) is None, "a context must be chosen"
    contexts.write(file, Config().add("prod", PROD).choose("prod"))
    meant = chosen.endpoint(None)
    assert meant is not None
    assert (meant.url, meant.api_key, meant.token_command) == (PROD.url, PROD.api_key, PROD.token_command)
    assert "context prod" in meant.remedy
    monkeypatch.setenv("TIPOFF_URL", "https://of-the-environment/")
    for flag, url, origin in (
        (None, "https://of-the-environment", "TIPOFF_URL"),
        ("https://of-the-flag:80", "https://of-the-flag:80", "--url"),
    ):
        meant = chosen.endpoint(flag)
        assert meant is not None
        assert (meant.url, meant.api_key, meant.token_command) == (url, "", ""), "a context's key is its coordinator's"
        assert origin in meant.remedy


def test_the_environment_s_credentials_go_before_the_context_s(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Key and token, each by itself; with a token nothing is asked of a command."""
    contexts.write(file, Config().add("prod", PROD).choose("prod"))
    monkeypatch.setenv("TIPOFF_API_KEY", "other")
    meant = chosen.endpoint(None)
    assert meant is not None
    assert (meant.api_key, meant.token, meant.token_command) == ("other", "", PROD.token_command)
    monkeypatch.setenv("TIPOFF_TOKEN", "given")
    meant = chosen.endpoint(None)
    assert meant is not None
    assert (meant.api_key, meant.token, meant.token_command) == ("other", "given", "")


@pytest.mark.parametrize(
    "url",
    ["", "tipoff.example", "ftp://tipoff.example", "http://", "http://a:port", "http://a:0", "http://[", "http://a?b=c",
     "http://a#b", "http://me:secret@a", "http://a\n"],  # pragma: allowlist secret - made up
)  # fmt: skip
def test_what_is_no_coordinator_s_url_is_refused(url: str) -> None:
    """By flag or in a context, with how to write one."""
    with pytest.raises(Permanent, match=r"^--url .*no URL.*: write it as https://host"):
        chosen.endpoint(url)
    with pytest.raises(Permanent, match=r"^the URL of context a "):
        Config().add("a", Context(url=url))


def test_no_key_is_sent_in_the_clear() -> None:
    """But to this machine."""
    with pytest.raises(Permanent, match=r"^--url 'http://tipoff.example' would send its credentials unencrypted: "):
        chosen.endpoint("http://tipoff.example")
    for near in ("http://127.0.0.1:8780", "http://[::1]:8780", "http://localhost:8780"):
        assert chosen.endpoint(near) is not None


@pytest.mark.parametrize("key", ["line\nbreak", "snowman ☃"])
def test_what_no_header_can_carry_is_refused(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without repeating it: it may be a key all the same."""
    with pytest.raises(Permanent, match=r"^the API key of context a has characters that cannot be sent: "):
        Config().add("a", Context(url="https://a", api_key=key))
    monkeypatch.setenv("TIPOFF_API_KEY", key)
    with pytest.raises(Permanent, match=r"^TIPOFF_API_KEY has characters"):
        chosen.endpoint(None)


def test_an_unknown_context_is_refused_with_those_there_are(file: Path) -> None:
    """Chosen, removed, or in use in a file that somebody has edited."""
    config = Config().add("prod", PROD)
    for refused in (config.choose, config.remove):
        with pytest.raises(Permanent, match=r"^no context 'test': there is prod: `tipoff context add`"):
            refused("test")
    contexts.write(file, config.model_copy(update={"use": "test"}))
    with pytest.raises(Permanent, match="no context 'test'"):
        chosen.endpoint(None)


@pytest.mark.parametrize("name", ["local", "", "a b", "a.b", "é"])
def test_a_name_is_a_word(name: str) -> None:
    """`local` is this machine's."""
    with pytest.raises(Permanent, match=r"cannot be a context's name: use letters"):
        Config().add(name, PROD)


def test_removing_the_context_in_use_leaves_this_machine() -> None:
    """Choosing `local` does so, too; removing another changes nothing else."""
    config = Config().add("prod", PROD).add("other", PROD).choose("prod")
    assert config.remove("prod") == Config().add("other", PROD)
    assert config.remove("other") == Config().add("prod", PROD).choose("prod")
    assert config.choose("local") == Config().add("prod", PROD).add("other", PROD)
