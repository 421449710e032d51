"""Who may do what on which resource: every policy is a group, every (role, member) in it a resource."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from deploy.resources import Command, Found, Group, Resource

Grant = tuple[str, str]
"""Role and member."""
PUBLIC = ("allUsers", "allAuthenticatedUsers")


def named(role: str, member: str) -> str:
    """How a grant is called among those on a resource."""
    return f"{role} to {member}"


def policy(  # noqa: PLR0913 - what tells one policy from another
    kind: str,
    words: str,
    name: str,
    grants: Iterable[Grant],
    script: str,
    *place: str,
    needs: tuple[str, ...] | None = None,
    before: tuple[Command, ...] = (),
    add: tuple[str, ...] = (),
    ours: Callable[[str], bool] = lambda _: True,
) -> Group:
    """The grants on a resource, whose policy the gcloud group `words` reads and adds to.

    `before` goes before a grant is added, the flags `add` with it, `place` with every command.
    """

    def commands(role: str, member: str, _: Found | None) -> tuple[Command, ...]:
        flags = (f"--member={member}", f"--role={role}", *add)
        return (*before, (*words.split(), "add-iam-policy-binding", name, *place, *flags))

    return Group(
        f"grant on {kind} {name}:",
        (*words.split(), "get-iam-policy", name, *place),
        bindings,
        tuple(Resource(named(*grant), partial(commands, *grant)) for grant in grants),
        script,
        needs=needs if needs is not None else (f"{kind} {name}",),
        ours=ours,
    )


def bindings(answer: Mapping[str, Any]) -> dict[str, Found]:
    """The grants of a policy. One with a condition is another than the same without."""
    if not answer:
        return {}
    return {
        named(binding["role"], member) + (" on a condition" if binding.get("condition") else ""): {}
        for binding in answer.get("bindings", ())
        for member in binding["members"]
    }
