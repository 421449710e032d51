"""The prediction systems: found by name, and one module each."""

from pathlib import Path

import pytest

from services.worker.domain import systems
from services.worker.domain.systems import boosted, system
from shared.errors import Permanent
from shared.registries.systems import HAND_MADE, LEARNED, SYSTEMS, expected, headline


def test_every_entry_has_its_module() -> None:
    """The registry and the folder of systems name the same; members come before those who read them."""
    folder = Path(systems.__file__).parent
    assert {path.stem for path in folder.glob("*.py")} - {"__init__", "base"} == set(SYSTEMS)
    assert all((system(name).load is not None) == entry.learned for name, entry in SYSTEMS.items())
    names = list(SYSTEMS)
    assert all(names.index(read) < names.index(name) for name, entry in SYSTEMS.items() for read in entry.reads)


def test_an_unknown_system_is_refused_by_name() -> None:
    """Whoever asked is of another revision."""
    with pytest.raises(Permanent, match="unknown system 'oracle'"):
        system("oracle")


def test_a_module_without_a_system_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ours, not of a message."""
    system.cache_clear()
    monkeypatch.setattr(boosted, "SYSTEM", "boosted")
    with pytest.raises(TypeError, match="SYSTEM is no System"):
        system("boosted")
    system.cache_clear()


def test_who_reads_whom() -> None:
    """The market stands on the trees; the ensemble on trees and form, and on the market where there is one."""
    assert {name: entry.reads for name, entry in SYSTEMS.items() if entry.reads} == {
        "market_residual": ("boosted",),
        "ensemble": ("boosted", "moving_average", "zone_matchup", "market_residual"),
    }
    assert HAND_MADE == ("moving_average", "zone_matchup")
    assert LEARNED == ("similarity", "boosted", "market_residual", "ensemble")
    assert {name for name, entry in SYSTEMS.items() if entry.needs_line} == {"market_residual"}


def test_a_slate_expects_hand_made_systems_and_champions() -> None:
    """In the registry's order, whatever order the champions come in; an unknown champion is none."""
    assert expected(["ensemble", "boosted", "oracle"]) == ("moving_average", "zone_matchup", "boosted", "ensemble")
    assert expected([]) == HAND_MADE


def test_the_best_system_is_shown() -> None:
    """Its rows alone: ensemble, trees, matchup, form; systems of some players are not shown for all."""
    rows = [{"system": name, "n": n} for n, name in enumerate((*SYSTEMS, "boosted"))]
    assert headline(rows) == [{"system": "ensemble", "n": 5}]
    assert headline([row for row in rows if row["system"] != "ensemble"]) == [
        {"system": "boosted", "n": 3}, {"system": "boosted", "n": 6},
    ]  # fmt: skip
    assert headline(rows[:2]) == [{"system": "zone_matchup", "n": 1}]
    assert headline([rows[0], rows[2]]) == [{"system": "moving_average", "n": 0}]
    assert headline([rows[2], rows[4]]) == []
    assert headline([]) == []
