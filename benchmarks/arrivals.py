"""`python -m benchmarks.arrivals`: a server that notes when each request reached its socket, as a process.

`GET /SECONDS` is answered after that long; `GET /arrivals` with the instants since it was last asked, as JSON. They
are the kernel's (SO_TIMESTAMPNS): it does not matter when this process gets to read. Elsewhere than on Linux it does.
"""

import asyncio
import json
import socket
import struct
import time

_STAMPED = 35
"""SO_TIMESTAMPNS, and the kind of the message that brings a stamp; the module `socket` has no name for it."""
_TIMESPEC = struct.Struct("qq")
_arrivals: list[float] = []


class _Connection:
    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._loop = asyncio.get_running_loop()
        connection.setblocking(False)  # noqa: FBT003 - the standard library's own
        connection.setsockopt(socket.SOL_SOCKET, _STAMPED, 1)
        self._loop.add_reader(connection, self._read)

    def _read(self) -> None:
        data, extra, _, _ = self._socket.recvmsg(65_536, 256)
        if not data:
            self._loop.remove_reader(self._socket)
            self._socket.close()
            return
        what = data.split(b" ", 2)[1][1:]
        if what == b"arrivals":
            self._answer(json.dumps(_arrivals).encode())
            _arrivals.clear()
            return
        stamps = [_TIMESPEC.unpack(found) for _, kind, found in extra if kind == _STAMPED]
        _arrivals.append(stamps[0][0] + stamps[0][1] / 1e9 if stamps else time.time())
        self._loop.call_later(float(what), self._answer, b"[1]")

    def _answer(self, body: bytes) -> None:
        self._socket.setblocking(True)  # noqa: FBT003 - as above; loopback takes it all
        self._socket.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        self._socket.setblocking(False)  # noqa: FBT003 - as above


async def serve() -> None:
    """Answer until the process is ended; the address is the second word of the first line."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as server:
        server.setblocking(False)  # noqa: FBT003 - as above
        host, port = server.getsockname()[:2]
        print(f"arrivals http://{host}:{port}", flush=True)
        while True:
            connection, _ = await asyncio.get_running_loop().sock_accept(server)
            _Connection(connection)


if __name__ == "__main__":
    asyncio.run(serve())
