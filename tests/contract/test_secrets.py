"""Secrets by name."""

import pytest

from shared.errors import Permanent
from shared.ports import Secrets
from tests.contract.conftest import SECRETS


async def test_a_secret_is_found_by_name(secrets: Secrets) -> None:
    """The value comes back as it was stored."""
    assert (await secrets.get("odds-api-key")).get_secret_value() == SECRETS["odds-api-key"]


async def test_a_secret_does_not_show_itself(secrets: Secrets) -> None:
    """Neither repr nor str has the value."""
    secret = await secrets.get("odds-api-key")
    assert SECRETS["odds-api-key"] not in f"{secret!r} {secret}"


@pytest.mark.parametrize("name", ["no-such-secret", "empty", "blank"])
async def test_a_missing_or_empty_secret_is_named(secrets: Secrets, name: str) -> None:
    """What is missing fails at once, by name: nothing runs on an empty key."""
    with pytest.raises(Permanent, match=name):
        await secrets.get(name)


async def test_a_secret_loses_the_line_break_it_ends_with(secrets: Secrets) -> None:
    """An editor, or `echo`, leaves one: no header would take it."""
    assert (await secrets.get("ended")).get_secret_value() == "s3cret$"


async def test_a_secret_of_several_lines_is_refused_unseen(secrets: Secrets) -> None:
    """By name, and without a part of it in the message."""
    with pytest.raises(Permanent, match=r"'broken'.*line break") as caught:
        await secrets.get("broken")
    assert "cret$" not in str(caught.value)
