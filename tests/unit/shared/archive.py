"""The archive in memory."""

from collections.abc import Callable

from shared.errors import Permanent, Transient


class MemoryArchive:
    """The archive on a dict. It is full for the keys that `full_for` picks."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.full_for: Callable[[str], bool] = lambda _: False

    async def put(self, key: str, data: bytes) -> None:
        """Keep the object; raises `Transient` where the archive is full."""
        if self.full_for(key):
            raise Transient("archive is full", remedy="free space")
        self.objects[key] = data

    async def get(self, key: str) -> bytes:
        """Raises `Permanent` if there is no such object."""
        if key not in self.objects:
            raise Permanent(f"no object {key}")
        return self.objects[key]

    async def has(self, key: str) -> bool:
        """Whether there is such an object."""
        return key in self.objects

    async def list(self, prefix: str) -> list[str]:
        """Keys that start with `prefix`, sorted."""
        return sorted(key for key in self.objects if key.startswith(prefix))
