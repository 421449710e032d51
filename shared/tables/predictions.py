"""Dataset `predictions`: what was forecast, and what became of it."""

from shared.tables.columns import GAME, GAME_DATE, MODE, PLAYER, Table, c, n

QUANTILES = (0.05, 0.10, 0.20, 0.30, 0.40, 0.50, 0.60, 0.70, 0.80, 0.90, 0.95)
"""Levels of the published quantiles, in the order of the q-columns."""
QUANTILE_COLUMNS = tuple(f"q{round(100 * q):02d}" for q in QUANTILES)

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
                c("market", "STRING", "points, rebounds, assists, threes or pra"),
                c("system", "STRING", "the prediction system"),
                c("run_id", "STRING", "the run that made it"),
                c("generation", "INT64", "how often the run had been started afresh"),
                c("batch", "INT64", "the batch it was predicted in"),
                c("predicted_at", "TIMESTAMP", "the instant the prediction counts as made; before tip-off"),
                c("mean", "FLOAT64", "expected value"),
                *(c(f"q{q:02d}", "FLOAT64", f"{q} % quantile") for q in (5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95)),
                n("line", "FLOAT64", "consensus line; null if none"),
                n("p_over", "FLOAT64", "P(outcome > line); null without a line"),
                n("p_push", "FLOAT64", "P(outcome = line); null without a line"),
            ),
            cluster=("player_id", "system"),
        )
        for name, description, key in (
            (
                "staging",
                "Batches on their way to publication.",
                ("run_id", "batch", "player_id", "market", "system"),
            ),
            (
                "player_prop_predictions",
                "Published predictions: appended per run, superseded by later runs, never deleted.",
                ("run_id", "game_id", "player_id", "market", "system"),
            ),
        )
    ),
    Table(
        "predictions.prediction_grades",
        "Every published prediction against what happened.",
        ("game_id", "player_id", "market", "system", "mode"),
        (
            GAME_DATE,
            MODE,
            GAME,
            PLAYER,
            c("market", "STRING", "points, rebounds, assists, threes or pra"),
            c("system", "STRING", "the prediction system"),
            c("run_id", "STRING", "the run that made the prediction"),
            c("voided", "BOOL", "the player did not play"),
            n("actual", "FLOAT64", "outcome; null when voided"),
            n("error", "FLOAT64", "outcome minus median; null when voided"),
            n("baseline_error", "FLOAT64", "outcome minus season-to-date mean; null when voided or without one"),
            n("inside_80", "BOOL", "outcome within the 10 % and 90 % quantiles; null when voided"),
            n("pinball", "FLOAT64", "mean quantile loss over the eleven quantiles; null when voided"),
            n("line", "FLOAT64", "consensus line at prediction; null if none"),
            n("line_result", "STRING", "over, under or push; null when voided or without a line"),
            n("brier", "FLOAT64", "(p_over - over)^2; null when voided, pushed or without a line"),
        ),
    ),
)
