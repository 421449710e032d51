"""Every table, once: columns with type and meaning, key, partitioning and clustering.

Types are BigQuery's. The warehouse adapters create the tables and check rows from this registry.
"""

from dataclasses import dataclass, field
from typing import Literal

Type = Literal["STRING", "INT64", "FLOAT64", "BOOL", "DATE", "TIMESTAMP"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column; nullable only where null has a meaning, which the description gives."""

    name: str
    type: Type
    description: str
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table: `name` is `dataset.table`."""

    name: str
    description: str
    key: tuple[str, ...]
    """Columns that no two rows share."""
    columns: tuple[Column, ...]
    partition: str = "game_date"
    """The DATE or TIMESTAMP column that rows are kept apart by, a partition for each day."""
    cluster: tuple[str, ...] = field(default=())
    """Columns that a partition's rows are sorted by, at most four: those that queries filter and join on."""
    rows: str = ""
    """How many rows to expect."""
    retention_days: int | None = None
    """Days after its partition's date that a row is kept; None: for ever.

    BigQuery counts from the partition's date and not from when the row was written: what is partitioned by game date
    must be kept, or a backfill of two years ago would be gone the moment it is written.
    """

    def column(self, name: str) -> Column:
        """The column called `name`; KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name}")


def _c(name: str, type_: Type, description: str) -> Column:
    return Column(name, type_, description)


def _n(name: str, type_: Type, description: str) -> Column:
    return Column(name, type_, description, nullable=True)


_GAME_DATE = _c("game_date", "DATE", "US-Eastern date of the game")
_GAME = _c("game_id", "STRING", "NBA game id, ten characters")
_PLAYER = _c("player_id", "INT64", "NBA player id")
_LOOKUP = _n("player_lookup", "STRING", "normalised name; null in rows from before there was this column")
_MODE = _c("mode", "STRING", "overnight, same_day, tomorrow, manual or backfill: which cutoff holds")
_AVAILABLE = _c("available_at", "TIMESTAMP", "when the upstream had published it: the point-in-time rule reads this")
_FETCHED = _c("fetched_at", "TIMESTAMP", "business instant at which it was fetched")
_SOURCE = _c("source", "STRING", "upstream it came from")

_RUN = (
    _c("run_id", "STRING", "the run: date, mode and generation"),
    _c("generation", "INT64", "how often the run had been started afresh"),
)

_BOX = (
    _n("starter", "BOOL", "in the starting five; null where the source does not say (bulk game logs)"),
    _c("minutes", "FLOAT64", "minutes played"),
    _c("points", "INT64", "points"),
    _c("rebounds", "INT64", "total rebounds"),
    _c("offensive_rebounds", "INT64", "offensive rebounds"),
    _c("defensive_rebounds", "INT64", "defensive rebounds"),
    _c("assists", "INT64", "assists"),
    _c("field_goals_made", "INT64", "field goals made, threes included"),
    _c("field_goals_attempted", "INT64", "field goals attempted, threes included"),
    _c("threes", "INT64", "three-pointers made"),
    _c("threes_attempted", "INT64", "three-pointers attempted"),
    _c("free_throws_made", "INT64", "free throws made"),
    _c("free_throws_attempted", "INT64", "free throws attempted"),
    _c("steals", "INT64", "steals"),
    _c("blocks", "INT64", "blocks"),
    _c("turnovers", "INT64", "turnovers"),
    _c("fouls", "INT64", "personal fouls"),
    _n("plus_minus", "FLOAT64", "team points minus opponent points while on court; null where the source lacks it"),
)

_DISTRIBUTION = (
    _c("centre", "FLOAT64", "stored distribution: P(count <= k) = Phi(((k + 1)^power - centre) / scale)"),
    _c("scale", "FLOAT64", "that scale, in the statistic's unit to the power"),
    _c("power", "FLOAT64", "that power; a constant of the market"),
    _n("minutes", "FLOAT64", "expected minutes if he plays; null when no model says"),
    _n("p_play", "FLOAT64", "probability that he plays; null when no model says"),
    _n("artifact", "STRING", "digest of the fitted model; null for a system that has none"),
    _c("shadow", "BOOL", "the system is on trial: graded, never recommended"),
    _n("drivers", "STRING", "JSON list of what moved it, [name, contribution in the statistic's unit]; null if untold"),
)
"""What else is stored of a prediction, beside mean and quantiles."""

_DECISION = (
    _n("line", "FLOAT64", "consensus line at the cutoff, in the statistic's unit; null if none"),
    _n("line_books", "INT64", "how many books the line rests on; null without a line"),
    _n("line_at", "TIMESTAMP", "when the newest of them was posted; null without a line"),
    _n("p_over", "FLOAT64", "probability of outcome > line; null without a line"),
    _n("p_push", "FLOAT64", "probability of outcome = line; null without a line"),
    _n(
        "p_market",
        "FLOAT64",
        "de-vigged over probability, mean over the books at the line; null without a two-sided price",
    ),
    _n(
        "book", "STRING", "bookmaker of the prices: of those at the line the one with the least margin; null if none is"
    ),
    _n("over_price", "FLOAT64", "American odds of the over at that book; null where none is quoted"),
    _n("under_price", "FLOAT64", "American odds of the under at that book; null where none is quoted"),
    _n("fair_over", "FLOAT64", "American odds of the over without margin; null without a line, or when it is certain"),
    _n("fair_under", "FLOAT64", "American odds of the under without margin; null as fair_over"),
    _n("edge", "FLOAT64", "probability of the over given no push, minus p_market; null without p_market"),
    _c("recommendation", "STRING", "over, under, pass or no_line"),
    _n("pass_reason", "STRING", "why it is a pass; null unless it is"),
)
"""What a prediction says of its line."""

_GRADE_KEY = ("game_id", "player_id", "market", "system", "mode")
_GRADED = (
    _c("market", "STRING", "points, rebounds, assists, threes or pra"),
    _c("system", "STRING", "the prediction system"),
    _c("run_id", "STRING", "the run that made the prediction"),
    _c("voided", "BOOL", "the player did not play"),
    _n("actual", "FLOAT64", "outcome; null when voided"),
    _n("error", "FLOAT64", "outcome minus median; null when voided"),
    _n("line", "FLOAT64", "consensus line at prediction; null if none"),
    _n("line_result", "STRING", "over, under or push; null when voided or without a line"),
    _n("closing_line", "FLOAT64", "median over books of their last main line before tip-off; null if none"),
    _n("closing_p_market", "FLOAT64", "de-vigged over probability at the closing line; null without a two-sided price"),
    _n("side", "STRING", "over or under: which side the edge is on; null without an edge"),
    _n(
        "clv",
        "FLOAT64",
        "movement of the line towards that side until tip-off, in the statistic's unit; null without a side",
    ),
    _n(
        "clv_price",
        "FLOAT64",
        "rise of that side's de-vigged probability until tip-off; null without one, or if the line moved",
    ),
)
"""Which prediction it is and what became of it: what may change when it is graded again."""

_MARKETS = ("points", "rebounds", "assists", "threes")


def _per_market(suffix: str, type_: Type, description: str) -> tuple[Column, ...]:
    return tuple(_n(f"{market}_{suffix}", type_, f"{market}: {description}") for market in _MARKETS)


TABLES = {
    table.name: table
    for table in (
        Table(
            "raw.games",
            "The schedule: what is to be expected. A fact of the schedule is known by 00:00 ET of the game's date.",
            ("game_id",),
            (
                _GAME,
                _c("season", "STRING", "2023-24"),
                _c("season_type", "STRING", "regular, playoffs, playin or cup_final"),
                _GAME_DATE,
                _c("tip_utc", "TIMESTAMP", "scheduled tip-off"),
                _c("home_team", "STRING", "tricode"),
                _c("away_team", "STRING", "tricode"),
                _c("neutral_site", "BOOL", "played at neither team's arena"),
                _c("postponed", "BOOL", "will not be played on this date"),
                _AVAILABLE,
                _FETCHED,
                _SOURCE,
            ),
            rows="15 a night at most; 1,230 regular games a season",
        ),
        Table(
            "raw.game_results",
            "Final scores, known 3 h after tip-off.",
            ("game_id",),
            (
                _GAME,
                _GAME_DATE,
                _c("home_points", "INT64", "final score of the home team"),
                _c("away_points", "INT64", "final score of the away team"),
                _AVAILABLE,
                _FETCHED,
                _SOURCE,
            ),
            rows="one per final game",
        ),
        Table(
            "raw.player_box_scores",
            "One row per player who played in a final game.",
            ("game_id", "player_id"),
            (
                _GAME,
                _GAME_DATE,
                _c("season", "STRING", "2023-24"),
                _c("season_type", "STRING", "regular, playoffs, playin or cup_final"),
                _PLAYER,
                _LOOKUP,
                _c("player_name", "STRING", "as the source writes it"),
                _c("team", "STRING", "tricode"),
                _c("opponent", "STRING", "tricode"),
                _c("is_home", "BOOL", "played for the home team"),
                *_BOX,
                _AVAILABLE,
                _FETCHED,
                _SOURCE,
            ),
            cluster=("player_id",),
            rows="about 21 per final game",
        ),
        Table(
            "raw.rosters",
            "Who is with a team on a slate's date.",
            ("game_date", "player_id"),
            (
                _GAME_DATE,
                _PLAYER,
                _c("player_name", "STRING", "as the source writes it"),
                _c("player_lookup", "STRING", "normalised name"),
                _c("team", "STRING", "tricode"),
                _n("position", "STRING", "G, F, C or a pair; null where unknown"),
                _AVAILABLE,
                _FETCHED,
                _SOURCE,
            ),
            rows="about 18 per team that plays on the date",
        ),
        Table(
            "raw.injuries",
            "Injury reports as listed for a slate; the latest before a cutoff is a player's status.",
            ("game_date", "player_id", "available_at", "status"),
            (
                _GAME_DATE,
                _PLAYER,
                _c("player_lookup", "STRING", "normalised name"),
                _c("team", "STRING", "tricode"),
                _c("status", "STRING", "Out, Doubtful, Questionable, Day-To-Day, as the source writes it"),
                _n("comment", "STRING", "the source's short comment; null where there is none"),
                _AVAILABLE,
                _FETCHED,
                _SOURCE,
            ),
            rows="as many as the reports list: about 3 per team",
        ),
        Table(
            "raw.prop_lines",
            "One bookmaker's line at one instant. Never a placeholder: a line is real or absent.",
            ("game_id", "player_id", "market", "bookmaker", "line", "is_main", "available_at"),
            (
                _GAME,
                _GAME_DATE,
                _PLAYER,
                _c("player_lookup", "STRING", "normalised name the line was posted under"),
                _c("market", "STRING", "points, rebounds, assists or threes"),
                _c("bookmaker", "STRING", "the Odds API's bookmaker key"),
                _c("line", "FLOAT64", "in units of the market's statistic"),
                _n("over_price", "FLOAT64", "American odds of the over; null where none is quoted"),
                _n("under_price", "FLOAT64", "American odds of the under; null where none is quoted"),
                _c("is_main", "BOOL", "from the main market, not the alternates"),
                _c("event_id", "STRING", "the Odds API's event"),
                _AVAILABLE,
                _FETCHED,
                _SOURCE,
            ),
            cluster=("market", "player_id"),
            rows="about 10 players per game, times markets, bookmakers and snapshots",
        ),
        Table(
            "raw.fetches",
            "The fetch ledger: one row per unit of a scrape step, empty answers included.",
            ("game_date", "mode", "step", "unit"),
            (
                _GAME_DATE,
                _MODE,
                _c("step", "STRING", "scrape step"),
                _c("unit", "STRING", "what was fetched: a game id, a season, a feed"),
                _c("outcome", "STRING", "loaded, empty, quarantined or failed"),
                _n("reason", "STRING", "why it was quarantined or failed; null when loaded or empty"),
                _c("records", "INT64", "records accepted"),
                _n("archive_key", "STRING", "where the raw payload lies; null when there is none"),
                _FETCHED,
                _SOURCE,
            ),
            rows="one per unit fetched: about 60 a night and mode",
        ),
        Table(
            "raw.quarantine",
            "What was refused, with the reason: shown, never guessed and never dropped.",
            ("game_date", "mode", "step", "unit", "record"),
            (
                _GAME_DATE,
                _MODE,
                _c("step", "STRING", "scrape step"),
                _c("unit", "STRING", "the payload it was in"),
                _c("record", "STRING", "what was refused: a player, a game"),
                _c("reason", "STRING", "why, in one line"),
                _FETCHED,
                _SOURCE,
            ),
            rows="none on a good night",
        ),
        Table(
            "analytics.player_game_summary",
            "A player's game with derived rates.",
            ("game_id", "player_id"),
            (
                _GAME,
                _GAME_DATE,
                _c("season", "STRING", "2023-24"),
                _c("season_type", "STRING", "regular, playoffs, playin or cup_final"),
                _PLAYER,
                _LOOKUP,
                _c("player_name", "STRING", "as the source writes it"),
                _c("team_abbr", "STRING", "tricode"),
                _c("opponent_team_abbr", "STRING", "tricode"),
                _c("is_home", "BOOL", "played for the home team"),
                *_BOX,
                _n("true_shooting", "FLOAT64", "points / (2 (FGA + 0.44 FTA)); null without an attempt"),
                _n(
                    "usage_rate",
                    "FLOAT64",
                    "share of the team's possessions used while on court, percent; null at 0 minutes",
                ),
                _AVAILABLE,
            ),
            cluster=("player_lookup", "team_abbr", "game_date"),
            rows="one per row of raw.player_box_scores",
        ),
        Table(
            "analytics.upcoming_player_game_context",
            "Every rostered player of a slate with what is known of him and his game at the cutoff.",
            ("game_date", "mode", "player_id"),
            (
                _GAME_DATE,
                _MODE,
                _GAME,
                _PLAYER,
                _c("player_name", "STRING", "as the roster writes it"),
                _c("team_abbr", "STRING", "tricode"),
                _c("opponent_team_abbr", "STRING", "tricode"),
                _c("is_home", "BOOL", "plays for the home team"),
                _c("season", "STRING", "2023-24"),
                _c("tip_utc", "TIMESTAMP", "scheduled tip-off"),
                _c("cutoff_at", "TIMESTAMP", "information after this instant is not used"),
                _n("injury_status", "STRING", "latest status known at the cutoff; null when not reported"),
                _n("days_rest", "INT64", "days since the team's last game before this one; null for its first"),
                *_per_market(
                    "line", "FLOAT64", "median over books of the latest main line at the cutoff; null if none"
                ),
                *_per_market("line_books", "INT64", "how many books the line rests on; null if none"),
                *_per_market("line_at", "TIMESTAMP", "when the newest of them was posted; null if none"),
                *_per_market(
                    "p_market",
                    "FLOAT64",
                    "de-vigged over probability, mean over books with two-sided prices at the line; null if none",
                ),
                *_per_market("book", "STRING", "of the books at the line that of the least margin; null if none"),
                *_per_market("over_price", "FLOAT64", "American odds of the over at that book; null if none"),
                *_per_market("under_price", "FLOAT64", "American odds of the under at that book; null if none"),
            ),
            rows="one per rostered player of a team that plays",
        ),
        Table(
            "features.player_daily_cache",
            "A player's form over his earlier games, as known at the cutoff.",
            ("game_date", "mode", "player_id"),
            (
                _GAME_DATE,
                _MODE,
                _PLAYER,
                _c("games_season", "INT64", "games played this season"),
                _c("games_total", "INT64", "games played in the window of the last 400 days"),
                _n("minutes_season_mean", "FLOAT64", "mean minutes this season; null before the first game"),
                _c("minutes_ewma", "FLOAT64", "exponentially weighted minutes, alpha 0.2"),
                *_per_market("season_mean", "FLOAT64", "season-to-date mean; null before the first game of the season"),
                *_per_market(
                    "per_minute",
                    "FLOAT64",
                    "recent rate per minute, shrunk to the league's; null if nobody has played a minute",
                ),
            ),
            rows="one per row of the player's context with an earlier game in the window",
        ),
        Table(
            "features.ml_feature_store",
            "What a prediction is made from, as served.",
            ("game_date", "mode", "player_id"),
            (
                _GAME_DATE,
                _MODE,
                _GAME,
                _PLAYER,
                _c("cutoff_at", "TIMESTAMP", "information after this instant is not used"),
                _c("tip_utc", "TIMESTAMP", "scheduled tip-off"),
                _c("is_home", "INT64", "1 at home, 0 away"),
                _n("days_rest", "INT64", "days since the team's last game; null for its first"),
                _c("games_season", "INT64", "games played this season"),
                _c("games_total", "INT64", "games played in the window of the last 400 days"),
                _n("minutes_season_mean", "FLOAT64", "mean minutes this season; null before the first game"),
                _c("minutes_ewma", "FLOAT64", "exponentially weighted minutes, alpha 0.2"),
                *_per_market("season_mean", "FLOAT64", "season-to-date mean; null before the first game of the season"),
                *_per_market(
                    "per_minute",
                    "FLOAT64",
                    "recent rate per minute, shrunk to the league's; null if nobody has played a minute",
                ),
                *_per_market("line", "FLOAT64", "consensus line at the cutoff; null if none"),
            ),
            rows="one per row of features.player_daily_cache",
        ),
        *(
            Table(
                f"predictions.{name}",
                description,
                key,
                (
                    _GAME_DATE,
                    _MODE,
                    _GAME,
                    _PLAYER,
                    *(() if name == "staging" else (_LOOKUP,)),
                    _c("market", "STRING", "points, rebounds, assists or threes"),
                    _c("system", "STRING", "the prediction system"),
                    _c("run_id", "STRING", "the run that made it"),
                    _c("generation", "INT64", "how often the run had been started afresh"),
                    _c("batch", "INT64", "the batch it was predicted in"),
                    _c("predicted_at", "TIMESTAMP", "the instant the prediction counts as made; before tip-off"),
                    _c("mean", "FLOAT64", "expected value"),
                    *(
                        _c(f"q{q:02d}", "FLOAT64", f"{q} % quantile")
                        for q in (5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95)
                    ),
                    *_DISTRIBUTION,
                    *_DECISION,
                ),
                cluster=cluster,
                rows="players of the slate x markets x systems, for each run",
            )
            for name, description, key, cluster in (
                (
                    "staging",
                    "Batches on their way to publication.",
                    ("run_id", "batch", "player_id", "market", "system"),
                    ("player_id", "system"),
                ),
                (
                    "player_prop_predictions",
                    "Published predictions: appended per run, superseded by later runs, never deleted.",
                    ("run_id", "game_id", "player_id", "market", "system"),
                    ("player_lookup", "system", "game_date"),
                ),
            )
        ),
        Table(
            "predictions.models",
            "Every model that was trained: the newest champion as of a slate predicts it. Nothing is ever deleted.",
            ("mode", "system", "digest"),
            (
                _c("game_date", "DATE", "as of: trained on what was known at 07:00 ET of this date"),
                _MODE,
                _c("system", "STRING", "the prediction system"),
                _c("digest", "STRING", "SHA-256 of the artifact's bytes, hexadecimal: its name in the archive"),
                _c("training_first", "DATE", "first slate trained on"),
                _c("training_last", "DATE", "last slate trained on"),
                _c("rows", "INT64", "player games trained on"),
                _c("contract_version", "STRING", "version of the feature contract it was trained under"),
                _c("libraries", "STRING", "versions of the libraries it was made with, a JSON object"),
                _c("metrics", "STRING", "walk-forward scores on the newest slates, a JSON object"),
                _c("status", "STRING", "champion, challenger, shadow or refused"),
                _n("reason", "STRING", "why it is no champion; null for one"),
                _c("created_at", "TIMESTAMP", "business instant of the training"),
            ),
            cluster=("mode", "system"),
        ),
        Table(
            "predictions.prediction_grades",
            "Every published prediction that counts (the latest before tip-off) against what happened.",
            _GRADE_KEY,
            (
                _GAME_DATE,
                _MODE,
                _GAME,
                _PLAYER,
                *_GRADED,
                _c("shadow", "BOOL", "the system was on trial"),
                _c("games_before", "INT64", "his games of the season known when it was predicted"),
                _n("minutes_before", "FLOAT64", "his mean minutes over them; null before the first"),
                _n("season_mean", "FLOAT64", "baseline: season-to-date mean; null before his first game"),
                _n("ewma", "FLOAT64", "baseline: exponentially weighted mean of the season, alpha 0.1; null as above"),
                _n(
                    "rate_minutes",
                    "FLOAT64",
                    "baseline: season rate per minute times weighted minutes, alpha 0.2; null as above",
                ),
                _n("baseline_error", "FLOAT64", "outcome minus season_mean; null when voided or without one"),
                _n("mean_error", "FLOAT64", "outcome minus expected value; null when voided"),
                _n("inside_80", "BOOL", "outcome within the 10 % and 90 % quantiles; null when voided"),
                _n("inside_90", "BOOL", "outcome within the 5 % and 95 % quantiles; null when voided"),
                _n(
                    "quantiles_below",
                    "INT64",
                    "how many of the eleven quantiles lie below the outcome; null when voided",
                ),
                _n("quantiles_equal", "INT64", "how many of them equal it; null when voided"),
                _n("pinball", "FLOAT64", "mean quantile loss over the eleven quantiles; null when voided"),
                _n("crps", "FLOAT64", "continuous ranked probability score from the quantiles; null when voided"),
                _n("p_over", "FLOAT64", "as predicted; null without a line"),
                _n("p_market", "FLOAT64", "probability, as predicted; null without a two-sided price"),
                _n("edge", "FLOAT64", "as predicted, share; null without a two-sided price"),
                _n("brier", "FLOAT64", "(p_over - over)^2; null when voided, pushed or without a line"),
                _n("market_brier", "FLOAT64", "(p_market - over)^2; null as brier, or without p_market"),
                _c("recommendation", "STRING", "over, under, pass or no_line"),
                _n("pick_result", "STRING", "won, lost, push or void; null unless over or under was recommended"),
            ),
            cluster=("system", "market"),
        ),
        Table(
            "predictions.prediction_grades_history",
            "A row whenever a grade was new or changed (a late box score, a corrected statistic, a later run).",
            (*_GRADE_KEY, "revision"),
            (
                _GAME_DATE,
                _MODE,
                _GAME,
                _PLAYER,
                *_GRADED,
                _c("revision", "INT64", "1 when first graded, one more whenever the grade had changed"),
            ),
            cluster=("system", "market"),
        ),
        Table(
            "predictions.system_daily_performance",
            "A system's grades of one slate and market, added up.",
            ("game_date", "mode", "market", "system"),
            (
                _GAME_DATE,
                _MODE,
                _c("market", "STRING", "points, rebounds, assists, threes or pra"),
                _c("system", "STRING", "the prediction system"),
                _c("predictions", "INT64", "graded or void"),
                _c("graded", "INT64", "of players who played"),
                _c("voided", "INT64", "of players who did not"),
                _n(
                    "mae", "FLOAT64", "mean absolute error of the median, in the statistic's unit; null if all are void"
                ),
                _n("bias", "FLOAT64", "mean of outcome minus expected value, in the statistic's unit; null as mae"),
                _n("crps", "FLOAT64", "mean CRPS, in the statistic's unit; null as mae"),
                _n("coverage_80", "FLOAT64", "share of outcomes inside the 80 % interval; null as mae"),
                _c("with_line", "INT64", "graded with a line and no push"),
                _n("brier", "FLOAT64", "mean over those; null if there are none"),
                _n("market_brier", "FLOAT64", "the market's score, where it has a price; null if nowhere"),
                _c("picks", "INT64", "recommended, neither void nor push"),
                _c("picks_won", "INT64", "of those"),
                _n(
                    "clv",
                    "FLOAT64",
                    "mean movement of the line towards the picks, in the statistic's unit; null if none",
                ),
            ),
            rows="one per current prediction of a game that is over",
        ),
        Table(
            "ops.step_costs",
            "The cost ledger: what each attempt at an analytics step took.",
            ("run_id", "step", "attempt", "recorded_at"),
            (
                _GAME_DATE,
                _MODE,
                _c("run_id", "STRING", "the run it was done for"),
                _c("step", "STRING", "analytics step"),
                _c("attempt", "INT64", "attempt of the step within the run"),
                _c("jobs", "INT64", "statements run"),
                _c("bytes_processed", "INT64", "bytes of the columns and partitions read; an estimate where embedded"),
                _c("bytes_billed", "INT64", "bytes an on-demand price is asked for; an estimate where embedded"),
                _c("slot_ms", "INT64", "milliseconds of one slot's time; embedded: of the operators"),
                _c("usd", "FLOAT64", "US dollars at the configured on-demand price"),
                _c("seconds", "FLOAT64", "seconds from the request to the rows"),
                _c("row_count", "INT64", "rows answered or written"),
                _c("recorded_at", "TIMESTAMP", "when it was recorded"),
            ),
            partition="recorded_at",
            rows="one per analytics step, attempt and run: about 15 a night and mode",
            retention_days=731,
        ),
        Table(
            "ops.migrations",
            "Migrations that were applied to this warehouse; one that was run again is here again.",
            ("number", "applied_at"),
            (
                _c("number", "INT64", "number in shared/migrations.py"),
                _c("name", "STRING", "what it is for"),
                _c("changes", "STRING", "JSON list: what was changed"),
                _c("applied_at", "TIMESTAMP", "when it was applied"),
            ),
            partition="applied_at",
            rows="one per migration and application",
        ),
        Table(
            "ops.step_runs",
            "The run ledger: a row per step and attempt at which it ended. Everything that reports on runs reads this.",
            ("run_id", "step", "attempt"),
            (
                _GAME_DATE,
                _MODE,
                *_RUN,
                _c("step", "STRING", "step of the cascade"),
                _c("attempt", "INT64", "the attempt at which it ended; 0 for a step that was blocked"),
                _c("phase", "INT64", "1 scrape to 6 publish"),
                _c("service", "STRING", "service that does it"),
                _c("source", "STRING", "who asked for the run"),
                _c("retrospective", "BOOL", "the slate was replayed or backfilled"),
                _c("status", "STRING", "done, degraded, failed or blocked"),
                _n("expected", "INT64", "units the schedule says to expect; null without evidence"),
                _n("verified", "INT64", "units found in the warehouse; null without evidence"),
                _n("quarantined", "INT64", "units refused, with reasons in raw.quarantine; null without evidence"),
                _n("reason", "STRING", "why it is not done, in one line; null when it is"),
                _c("work_seconds", "FLOAT64", "seconds of work over all attempts"),
                _n("started_at", "TIMESTAMP", "when the last attempt was asked for; null for a step that was blocked"),
                _n("ended_at", "TIMESTAMP", "when it was settled; null for a step that was blocked"),
                _c("run_status", "STRING", "complete, degraded or failed"),
                _c("run_started_at", "TIMESTAMP", "when the run was asked for"),
                _n("run_ended_at", "TIMESTAMP", "when its last step was settled; null while it goes on"),
            ),
            cluster=("mode", "step"),
        ),
        Table(
            "ops.decisions",
            "What was decided about a step, on what evidence, against which thresholds: append-only.",
            ("run_id", "number"),
            (
                _GAME_DATE,
                _MODE,
                *_RUN,
                _c("number", "INT64", "the how-manieth decision of the run, from 0"),
                _c("step", "STRING", "step of the cascade"),
                _c("attempt", "INT64", "the attempt it was taken on"),
                _c("decision", "STRING", "proceed, retry, wait, degrade or fail"),
                _n("expected", "INT64", "units the schedule says to expect; null without evidence"),
                _n("verified", "INT64", "units found in the warehouse; null without evidence"),
                _n("quarantined", "INT64", "units refused; null without evidence"),
                _c("completeness", "FLOAT64", "share of the expected units that the mode asked for"),
                _c("quality", "FLOAT64", "share of the units that the mode wanted free of refusals"),
                _n("reason", "STRING", "why, in one line; null when all was there"),
                _c("decided_at", "TIMESTAMP", "when it was taken"),
            ),
            cluster=("mode", "step"),
        ),
    )
}

QUANTILES = (0.05, 0.10, 0.20, 0.30, 0.40, 0.50, 0.60, 0.70, 0.80, 0.90, 0.95)
"""Levels of the published quantiles, in the order of the q-columns."""
QUANTILE_COLUMNS = tuple(f"q{round(100 * q):02d}" for q in QUANTILES)
