"""Dataset `predictions`: what was forecast, and what became of it."""

from shared.registries.quantiles import QUANTILE_COLUMNS, QUANTILES
from shared.tables.columns import GAME, GAME_DATE, LOOKUP, MARKET, MODE, PLAYER, Table, c, n

_DISTRIBUTION = (
    c("centre", "FLOAT64", "stored distribution: P(count <= k) = Phi(((k + 1)^power - centre) / scale)"),
    c("scale", "FLOAT64", "that scale, in the statistic's unit to the power"),
    c("power", "FLOAT64", "that exponent, without unit; a constant of the market"),
    n("minutes", "FLOAT64", "expected minutes if he plays; null when no model says"),
    n("p_play", "FLOAT64", "probability that he plays; null when no model says"),
    n("artifact", "STRING", "digest of the fitted model; null for a system that has none"),
    c("shadow", "BOOL", "the system is on trial: graded, never recommended"),
    n("drivers", "STRING", "JSON list of what moved it, [name, contribution in the statistic's unit]; null if untold"),
)
"""What else is stored of a prediction, beside mean and quantiles."""

_DECISION = (
    n("line", "FLOAT64", "consensus line at the cutoff, in the statistic's unit; null if none"),
    n("line_books", "INT64", "how many books the line rests on; null without a line"),
    n("line_at", "TIMESTAMP", "when the newest of them was posted; null without a line"),
    n("p_over", "FLOAT64", "probability of outcome > line; null without a line"),
    n("p_push", "FLOAT64", "probability of outcome = line; null without a line"),
    n(
        "p_market",
        "FLOAT64",
        "de-vigged over probability, mean over the books at the line; null without a two-sided price",
    ),
    n("book", "STRING", "bookmaker of the prices: of those at the line the one with the least margin; null if none is"),
    n("over_price", "FLOAT64", "American odds of the over at that book; null where none is quoted"),
    n("under_price", "FLOAT64", "American odds of the under at that book; null where none is quoted"),
    n("fair_over", "FLOAT64", "American odds of the over without margin; null without a line, or when it is certain"),
    n("fair_under", "FLOAT64", "American odds of the under without margin; null as fair_over"),
    n("edge", "FLOAT64", "probability of the over given no push, minus p_market; null without p_market"),
    c("recommendation", "STRING", "over, under, pass or no_line"),
    n("pass_reason", "STRING", "why it is a pass; null unless it is"),
)
"""What a prediction says of its line."""

_GRADE_KEY = ("game_id", "player_id", "market", "system", "mode")
_GRADED = (
    MARKET,
    c("system", "STRING", "the prediction system"),
    c("run_id", "STRING", "the run that made the prediction"),
    c("voided", "BOOL", "the player did not play"),
    n("actual", "FLOAT64", "outcome; null when voided"),
    n("error", "FLOAT64", "outcome minus median; null when voided"),
    n("line", "FLOAT64", "consensus line at prediction; null if none"),
    n("line_result", "STRING", "over, under or push; null when voided or without a line"),
    n("closing_line", "FLOAT64", "median over books of their last main line before tip-off; null if none"),
    n("closing_p_market", "FLOAT64", "de-vigged over probability at the closing line; null without a two-sided price"),
    n("side", "STRING", "over or under: which side the edge is on; null without an edge"),
    n(
        "clv",
        "FLOAT64",
        "movement of the line towards that side until tip-off, in the statistic's unit; null without a side",
    ),
    n(
        "clv_price",
        "FLOAT64",
        "rise of that side's de-vigged probability until tip-off; null without one, or if the line moved",
    ),
)
"""Which prediction it is and what became of it: what may change when it is graded again."""

