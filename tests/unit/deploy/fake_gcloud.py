"""gcloud, bq and tipoff for tests: log every call, answer from a state, and change it as the real ones would.

Run as `python fake_gcloud.py FOLDER PROGRAM ARGUMENT...`, the state is a file. They know only the commands that deploy/
uses, and are as strict as the real ones: an API has to be enabled, a resource has to exist, and so has a member.
"""

import base64
import json
import re
import sys
from pathlib import Path
from typing import Any

from tests.unit.deploy.fake_described import (
    ID,
    NUMBER,
    PROJECT,
    Failure,
    State,
    bucket,
    budget,
    cleanup,
    database,
    deploy,
    job,
    subscription,
    traffic,
)

REGIONS = ("us-east1", "europe-west1")
AGENT = f"service-{NUMBER}@gcp-sa-pubsub.iam.gserviceaccount.com"
PERSON = "ann@example.com"
ASKING = {"list", "ls", "show", "describe", "plan", "get-iam-policy", "print-identity-token", "read", "curl"}
"""Words of commands that change nothing."""
EMPTY: dict[str, Any] = {
    "billing": {
        "billingEnabled": True,
        "billingAccountName": "billingAccounts/012345-6789AB-CDEF01",  # pragma: allowlist secret - made up
    },
    "databases": {},
    "bindings": {f"projects {ID}": [{"role": "roles/owner", "members": [f"user:{PERSON}"]}]},
}
"""A project that has just been made and is paid for."""
APIS = {
    "run": "run",
    "iam": "iam",
    "artifacts": "artifactregistry",
    "storage": "storage",
    "firestore": "firestore",
    "secrets": "secretmanager",
    "pubsub": "pubsub",
    "scheduler": "cloudscheduler",
    "billing": "cloudbilling",
    "projects": "cloudresourcemanager",
    "datasets": "bigquery",
    "tables": "bigquery",
    "builds": "cloudbuild",
}
KINDS = {
    "secrets": "secrets",
    "iam service-accounts": "accounts",
    "pubsub topics": "topics",
    "pubsub subscriptions": "subscriptions",
    "run services": "services",
    "artifacts repositories": "repositories",
    "storage buckets": "buckets",
}
"""Group of gcloud -> where the state keeps its resources."""
BASE = "python@sha256:ba5e"


def main(folder: Path, arguments: list[str]) -> int:
    """Answer one call of a program."""
    with (folder / "log").open("a") as log:
        log.write(json.dumps(arguments[1:] if arguments[0] == "gcloud" else arguments) + "\n")
    file = folder / "state.json"
    state: State = json.loads(file.read_text())
    try:
        answer = call(state, arguments, sys.stdin.read() if "--data-file=-" in arguments else "")
    except Failure as failure:
        sys.stderr.write(f"ERROR: (gcloud) {failure}\n")
        return 1
    file.write_text(json.dumps(state))
    sys.stdout.write(answer)
    return 0


def call(state: State, arguments: list[str], stdin: str = "") -> str:
    """What a program prints, and its effect on the state."""
    program, *rest = arguments
    words = [argument for argument in rest if not argument.startswith("-")]
    pairs = [argument[2:].partition("=") for argument in rest if argument.startswith("--")]
    flags = {name: value if value != "-" else stdin for name, _, value in pairs}
    if program == "bq":
        answer = warehouse(state, words, flags)
    elif program == "tipoff":
        answer = schema(state, words[-1] if "plan" not in words else "plan")
    else:
        words = words[1:] if words[0] == "beta" else words
        need(state, "billingbudgets" if words[:2] == ["billing", "budgets"] else APIS.get(words[0], ""))
        answer = asked(state, words, flags) if ASKING & set(words) else changed(state, words, flags)
    return answer if isinstance(answer, str) else json.dumps(answer)


def need(state: State, api: str) -> None:
    """Fail as a disabled API does."""
    if api and f"{api}.googleapis.com" not in state.get("apis", {}):
        raise Failure(f"API [{api}.googleapis.com] not enabled on project [{ID}].\n- '@type': SERVICE_DISABLED")


def new(state: State, kind: str, name: str, described: dict[str, Any]) -> str:
    """Make a resource that is not there yet."""
    if name in state.setdefault(kind, {}):
        raise Failure(f"{name} already exists")
    state[kind][name] = described
    return ""


