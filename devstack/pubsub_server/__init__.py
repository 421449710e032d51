"""A Pub/Sub server for one machine: google.pubsub.v1 over gRPC, in memory, for the official clients.

    python -m devstack.pubsub_server --port 8085

prints its address; clients find it through PUBSUB_EMULATOR_HOST. What it does not do (snapshots, seek, schemas,
ordering, filters, exactly-once delivery, exports) it refuses with UNIMPLEMENTED, by name.
"""

from devstack.pubsub_server.server import Server, serve

__all__ = ["Server", "serve"]
