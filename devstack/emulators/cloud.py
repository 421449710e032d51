"""What a service stands on in the cloud, on one machine: Pub/Sub, BigQuery and Secret Manager as set-up leaves them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from devstack.emulators.bigquery import bigquery_emulator
from devstack.emulators.secret_manager import SecretManager, secret_manager
from devstack.pubsub_server import serve
from shared.cloud.bus import PubSubBus
from shared.cloud.warehouse import BigQueryWarehouse
from shared.registries.secrets import SECRETS


@asynccontextmanager
async def emulated(project: str) -> AsyncIterator[Mapping[str, str]]:
    """The variables by which Google's clients find them. Every table, topic and secret is there.

    Raises:
        Permanent: bqemulator cannot be installed.
    """
    secrets = SecretManager(project, dict.fromkeys(SECRETS, "made-up"))
    async with serve() as server, bigquery_emulator() as bigquery, secret_manager(secrets) as manager:
        warehouse = BigQueryWarehouse(project, endpoint=bigquery)
        await warehouse.ensure()
        await warehouse.close()
        bus = PubSubBus(project, emulator=server.address)
        await bus.ensure()
        await bus.close()
        yield {
            "PUBSUB_EMULATOR_HOST": server.address,
            "BIGQUERY_EMULATOR_HOST": bigquery,
            "SECRET_MANAGER_EMULATOR_HOST": manager,
        }
