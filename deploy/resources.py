"""Declared resources and what the cloud has of them, for every kind in one way.

A deployment is one table of groups: setting up and checking are two readings of it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from deploy.commands import Gcloud, say
from shared.errors import Permanent

Found = Mapping[str, Any]
"""A resource as the cloud describes it."""
Command = tuple[str, ...]
Commands = Callable[[Found | None], Sequence[Command]]
SETTLED = "that is settled when it is made: move it away, then run this again"


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing that has to exist."""

    name: str
    commands: Commands = lambda _: ()
    """What makes it (of None) or mends it (of what was found); nothing where only a person can."""
    wanted: Found = field(default_factory=dict)
    """How the cloud describes it; whatever else the description holds does not count."""
    fixed: Found = field(default_factory=dict)
    """Like `wanted`, and settled when it is made: no command mends it."""
    watched: Found = field(default_factory=dict)
    """Like `wanted`, but left as people set it: only checked."""
    remedy: str = ""
    """What a person can do where no command helps."""
    value: Callable[[], str] | None = None
    """The standard input of the command that makes it; never printed."""


@dataclass(frozen=True, slots=True)
class Group:
    """The resources that one command lists."""

    kind: str
    ask: Command
    read: Callable[[Any], Mapping[str, Found]]
    """From the command's answer to what was found, by name."""
    wanted: tuple[Resource, ...]
    script: str
    """Makes and mends them."""
    needs: tuple[str, ...] = ()
    """Without these (`kind name`) the command fails, and none of the resources exists."""
    ours: Callable[[str], bool] = lambda _: True
    """Whether something found under this name has to be declared."""
    later: bool = False
    """What only a person can do about it does not hold up the rest."""

    def label(self, resource: Resource) -> str:
        """Names a resource among all kinds."""
        return f"{self.kind} {resource.name}"

    def problems(self, resource: Resource, found: Found | None, *wanted: Found) -> list[str]:
        """How what was found differs from what is wanted, one line each."""
        if found is None:
            return [f"missing: {self.label(resource)}"]
        return [
            f"different: {self.label(resource)} has {path}={there}, not {value}"
            for each in wanted
            for path, value, there in unlike(each, found)
        ]


def run(*command: str) -> Commands:
    """The same command, whatever was found."""
    return lambda _: (command,)


def anybodys(_: str) -> bool:
    """What is found beside the declared is others' business."""
    return False


def by_name(answer: Iterable[Found], key: str = "name") -> dict[str, Found]:
    """A list by the last part of its names."""
    return {str(item[key]).rpartition("/")[2]: item for item in answer}


def apply(gcloud: Gcloud, groups: Iterable[Group]) -> None:
    """Make what is missing and mend what differs; nothing is ever deleted. Applying again finishes what was cut short.

    Raises:
        Permanent: something that only a person can do, named with its remedy.
    """
    left: list[str] = []
    for group in groups:
        answer = gcloud.ask(*group.ask)
        found = {} if gcloud.dry_run else group.read(answer)
        for resource in group.wanted:
            try:
                _ensure(gcloud, group, resource, found.get(resource.name))
            except Permanent as error:
                if not (group.later and isinstance(error, OnlyAPerson)):
                    raise
                left.append(str(error))
    if left:
        raise Permanent("; ".join(left))


class OnlyAPerson(Permanent):
    """No command makes or mends it."""


def _ensure(gcloud: Gcloud, group: Group, resource: Resource, found: Found | None) -> None:
    stuck = group.problems(resource, found, resource.fixed)
    if found is not None and stuck:
        raise Permanent(stuck[0], remedy=resource.remedy or SETTLED)
    problems = group.problems(resource, found, resource.wanted)
    if not problems:
        return
    commands = resource.commands(found)
    if not commands and gcloud.dry_run:
        say(f"would require {group.label(resource)}")
    elif not commands:
        raise OnlyAPerson(problems[0], remedy=resource.remedy)
    for command in commands:
        gcloud.change(*command, value=resource.value)


def differences(gcloud: Gcloud, groups: Iterable[Group]) -> Iterator[str]:
    """Everything that is missing, different or not declared, one line each; changes nothing."""
    existing: set[str] = set()
    unknown: set[str] = set()
    for group in groups:
        labels = {group.label(resource) for resource in group.wanted}
        if unknown.intersection(group.needs):
            unknown |= labels
            continue
        found: Mapping[str, Found] = {}
        if gcloud.dry_run or existing.issuperset(group.needs):
            try:
                answer = gcloud.ask(*group.ask)
            except Permanent as error:
                unknown |= labels
                yield f"unknown: {group.kind}: {error}"
                continue
            found = {} if gcloud.dry_run else group.read(answer)
        for resource in group.wanted:
            there = found.get(resource.name)
            if there is not None:
                existing.add(group.label(resource))
                left = group.problems(resource, there, resource.fixed, resource.watched)
                yield from (f"{line}; {resource.remedy or SETTLED}" for line in left)
            for line in group.problems(resource, there, resource.wanted):
                yield f"{line}; {group.script if resource.commands(there) else resource.remedy}"
        declared = {resource.name for resource in group.wanted}
        for name in sorted(found.keys() - declared):
            if group.ours(name):
                yield f"extra: {group.kind} {name}; declare it or remove it"


def unlike(wanted: Found, found: Found) -> Iterator[tuple[str, object, object]]:
    """(path, wanted, found) of everything wanted that is otherwise. `{}` asks for exactly nothing."""
    for key, value in wanted.items():
        there = found.get(key)
        if isinstance(value, Mapping) and value and isinstance(there, Mapping):
            yield from ((f"{key}.{path}", want, have) for path, want, have in unlike(value, there))
        elif value != there and not (value == {} and not there):
            yield key, value, there
