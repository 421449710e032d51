"""Where images, payloads, exports and the state of runs are kept: what is deleted by mistake can be had back."""

from collections.abc import Iterator
from pathlib import Path

from deploy.environment import Environment
from deploy.resources import Command, Found, Group, Resource, anybodys, by_name

SCRIPT = "deploy/setup.sh"
CLEANUP = Path(__file__).parent / "cleanup.json"
"""Which images Artifact Registry keeps; Google's own form."""
SOFT_DELETE_DAYS = 30


def url(bucket: str) -> str:
    """A bucket as commands name it."""
    return f"gs://{bucket}"


def groups(environment: Environment) -> Iterator[Group]:
    """Images, buckets and the state store."""
    region = environment.region
    place = f"--location={region}"

    def repository(found: Found | None) -> tuple[Command, ...]:
        words, name = ("artifacts", "repositories"), environment.repository
        clean = (*words, "set-cleanup-policies", name, f"--policy={CLEANUP}", "--no-dry-run", place)
        return (clean,) if found is not None else ((*words, "create", name, "--repository-format=docker", place), clean)

    kept = {
        "recent": {"action": "KEEP", "mostRecentVersions": {"keepCount": 10}},
        "old": {"action": "DELETE", "condition": {"olderThan": f"{90 * 86400}s"}},
    }
    yield Group(
        "repository",
        ("artifacts", "repositories", "list", place),
        by_name,
        (
            Resource(
                environment.repository,
                repository,
                {"cleanupPolicies": kept, "cleanupPolicyDryRun": {}},
                fixed={"format": "DOCKER"},
            ),
        ),
        SCRIPT,
        needs=("api artifactregistry.googleapis.com",),
        ours=anybodys,
    )
    yield Group(
        "bucket",
        ("storage", "buckets", "list"),
        lambda answer: {url(item["name"]): item for item in answer},
        (
            _bucket(environment.archive_bucket, region, "--versioning", versioning_enabled=True),
            _bucket(environment.build_bucket, region),
        ),
        SCRIPT,
        needs=("api storage.googleapis.com",),
        ours=anybodys,
    )
    flags = ("--enable-pitr", "--delete-protection")

    def firestore(found: Found | None) -> tuple[Command, ...]:
        new = (place, "--type=firestore-native") if found is None else ()
        words = ("firestore", "databases", "create" if found is None else "update", "--database=(default)")
        return ((*words, *new, *flags),)

    guarded = {
        "pointInTimeRecoveryEnablement": "POINT_IN_TIME_RECOVERY_ENABLED",
        "deleteProtectionState": "DELETE_PROTECTION_ENABLED",
    }
    native = {"locationId": region, "type": "FIRESTORE_NATIVE"}
    yield Group(
        "database",
        ("firestore", "databases", "list"),
        by_name,
        (Resource("(default)", firestore, guarded, fixed=native),),
        SCRIPT,
        needs=("api firestore.googleapis.com",),
    )


def _bucket(name: str, region: str, *more: str, **wanted: object) -> Resource:
    """A private bucket. What `create` has no flag for, and what was cut short, is updated."""
    flags = (
        "--uniform-bucket-level-access",
        "--public-access-prevention",
        f"--soft-delete-duration={SOFT_DELETE_DAYS}d",
    )

    def commands(found: Found | None) -> tuple[Command, ...]:
        words = ("storage", "buckets")
        update = (*words, "update", url(name), *flags, *more)
        create = (*words, "create", url(name), f"--location={region}", *flags)
        if found is not None:
            return (update,)
        return (create, update) if more else (create,)

    private = {
        "uniform_bucket_level_access": True,
        "public_access_prevention": "enforced",
        "soft_delete_policy": {"retentionDurationSeconds": str(SOFT_DELETE_DAYS * 86400)},
    }
    return Resource(url(name), commands, {**private, **wanted}, fixed={"location": region.upper()})
