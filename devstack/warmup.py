"""Before a replay: the features of earlier slates, so that the first night has models to predict with.

Only what training reads is made - phases 1 to 4 - by the same backfill that mends a live pipeline. The models
themselves are trained by the nights' own step `train`, on what had been served by then.
"""

from datetime import date, timedelta
from typing import Any

from client.api import Client
from client.backfill import backfill
from client.runs import Observer
from devstack.clocked import Clocked
from devstack.driver import Plan, last_cutoff
from devstack.history import History
from devstack.stack import Stack

SEASONS = 2
"""Seasons before the replayed one whose features are made, by default."""
SHORT = 28
"""Slates: a replay of fewer is not warmed up by default. It shows the pipeline, not the models."""
TARGETS = ("ml_feature_store",)


def default_days(plan: Plan) -> int:
    """How many days to warm up when nobody says: none for a short replay, else to the start of the season before last.

    The season that the first night is in counts as the last one.
    """
    if (plan.last - plan.first).days < SHORT:
        return 0
    season = plan.first.year if plan.first.month >= 10 else plan.first.year - 1  # noqa: PLR2004 - October: it begins
    return (plan.first - date(season - SEASONS, 10, 1)).days


def slates(history: History, plan: Plan, days: int) -> list[date]:
    """The dates with games in the `days` before the first night."""
    start = plan.first - timedelta(days=days)
    return [day for day in history.dates if start <= day < plan.first]


async def warm_up(
    history: History, plan: Plan, dates: list[date], observe: Observer, stack: Stack, client: Client
) -> list[dict[str, Any]]:
    """Bring every earlier slate to its features; the runs' summaries. Resumes: what is done stands."""
    turns = Clocked(stack, lambda day: last_cutoff(history, day, plan.mode))
    return await backfill(client, dates, plan.mode, TARGETS, observe=observe, turns=turns)
