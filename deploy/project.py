"""What a project needs before the first deploy, as one table: `setup.sh` makes it, `check.sh` compares it."""

import json
import sys
from collections.abc import Iterator
from functools import partial

from deploy import stores, warehouse
from deploy.commands import say
from deploy.environment import CALLERS, Environment
from deploy.grants import PUBLIC, policy
from deploy.resources import Command, Found, Group, Resource, anybodys, by_name, run
from deploy.services import SERVICES
from shared.registries.keys import Role, made
from shared.registries.secrets import SECRETS, Secret

SCRIPT = "deploy/setup.sh"
FIRST_APIS = ("serviceusage", "cloudresourcemanager", "cloudbilling", "billingbudgets", "iam")
"""Those that answer in a project that nobody pays for."""
APIS = (
    "iamcredentials",
    "run",
    "cloudbuild",
    "artifactregistry",
    "pubsub",
    "cloudscheduler",
    "bigquery",
    "firestore",
    "secretmanager",
    "storage",
    "logging",
)
BUILD = "build"
"""The account that Cloud Build runs as."""
BROAD = ("bigquery.dataEditor", "bigquery.dataOwner", "bigquery.admin", "secretmanager.secretAccessor", "storage.admin")
"""Roles that nobody has for the whole project."""


def groups(environment: Environment) -> Iterator[Group]:
    """What `setup.sh` makes, in an order in which it can be made."""
    yield from _ground(environment)
    yield from stores.groups(environment)
    yield Group(
        "secret",
        ("secrets", "list"),
        by_name,
        tuple(Resource(name, run("secrets", "create", name, "--replication-policy=automatic")) for name in SECRETS),
        SCRIPT,
        needs=("api secretmanager.googleapis.com",),
    )
    yield from warehouse.groups(environment)
    yield from _grants(environment)
    yield _budget(environment)
    for secret in SECRETS.values():
        if not secret.optional:
            yield _version(secret, environment)


def _ground(environment: Environment) -> Iterator[Group]:
    yield _apis(FIRST_APIS)
    project = environment.project
    pays = f"gcloud billing projects link {project} --billing-account={environment.billing_account}"
    account = {"billingEnabled": True, "billingAccountName": f"billingAccounts/{environment.billing_account}"}
    yield Group(
        "billing of",
        ("billing", "projects", "describe", project),
        lambda answer: {project: answer},
        (Resource(project, wanted=account, remedy=pays),),
        SCRIPT,
        needs=("api cloudbilling.googleapis.com",),
    )
    yield _apis(APIS)
    yield Group(
        "region",
        ("run", "regions", "list"),
        partial(by_name, key="locationId"),
        (Resource(environment.region, remedy="set REGION to one of `gcloud run regions list`"),),
        SCRIPT,
        needs=("api run.googleapis.com",),
        ours=anybodys,
    )
    names = (*SERVICES, *CALLERS, BUILD)
    yield Group(
        "service account",
        ("iam", "service-accounts", "list"),
        partial(by_name, key="email"),
        tuple(_account(name, environment) for name in names),
        SCRIPT,
        needs=("api iam.googleapis.com",),
        ours=lambda email: email.startswith("tipoff-"),
    )


def _apis(names: tuple[str, ...]) -> Group:
    apis = [f"{name}.googleapis.com" for name in names]
    enable = run("services", "enable", *apis)  # all at once: each takes a while
    made = tuple(Resource(api, enable) for api in apis)
    return Group("api", ("services", "list", "--enabled"), by_name, made, SCRIPT, ours=anybodys)


def _account(name: str, environment: Environment) -> Resource:
    email = environment.account(name)
    create = ("iam", "service-accounts", "create", email.partition("@")[0], f"--display-name=Tipoff {name}")
    remedy = f"gcloud iam service-accounts enable {email}"
    return Resource(email, run(*create), watched={"disabled": {}}, remedy=remedy)


