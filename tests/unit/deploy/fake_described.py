"""How the cloud describes what the flags of a command made."""

import base64
import json
from pathlib import Path
from typing import Any

ID, NUMBER = "my-project", "123456789012"
PROJECT = f"projects/{ID}"
State = dict[str, Any]


class Failure(Exception):  # noqa: N818 - a program's exit code 1
    """What the program says before it fails."""


def cleanup(policy: Path) -> dict[str, Any]:
    """Clean-up policies as Artifact Registry describes them."""
    described: dict[str, Any] = {}
    for each in json.loads(policy.read_text("utf-8")):
        condition = dict(each.get("condition", {}))
        if condition:
            days = condition["olderThan"].removesuffix("d")
            condition = {"olderThan": f"{int(days) * 86400}s", "tagState": condition["tagState"].upper()}
        described[each["name"]] = {
            "id": each["name"],
            "action": each["action"]["type"].upper(),
            **({"condition": condition} if condition else {"mostRecentVersions": each["mostRecentVersions"]}),
        }
    return described


def bucket(flags: dict[str, str]) -> dict[str, Any]:
    """What flags make of a bucket."""
    seconds = int(flags["soft-delete-duration"].removesuffix("d")) * 86400
    return {
        "uniform_bucket_level_access": "uniform-bucket-level-access" in flags,
        "public_access_prevention": "enforced" if "public-access-prevention" in flags else "inherited",
        "soft_delete_policy": {"retentionDurationSeconds": str(seconds), "effectiveTime": "2026-01-01T00:00:00Z"},
        **({"versioning_enabled": True} if "versioning" in flags else {}),
    }


def database(flags: dict[str, str]) -> dict[str, Any]:
    """What flags make of a database."""
    recovery, guard = "POINT_IN_TIME_RECOVERY_", "DELETE_PROTECTION_"
    return {
        "pointInTimeRecoveryEnablement": recovery + ("ENABLED" if "enable-pitr" in flags else "DISABLED"),
        "deleteProtectionState": guard + ("ENABLED" if "delete-protection" in flags else "DISABLED"),
    }


def budget(flags: dict[str, str]) -> dict[str, Any]:
    """A budget as Cloud Billing describes it."""
    return {
        "amount": {"specifiedAmount": {"currencyCode": "USD", "units": flags["budget-amount"]}},
        "budgetFilter": {"projects": [flags["filter-projects"]]},
    }


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
    posted = (
        {
            "headers": {"Content-Type": "application/json", "User-Agent": "Google-Cloud-Scheduler"},
            "body": base64.b64encode(flags["message-body"].encode()).decode(),
        }
        if "message-body" in flags
        else {"headers": {"User-Agent": "Google-Cloud-Scheduler"}}
    )
    return {
        "name": f"{PROJECT}/locations/us-east1/jobs/{name}",
        "description": flags["description"],
        "schedule": flags["schedule"],
        "timeZone": flags["time-zone"],
        "attemptDeadline": flags["attempt-deadline"],
        "httpTarget": {
            "uri": flags["uri"],
            "httpMethod": flags["http-method"],
            **posted,
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
    services, revisions = state.setdefault("services", {}), state.setdefault("revisions", {}).setdefault(name, [])
    if "no-traffic" in flags and name not in services:
        raise Failure("--no-traffic not supported when creating a new service.")
    revision = f"{name}-{flags['revision-suffix']}"
    if revision in [item["metadata"]["name"] for item in revisions]:
        raise Failure(f"revision {revision} already exists")
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    revisions.append({"metadata": {"name": revision}, "status": ready})
    service = services.setdefault(name, {"metadata": {"name": name}, "status": {"traffic": []}})
    container = service.get("spec", {"template": {"spec": {"containers": [{}]}}})["template"]["spec"]["containers"][0]
    variables = {item["name"]: item.get("value", "") for item in container.get("env", [])}
    variables |= dict(pair.split("=", 1) for pair in flags["update-env-vars"].split(","))
    env = [{"name": key} | ({"value": value} if value else {}) for key, value in variables.items()]
    account = flags["service-account"]
    service["metadata"]["annotations"] = {
        "run.googleapis.com/custom-audiences": json.dumps(flags["set-custom-audiences"].split(",")),
        "run.googleapis.com/ingress": flags["ingress"],
    }
    service["spec"] = {"template": {"spec": {"serviceAccountName": account, "containers": [{"env": env}]}}}
    kept = [item for item in service["status"]["traffic"] if "percent" in item] if "no-traffic" in flags else []
    first = [] if "no-traffic" in flags else [{"revisionName": revision, "percent": 100, "latestRevision": True}]
    service["status"]["traffic"] = [*kept, *first, {"revisionName": revision, "tag": flags["tag"]}]


def traffic(service: dict[str, Any], flags: dict[str, str]) -> None:
    """Move traffic or a tag."""
    status = service["status"]
    if "to-revisions" in flags:
        shares = [share.split("=") for share in flags["to-revisions"].split(",")]
        if sum(int(percent) for _, percent in shares) != 100:
            raise Failure("the percentages must add up to 100")
        tags = [item for item in status["traffic"] if "tag" in item]
        status["traffic"] = [{"revisionName": name, "percent": int(percent)} for name, percent in shares] + tags
    else:
        tag, revision = flags["update-tags"].split("=")
        others = [item for item in status["traffic"] if "tag" not in item]
        status["traffic"] = [*others, {"revisionName": revision, "tag": tag}]
