"""What each submitter has sent before: the same transaction gets the same answer."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime

from sqlalchemy import bindparam, select

from app.domain.event import Event
from app.domain.values import Identifier
from app.errors import Conflict
from app.sealed import sealed
from app.store.events import EventWriter
from app.store.link import ReadLink, WriteLink
from app.store.tables import submissions
from app.store.types import key_text

_FIND = select(submissions).where(
    submissions.c.tenant == bindparam("tenant"),
    submissions.c.submitter == bindparam("submitter"),
    submissions.c.transaction_key == bindparam("transaction_key"),
)


class Taken(Conflict):
    """The submitter has used this transaction identifier: read what was answered then."""


@sealed(frozen=True, slots=True)
class Submission:
    """A transaction of a submitter: `sha256` is the hash (32 bytes) of the content that counts as
    the same; `request` and `answer` are the documents, `transaction` is Bundle.identifier.
    """

    submitter: str
    transaction: Identifier
    sha256: bytes
    at: datetime
    case_id: uuid.UUID
    request: uuid.UUID
    answer: uuid.UUID


class Submissions:
    """Finds earlier submissions."""

    def __init__(self, link: ReadLink) -> None:
        self._link = link

    def find(self, submitter: str, transaction: Identifier) -> Submission | None:
        """What this submitter sent under this identifier, or None."""
        named = {"submitter": submitter, "transaction_key": transaction_key(transaction)}
        rows = self._link.quickly(_FIND, named)
        if not rows:
            return None
        (row,) = rows
        return Submission(
            row.submitter,
            Identifier(row.system, row.value),
            bytes(row.sha256),
            row.at,
            row.case_id,
            row.request,
            row.answer,
        )


class SubmissionWriter(Submissions):
    """Finds and claims submissions."""

    def __init__(self, link: WriteLink, events: EventWriter) -> None:
        super().__init__(link)
        self._write = link
        self._events = events

    def claim(self, submission: Submission, event: Event) -> None:
        """Bind the identifier to its answer; of several at once exactly one is stored.

        The others get Taken, at the end of their block, and nothing of theirs is stored.
        """
        self._write.add(
            submissions,
            {
                "submitter": submission.submitter,
                "transaction_key": transaction_key(submission.transaction),
                "system": key_text(submission.transaction.system),
                "value": key_text(submission.transaction.value),
                "sha256": submission.sha256,
                "at": submission.at,
                "case_id": submission.case_id,
                "request": submission.request,
                "answer": submission.answer,
            },
        )
        self._events.append(event)


def transaction_key(transaction: Identifier) -> bytes:
    """An identifier as a key. The length in front keeps `a` + `bc` apart from `ab` + `c`."""
    named = f"{len(transaction.system)} {transaction.system}{transaction.value}"
    return hashlib.sha256(named.encode()).digest()