PREDICTIONS = (
    *(
        Table(
            f"predictions.{name}",
            description,
            key,
            (
                GAME_DATE,
                MODE,
                GAME,
                PLAYER,
                *(
                    ()
                    if name == "staging"
                    else (LOOKUP, n("reason", "STRING", "what had changed; null where it was not made again for that"))
                ),
                MARKET,
                c("system", "STRING", "the prediction system"),
                c("run_id", "STRING", "the run that made it"),
                c("generation", "INT64", "how often the run had been started afresh"),
                *((c("attempt", "INT64", "the attempt at the step that asked for it"),) if name == "staging" else ()),
                c("batch", "INT64", "the batch it was predicted in"),
                c("predicted_at", "TIMESTAMP", "the instant the prediction counts as made; before tip-off"),
                c("mean", "FLOAT64", "expected value"),
                *(
                    c(q, "FLOAT64", f"{100 * at:.0f} % quantile")
                    for q, at in zip(QUANTILE_COLUMNS, QUANTILES, strict=True)
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
                "Batches on their way to publication, only ever appended; of a run's game the newest staging counts.",
                ("run_id", "attempt", "batch", "player_id", "market", "system", "predicted_at"),
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
            c("game_date", "DATE", "as of: trained on what was known at 07:00 ET of this date"),
            MODE,
            c("system", "STRING", "the prediction system"),
            c("digest", "STRING", "SHA-256 of the artifact's bytes, hexadecimal: its name in the archive"),
            c("training_first", "DATE", "first slate trained on"),
            c("training_last", "DATE", "last slate trained on"),
            c("row_count", "INT64", "player games trained on"),
            c("contract_version", "STRING", "version of the feature contract it was trained under"),
            c("libraries", "STRING", "versions of the libraries it was made with, a JSON object"),
            c("metrics", "STRING", "walk-forward scores on the newest slates, a JSON object"),
            c("status", "STRING", "champion, challenger, shadow or refused"),
            n("reason", "STRING", "why it is no champion; null for one"),
            c("created_at", "TIMESTAMP", "business instant of the training"),
        ),
        cluster=("mode", "system"),
        rows="one per learned system, mode and training: about one a month",
    ),
    Table(
        "predictions.prediction_grades",
        "Every published prediction that counts (the latest before tip-off) against what happened.",
        _GRADE_KEY,
        (
            GAME_DATE,
            MODE,
            GAME,
            PLAYER,
            *_GRADED,
            c("shadow", "BOOL", "the system was on trial"),
            c("games_before", "INT64", "his games of the season known when it was predicted"),
            n("minutes_before", "FLOAT64", "his mean minutes over them; null before the first"),
            n("season_mean", "FLOAT64", "baseline: season-to-date mean; null before his first game"),
            n("ewma", "FLOAT64", "baseline: exponentially weighted mean of the season, alpha 0.1; null as above"),
            n(
                "rate_minutes",
                "FLOAT64",
                "baseline: season rate per minute times weighted minutes, alpha 0.2; null as above",
            ),
            n("baseline_error", "FLOAT64", "outcome minus season_mean; null when voided or without one"),
            n("mean_error", "FLOAT64", "outcome minus expected value; null when voided"),
            n("inside_80", "BOOL", "outcome within the 10 % and 90 % quantiles; null when voided"),
            n("inside_90", "BOOL", "outcome within the 5 % and 95 % quantiles; null when voided"),
            n(
                "quantiles_below",
                "INT64",
                "how many of the eleven quantiles lie below the outcome; null when voided",
            ),
            n("quantiles_equal", "INT64", "how many of them equal it; null when voided"),
            n("pinball", "FLOAT64", "mean quantile loss over the eleven quantiles; null when voided"),
            n("crps", "FLOAT64", "continuous ranked probability score from the quantiles; null when voided"),
            n("p_over", "FLOAT64", "as predicted; null without a line"),
            n("p_market", "FLOAT64", "probability, as predicted; null without a two-sided price"),
            n("edge", "FLOAT64", "as predicted, share; null without a two-sided price"),
            n("brier", "FLOAT64", "(p_over - over)^2; null when voided, pushed or without a line"),
            n("market_brier", "FLOAT64", "(p_market - over)^2; null as brier, or without p_market"),
            c("recommendation", "STRING", "over, under, pass or no_line"),
            n("pick_result", "STRING", "won, lost, push or void; null unless over or under was recommended"),
        ),
        cluster=("system", "market"),
        rows="one per prediction that counts, of a game with both teams' box scores",
    ),
    Table(
        "predictions.prediction_grades_history",
        "A row whenever a grade was new or changed (a late box score, a corrected statistic, a later run).",
        (*_GRADE_KEY, "revision"),
        (
            GAME_DATE,
            MODE,
            GAME,
            PLAYER,
            *_GRADED,
            c("revision", "INT64", "1 when first graded, one more whenever the grade had changed"),
        ),
        cluster=("system", "market"),
        rows="one per grade, and one more whenever it changed",
    ),
    Table(
        "predictions.system_daily_performance",
        "A system's grades of one slate and market, added up.",
        ("game_date", "mode", "market", "system"),
        (
            GAME_DATE,
            MODE,
            MARKET,
            c("system", "STRING", "the prediction system"),
            c("predictions", "INT64", "graded or void"),
            c("graded", "INT64", "of players who played"),
            c("voided", "INT64", "of players who did not"),
            n("mae", "FLOAT64", "mean absolute error of the median, in the statistic's unit; null if all are void"),
            n("bias", "FLOAT64", "mean of outcome minus expected value, in the statistic's unit; null as mae"),
            n("crps", "FLOAT64", "mean CRPS, in the statistic's unit; null as mae"),
            n("coverage_80", "FLOAT64", "share of outcomes inside the 80 % interval; null as mae"),
            c("with_line", "INT64", "graded with a line and no push"),
            n("brier", "FLOAT64", "mean over those; null if there are none"),
            n("market_brier", "FLOAT64", "the market's score, where it has a price; null if nowhere"),
            c("picks", "INT64", "recommended, neither void nor push"),
            c("picks_won", "INT64", "of those"),
            n(
                "clv",
                "FLOAT64",
                "mean movement of the line towards the picks, in the statistic's unit; null if none",
            ),
        ),
        rows="one per slate, mode, market and system with a grade",
    ),
)
