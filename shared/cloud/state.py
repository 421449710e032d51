"""The state store of the cloud profile: documents in Firestore.

Only what stays fast under contention is used: `create`, writes on condition of the document's update time, `Increment`.
Transactions are not: of fifty that contend for one document, one succeeds.
"""

from typing import Any

from google.api_core.datetime_helpers import DatetimeWithNanoseconds
from google.api_core.exceptions import Aborted, FailedPrecondition, NotFound
from google.api_core.exceptions import AlreadyExists as GoogleAlreadyExists
from google.cloud.firestore import AsyncClient, AsyncDocumentReference, DocumentSnapshot, FieldFilter, Increment

from shared.cloud.documents import checked_id, firestore_id, from_fields, is_name, is_number, state_id, to_fields
from shared.cloud.errors import google_errors
from shared.errors import AlreadyExists, Conflict, Permanent
from shared.ports import Document, Row

ROLE = "roles/datastore.user"
_BEYOND = "\U0010ffff"
"""Sorts after every character an id may have."""


class FirestoreState:
    """Documents in a project's default database, in native mode; how they look there is in `shared.cloud.documents`.

    A version is the document's update time, to the nanosecond. Each call is one attempt within `timeout` seconds.
    `FIRESTORE_EMULATOR_HOST` leads Google's client to an emulator.
    """

    def __init__(self, project: str, *, timeout: float = 10.0) -> None:
        self._timeout = timeout
        self._where = f"Firestore {project}/(default)"
        with google_errors(self._where, role=ROLE):
            self._client = AsyncClient(project=project)

    async def get(self, collection: str, id_: str) -> Document | None:
        """The document, or None."""
        reference = self._reference(collection, id_)
        with google_errors(self._name(collection, id_), role=ROLE):
            snapshot = await reference.get(retry=None, timeout=self._timeout)
        return _document(snapshot) if snapshot.exists else None

    async def create(self, collection: str, id_: str, data: Row) -> Document:
        """Raises `AlreadyExists` if the id is taken - also by an attempt of ours whose answer was lost."""
        reference, fields = self._reference(collection, id_), to_fields(data, f"{collection}/{id_}")
        with google_errors(self._name(collection, id_), role=ROLE):
            try:
                written = await reference.create(fields, retry=None, timeout=self._timeout)
            except GoogleAlreadyExists as error:
                raise AlreadyExists(f"state document {collection}/{id_} already exists") from error
        return Document(id_, from_fields(fields), _version(written.update_time))

    async def compare_and_set(self, collection: str, id_: str, data: Row, *, version: str) -> Document:
        """Replace the document if it still has `version`; raises `Conflict` if it has not, or is gone."""
        reference, fields = self._reference(collection, id_), to_fields(data, f"{collection}/{id_}")
        condition = self._client.write_option(last_update_time=_update_time(version, f"{collection}/{id_}"))
        with google_errors(self._name(collection, id_), role=ROLE):
            try:
                # Both fields a document has are given, so that this update replaces all of it.
                written = await reference.update(fields, option=condition, retry=None, timeout=self._timeout)
            except FailedPrecondition as error:
                raise Conflict(f"state document {collection}/{id_} is not at version {version}") from error
            except NotFound as error:
                raise Conflict(f"state document {collection}/{id_} is gone, not at version {version}") from error
            except Aborted as error:
                raise Conflict(f"state document {collection}/{id_} is being written by others") from error
        return Document(id_, from_fields(fields), _version(written.update_time))

    async def increment(self, collection: str, id_: str, field: str, by: int = 1) -> None:
        """Add to a top-level number, atomically; creates document and field at 0.

        Not idempotent: after `Transient` it may have counted.

        Raises:
            Permanent: the field holds something that is no number.
        """
        # Firestore would write a number over anything else without a word.
        document = await self.get(collection, id_)
        value = 0 if document is None else document.data.get(field, 0)
        if not (is_name(field) and is_number(value)):
            raise Permanent(f"state document {collection}/{id_}: cannot count in field {field!r}, which is {value!r}")
        reference = self._reference(collection, id_)
        with google_errors(self._name(collection, id_), role=ROLE):
            await reference.set({"numbers": {field: Increment(by)}}, merge=True, retry=None, timeout=self._timeout)

    async def list(
        self, collection: str, *, prefix: str = "", start: str = "", end: str = "", limit: int = 1000
    ) -> list[Document]:
        """Documents whose id starts with `prefix`, from `start` on and before `end`, in id order."""
        documents = self._client.collection(collection)
        query = documents.order_by("__name__").limit(limit)
        first = max(firestore_id(prefix), firestore_id(start))
        beyond = [firestore_id(prefix) + _BEYOND] if prefix != "" else []
        beyond += [firestore_id(end)] if end != "" else []
        if first != "":
            query = query.where(filter=FieldFilter("__name__", ">=", documents.document(first)))
        if beyond:
            query = query.where(filter=FieldFilter("__name__", "<", documents.document(min(beyond))))
        with google_errors(self._name(collection, f"{prefix}*"), role=ROLE):
            return [_document(snapshot) for snapshot in await query.get(retry=None, timeout=self._timeout)]

    async def delete(self, collection: str, id_: str) -> None:
        """Remove the document if it is there."""
        reference = self._reference(collection, id_)
        with google_errors(self._name(collection, id_), role=ROLE):
            await reference.delete(retry=None, timeout=self._timeout)

    async def close(self) -> None:
        """Close the connection, if one was ever opened."""
        api = self._client._firestore_api_internal  # noqa: SLF001 - Google's asynchronous client has no close of its own
        if api is not None:
            await api.transport.close()

    def _reference(self, collection: str, id_: str) -> AsyncDocumentReference:
        return self._client.collection(collection).document(checked_id(id_, f"{collection}/{id_}"))

    def _name(self, collection: str, id_: str) -> str:
        return f"state document {collection}/{id_} in {self._where}"


def _document(snapshot: DocumentSnapshot[AsyncDocumentReference]) -> Document:
    fields = snapshot.to_dict()
    return Document(
        state_id(snapshot.id), from_fields({} if fields is None else fields), _version(snapshot.update_time)
    )


def _version(update_time: DatetimeWithNanoseconds) -> str:
    return str(update_time.rfc3339())  # type: ignore[no-untyped-call]  # Google's helper has no annotations


def _update_time(version: str, name: str) -> Any:  # noqa: ANN401 - Google's helper has no annotations
    try:
        return DatetimeWithNanoseconds.from_rfc3339(version)  # type: ignore[no-untyped-call]  # as above
    except ValueError as error:
        raise Permanent(f"state document {name}: {version!r} is no version Firestore gave") from error
