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
        ("PT30S", 0.5),
        ("PT45.00S", 0.75),
        ("PT100M59.9S", 100 + 59.9 / 60),
        ("20:45", 20.75),
        ("45:58", 45 + 58 / 60),
        ("0:00", 0.0),
        ("100:59", 100 + 59 / 60),
        ("28", 28.0),
        ("00", 0.0),
        ("31.5", 31.5),
        ("999", 999.0),
        (28, 28.0),
        (28.4, 28.4),
        (0, 0.0),
        (0.5, 0.5),
    ],
)
def test_f11_every_known_spelling_is_read(value: object, played: float) -> None:
    """Each upstream's spelling gives decimal minutes."""
    found = minutes(value)
    assert found == pytest.approx(played)
    assert type(found) is float


@pytest.mark.parametrize(
    "value",
    [
        "",
        "PT",
        "PTM",
        "PTS",
        "20M46S",
        "PT20M46",
        "PT20M60S",
        "PT20M60.00S",
        "PT20M61.00S",
        "PT1000M",
        "PT1H",
        "20:60",
        "20:5",
        "1000:00",
        "\u0662\u0660:45",  # digits of another script
        "20:4\u0665",
        "20.46.00",
        "20 min",
        "-3",
        "1000",
        "28\n",
        "20:46\n",
        "PT48M\n",
        ".5",
        "31.",
        "٢٨",
        "٢٠:٤٦",
        "PT٤٨M",
        "1:02:03",
        "DNP",
    ],
)
def test_f11_a_text_in_another_spelling_is_refused_not_null(value: str) -> None:
    """What cannot be read is a refused record: never 0 and never null."""
    with pytest.raises(BadRecord) as raised:
        minutes(value)
    assert str(raised.value) == f"minutes is {value!r}, in no known spelling"


@pytest.mark.parametrize("value", [None, True, float("nan"), float("inf"), []])
def test_f11_what_is_neither_text_nor_number_is_refused(value: object) -> None:
    """Null included."""
    with pytest.raises(BadRecord) as raised:
        minutes(value)
    assert str(raised.value) == f"minutes is {value!r}, not a number"


@pytest.mark.parametrize("value", [-3, -0.5])
def test_f11_nobody_plays_less_than_no_time(value: float) -> None:
    """A negative number is refused."""
    with pytest.raises(BadRecord) as raised:
        minutes(value)
    assert str(raised.value) == f"minutes is {value!r}, below zero"


@given(st.text(max_size=12))
def test_law_no_text_does_worse_than_be_refused(text: str) -> None:
    """Whatever the text, it is either minutes or a refused record."""
    with suppress(BadRecord):
        assert minutes(text) >= 0
