"""The layout of the raw archive: every body once, under its content; of every fetch a small record.

raw/bodies/<first 2 of its digest>/<digest>.<suffix>
raw/fetches/<source>/<date>/<mode>/<step>/<unit>/<fetched>_<tries>_<status>_<digest>.json

Records sort by time, and their names say which of them are answers, so that a listing finds a unit's newest.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from hashlib import sha256

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.basketball.slate import Mode
from shared.errors import Permanent
from shared.ports import Archive

ANSWERED = 200
"""Status of an answer that is parsed; the others are kept to be looked at."""
_STAMP = "%Y%m%dT%H%M%S.%fZ"


class FetchRecord(BaseModel):
    """One answer of an upstream."""

    model_config = ConfigDict(frozen=True)
    source: str
    endpoint: str
    unit: str
    path: str
    params: dict[str, str] = Field(default_factory=dict)
    """Of the query, without the key."""
    status: int
    headers: dict[str, str] = Field(default_factory=dict)
    """Those worth keeping, lower case."""
    fetched_at: datetime
    published_at: datetime | None = None
    """The Last-Modified header."""
    attempt: int = 1
    """Which attempt of its request was answered by it."""
    digest: str = ""
    """SHA-256 of the body that is kept."""
    size: int = 0
    """Bytes that were sent; of a refusal fewer may be kept."""
    body: str | None = None
    """Key of the body; None where it was empty."""


def digest_of(body: bytes) -> str:
    """What a body is kept under."""
    return sha256(body).hexdigest()


def body_key(digest: str, suffix: str) -> str:
    """Key of a body."""
    return f"raw/bodies/{digest[:2]}/{digest}.{suffix}"


def folder(source: str, day: date, mode: Mode, step: str = "") -> str:
    """Prefix of the records of what a source answered to a slate's steps, or to one of them."""
    return f"raw/fetches/{source}/{day.isoformat()}/{mode.value}/" + (f"{step}/" if step else "")


def record_name(record: FetchRecord, step_attempt: int) -> str:
    """Last part of a record's key. The tries tell apart what a standing clock stamps alike."""
    fetched = record.fetched_at.astimezone(UTC).strftime(_STAMP)
    tries = f"{step_attempt:02}-{record.attempt:02}"
    return f"{fetched}_{tries}_{record.status}_{record.digest[:12]}.json"


def fetched_at(key: str) -> datetime:
    """When the fetch was, by the name of its record."""
    stamp = key.rsplit("/", 1)[-1].partition("_")[0]
    return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)


def is_answer(key: str) -> bool:
    """Whether the record is of an answer that is parsed."""
    parts = key.rsplit("/", 1)[-1].split("_")
    return len(parts) == 4 and parts[2] == str(ANSWERED)  # noqa: PLR2004 - the parts of a record's name


def newest_answers(keys: Iterable[str]) -> dict[str, str]:
    """Folder of a unit -> key of its newest answer, from sorted keys of records."""
    return {key.rsplit("/", 1)[0]: key for key in keys if is_answer(key)}


async def read_record(archive: Archive, key: str) -> FetchRecord:
    """The record under a key.

    Raises:
        Permanent: there is none.
    """
    try:
        return FetchRecord.model_validate_json(await archive.get(key))
    except ValidationError as error:
        raise Permanent(f"{key} is no record of a fetch ({error.error_count()} fields are wrong)") from error


async def read_body(archive: Archive, record: FetchRecord) -> bytes:
    """The body of an answer.

    Raises:
        Permanent: it is no longer there.
    """
    return b"" if record.body is None else await archive.get(record.body)
