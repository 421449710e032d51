"""Datasets in the region, their tables, and who reads and writes them. gcloud has no commands for these: bq has."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from deploy.access import OWNER, READER, WRITER, datasets
from deploy.environment import Environment
from deploy.grants import named
from deploy.resources import Command, Found, Group, Resource, run
from deploy.services import SERVICES
from shared.tables import DATASETS, STAGING, STAGING_HOURS, TABLES

SCRIPT = "deploy/setup.sh"
ROLES = {"OWNER": OWNER, "WRITER": WRITER, "READER": READER}
"""What datasets call roles -> what grants do."""
MEMBERS = {"groupByEmail": "group:", "domain": "domain:", "specialGroup": "", "iamMember": ""}
OWN = ("projectOwners", "projectWriters", "projectReaders")
"""Who is in the access list of every dataset: those with a basic role in the project."""


def groups(environment: Environment) -> Iterator[Group]:
    """Datasets, tables, and the grants on datasets."""
    place = f"--location={environment.region}"
    yield Group(
        "dataset",
        ("bq", "ls", "--datasets", "--max_results=1000"),
        lambda answer: {item["datasetReference"]["datasetId"]: item for item in answer},
        tuple(
            Resource(name, partial(_make, place, name), fixed={"location": environment.region})
            for name in (*DATASETS, STAGING)
        ),
        SCRIPT,
        needs=("api bigquery.googleapis.com",),
    )
    variables = ("TIPOFF_PROFILE=gcp", f"TIPOFF_PROJECT={environment.project}", f"TIPOFF_REGION={environment.region}")
    schema = ("env", *variables, "tipoff", "schema")
    apply = run(*schema, "apply")
    yield Group(
        "schema",
        (*schema, "plan", "--json"),
        _plan,
        (Resource("of the tables", apply, {"changes": []}),),
        SCRIPT,
        needs=tuple(f"dataset {name}" for name in DATASETS),
    )
    for dataset in DATASETS:
        tables = (name for name in TABLES if name.partition(".")[0] == dataset)
        yield Group(
            "table",
            ("bq", "ls", "--max_results=1000", dataset),
            _tables,
            tuple(Resource(name, apply) for name in tables),
            SCRIPT,
            needs=(f"dataset {dataset}",),
        )
    owners = {named(OWNER, member) for member in environment.operators.split(",")}
    for dataset in (*DATASETS, STAGING):
        grants = [
            (role, environment.member(service))
            for service in SERVICES
            for name, role in datasets(service).items()
            if name == dataset
        ]
        yield Group(
            f"grant on dataset {dataset}:",
            ("bq", "show", "--dataset", dataset),
            _access,
            tuple(Resource(named(*grant), partial(_grant, place, dataset, *grant)) for grant in grants),
            SCRIPT,
            needs=(f"dataset {dataset}",),
            ours=lambda name: name not in owners,
        )


def _make(place: str, dataset: str, _: Found | None) -> tuple[Command, ...]:
    expiry = (f"--default_table_expiration={STAGING_HOURS * 3600}",) if dataset == STAGING else ()
    return (("bq", place, "mk", "--dataset", *expiry, dataset),)


def _grant(place: str, dataset: str, role: str, member: str, _: Found | None) -> tuple[Command, ...]:
    statement = f'GRANT `{role}` ON SCHEMA {dataset} TO "{member}"'
    return (("bq", place, "query", "--use_legacy_sql=false", statement),)


def _plan(answer: Any) -> dict[str, Found]:  # noqa: ANN401 - JSON
    changes = [change for each in answer["change_sets"] for change in each["changes"]]
    return {"of the tables": {"changes": [*changes, *answer["refused"]]}}


def _tables(answer: Iterable[Found]) -> dict[str, Found]:
    references = (item["tableReference"] for item in answer)
    return {f"{reference['datasetId']}.{reference['tableId']}": {} for reference in references}


def _access(answer: Any) -> dict[str, Found]:  # noqa: ANN401 - JSON
    """The grants of a dataset's access list; those of the project's basic roles and of views are none."""
    found: dict[str, Found] = {}
    for entry in answer["access"]:
        if "role" in entry and entry.get("specialGroup") not in OWN:
            found[named(ROLES.get(entry["role"], entry["role"]), _member(entry))] = {}
    return found


def _member(entry: Found) -> str:
    email = entry.get("userByEmail")
    if email is not None:
        return f"{'serviceAccount' if email.endswith('gserviceaccount.com') else 'user'}:{email}"
    return next(f"{prefix}{entry[key]}" for key, prefix in MEMBERS.items() if key in entry)
