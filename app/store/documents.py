"""Bytes exactly as they were received or sent. What they mean is not known here."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import bindparam, select

from app.sealed import sealed
from app.store.compression import pack, unpack
from app.store.link import ReadLink, WriteLink
from app.store.tables import documents

_BY_ID = select(
    documents.c.kind, documents.c.media_type, documents.c.dictionary, documents.c.body
).where(documents.c.tenant == bindparam("tenant"), documents.c.id == bindparam("id"))
_BY_IDS = select(documents.c.id, documents.c.dictionary, documents.c.body).where(
    documents.c.tenant == bindparam("tenant"),
    documents.c.id.in_(bindparam("ids", expanding=True)),
)


class DocumentKind(StrEnum):
    """Which way a document went."""

    RECEIVED = "received"
    SENT = "sent"


@sealed(frozen=True, slots=True)
class Document:
    """A stored document."""

    kind: DocumentKind
    media_type: str
    content: bytes


class Documents:
    """Reads documents."""

    def __init__(self, link: ReadLink) -> None:
        self._link = link

    def get(self, document: uuid.UUID) -> Document | None:
        """The document, byte for byte, or None."""
        row = self._link.first(_BY_ID, {"id": document})
        if row is None:
            return None
        return Document(DocumentKind(row.kind), row.media_type, unpack(row.dictionary, row.body))

    def contents(self, names: Sequence[uuid.UUID]) -> dict[uuid.UUID, bytes]:
        """The bytes of those of these documents that are there."""
        rows = self._link.fetch(_BY_IDS, {"ids": list(names)})
        return {row.id: unpack(row.dictionary, row.body) for row in rows}


class DocumentWriter(Documents):
    """Reads and stores documents."""

    def __init__(self, link: WriteLink) -> None:
        super().__init__(link)
        self._write = link

    def put(self, document: uuid.UUID, content: bytes, kind: DocumentKind, media_type: str) -> None:
        """Keep `content`. The event that it belongs to names it."""
        dictionary, body = pack(content)
        self._write.add(
            documents,
            {
                "id": document,
                "kind": kind.value,
                "media_type": media_type,
                "sha256": hashlib.sha256(content).digest(),
                "size": len(content),
                "dictionary": dictionary,
                "body": body,
            },
        )
