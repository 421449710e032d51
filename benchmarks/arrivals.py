"""`python -m benchmarks.arrivals`: a server that notes when each request reaches its socket, as a process.

`GET /SECONDS` is answered after that long; `GET /arrivals` with the instants since it was last asked, as JSON, on the
clock of `time.monotonic`, which all processes of the machine share. It does nothing else, so as to note nothing late.
"""

import asyncio
import json
import time


class _Server(asyncio.Protocol):
    arrivals: list[float] = []  # noqa: RUF012 - of all connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.WriteTransport = transport  # type: ignore[assignment]  # it is one of TCP

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        what = data.split(b" ", 2)[1][1:]
        if what == b"arrivals":
            self._answer(json.dumps(self.arrivals).encode())
            self.arrivals.clear()
            return
        self.arrivals.append(now)
        asyncio.get_running_loop().call_later(float(what), self._answer, b"[1]")

    def _answer(self, body: bytes) -> None:
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


async def serve() -> None:
    """Answer until the process is ended; the address is the second word of the first line."""
    server = await asyncio.get_running_loop().create_server(_Server, "127.0.0.1", 0, backlog=4096)
    host, port = server.sockets[0].getsockname()[:2]
    print(f"arrivals http://{host}:{port}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
