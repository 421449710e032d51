"""Origins of web pages, as browsers send them: https://www.rfc-editor.org/rfc/rfc6454#section-6.2."""

from urllib.parse import urlsplit

from pydantic_core import PydanticCustomError


def origins(text: str) -> tuple[str, ...]:
    """The origins of a list separated by spaces.

    Raises:
        PydanticCustomError: one of them is no origin as browsers send it.
    """
    found = tuple(text.split())
    for origin in found:
        if not _is_origin(origin):
            words = "{origin} is no origin: write https://host or https://host:port, as browsers send it"
            raise PydanticCustomError("origin", words, {"origin": origin})
    return found


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:  # a port or an address that is none
        return False
    default = {"http": 80, "https": 443}.get(parts.scheme)
    host = parts.hostname if parts.hostname is not None else ""
    shown = f"[{host}]" if ":" in host else host
    exact = f"{parts.scheme}://{shown}" + ("" if port is None else f":{port}")
    return default is not None and host not in ("", "*") and text.isascii() and port != default and exact == text
