"""Minutes in every spelling (failure 11)."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scraper.domain.minutes import minutes
from services.scraper.domain.wire import BadRecord


@pytest.mark.parametrize(
    ("value", "played"),
    [
        ("PT20M46.00S", 20 + 46 / 60),
        ("PT00M00.00S", 0.0),
        ("PT48M", 48.0),
        ("PT07M5.5S", 7 + 5.5 / 60),
        ("20:46", 20 + 46 / 60),
        ("45:58", 45 + 58 / 60),
        ("0:00", 0.0),
        ("28", 28.0),
        ("00", 0.0),
        ("31.5", 31.5),
        (28, 28.0),
        (28.4, 28.4),
        (0, 0.0),
    ],
)
def test_f11_every_known_spelling_is_read(value: object, played: float) -> None:
    """Each upstream's spelling gives decimal minutes."""
    assert minutes(value) == pytest.approx(played)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "PT",
        "PTM",
        "20:60",
        "20.46.00",
        "PT20M61.00S",
        "20 min",
        "-3",
        -3,
        True,
        float("nan"),
        [],
        "1:02:03",
        "DNP",
    ],
)
def test_f11_anything_else_is_refused_not_null(value: object) -> None:
    """What cannot be read is a refused record: never 0 and never null."""
    with pytest.raises(BadRecord):
        minutes(value)


@given(st.integers(0, 99), st.integers(0, 59))
def test_law_clock_and_iso_spellings_agree(whole: int, seconds: int) -> None:
    """mm:ss and PTmmMss.00S mean the same."""
    assert minutes(f"{whole}:{seconds:02d}") == pytest.approx(minutes(f"PT{whole:02d}M{seconds:02d}.00S"))


@given(st.text(max_size=12))
def test_law_no_text_does_worse_than_be_refused(text: str) -> None:
    """Whatever the text, it is either minutes or a refused record."""
    with suppress(BadRecord):
        assert minutes(text) >= 0
