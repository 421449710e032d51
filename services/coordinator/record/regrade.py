"""Grading once more, by the statement that grades, from raw rows alone."""

from functools import cache
from importlib.resources import files

from shared.registries.expansion import expanded
from shared.tables import TABLES

_SUMMARY = "analytics.player_game_summary"
_RAW = "(SELECT *, team AS team_abbr FROM raw.player_box_scores)"


@cache
def regrade() -> str:
    """Counts, by slate of @first_date to @last_date and of @mode, the grades that raw rows do not give."""
    text = expanded((files("shared.registries") / "grade.sql").read_text(), "grade.sql").replace(_SUMMARY, _RAW)
    columns = ", ".join(column.name for column in TABLES["predictions.prediction_grades"].columns)
    return f"""-- Grades that do not follow from raw rows, by slate.
WITH graded_again AS (
{text}
)
SELECT game_date, COUNT(*) AS grades, MIN(game_id) AS game_id, MIN(player_id) AS player_id, MIN(market) AS market
FROM (
  SELECT {columns}
  FROM predictions.prediction_grades
  WHERE game_date BETWEEN @first_date AND @last_date AND mode = @mode
  EXCEPT DISTINCT
  SELECT {columns}
  FROM graded_again
) AS strange
GROUP BY game_date
ORDER BY game_date"""  # noqa: S608 - names of the registry
