"""By which names a sender speaks of an earlier request: the Claim's address and its identifiers."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import bindparam, select

from app.errors import Conflict
from app.sealed import sealed
from app.store.link import ReadLink, WriteLink
from app.store.tables import request_names
from app.store.types import key_text

MOST = 20
"""Rows of one name that are looked at, the newest: senders use some identifiers again and again."""

_FIND = (
    select(request_names.c.case_id, request_names.c.version)
    .where(
        request_names.c.tenant == bindparam("tenant"),
        request_names.c.submitter == bindparam("submitter"),
        request_names.c.name == bindparam("name"),
        request_names.c.kind == bindparam("kind"),
    )
    .order_by(request_names.c.case_id.desc(), request_names.c.version.desc())
    .limit(MOST)
)


class Adopted(Conflict):
    """The same unknown request was adopted by another update meanwhile: look again."""


class NameKind(StrEnum):
    """What a name is: an address (fullUrl), a business identifier, or the mark of an adoption."""

    URL = "url"
    IDENTIFIER = "identifier"
    ADOPTED = "adopted"


@sealed(frozen=True, slots=True)
class NamedRequest:
    """A case that a name leads to, and the version that the name is of."""

    case_id: uuid.UUID
    version: int


class RequestNames:
    """Finds requests by their sender's names."""

    def __init__(self, link: ReadLink) -> None:
        self._link = link

    def find(self, submitter: str, kind: NameKind, name: str) -> tuple[NamedRequest, ...]:
        """The requests of this submitter under a name: newest case first, then newest version."""
        values = {"submitter": submitter, "name": key_text(name), "kind": kind.value}
        rows = self._link.quickly(_FIND, values)
        return tuple(NamedRequest(row.case_id, row.version) for row in rows)


class RequestNameWriter(RequestNames):
    """Finds and adds names."""

    def __init__(self, link: WriteLink) -> None:
        super().__init__(link)
        self._write = link

    def add(
        self,
        submitter: str,
        case_id: uuid.UUID,
        version: int,
        names: Iterable[tuple[NameKind, str]],
    ) -> None:
        """Have these names lead to a version of a case.

        Of two that add the same name as ADOPTED one gets `Adopted` at the end of its block.
        """
        for kind, name in dict.fromkeys((kind, key_text(name)) for kind, name in names):
            self._write.add(
                request_names,
                {
                    "submitter": submitter,
                    "name": name,
                    "kind": kind.value,
                    "case_id": case_id,
                    "version": version,
                },
            )
