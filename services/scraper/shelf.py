"""The archive as one step sees it: each answer is put there as it comes, and found again by its unit."""

import asyncio
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.scraper.answer import Answer
from services.scraper.sources.endpoint import Request
from shared.basketball.slate import Mode
from shared.ports import Archive
from shared.raw_archive import (
    FetchRecord,
    body_key,
    digest_of,
    folder,
    newest_answers,
    record_name,
)
from shared.registries.sources import SOURCES

KEPT_HEADERS = (
    "content-type", "date", "etag", "last-modified", "retry-after",
    "x-requests-last", "x-requests-remaining", "x-requests-used",
)  # fmt: skip
"""What a record says of an answer beside its status."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a step's fetches are kept under, see `shared.raw_archive`."""

    archive: Archive
    game_date: date
    mode: Mode
    step: str
    attempt: int = 1
    """Which attempt at the step."""

    def folder(self, source: str) -> str:
        """Prefix of the records of everything a source answered to this step."""
        return folder(source, self.game_date, self.mode, self.step)

    async def put(self, request: Request[Any], answer: Answer) -> str:
        """Keep an answer; returns the key of its record.

        Raises:
            Transient: the archive is full or out of reach.
        """
        endpoint = request.endpoint
        digest = await asyncio.to_thread(digest_of, answer.body) if answer.body else ""
        key = body_key(digest, endpoint.suffix) if digest else None
        record = FetchRecord(
            source=endpoint.source,
            endpoint=endpoint.name,
            unit=request.unit,
            path=request.path,
            params=dict(request.params),
            status=answer.status,
            headers={name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers},
            fetched_at=answer.fetched_at,
            published_at=answer.published_at,
            attempt=answer.attempt,
            digest=digest,
            size=answer.size,
            body=key,
        )
        if key is not None and not await self.archive.has(key):
            await self.archive.put(key, answer.body)
        name = f"{self.folder(request.source)}{request.unit}/{record_name(record, self.attempt)}"
        await self.archive.put(name, record.model_dump_json(exclude_defaults=True).encode())
        return name

    async def units(self, source: str) -> set[str]:
        """Units of a source that the archive has an answer of."""
        of_source = self.folder(source)
        return {unit.removeprefix(of_source) for unit in newest_answers(await self.archive.list(of_source))}

    async def fetches(self, request: Request[Any]) -> list[str]:
        """Keys of the records of a unit, the newest first."""
        return (await self.archive.list(f"{self.folder(request.source)}{request.unit}/"))[::-1]

    async def newest(self) -> set[str]:
        """Key of the newest answer of each unit of this step, whatever its source."""
        found: set[str] = set()
        for source in SOURCES:
            found.update(newest_answers(await self.archive.list(self.folder(source))).values())
        return found
