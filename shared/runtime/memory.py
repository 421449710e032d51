"""How a process that moves large messages keeps its memory."""

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Parameters of glibc's mallopt(3)."""
_KEPT, _LARGEST = 256 << 20, 32 << 20


def keep_freed() -> None:
    """Have glibc keep up to 256 MB of what is freed, in one heap for all threads. Elsewhere nothing happens.

    By default blocks of megabytes come fresh from the system, page by page, and go back at once: for messages of
    100 KB that is a tenth of the time. Must run before threads start.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGEST)
        mallopt(_TRIM_THRESHOLD, _KEPT)
        mallopt(_ARENA_MAX, 1)
