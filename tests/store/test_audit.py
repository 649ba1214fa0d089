"""Forgetting the audit is a type error: what changes a case takes the event that says so."""

from __future__ import annotations

import inspect
from typing import get_type_hints

from app.domain.event import Event
from app.store.cases import CaseWriter
from app.store.decisions import DecisionWriter
from app.store.documents import DocumentWriter
from app.store.events import EventWriter
from app.store.request_names import RequestNameWriter
from app.store.resources import ResourceWriter
from app.store.submissions import SubmissionWriter

WRITERS = (
    CaseWriter,
    DecisionWriter,
    DocumentWriter,
    EventWriter,
    RequestNameWriter,
    ResourceWriter,
    SubmissionWriter,
)

NAMED_BY_AN_EVENT = {
    "DocumentWriter.put",  # bytes: the events RECEIVED and ANSWERED name them
    "ResourceWriter.add",  # an address of such bytes
    "RequestNameWriter.add",  # names of a version that RECEIVED, UPDATED or ADOPTED tells of
    "CaseWriter.hold",  # changes nothing: keeps others from the case meanwhile
    "EventWriter.open",  # starts a log, whose first line comes with CaseWriter.add
}


def test_every_write_takes_its_event() -> None:
    without = {
        f"{writer.__name__}.{name}"
        for writer in WRITERS
        for name, method in inspect.getmembers(writer, inspect.isfunction)
        if not name.startswith("_") and name in vars(writer)
        if Event not in get_type_hints(method).values()
    }
    assert without == NAMED_BY_AN_EVENT
