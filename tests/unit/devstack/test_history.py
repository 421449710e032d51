from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from devstack.history import History, write
from shared.errors import Permanent
from tests.unit.devstack.tiny import FIRST, SECOND, TIP, event, game, line, played, tables, tiny


def test_missing_folder_is_named(tmp_path: Path) -> None:
    """A history folder that is not there is one clear line."""
    with pytest.raises(Permanent, match=r"nowhere is not a folder: name a folder"):
        History.open(tmp_path / "nowhere")


def test_missing_table_is_named(tmp_path: Path) -> None:
    """A table whose file is missing is named."""
    write(tables(), tmp_path)
    (tmp_path / "injuries.parquet").unlink()
    with pytest.raises(Permanent, match=r"table injuries is missing \(injuries.parquet\)"):
        History.open(tmp_path)


def test_missing_column_is_named(tmp_path: Path) -> None:
    """A column that a table lacks is named with its table."""
    changed = tables()
    changed["player_games"] = changed["player_games"].drop_columns(["minutes"])
    write(changed, tmp_path)
    with pytest.raises(Permanent, match=r"table player_games has no column minutes"):
        History.open(tmp_path)


def test_unreadable_table_is_named(tmp_path: Path) -> None:
    """A file that is no Parquet file is named."""
    write(tables(), tmp_path)
    (tmp_path / "schedule.parquet").write_bytes(b"not parquet")
    with pytest.raises(Permanent, match=r"table schedule cannot be read"):
        History.open(tmp_path)


def test_column_of_wrong_type_is_named(tmp_path: Path) -> None:
    """A column whose values are of another kind is named with what was expected."""
    changed = tables()
    names = pa.array(["many"] * len(changed["player_games"]))
    at = changed["player_games"].column_names.index("pts")
    changed["player_games"] = changed["player_games"].set_column(at, "pts", names)
    write(changed, tmp_path)
    with pytest.raises(Permanent, match=r"table player_games, column pts: expected int64, found string"):
        History.open(tmp_path)


def test_null_in_a_key_is_named() -> None:
    """A null where there may be none is refused with its column."""
    with pytest.raises(Permanent, match=r"table player_games, column player_id: 1 rows are null"):
        tiny(player_games=[{**played(FIRST, 1, "Ann One", "BOS"), "player_id": None}])


def test_game_listed_twice_is_refused() -> None:
    """A schedule with a game twice is refused, not resolved by chance."""
    twice = game(FIRST, TIP, date(2024, 11, 1))
    with pytest.raises(Permanent, match=r"has game 0022400001 twice"):
        tiny(schedule=[twice, twice])


def test_more_columns_and_tables_are_welcome(tmp_path: Path) -> None:
    """Only the columns that are used are asked for; others, wider types and NaN for null change nothing."""
    changed = tables()
    lines = changed["prop_lines"].append_column("extra", pa.array([1]))
    at = lines.column_names.index("under_price")
    changed["prop_lines"] = lines.set_column(at, "under_price", pa.array([float("nan")]))
    changed["schedule"] = changed["schedule"].set_column(0, "game_id", pa.array([22400001, 22400002]))
    write({**changed, "unknown": changed["injuries"]}, tmp_path)
    history = History.open(tmp_path)
    assert list(history.games) == [FIRST, SECOND]
    assert history.lines(FIRST)[0].under is None


def test_written_history_opens_equal(tmp_path: Path, league: History) -> None:
    """Writing and opening a history gives the same games and facts."""
    original = tables()
    write(original, tmp_path)
    opened, made = History.open(tmp_path), tiny()
    assert opened.games == made.games
    assert opened.players(FIRST) == made.players(FIRST)
    assert league.last_date == date(2024, 12, 20)


def test_fingerprint_follows_the_content(tmp_path: Path) -> None:
    """Equal content has an equal fingerprint wherever it lies; other content has another."""
    for folder, name in (("a", "Ann One"), ("b", "Ann One"), ("c", "Ann Other")):
        write(tables(player_games=[played(FIRST, 1, name, "BOS")]), tmp_path / folder)
    one, same, other = (History.open(tmp_path / folder).fingerprint for folder in "abc")
    assert one == same != other


def test_lines_after_tip_are_never_loaded() -> None:
    """A line marked as taken after tip-off, or stamped so, is left out."""
    late = TIP + timedelta(seconds=1)
    lines = [line(FIRST), line(FIRST, pregame=False, line=1.5), line(FIRST, snapshot_utc=late, pregame=None, line=2.5)]
    assert [one.line for one in tiny(prop_lines=lines).lines(FIRST)] == [9.5]


def test_line_of_unknown_time_counts_as_posted_half_an_hour_before_tip() -> None:
    """A null snapshot means tip-off less 30 minutes, under the NBA's spelling of the name."""
    (posted,) = tiny(prop_lines=[line(FIRST, snapshot_utc=None, pregame=None, player_name_raw="A. One")]).lines(FIRST)
    assert (posted.posted_at, posted.player) == (TIP - timedelta(minutes=30), "Ann One")


def test_absences_without_an_id_are_left_out() -> None:
    """A listed player without an NBA id cannot appear in feeds that go by id."""
    assert [row["player_id"] for row in tiny().absences(FIRST)] == [3, 4]


def test_teams_of_the_injured_list_are_understood() -> None:
    """The list writes Philadelphia by its nickname; what is no team is left out."""
    rows = [event(date(2024, 11, 1), n, "relinquished", team=team) for n, team in enumerate(("76Ers", "PHI", "XYZ"))]
    assert [row["team"] for row in tiny(injuries=rows).injuries] == ["PHI", "PHI"]


def test_event_ids_are_recorded_or_derived() -> None:
    """A recorded event id is kept; a game without one gets a stable one; both lead back to the game."""
    history = tiny()
    derived = history.event_id(SECOND)
    assert history.event_id(FIRST) == "feed"
    assert len(derived) == 32
    assert derived == tiny().event_id(SECOND)
    found = history.game_of_event(derived)
    assert found is not None
    assert found.game_id == SECOND


def test_real_history_opens_whole(real: History) -> None:
    """Four real seasons open with every game, date and box score."""
    assert len(real.games) == 5133
    assert len(real.dates) == 824
    slate = real.on(date(2024, 3, 4))
    assert all(len(real.players(game.game_id)) > 15 for game in slate)
    assert all(real.teams(game.game_id).keys() == {game.home, game.away} for game in slate)
    assert real.on(date(2024, 7, 30)) == []
    assert real.games["0022300907"].tip == datetime(2024, 3, 8, 3, 0, tzinfo=UTC)
    assert real.lines("0022300907")[-1].posted_at < real.games["0022300907"].tip
