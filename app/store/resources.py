"""Public ids (`ClaimResponse/{id}`): where the resource stands, and who may read it."""

from __future__ import annotations

import uuid

from sqlalchemy import bindparam, select

from app.domain.guide import Guide
from app.sealed import sealed
from app.store.link import ReadLink, WriteLink
from app.store.tables import resources

_VERSIONS = select(resources).where(
    resources.c.tenant == bindparam("tenant"),
    resources.c.kind == bindparam("kind"),
    resources.c.id == bindparam("id"),
)
_NEWEST = _VERSIONS.order_by(resources.c.version.desc()).limit(1)
_ONE = _VERSIONS.where(resources.c.version == bindparam("version"))


@sealed(frozen=True, slots=True)
class Resource:
    """One version of something that can be read by its own address.

    `kind` is the FHIR type and `id` the id in its address. `pointer` (RFC 6901, for example
    `/entry/0/resource`) finds it in the JSON of `document`. `submitter` is the principal's id.
    """

    kind: str
    id: str
    guide: Guide
    submitter: str
    case_id: uuid.UUID
    document: uuid.UUID
    pointer: str
    version: int = 1


class Resources:
    """Finds resources."""

    def __init__(self, link: ReadLink) -> None:
        self._link = link

    def get(self, kind: str, id: str, version: str = "") -> Resource | None:
        """The newest version, or the one of that number; None when there is none."""
        values = {"kind": kind, "id": id}
        if not version:
            row = self._link.first(_NEWEST, values)
        elif len(version) > 9 or not (version.isascii() and version.isdecimal()):
            return None
        else:
            row = self._link.first(_ONE, {**values, "version": int(version)})
        if row is None:
            return None
        return Resource(
            row.kind,
            row.id,
            Guide(row.guide),
            row.submitter,
            row.case_id,
            row.document,
            row.pointer,
            row.version,
        )


class ResourceWriter(Resources):
    """Finds and adds resources."""

    def __init__(self, link: WriteLink) -> None:
        super().__init__(link)
        self._write = link

    def add(self, resource: Resource) -> None:
        """Make a resource readable; its document is stored in the same transaction."""
        self._write.add(
            resources,
            {
                "kind": resource.kind,
                "id": resource.id,
                "version": resource.version,
                "guide": resource.guide.value,
                "submitter": resource.submitter,
                "case_id": resource.case_id,
                "document": resource.document,
                "pointer": resource.pointer,
            },
        )
