"""gcloud for tests: logs every call, answers lists from a state file, and changes that file as the real one would.

Run as `python fake_gcloud.py FOLDER ARGUMENT...`. Knows only the commands that deploy/ uses; any other is an error.
"""

import base64
import json
import sys
from pathlib import Path
from typing import Any

PROJECT = "projects/my-project"
BASE = "python@sha256:ba5e"
State = dict[str, Any]


def main(folder: Path, arguments: list[str]) -> int:
    """Answer one call."""
    with (folder / "log").open("a") as log:
        log.write(json.dumps(arguments) + "\n")
    file = folder / "state.json"
    state: State = json.loads(file.read_text()) if file.exists() else {}
    words = [argument for argument in arguments if not argument.startswith("-")]
    pairs = [argument[2:].partition("=") for argument in arguments if argument.startswith("--")]
    flags = {name: value for name, _, value in pairs}
    answer = respond(state, words[1:] if words[0] == "beta" else words, flags)
    file.write_text(json.dumps(state))
    sys.stdout.write(answer if isinstance(answer, str) else json.dumps(answer))
    return 0


def respond(state: State, words: list[str], flags: dict[str, str]) -> object:  # noqa: C901, PLR0911, PLR0912 - a table
    """The answer to a call, and its effect on the state."""
    match words:
        case ["run", "services", "list"]:
            return [state["service"]] if "service" in state else []
        case ["run", "revisions", "list"]:
            return state.get("revisions", [])[::-1]
        case [*_, "list"]:
            return list(state.get(words[-2], {}).values())
        case [*_, "get-iam-policy", name]:
            return {"bindings": state.get("bindings", {}).get(name, [])}
        case [*_, "add-iam-policy-binding", name]:
            binding = {"role": flags["role"], "members": [flags["member"]]}
            state.setdefault("bindings", {}).setdefault(name, []).append(binding)
        case ["pubsub", "topics", "create", name]:
            state.setdefault("topics", {})[name] = {"name": f"{PROJECT}/topics/{name}"}
        case ["pubsub", "subscriptions", "create" | "update", name]:
            deployed = state.setdefault("subscriptions", {})
            deployed[name] = {**deployed.get(name, {}), **subscription(name, flags)}
        case ["scheduler", "jobs", "create" | "update", "http", name]:
            deployed = state.setdefault("jobs", {})
            deployed[name] = {"state": "ENABLED", **deployed.get(name, {}), **job(name, flags)}
        case ["scheduler", "jobs", "pause" | "resume" as verb, name]:
            state["jobs"][name]["state"] = {"pause": "PAUSED", "resume": "ENABLED"}[verb]
        case ["run", "deploy", name]:
            deploy(state, name, flags)
        case ["run", "services", "update-traffic", _]:
            traffic(state, flags)
        case ["auth", "print-identity-token"]:
            return "a.token"
        case ["builds", "submit", "."]:
            return base64.b64encode(BASE.encode()).decode()
        case ["logging", "read", _]:
            pass
        case _:
            sys.exit(f"fake gcloud does not know {' '.join(words)}")
    return ""


def subscription(name: str, flags: dict[str, str]) -> dict[str, Any]:
    """A subscription as Pub/Sub describes it."""
    described: dict[str, Any] = {
        "name": f"{PROJECT}/subscriptions/{name}",
        "pushConfig": {
            "attributes": {"x-goog-version": "v1"},
            "pushEndpoint": flags["push-endpoint"],
            "oidcToken": {
                "serviceAccountEmail": flags["push-auth-service-account"],
                "audience": flags["push-auth-token-audience"],
            },
        },
        "ackDeadlineSeconds": int(flags["ack-deadline"]),
        "retryPolicy": {"minimumBackoff": flags["min-retry-delay"], "maximumBackoff": flags["max-retry-delay"]},
        "messageRetentionDuration": flags["message-retention-duration"],
        "expirationPolicy": {},
        "state": "ACTIVE",
    }
    if "topic" in flags:
        described["topic"] = f"{PROJECT}/topics/{flags['topic']}"
    if "dead-letter-topic" in flags:
        described["deadLetterPolicy"] = {
            "deadLetterTopic": f"{PROJECT}/topics/{flags['dead-letter-topic']}",
            "maxDeliveryAttempts": int(flags["max-delivery-attempts"]),
        }
    return described


def job(name: str, flags: dict[str, str]) -> dict[str, Any]:
    """A job as Cloud Scheduler describes it."""
    return {
        "name": f"{PROJECT}/locations/us-east1/jobs/{name}",
        "description": flags["description"],
        "schedule": flags["schedule"],
        "timeZone": flags["time-zone"],
        "attemptDeadline": flags["attempt-deadline"],
        "httpTarget": {
            "uri": flags["uri"],
            "httpMethod": flags["http-method"],
            "headers": {"Content-Type": "application/json", "User-Agent": "Google-Cloud-Scheduler"},
            "body": base64.b64encode(flags["message-body"].encode()).decode(),
            "oidcToken": {
                "serviceAccountEmail": flags["oidc-service-account-email"],
                "audience": flags["oidc-token-audience"],
            },
        },
        "retryConfig": {
            "retryCount": int(flags["max-retry-attempts"]),
            "minBackoffDuration": flags["min-backoff"],
            "maxBackoffDuration": flags["max-backoff"],
            "maxDoublings": 5,
            "maxRetryDuration": "0s",
        },
    }


def deploy(state: State, name: str, flags: dict[str, str]) -> None:
    """A new revision; all traffic goes to it unless told otherwise, and variables are added to those before."""
    if "no-traffic" in flags and "service" not in state:
        sys.exit("ERROR: --no-traffic not supported when creating a new service.")
    revision = f"{name}-{flags['revision-suffix']}"
    if revision in [item["metadata"]["name"] for item in state.get("revisions", [])]:
        sys.exit(f"ERROR: revision {revision} already exists")
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    state.setdefault("revisions", []).append({"metadata": {"name": revision}, "status": ready})
    service = state.setdefault("service", {"metadata": {"name": name}, "status": {"traffic": []}})
    container = service.get("spec", {"template": {"spec": {"containers": [{}]}}})["template"]["spec"]["containers"][0]
    variables = {item["name"]: item["value"] for item in container.get("env", [])}
    variables |= dict(pair.split("=", 1) for pair in flags["update-env-vars"].split(","))
    env = [{"name": key, "value": value} for key, value in variables.items()]
    service["spec"] = {"template": {"spec": {"containers": [{"env": env}]}}}
    kept = [item for item in service["status"]["traffic"] if "percent" in item] if "no-traffic" in flags else []
    first = [] if "no-traffic" in flags else [{"revisionName": revision, "percent": 100, "latestRevision": True}]
    service["status"]["traffic"] = [*kept, *first, {"revisionName": revision, "tag": flags["tag"]}]


def traffic(state: State, flags: dict[str, str]) -> None:
    """Move traffic or a tag."""
    status = state["service"]["status"]
    if "to-revisions" in flags:
        revision, percent = flags["to-revisions"].split("=")
        tags = [item for item in status["traffic"] if "tag" in item]
        status["traffic"] = [{"revisionName": revision, "percent": int(percent)}, *tags]
    else:
        tag, revision = flags["update-tags"].split("=")
        others = [item for item in status["traffic"] if "tag" not in item]
        status["traffic"] = [*others, {"revisionName": revision, "tag": tag}]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
