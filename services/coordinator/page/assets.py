"""Static files: read once, compressed once, and named by their content, so that a browser may keep them for a year."""

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from aiohttp import hdrs, web

FOLDER = Path(__file__).parent / "static"
PREFIX = "/static/"
_KINDS = {".css": "text/css", ".js": "text/javascript"}
"""What is served of the folder, by suffix."""
_YEAR = 31_536_000


@dataclass(frozen=True, slots=True)
class Asset:
    """A file."""

    url: str
    """With a part of its content's SHA-256: other content has another address."""
    kind: str
    body: bytes
    compressed: bytes


class Assets:
    """The files of a folder."""

    def __init__(self, folder: Path = FOLDER) -> None:
        found = [_asset(path) for path in sorted(folder.iterdir()) if path.suffix in _KINDS]
        self._by_name = dict(found)
        self._by_url = {asset.url: asset for _, asset in found}
        self.version = hashlib.sha256("".join(self._by_url).encode()).hexdigest()[:12]
        """Of all of them: a page that has another was loaded from an earlier release."""

    def url(self, name: str) -> str:
        """Where a file is.

        Raises:
            KeyError: there is none of the name, which is a bug of the template.
        """
        return self._by_name[name].url

    async def serve(self, request: web.Request) -> web.Response:
        """A file; one whose content has changed since is not found: the page that names it says so (`tipoff.js`)."""
        asset = self._by_url.get(request.path)
        if asset is None:
            raise web.HTTPNotFound
        headers = {
            hdrs.CACHE_CONTROL: f"public, max-age={_YEAR}, immutable",
            hdrs.VARY: hdrs.ACCEPT_ENCODING,
            "X-Content-Type-Options": "nosniff",
        }
        if "gzip" not in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
            return web.Response(body=asset.body, content_type=asset.kind, charset="utf-8", headers=headers)
        headers[hdrs.CONTENT_ENCODING] = "gzip"
        return web.Response(body=asset.compressed, content_type=asset.kind, charset="utf-8", headers=headers)


def _asset(path: Path) -> tuple[str, Asset]:
    body = path.read_bytes()
    digest = hashlib.sha256(body).hexdigest()[:12]
    url = f"{PREFIX}{path.stem}.{digest}{path.suffix}"
    return path.name, Asset(url, _KINDS[path.suffix], body, gzip.compress(body, mtime=0))
