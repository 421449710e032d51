"""The registries agree with each other: steps, tables, topics, markets, metrics."""

from collections.abc import Sequence
from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from shared.embedded.subscription import Policy
from shared.errors import AlreadyExists, Conflict, Permanent, Skip, Transient
from shared.registries.features import known
from shared.registries.markets import MARKETS, STATISTICS
from shared.registries.pipeline import MODE_RULES, PHASES, STEPS, Step, before_grading, plan
from shared.registries.topics import TOPICS, Topic, tasks_of
from shared.runtime import metrics
from shared.tables import QUANTILE_COLUMNS, QUANTILES, TABLES, Table

SERVICES = {"scraper", "analytics", "coordinator", "worker"}


@given(st.lists(st.sampled_from(list(STEPS)), max_size=4))
def test_a_plan_respects_every_need(targets: Sequence[str]) -> None:
    """Every target is in it, what a step needs comes before it, and nothing else is there."""
    names = [step.name for step in plan(targets)]
    assert set(targets) <= set(names)
    for position, name in enumerate(names):
        assert set(STEPS[name].needs) <= set(names[:position])
    wanted = set(targets)
    for name in reversed(names):
        assert name in wanted
        wanted |= set(STEPS[name].needs)


def test_f02_the_expected_steps_come_from_the_one_table() -> None:
    """A full night is every step of the table."""
    assert [step.name for step in plan(["export"])] == list(STEPS)


def test_an_unknown_step_is_refused_by_name() -> None:
    """With what there is."""
    with pytest.raises(Permanent, match=r"unknown step 'exprot': one of schedule, .*export"):
        plan(["grade", "exprot"])


@pytest.mark.parametrize("step", STEPS.values(), ids=lambda step: step.name)
def test_every_step_has_a_service_a_phase_and_a_table(step: Step) -> None:
    """What the cascade needs to know of it exists."""
    assert step.service in SERVICES
    assert tasks_of(step.service) in TOPICS
    assert step.phase in PHASES
    assert step.table in TABLES or step.table == ""
    assert all(STEPS[need].phase <= step.phase for need in step.needs)


def test_every_mode_has_its_rules() -> None:
    """Completeness, quality, until when it waits, and whether anybody is told."""
    assert {
        mode.value: (rules.completeness, rules.quality, rules.wait_until, rules.alerts)
        for mode, rules in MODE_RULES.items()
    } == {
        "overnight": (1.0, 0.95, time(7, 0), True),
        "same_day": (0.80, 0.90, time(17, 0), True),
        "tomorrow": (0.75, 0.85, None, True),
        "manual": (0.50, 0.80, None, True),
        "backfill": (1.0, 0.95, None, False),
    }


def test_the_cascade_is_what_the_design_draws() -> None:
    """Phase, service's letter, needs, `?` for what a run can go on without; the order is the order of the night."""
    assert [
        f"{step.phase} {step.service[0]} {step.name}{'' if step.required else '?'} <- {' '.join(step.needs)}".rstrip(
            " <-"
        )
        for step in STEPS.values()
    ] == [
        "1 s schedule",
        "1 s box_scores <- schedule",
        "1 s rosters <- schedule box_scores",
        "1 s injuries? <- rosters",
        "1 s lines? <- rosters",
        "3 a player_game_summary <- box_scores",
        "3 a upcoming_player_game_context <- rosters injuries",
        "3 a player_market_context <- upcoming_player_game_context lines",
        "3 a team_offense_game_summary <- box_scores",
        "3 a team_defense_game_summary <- box_scores",
        "3 a upcoming_team_game_context <- schedule",
        "3 a team_daily_record? <- upcoming_team_game_context team_offense_game_summary team_defense_game_summary",
        "4 a player_shot_zone_analysis <- upcoming_player_game_context player_game_summary",
        "4 a team_defense_zone_analysis <- upcoming_team_game_context team_defense_game_summary",
        "4 a player_daily_cache <- upcoming_player_game_context player_game_summary team_offense_game_summary",
        "4 a player_composite_factors <- player_daily_cache player_shot_zone_analysis team_defense_zone_analysis",
        "4 a ml_feature_store <- player_composite_factors player_market_context",
        "4 w train? <- ml_feature_store",
        "5 c predict <- ml_feature_store train",
        "5 c publish <- predict",
        "5 a grade? <- player_game_summary",
        "5 a grade_history? <- grade",
        "5 a system_daily_performance? <- grade",
        "6 c export <- publish grade_history system_daily_performance team_daily_record",
    ]