def asked(state: State, words: list[str], flags: dict[str, str]) -> object:  # noqa: C901, PLR0911 - a table
    """The answer to a call of gcloud that changes nothing."""
    match words:
        case ["services", "list"]:
            return [{"name": f"projects/{NUMBER}/services/{api}"} for api in state.get("apis", {})]
        case ["billing", "projects", "describe", _]:
            return {"projectId": ID, **state["billing"]}
        case ["run", "regions", "list"]:
            return [{"locationId": region, "name": f"{PROJECT}/locations/{region}"} for region in REGIONS]
        case ["run", "services", "list"]:
            wanted = flags.get("filter", "").removeprefix("metadata.name=")
            return [item for name, item in state.get("services", {}).items() if wanted in ("", name)]
        case ["run", "revisions", "list"]:
            return state.get("revisions", {}).get(flags["service"], [])[::-1]
        case ["secrets", "versions", "list", name]:
            found(state, "secrets", name)
            versions = state.get("versions", {}).get(name, [])
            return [{key: version[key] for key in ("name", "state")} for version in reversed(versions)]
        case [*group, "get-iam-policy", name]:
            return {"bindings": policy(state, " ".join(group), name), "etag": "ACAB"}
        case [*_, "list"]:
            kind = {"service-accounts": "accounts"}.get(words[-2], words[-2])
            return list(state.get(kind, {}).values())
        case ["auth", "print-identity-token"]:
            return "a.token"
        case ["logging", "read", _]:
            return ""
        case _:
            raise Failure(f"fake gcloud does not know {' '.join(words)}")


def changed(state: State, words: list[str], flags: dict[str, str]) -> str:  # noqa: C901, PLR0911, PLR0912, PLR0915 - a table
    """The effect of a call of gcloud on the state."""
    match words:
        case ["services", "enable", *apis]:
            if not state["billing"].get("billingEnabled") and "run.googleapis.com" in apis:
                raise Failure(f"Billing account for project '{NUMBER}' is not found.")
            state.setdefault("apis", {}).update({api: {} for api in apis})
        case ["services", "identity", "create"]:
            state["agent"] = True
        case ["secrets", "versions", "add", name]:
            found(state, "secrets", name)
            versions = state.setdefault("versions", {}).setdefault(name, [])
            path = f"projects/{NUMBER}/secrets/{name}/versions/{len(versions) + 1}"
            versions.append({"name": path, "state": "ENABLED", "value": flags["data-file"]})
        case [*group, "add-iam-policy-binding", name]:
            existing(state, flags["member"])
            grant(policy(state, " ".join(group), name), flags["role"], flags["member"])
        case ["iam", "service-accounts", "create", name]:
            email = f"{name}@{ID}.iam.gserviceaccount.com"
            return new(state, "accounts", email, {"email": email, "name": f"{PROJECT}/serviceAccounts/{email}"})
        case ["artifacts", "repositories", "create", name]:
            path = f"{PROJECT}/locations/{flags['location']}/repositories/{name}"
            return new(state, "repositories", name, {"name": path, "format": flags["repository-format"].upper()})
        case ["artifacts", "repositories", "set-cleanup-policies", name]:
            found(state, "repositories", name)["cleanupPolicies"] = cleanup(Path(flags["policy"]))
        case ["storage", "buckets", "create" | "update" as verb, url]:
            name = url.removeprefix("gs://")
            if verb == "create":
                new(state, "buckets", name, {"name": name, "location": flags["location"].upper()})
                project = [f"projectEditor:{ID}", f"projectOwner:{ID}"]
                binding = {"role": "roles/storage.legacyBucketOwner", "members": project}
                state["bindings"][f"storage buckets {url}"] = [binding]
            found(state, "buckets", name).update(bucket(flags))
        case ["firestore", "databases", "create"]:
            described = {"name": f"{PROJECT}/databases/(default)", "locationId": flags["location"], **database(flags)}
            return new(state, "databases", "(default)", {**described, "type": "FIRESTORE_NATIVE"})
        case ["firestore", "databases", "update"]:
            found(state, "databases", flags["database"]).update(database(flags))
        case ["secrets", "create", name]:
            return new(state, "secrets", name, {"name": f"projects/{NUMBER}/secrets/{name}"})
        case ["billing", "budgets", "create"]:
            name = f"{flags['billing-account']}/budgets/b-1"
            return new(state, "budgets", "b-1", {"name": name, "displayName": flags["display-name"], **budget(flags)})
        case ["billing", "budgets", "update", name]:
            found(state, "budgets", name).update(budget(flags))
        case ["pubsub", "topics", "create", name]:
            return new(state, "topics", name, {"name": f"{PROJECT}/topics/{name}"})
        case ["pubsub", "subscriptions", "create" | "update" as verb, name]:
            existing(state, f"serviceAccount:{flags['push-auth-service-account']}")
            if verb == "create":
                found(state, "topics", flags["topic"])
                new(state, "subscriptions", name, {})
            found(state, "subscriptions", name).update(subscription(name, flags))
        case ["scheduler", "jobs", "create" | "update" as verb, "http", name]:
            existing(state, f"serviceAccount:{flags['oidc-service-account-email']}")
            if verb == "create":
                new(state, "jobs", name, {"state": "ENABLED"})
            found(state, "jobs", name).update(job(name, flags))
        case ["scheduler", "jobs", "pause" | "resume" as verb, name]:
            found(state, "jobs", name)["state"] = {"pause": "PAUSED", "resume": "ENABLED"}[verb]
        case ["run", "deploy", name]:
            existing(state, f"serviceAccount:{flags['service-account']}")
            deploy(state, name, flags)
        case ["run", "services", "update-traffic", name]:
            traffic(found(state, "services", name), flags)
        case ["builds", "submit", "."]:
            existing(state, f"serviceAccount:{flags['service-account'].rpartition('/')[2]}")
            return base64.b64encode(BASE.encode()).decode()
        case _:
            raise Failure(f"fake gcloud does not know {' '.join(words)}")
    return ""


