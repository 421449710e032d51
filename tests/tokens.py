"""Tokens by their parts, for those that no library would make."""

import base64
import json


def segment(part: object) -> str:
    """A part of a token: JSON in base64."""
    return encoded(json.dumps(part).encode())


def encoded(data: bytes) -> str:
    """Bytes as a token has them."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def put_together(header: object, claims: object, signature: str = "") -> str:
    """A token of any parts."""
    return ".".join((segment(header), segment(claims), signature))
