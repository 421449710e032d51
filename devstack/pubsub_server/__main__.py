"""`python -m devstack.pubsub_server`: runs until it is told to stop."""

import argparse
import asyncio
import gc
import signal

from devstack.pubsub_server.server import serve


async def _run(port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serve(port) as server:
        gc.freeze()  # what starting made lives as long as the server
        print(f"PUBSUB_EMULATOR_HOST={server.address} PUBSUB_CERTS_URL={server.certs_url}", flush=True)  # noqa: T201 - what a launcher reads
        await stop.wait()


def main() -> None:
    """Read the arguments, serve."""
    parser = argparse.ArgumentParser(prog="python -m devstack.pubsub_server", description="A Pub/Sub server in memory.")
    parser.add_argument("--port", type=int, default=8085, help="0 picks a free one")
    asyncio.run(_run(parser.parse_args().port))


if __name__ == "__main__":
    main()