def policy(state: State, group: str, name: str) -> list[dict[str, Any]]:
    """The bindings of a resource that has to exist."""
    if group in KINDS:
        found(state, KINDS[group], name.removeprefix("gs://"))
    bindings: list[dict[str, Any]] = state.setdefault("bindings", {}).setdefault(f"{group} {name}", [])
    return bindings


def found(state: State, kind: str, name: str) -> dict[str, Any]:
    """A resource that has to exist."""
    if name not in state.get(kind, {}):
        raise Failure(f"NOT_FOUND: {kind} {name}")
    resource: dict[str, Any] = state[kind][name]
    return resource


def existing(state: State, member: str) -> None:
    """Fail for a service account of the project that does not exist, or Google's agent that nobody has asked for."""
    email = member.removeprefix("serviceAccount:")
    if email == AGENT and "agent" in state:
        return
    if email == AGENT or (email.endswith(f"@{ID}.iam.gserviceaccount.com") and email not in state.get("accounts", {})):
        raise Failure(f"Service account {email} does not exist.")


def grant(bindings: list[dict[str, Any]], role: str, member: str) -> None:
    """Add a member to a role of a policy."""
    binding = next((binding for binding in bindings if binding["role"] == role), None)
    if binding is None:
        bindings.append({"role": role, "members": [member]})
    elif member not in binding["members"]:
        binding["members"].append(member)


def warehouse(state: State, words: list[str], flags: dict[str, str]) -> object:
    """The answer to a call of bq."""
    need(state, "bigquery")
    match words:
        case ["ls"]:
            return list(state.get("datasets", {}).values())
        case ["ls", dataset]:
            found(state, "datasets", dataset)
            tables = (name.split(".") for name in state.get("tables", {}))
            return [{"tableReference": {"datasetId": d, "tableId": t}} for d, t in tables if d == dataset]
        case ["show", dataset]:
            return found(state, "datasets", dataset)
        case ["mk", dataset]:
            access = [
                {"role": "OWNER", "specialGroup": "projectOwners"},
                {"role": "OWNER", "userByEmail": PERSON},
                {"role": "READER", "specialGroup": "projectReaders"},
            ]
            reference = {"datasetReference": {"datasetId": dataset, "projectId": ID}}
            return new(state, "datasets", dataset, {**reference, "location": flags["location"], "access": access})
        case ["query", statement]:
            parts = re.fullmatch(r'GRANT `roles/bigquery.data(\w+)` ON SCHEMA (\w+) TO "(\w+):(.+)"', statement)
            if parts is None:
                raise Failure(f"fake bq does not understand {statement}")
            role, dataset, kind, email = parts.groups()
            existing(state, f"{kind}:{email}")
            entry = {"role": {"Viewer": "READER", "Editor": "WRITER"}[role], "userByEmail": email}
            found(state, "datasets", dataset)["access"].append(entry)
            return ""
        case _:
            raise Failure(f"fake bq does not know {' '.join(words)}")


def schema(state: State, verb: str) -> object:
    """The answer to `tipoff schema`; the state holds which tables there should be."""
    tables = state.setdefault("tables", {})
    if verb == "apply":
        tables.update({name: {} for name in state["registry"]})
        return ""
    changes = [f"{name}: create with 3 columns" for name in state["registry"] if name not in tables]
    changes += [f"{name}: {table['change']}" for name, table in tables.items() if "change" in table]
    return {"applied": False, "change_sets": [{"number": 1, "changes": changes}], "refused": []}


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