def _grants(environment: Environment) -> Iterator[Group]:
    member = environment.member
    ours = tuple(f"to {member(name)}" for name in (*SERVICES, *CALLERS, BUILD))
    broad = tuple(f"roles/{role} to " for role in BROAD)
    project = [("roles/bigquery.jobUser", member(service)) for service in SERVICES]
    yield policy(
        "project",
        "projects",
        environment.project,
        [*project, ("roles/datastore.user", member("coordinator")), ("roles/logging.logWriter", member(BUILD))],
        SCRIPT,
        needs=("api cloudresourcemanager.googleapis.com",),
        add=("--condition=None",),
        ours=lambda name: any(each in name for each in (*ours, *PUBLIC)) or name.startswith(broad),
    )
    for name in (*SERVICES, *CALLERS, BUILD):
        if name != "push":  # granted to Google's agent with the topics (`pubsub.topics`)
            people = environment.operators.split(",") if name == "operator" else []
            speak = [("roles/iam.serviceAccountTokenCreator", person) for person in people]
            yield policy("service account", "iam service-accounts", environment.account(name), speak, SCRIPT)
    place = f"--location={environment.region}"
    writer = [("roles/artifactregistry.writer", member(BUILD))]
    yield policy("repository", "artifacts repositories", environment.repository, writer, SCRIPT, place)
    mounted = [("roles/storage.objectUser", member(service.name)) for service in SERVICES.values() if service.archive]
    sources = [("roles/storage.objectViewer", member(BUILD))]
    # Whoever has a basic role in the project has one in each of its buckets.
    basic = " to project"
    for bucket, grants in ((environment.archive_bucket, mounted), (environment.build_bucket, sources)):
        url = stores.url(bucket)
        yield policy("bucket", "storage buckets", url, grants, SCRIPT, ours=lambda name: basic not in name)
    for secret in SECRETS.values():
        reader = [("roles/secretmanager.secretAccessor", member(secret.service))]
        yield policy("secret", "secrets", secret.name, reader, SCRIPT)


def _version(secret: Secret, environment: Environment) -> Group:
    """A secret's value. What only a person knows holds up nothing else."""
    add = ("secrets", "versions", "add", secret.name, "--data-file=-")
    fill = (
        f"{secret.meaning}, in a file: "
        f"gcloud secrets versions add {secret.name} --data-file=FILE --project={environment.project}"
    )
    return Group(
        "latest version of secret",
        ("secrets", "versions", "list", secret.name),
        lambda answer: {secret.name: max(answer, key=_number)} if answer else {},
        (
            Resource(
                secret.name,
                lambda found: (add,) if found is None and secret.generated else (),
                {"state": "ENABLED"},
                remedy=fill,
                value=_first_key if secret.generated else None,
            ),
        ),
        SCRIPT,
        needs=(f"secret {secret.name}",),
        later=True,
    )


def _number(version: Found) -> int:
    return int(str(version["name"]).rpartition("/")[2])


def _first_key() -> str:
    """The first admin's key, shown before it is stored: were it stored first, nobody might ever have seen it."""
    kept, key = made("set-up", Role.ADMIN)
    say("the first API key, an admin's, shown this once and valid if set-up goes on from here:")
    sys.stdout.write(f"{key}\n")
    return json.dumps([kept])


def _budget(environment: Environment) -> Group:
    name, account = f"Tipoff {environment.project}", f"--billing-account={environment.billing_account}"
    words = ("billing", "budgets")
    flags = (
        account,
        f"--budget-amount={environment.budget}",
        f"--filter-projects=projects/{environment.project_number}",
    )

    def commands(found: Found | None) -> tuple[Command, ...]:
        if found is not None:
            return ((*words, "update", str(found["name"]).rpartition("/")[2], *flags),)
        thresholds = (f"--threshold-rule=percent={share}" for share in (0.5, 0.9, 1.0))
        return ((*words, "create", f"--display-name={name}", *flags, *thresholds),)

    wanted = {
        "amount": {"specifiedAmount": {"units": environment.budget}},
        "budgetFilter": {"projects": [f"projects/{environment.project_number}"]},
    }
    return Group(
        "budget",
        (*words, "list", account),
        partial(by_name, key="displayName"),
        (Resource(name, commands, wanted),),
        SCRIPT,
        needs=("api billingbudgets.googleapis.com",),
        ours=anybodys,
    )
