"""What each service may touch, from the registries: nothing of it is granted for a whole project."""

from deploy.services import SERVICES
from shared.registries.pipeline import STEPS, Step, plan
from shared.registries.topics import TOPICS
from shared.tables import DATASETS, STAGING

LEDGERS = "ops"
OWNER, WRITER, READER = "roles/bigquery.dataOwner", "roles/bigquery.dataEditor", "roles/bigquery.dataViewer"
PUBLISHER = "roles/pubsub.publisher"


def datasets(service: str) -> dict[str, str]:
    """Dataset -> role: it writes where its steps' tables are, and reads what its steps stand on.

    Whoever writes a table writes it by way of the staging dataset.
    """
    own = [step for step in STEPS.values() if step.service == service]
    written = {_dataset(step) for step in own if step.table} | {STAGING}
    read = {_dataset(step) for step in plan(step.name for step in own) if step.table}
    if SERVICES[service].ledgers:
        written.add(LEDGERS)
    return {name: WRITER if name in written else READER for name in (*DATASETS, STAGING) if name in written | read}


def publishers(topic: str) -> tuple[str, ...]:
    """The services that publish to a topic or to a dead letter."""
    return next(
        each.publishers if topic == each.name else (each.consumer,)
        for each in TOPICS.values()
        if topic in (each.name, each.dead_letter)
    )


def _dataset(step: Step) -> str:
    return step.table.partition(".")[0]
