"""Everything that can be taken from a deployed project or added to it, one by one, and what the check then says."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from typing import Any

from deploy.project import BROAD
from shared.tables import STAGING
from tests.unit.deploy.fake_described import ID
from tests.unit.deploy.fake_gcloud import EMPTY
from tests.unit.deploy.fake_gcloud import KINDS as POLICIES
from tests.unit.deploy.pretended import Project

State = dict[str, Any]
Change = Callable[[State], object]
KINDS = {
    "apis": "api",
    "accounts": "service account",
    "repositories": "repository",
    "buckets": "bucket gs://",
    "databases": "database",
    "secrets": "secret",
    "versions": "latest version of secret",
    "datasets": "dataset",
    "tables": "table",
    "budgets": "budget",
    "services": "service",
    "topics": "topic",
    "subscriptions": "subscription",
    "jobs": "schedule",
}
"""Where the state keeps a kind by name -> what the check calls it."""
OURS = "serviceAccount:tipoff-schedule@my-project.iam.gserviceaccount.com"
STRANGER = "user:stranger@example.com"


@cache
def _deployed() -> Project:
    project = Project()
    project.deploy()
    return project


def deployed() -> Project:
    """A project after its first deployment."""
    return _deployed().copy()


def label(kind: str, name: str) -> str:
    """How the check calls a resource."""
    name = f"Tipoff {ID}" if kind == "budgets" else name
    return f"{KINDS[kind]} {name}".replace("gs:// ", "gs://")


def resource(policy: str) -> str:
    """How the check calls what a policy is of."""
    group, _, name = policy.rpartition(" ")
    kind = POLICIES.get(group)
    return label(kind, name.removeprefix("gs://")) if kind is not None else f"project {name}"


def removals(state: State) -> Iterator[tuple[tuple[str, ...], Change]]:
    """Every single thing there is, and how it goes."""
    for kind in KINDS:
        for name in state[kind]:
            yield (f"missing: {label(kind, name)};",), gone(kind, name)
    for policy, bindings in state["bindings"].items():
        for binding in bindings:
            for member in binding["members"]:
                if binding not in EMPTY["bindings"].get(policy, ()) and not member.startswith("project"):
                    line = f"missing: grant on {resource(policy)}: {binding['role']} to {member};"
                    yield (line,), revoked(policy, binding["role"], member)
    for dataset, described in state["datasets"].items():
        for entry in described["access"]:
            email = entry.get("userByEmail", "")
            if email.endswith("gserviceaccount.com"):
                yield (f"missing: grant on dataset {dataset}:", f" to serviceAccount:{email};"), struck(dataset, entry)


def gone(kind: str, name: str) -> Change:
    """A resource is deleted; a service with its revisions."""
    return lambda state: (state[kind].pop(name), state["revisions"].pop(name, None))


def revoked(policy: str, role: str, member: str) -> Change:
    """A member loses a role."""

    def change(state: State) -> None:
        (binding,) = (each for each in state["bindings"][policy] if each["role"] == role)
        binding["members"].remove(member)

    return change


def struck(dataset: str, entry: State) -> Change:
    """An entry of a dataset's access list goes."""
    return lambda state: state["datasets"][dataset]["access"].remove(entry)


def additions(state: State) -> Iterator[tuple[tuple[str, ...], Change]]:
    """What has no business in the project: one more of each kind, and strangers and everybody in every policy."""
    strangers = [
        ("accounts", "tipoff-stranger@my-project.iam.gserviceaccount.com"),
        ("jobs", "tipoff-stranger"),
        *((kind, "stranger") for kind in ("databases", "secrets", "datasets", "topics", "subscriptions", "services")),
        *(("tables", f"{dataset}.stranger") for dataset in state["datasets"] if dataset != STAGING),
    ]
    for kind, name in strangers:
        yield (f"extra: {label(kind, name)};",), added(kind, name)
    everybody = ("allUsers", "allAuthenticatedUsers", OURS)
    grants = [(policy, "roles/viewer", member) for policy in state["bindings"] for member in everybody]
    # On the project people may have roles of their own, but not these.
    grants += [(policy, "roles/viewer", STRANGER) for policy in state["bindings"] if policy != f"projects {ID}"]
    grants += [(f"projects {ID}", f"roles/{role}", STRANGER) for role in BROAD]
    for policy, role, member in grants:
        yield (f"extra: grant on {resource(policy)}: {role} to {member};",), granted(policy, role, member)
    for dataset in state["datasets"]:
        for member, entry in (
            ("allUsers", {"iamMember": "allUsers"}),
            ("allAuthenticatedUsers", {"specialGroup": "allAuthenticatedUsers"}),
            (STRANGER, {"userByEmail": STRANGER.removeprefix("user:")}),
        ):
            line = f"extra: grant on dataset {dataset}: roles/bigquery.dataViewer to {member};"
            yield (line,), entered(dataset, {"role": "READER", **entry})


def added(kind: str, name: str) -> Change:
    """One more of a kind."""
    return lambda state: state[kind].update({name: _stranger(kind, name, state)})


def granted(policy: str, role: str, member: str) -> Change:
    """A member has one role more."""
    return lambda state: state["bindings"][policy].append({"role": role, "members": [member]})


def entered(dataset: str, entry: State) -> Change:
    """A dataset's access list has one entry more."""
    return lambda state: state["datasets"][dataset]["access"].append(entry)


def _stranger(kind: str, name: str, state: State) -> dict[str, Any]:
    """One more of a kind, after the pattern of one that is there."""
    pattern = deepcopy(next(iter(state[kind].values())))
    match kind:
        case "datasets":
            return {**pattern, "datasetReference": {"datasetId": name}}
        case "services":
            return {**pattern, "metadata": {"name": name}}
        case "accounts":
            return {**pattern, "email": name}
        case _:
            return {**pattern, "name": f"projects/{ID}/{kind}/{name}"} if "name" in pattern else pattern
