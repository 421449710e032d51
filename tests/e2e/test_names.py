"""`tipoff names`: a name that fits nobody, listed, settled, and what waited for it loaded."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from devstack.history import History, write
from devstack.league.season import OPENING_NIGHT, tables
from tests.e2e.command import DEGRADED, DONE, FAILED, inside
from tests.e2e.nights import query

pytestmark = pytest.mark.network

STAGE_NAME = "The Microwave"


def _under_a_stage_name(folder: Path) -> tuple[History, int]:
    """A short league in which one player's lines on the last slate are posted under a name of no roster; his id."""
    made = tables(11, OPENING_NIGHT, 4, 2)
    history = History.of_tables(made, source="test")
    last = {game.game_id for game in history.on(history.last_date)}
    lines = made["prop_lines"]
    here = pc.is_in(lines["game_id"], value_set=pa.array(sorted(last)))
    player_id = min(lines.filter(here)["player_id"].to_pylist())
    his = pc.and_(here, pc.equal(lines["player_id"], player_id))
    names = pc.if_else(his, STAGE_NAME, lines["player_name_raw"].cast(pa.string()))
    place = lines.column_names.index("player_name_raw")
    write(made | {"prop_lines": lines.set_column(place, "player_name_raw", names)}, folder)
    return history, player_id


def test_a_settled_name_lets_its_rows_load(tmp_path: Path) -> None:
    """Unresolved it is listed with its teams; settled, its lines are loaded, and no other row."""
    home, folder = tmp_path / "home", tmp_path / "history"
    history, player_id = _under_a_stage_name(folder)
    day = str(history.last_date)
    fill = ("backfill", "--from", day, "--to", day, "--to-step", "lines", "--history", folder, "--json")
    assert inside(home, *fill).code == DEGRADED  # a name that fits nobody is a refused record
    counted = f"SELECT COUNT(*) FROM raw.prop_lines WHERE player_id = {player_id}"  # noqa: S608 - a test's own table
    window = ("--from", day, "--to", day)
    before = query(home, "SELECT COUNT(*) FROM raw.prop_lines")[0][0]

    listed = inside(home, "names", "list", *window, "--json")
    [name] = listed.json
    assert listed.code == 3
    assert (name["player_name"], name["source"], name["times"], name["settled_as"]) == (STAGE_NAME, "odds_api", 1, None)
    assert (name["first_date"], name["last_date"], len(name["teams"])) == (day, day, 2)
    assert STAGE_NAME in inside(home, "names", "list", *window).out
    inside(home, "names", "settle", STAGE_NAME, "--player", "1").refused(FAILED, "no player has the id 1")
    assert query(home, counted) == [(0,)]

    settled = inside(home, "names", "settle", "the microwave", "--player", str(player_id), "--note", "his stage name")
    assert settled.code == DONE, settled.err
    assert f"{day}.backfill" in settled.out
    found = query(home, counted)[0][0]
    assert found > 0
    assert query(home, "SELECT COUNT(*) FROM raw.prop_lines") == [(before + found,)]
    again = inside(home, "names", "list", *window)
    assert (again.code, again.out.strip()) == (DONE, "every name is resolved")
    kept = query(home, "SELECT name_key, team, source, player_id, note FROM ops.player_names")
    assert kept == [("themicrowave", "", "", player_id, "his stage name")]
