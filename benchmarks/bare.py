"""`python -m benchmarks.bare`: an aiohttp handler that does nothing but answer the bytes of stdin, as a process."""

import asyncio
import sys

from aiohttp import web


async def serve(body: bytes) -> None:
    """Answer until the process is ended; the address is the second word of the first line."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    print(f"bare http://{host}:{port}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.stdin.buffer.read()))
