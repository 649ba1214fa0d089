"""Where cases, decisions, events and documents are kept: SQLite or PostgreSQL, never FHIR.

    store = Store(settings.database_url, settings.sqlite_sync)      # opens nothing yet
    migrate(store)                                                  # or is_current(store)

    with store.read(tenant) as look:                                # one tenant, reads only
        earlier = look.submissions.find(submitter, identifier)      # Submission | None
        body = look.documents.get(earlier.answer)                   # Document | None

    try:
        with store.write(tenant) as work:                           # one transaction, all or nothing
            work.cases.add(case, items, event)                      # Case, CaseItem..., RECEIVED
            work.documents.put(id, content, DocumentKind.RECEIVED, "application/fhir+json")
            work.decisions.add(id, decision, eligibility, event)    # DECIDED
            work.events.append(event)                               # clocks and the rest
            work.documents.put(id, answer, DocumentKind.SENT, "application/fhir+json")
            work.resources.add(Resource("ClaimResponse", public_id, ...))
            work.submissions.claim(submission, event)               # ANSWERED; may raise Taken
    except Taken:
        ...                                                         # a twin won: read its answer

Writes are collected, and sent together when the block ends: `Taken` and `Unavailable` come out of
the `with` statement. Nothing is held while the block computes. A block that reads (any method that
returns something) sends first what was collected and from there on holds its transaction open, so
it sees its own writes. An exception inside the block stores nothing.

Identifiers are made by the caller (`Moment.new_id`). Instants are timezone-aware. Nothing here
logs, and no error carries a stored value.

Errors: `Taken` (the submitter used this transaction identifier before), `Unavailable` (the database
did not answer, was busy for too long, or is not migrated), `Broken` (it refused: a fault of ours).
"""

from __future__ import annotations

from app.store.arrivals import Arrival
from app.store.cases import Candidate, CaseItem, Listed
from app.store.decisions import StoredDecision
from app.store.documents import Document, DocumentKind
from app.store.events import Papers
from app.store.feedback import CardFeedback
from app.store.held import Held
from app.store.hooks import HookCall
from app.store.inquiries import AskedAbout, Disclosure
from app.store.past import Known, Names
from app.store.request_names import Adopted, NamedRequest, NameKind
from app.store.resources import Resource
from app.store.schema import is_current, migrate
from app.store.submissions import Submission, Taken
from app.store.subscriptions import Change
from app.store.types import LATEST
from app.store.unit_of_work import Read, Store, Write

__all__ = [
    "LATEST",
    "Adopted",
    "Arrival",
    "AskedAbout",
    "Candidate",
    "CardFeedback",
    "CaseItem",
    "Change",
    "Disclosure",
    "Document",
    "DocumentKind",
    "Held",
    "HookCall",
    "Known",
    "Listed",
    "NameKind",
    "NamedRequest",
    "Names",
    "Papers",
    "Read",
    "Resource",
    "Store",
    "StoredDecision",
    "Submission",
    "Taken",
    "Write",
    "is_current",
    "migrate",
]
