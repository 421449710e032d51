"""Logs of a process in the background: a file that is rotated, and never in the way of the work."""

import io
import sys
import threading
from itertools import pairwise
from pathlib import Path
from typing import Final

MB: Final = 1_000_000


class RotatingStream(io.TextIOBase):
    """Text into `path`; at the end of the line with which it is full, it becomes `path.1`, that `path.2`, and so on.

    A disk without space loses lines and no work: whoever logs is not told, and how many were lost is written once there
    is space again.

    Args:
        path: The file that is written to.
        max_bytes: How large a file may become, but for its last line.
        count: How many earlier files are kept, 1 at least.

    Raises:
        OSError: the file cannot be opened.
    """

    def __init__(self, path: Path, max_bytes: int, count: int) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._count = count
        self._lost = 0
        self._lock = threading.Lock()
        self._file = path.open("ab", buffering=0)  # what a buffer holds when the disk is full would come out later

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, text: str) -> int:
        """Write at once; several threads may."""
        with self._lock:
            try:
                if self._lost:
                    self._file.write(f"{self._lost} writes to this log were lost: the disk had no space\n".encode())
                    self._lost = 0
                self._file.write(text.encode(errors="backslashreplace"))
                if text.endswith("\n") and self._file.tell() >= self._max_bytes:
                    self._rotate()
            except OSError:
                self._lost += 1
        return len(text)

    def close(self) -> None:
        """Release the file."""
        self._file.close()
        super().close()

    def _rotate(self) -> None:
        names = [self._path, *(self._path.with_name(f"{self._path.name}.{n + 1}") for n in range(self._count))]
        for older, newer in pairwise(reversed(names)):
            if newer.exists():
                newer.replace(older)
        self._file.close()
        self._file = self._path.open("ab", buffering=0)


def into(path: Path, *, megabytes: float = 10.0, count: int = 5) -> None:
    """Send this process's stderr, its logs among it, to `path`; called before `shared.runtime.logs.configure`."""
    sys.stderr = RotatingStream(path, int(megabytes * MB), count)
