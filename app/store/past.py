"""Is anything stored that a new request has to do with? One question, answered in one round trip.

Nearly always nothing is: then nobody has to look into four tables for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, bindparam, func, literal_column, select

from app.domain.values import Identifier
from app.sealed import sealed
from app.store.link import ReadLink
from app.store.request_names import NameKind
from app.store.submissions import transaction_key
from app.store.tables import held_attachments, request_names, submissions, trail
from app.store.types import key_text

MOST_NAMES = 8
"""Names of one kind in the question; of a request with more we say that something may be known."""


@sealed(frozen=True, slots=True)
class Names:
    """Under which names something may be stored: its transaction, the mark under which an update
    adopted it (empty: it cannot be adopted), its tracking numbers, and its orders' assertion ids.
    """

    transaction: Identifier
    adopted: str = ""
    tracking: Sequence[str] = ()
    told: Sequence[str] = ()


@sealed(frozen=True, slots=True)
class Known:
    """Where something may be stored; what it is has to be looked up there."""

    submitted: bool
    adopted: bool
    held: bool
    told: bool


class Past:
    """Says what has to be looked up."""

    def __init__(self, link: ReadLink) -> None:
        self._link = link

    def of(self, submitter: str, names: Names) -> Known:
        """Where this submitter's request may be known."""
        tracking, told = _few(names.tracking), _few(names.told)
        values: dict[str, Any] = {
            "submitter": submitter,
            "transaction_key": transaction_key(names.transaction),
            "adopted": key_text(names.adopted),
            **{f"tracking{place}": name for place, name in enumerate(tracking)},
            **{f"told{place}": key_text(name) for place, name in enumerate(told)},
        }
        statement = asking(bool(names.adopted), len(tracking), len(told))
        ((submitted, adopted, held, known),) = self._link.quickly(statement, values)
        return Known(
            bool(submitted),
            bool(adopted),
            bool(held) or len(names.tracking) > len(tracking),
            bool(known) or len(names.told) > len(told),
        )


def _few(names: Sequence[str]) -> Sequence[str]:
    return names if len(names) <= MOST_NAMES else ()


@cache
def asking(adopted: bool, tracking: int, told: int) -> Select[Any]:
    """The question with that many names; tests hold it to its indexes.

    It counts: for EXISTS, which may stop at the first row, PostgreSQL reads a whole table when
    statistics say that many rows match. Kinds are written out, so that a partial index can be used.
    """
    kind = literal_column
    taken = _count(
        submissions,
        submissions.c.submitter == bindparam("submitter"),
        submissions.c.transaction_key == bindparam("transaction_key"),
    )
    marked = _count(
        request_names,
        request_names.c.submitter == bindparam("submitter"),
        request_names.c.name == bindparam("adopted"),
        request_names.c.kind == kind(f"'{NameKind.ADOPTED.value}'"),
    )
    waits = _count(
        held_attachments,
        held_attachments.c.submitter == bindparam("submitter"),
        held_attachments.c.tracking.in_(_named("tracking", tracking)),
    )
    spoke = _count(trail, trail.c.name.in_(_named("told", told)), trail.c.kind == kind("'call'"))
    nothing: Any = literal_column("0")
    asked: list[Any] = [
        taken.label("submitted"),
        (marked if adopted else nothing).label("adopted"),
        (waits if tracking else nothing).label("held"),
        (spoke if told else nothing).label("told"),
    ]
    return select(*asked)


def _count(table: Table, *conditions: ColumnElement[bool]) -> Any:
    own = table.c.tenant == bindparam("tenant")
    return select(func.count()).select_from(table).where(own, *conditions).scalar_subquery()


def _named(kind: str, many: int) -> list[Any]:
    return [bindparam(f"{kind}{place}") for place in range(many)]
