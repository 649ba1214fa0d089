"""The log of inquiries: who asked about whom, what was shown and what was kept back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from app.domain.guide import Guide
from app.sealed import sealed
from app.store.link import ReadLink, WriteLink
from app.store.tables import inquiries, inquiry_cases

_OF_CASE = (
    select(inquiries.c.at, inquiries.c.caller, inquiries.c.npis, inquiry_cases.c.shown)
    .join_from(
        inquiry_cases,
        inquiries,
        (inquiries.c.tenant == inquiry_cases.c.tenant)
        & (inquiries.c.id == inquiry_cases.c.inquiry),
    )
    .where(
        inquiry_cases.c.tenant == bindparam("tenant"),
        inquiry_cases.c.case_id == bindparam("case_id"),
    )
    .order_by(inquiries.c.id)
)


@sealed(frozen=True, slots=True)
class AskedAbout:
    """One inquiry: the caller, the providers it spoke for, the member numbers it asked about.

    `shown` and `withheld` are keys of cases.
    """

    id: uuid.UUID
    at: datetime
    guide: Guide
    caller: str
    members: tuple[str, ...]
    npis: tuple[str, ...]
    shown: tuple[uuid.UUID, ...] = ()
    withheld: tuple[uuid.UUID, ...] = ()


@sealed(frozen=True, slots=True)
class Disclosure:
    """An inquiry that a case was among: `shown` is False where it was kept back."""

    at: datetime
    caller: str
    npis: tuple[str, ...]
    shown: bool


class Inquiries:
    """Reads the log."""

    def __init__(self, link: ReadLink) -> None:
        self._link = link

    def of_case(self, case_id: uuid.UUID) -> tuple[Disclosure, ...]:
        """Who was shown the case, or would have been, oldest first."""
        rows: Sequence[Any] = self._link.fetch(_OF_CASE, {"case_id": case_id})
        return tuple(
            Disclosure(row.at, row.caller, tuple(row.npis.split()), bool(row.shown)) for row in rows
        )


class InquiryWriter(Inquiries):
    """Reads and extends the log."""

    def __init__(self, link: WriteLink) -> None:
        super().__init__(link)
        self._write = link

    def add(self, asked: AskedAbout) -> None:
        """Write one inquiry down, also when nothing was found."""
        self._write.add(
            inquiries,
            {
                "id": asked.id,
                "at": asked.at,
                "guide": asked.guide.value,
                "caller": asked.caller,
                "members": " ".join(asked.members),
                "npis": " ".join(asked.npis),
                "shown": len(asked.shown),
                "withheld": len(asked.withheld),
            },
        )
        for shown, ids in ((1, asked.shown), (0, asked.withheld)):
            for case_id in ids:
                row = {"case_id": case_id, "inquiry": asked.id, "shown": shown}
                self._write.add(inquiry_cases, row)
