"""Server-sent events as bytes."""


def event(name: str, data: str = "") -> bytes:
    """One event with its data, line by line."""
    lines = "".join(f"data: {line}\n" for line in data.split("\n"))
    return f"event: {name}\n{lines}\n".encode()


COMMENT = b": still here\n\n"
"""Keeps proxies from closing a connection on which nothing happens."""
