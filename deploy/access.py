"""What each service may touch, from the registries: nothing of it is granted for a whole project."""

from shared.registries.access import read, written
from shared.registries.topics import TOPICS
from shared.tables import DATASETS, STAGING

OWNER, WRITER, READER = "roles/bigquery.dataOwner", "roles/bigquery.dataEditor", "roles/bigquery.dataViewer"
PUBLISHER = "roles/pubsub.publisher"


def datasets(service: str) -> dict[str, str]:
    """Dataset -> role: it writes where its steps' tables are, and reads what its steps stand on.

    Whoever writes a table writes it by way of the staging dataset.
    """
    mine = written(service) | {STAGING}
    return {name: WRITER if name in mine else READER for name in (*DATASETS, STAGING) if name in mine | read(service)}


def publishers(topic: str) -> tuple[str, ...]:
    """The services that publish to a topic or to a dead letter."""
    return next(
        each.publishers if topic == each.name else (each.consumer,)
        for each in TOPICS.values()
        if topic in (each.name, each.dead_letter)
    )
