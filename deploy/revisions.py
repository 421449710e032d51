"""A service's revisions: which of them has how much traffic, and what their names say."""

import re
from collections.abc import Mapping
from typing import Any

from shared.errors import Permanent

ALL = 100
"""Percent of the traffic."""


def serving_of(service: Mapping[str, Any]) -> str:
    """The revision that has all of a service's traffic, "" if it is split."""
    traffic = traffic_of(service)
    return next(iter(traffic)) if len(traffic) == 1 else ""


def traffic_of(service: Mapping[str, Any]) -> dict[str, int]:
    """Percent of a service's traffic by revision."""
    items = service.get("status", {}).get("traffic", ())
    return {str(item["revisionName"]): int(item["percent"]) for item in items if item.get("percent")}


def pinned(service: Mapping[str, Any]) -> bool:
    """Whether traffic stays with the revisions that have it: by their names, not with whichever is the latest."""
    items = service.get("status", {}).get("traffic", ())
    return not any(item.get("percent") and item.get("latestRevision") for item in items)


def described_traffic(shares: Mapping[str, int]) -> str:
    """Who serves, in words."""
    if len(shares) == 1:
        return next(iter(shares))
    return f"split ({', '.join(f'{name} {percent} %' for name, percent in shares.items())})"


def commit_of(service: str, name: str) -> str:
    """The commit in a revision's name.

    Raises:
        Permanent: the name is not one that `deploy` gives.
    """
    found = re.fullmatch(rf"{service}-(.+)-[0-9a-f]{{8}}", name)
    if found is None:
        raise Permanent(f"revision {name} was not deployed by deploy.sh", remedy="name another, or deploy again")
    return found[1]


def previous(revisions: list[dict[str, Any]], serving: str | None) -> str:
    """The newest ready revision older than the one that serves; `revisions` are newest first.

    Raises:
        Permanent: traffic is split, or there is none.
    """
    names = [item["metadata"]["name"] for item in revisions]
    if serving not in names:
        raise Permanent("no single revision has all traffic", remedy="name the revision to roll back to")
    older = revisions[names.index(serving) + 1 :]
    ready = [item["metadata"]["name"] for item in older if _ready(item)]
    if not ready:
        raise Permanent(f"there is no ready revision older than {serving}", remedy="deploy a good commit instead")
    return str(ready[0])


def _ready(revision: dict[str, Any]) -> bool:
    conditions = revision.get("status", {}).get("conditions", ())
    return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)
