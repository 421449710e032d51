"""The made-up documents are what the shapes say, so that what is drawn from them can be drawn from real ones."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from services.coordinator.documents.record_shapes import Record
from services.coordinator.documents.shapes import Forecast, GameDocument, PlayerShown, Tonight
from shared.registries.quantiles import QUANTILE_COLUMNS
from tests.unit.coordinator import documents


@pytest.mark.parametrize(
    ("shape", "made"),
    [
        (Tonight, documents.tonight()),
        (GameDocument, documents.game()),
        (PlayerShown, documents.shown()),
        (Record, documents.record()),
    ],
    ids=["tonight", "game", "player", "record"],
)
def test_a_made_up_document_has_the_shape(shape: Any, made: Any) -> None:  # noqa: ANN401 - of any shape
    """Every field is there, of its type, and nothing else."""
    read: TypeAdapter[Any] = TypeAdapter(shape)
    assert read.validate_json(read.dump_json(made), strict=False) == made


def test_a_forecast_has_every_quantile() -> None:
    """As many as are published."""
    assert [name for name in Forecast.__annotations__ if name[0] == "q" and name[1:].isdigit()] == [*QUANTILE_COLUMNS]