def test_the_table_that_proves_a_step_bears_its_name_or_is_named_here() -> None:
    """Analytics and features steps write the table of their own name."""
    others = {step.name: step.table for step in STEPS.values() if step.table.rpartition(".")[2] != step.name}
    assert others == {
        "schedule": "raw.games", "box_scores": "raw.player_box_scores", "lines": "raw.prop_lines",
        "train": "predictions.models", "predict": "predictions.staging",
        "publish": "predictions.player_prop_predictions", "grade": "predictions.prediction_grades",
        "grade_history": "predictions.prediction_grades_history", "export": "",
    }  # fmt: skip
    folders = {3: "analytics", 4: "features"}
    for step in STEPS.values():
        if step.service == "analytics" and step.phase in folders:
            assert step.table == f"{folders[step.phase]}.{step.name}"


def test_a_market_counts_what_a_box_score_has() -> None:
    """Its own column or those it is the sum of; a market that is a sum has no column of its own."""
    columns = {column.name for column in TABLES["raw.player_box_scores"].columns}
    assert set(STATISTICS) <= columns
    assert [name for name, market in MARKETS.items() if market.sum_of] == [n for n in MARKETS if n not in columns]
    assert MARKETS["pra"].statistics == ("points", "rebounds", "assists")
    assert MARKETS["threes"].statistics == ("threes",)


def test_a_name_that_is_no_feature_is_refused() -> None:
    """Nothing is left out in silence."""
    assert known("points_line", "is_home") == ("points_line", "is_home")
    with pytest.raises(Permanent, match="there is no feature 'minutes_ewmas'"):
        known("minutes_ewma", "minutes_ewmas")


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_every_table_is_well_formed(table: Table) -> None:
    """Unique columns; key, partition and cluster are among them; a key is never null; everything is described."""
    names = [column.name for column in table.columns]
    assert len(set(names)) == len(names)
    assert {*table.key, *table.cluster, table.partition} <= set(names)
    assert not any(table.column(name).nullable for name in table.key)
    assert table.column(table.partition).type in {"DATE", "TIMESTAMP"}
    assert table.description
    assert all(column.description for column in table.columns)
    assert all("null" in column.description for column in table.columns if column.nullable)
    assert table.name.count(".") == 1
    with pytest.raises(KeyError, match="has no column nothing"):
        table.column("nothing")


def test_f29_every_raw_fact_says_when_it_was_known() -> None:
    """The point-in-time rule has something to read in each raw table of facts."""
    accounts = {"raw.fetches", "raw.quarantine", "raw.corrections", "raw.disagreements"}
    facts = [table for name, table in TABLES.items() if name.startswith("raw.") and name not in accounts]
    assert len(facts) == 8
    assert all(table.column("available_at").type == "TIMESTAMP" for table in facts)


def test_staging_and_publication_have_the_same_columns() -> None:
    """Publishing is copying, but for the attempt; it gives the roster's name to look them up by, and the reason."""
    staging, published = TABLES["predictions.staging"], TABLES["predictions.player_prop_predictions"]
    copied = tuple(column for column in staging.columns if column.name != "attempt")
    assert copied == tuple(column for column in published.columns if column.name not in ("player_lookup", "reason"))
    assert "run_id" in published.key


def test_quantile_columns_name_their_levels() -> None:
    """In rising order, symmetric around the median."""
    assert list(QUANTILES) == sorted(QUANTILES)
    assert [int(name[1:]) / 100 for name in QUANTILE_COLUMNS] == pytest.approx(QUANTILES)
    assert [1 - q for q in reversed(QUANTILES)] == pytest.approx(QUANTILES)


def test_every_market_has_its_columns() -> None:
    """Outcome, form, features and lines of each market are declared."""
    for name, market in MARKETS.items():
        assert name == market.name
        for suffix in ("season_mean", "per_minute", "line"):
            assert TABLES["features.ml_feature_store"].column(f"{name}_{suffix}").nullable
    assert len({market.odds_key for market in MARKETS.values()}) == len(MARKETS)


