"""`python -m benchmarks.late SECONDS`: answers each request that late with the next line of its input, as a process."""

import asyncio
import itertools
import sys


def _protocol(seconds: float, answers: "itertools.cycle[bytes]") -> type[asyncio.Protocol]:
    class Late(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self._transport: asyncio.WriteTransport = transport  # type: ignore[assignment]  # it is one of TCP

        def data_received(self, data: bytes) -> None:
            if data.startswith(b"GET "):
                asyncio.get_running_loop().call_later(seconds, self._transport.write, next(answers))

    return Late


async def serve(seconds: float, bodies: list[bytes]) -> None:
    """Answer until the process is ended; the address is the second word of the first line."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    answers = itertools.cycle([head % len(body) + body for body in bodies])
    server = await asyncio.get_running_loop().create_server(_protocol(seconds, answers), "127.0.0.1", 0, backlog=1024)
    host, port = server.sockets[0].getsockname()[:2]
    print(f"late http://{host}:{port}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1]), sys.stdin.buffer.read().splitlines()))