def test_every_topic_has_a_consumer_and_a_dead_letter_of_its_own() -> None:
    """No two topics share a dead letter; leases, attempts and backoffs are what deployment makes of them."""
    assert {
        name: (t.consumer, t.ack_deadline, t.max_delivery_attempts, t.min_backoff, t.max_backoff, t.dead_letter)
        for name, t in TOPICS.items()
    } == {
        "scraper-tasks": ("scraper", 600.0, 15, 1.0, 60.0, "scraper-tasks-dead"),
        "analytics-tasks": ("analytics", 600.0, 15, 1.0, 60.0, "analytics-tasks-dead"),
        "coordinator-tasks": ("coordinator", 300.0, 15, 1.0, 60.0, "coordinator-tasks-dead"),
        "worker-tasks": ("worker", 600.0, 15, 1.0, 60.0, "worker-tasks-dead"),
        "coordinator-events": ("coordinator", 300.0, 15, 1.0, 60.0, "coordinator-events-dead"),
    }
    assert all(name == topic.name for name, topic in TOPICS.items())
    assert {topic.consumer for topic in TOPICS.values()} <= SERVICES
    dead = {topic.dead_letter for topic in TOPICS.values()}
    assert len(dead) == len(TOPICS)
    assert not dead & TOPICS.keys()
    for topic in TOPICS.values():
        assert 0 < topic.min_backoff <= topic.max_backoff
        assert 5 <= topic.max_delivery_attempts <= 100  # Pub/Sub's limits
        assert 10 <= topic.ack_deadline <= 600


@pytest.mark.parametrize("topic", TOPICS.values(), ids=lambda topic: topic.name)
def test_a_topics_attempts_outlast_five_minutes_without_what_they_need(topic: Topic) -> None:
    """A delivery that fails at once, each time: the waits before its last attempt add up to more, by a minute."""
    policy = Policy.of(topic, topic.dead_letter)
    assert sum(policy.backoff(attempt) for attempt in range(1, topic.max_delivery_attempts)) >= 360.0


def test_each_service_takes_its_work_from_its_own_topic() -> None:
    """And a service that does not exist has none."""
    assert all(TOPICS[tasks_of(service)].consumer == service for service in SERVICES)
    with pytest.raises(KeyError):
        tasks_of("janitor")


def test_a_metric_that_is_not_declared_does_not_exist() -> None:
    """Using an unknown name, or unknown labels, is an error where it is used."""
    with pytest.raises(AttributeError):
        metrics.LATENESS  # type: ignore[attr-defined]  # noqa: B018 - that is the point
    with pytest.raises(ValueError, match="label"):
        metrics.STEPS.labels("schedule")


def test_metrics_are_exposed_in_the_text_format() -> None:
    """What Prometheus reads is what was counted."""
    before = _value("tipoff_predictions_total", mode="proof")
    metrics.PREDICTIONS.labels("proof").inc(3)
    assert _value("tipoff_predictions_total", mode="proof") == before + 3


def _value(name: str, **labels: str) -> float:
    families = text_string_to_metric_families(generate_latest(metrics.REGISTRY).decode())
    return sum(s.value for family in families for s in family.samples if s.name == name and s.labels == labels)


def test_failures_are_of_three_kinds() -> None:
    """A conflict may pass, a taken id will not; a remedy is part of the line, a wanted wait is kept."""
    assert issubclass(Conflict, Transient)
    assert issubclass(AlreadyExists, Permanent)
    assert not issubclass(Skip, Transient | Permanent)
    assert str(Permanent("the thing", remedy="do that")) == "the thing: do that"
    assert str(Skip("nothing")) == "nothing"
    assert Transient("slow", retry_after=2.5).retry_after == 2.5
    assert Transient("slow").retry_after is None
    assert (Permanent("x", remedy="do that").remedy, Skip("x").remedy) == ("do that", "")
    assert str(Transient("slow", remedy="wait", retry_after=1.0)) == "slow: wait"


@pytest.mark.parametrize(
    ("targets", "first"),
    [
        (["export"], ("team_daily_record", "publish")),
        (["publish", "grade"], ("publish",)),
        (["publish"], ()),
        (["grade"], ()),
        (["ml_feature_store"], ()),
    ],
)
def test_only_who_publishes_and_grades_waits_for_the_others(targets: list[str], first: tuple[str, ...]) -> None:
    """What a slate reaches before others are published; nothing is put off where nothing is published, or graded."""
    assert before_grading(targets) == first
