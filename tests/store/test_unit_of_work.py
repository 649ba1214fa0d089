"""A case is stored whole or not at all, reads back as it was, and its log cannot be changed."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.clock import uuid7
from app.domain.case import CaseState
from app.domain.decision import Outcome
from app.domain.event import Event, EventKind
from app.domain.guide import Guide
from app.domain.values import Identifier
from app.errors import Broken
from app.store import AskedAbout, DocumentKind, Store, Taken
from app.store.tables import metadata
from tests.store.made import FHIR, NOW, SUBMITTER, TENANT, Filing, coverage, filing


def rows(store: Store) -> dict[str, int]:
    """How many rows each table of cases has."""
    with store.engines.read.connect() as connection:
        return {
            name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()
            for name in metadata.tables
            if name != "meta" and not name.startswith("member")
        }


def stored(store: Store, made: Filing) -> Filing:
    """Store it and give it back."""
    with store.write(TENANT) as work:
        made.store(work)
    return made


@pytest.mark.parametrize("outcome", [Outcome.APPROVED, Outcome.PENDED])
def test_what_a_submit_stores_reads_back_as_it_was(store: Store, outcome: Outcome) -> None:
    made = stored(store, filing(outcome=outcome))
    with store.read(TENANT) as look:
        found = look.submissions.find(SUBMITTER, made.submission.transaction)
        assert found == made.submission
        assert look.cases.get(made.case.id) == made.case
        assert look.cases.items(made.case.id) == made.items
        (decision,) = look.decisions.of(made.case.id)
        assert (decision.decision, decision.eligibility) == (made.decision, coverage())
        kinds = [event.kind for event in look.events.of(made.case.id)]
        assert kinds == ["received", "eligibility-checked", "decided", "answered"]


def test_documents_come_back_byte_for_byte(store: Store) -> None:
    content = b'{"a": 1.50,  "b":"\xc3\xa9\\u0000"}\n'
    made = stored(store, filing(content=content))
    with store.read(TENANT) as look:
        document = look.documents.get(made.submission.request)
        assert document is not None
        assert (document.kind, document.media_type) == (DocumentKind.RECEIVED, FHIR)
        assert document.content == content
        assert look.documents.get(uuid7()) is None


def test_the_hash_beside_a_document_is_that_of_its_bytes(store: Store) -> None:
    made = stored(store, filing())
    with store.engines.read.connect() as connection:
        kept = connection.execute(text("SELECT sha256, size FROM documents WHERE kind='received'"))
        sha256, size = kept.one()
    assert bytes(sha256) == hashlib.sha256(made.request).digest()
    assert size == len(made.request)


def test_a_case_is_found_by_each_of_its_numbers(store: Store) -> None:
    approved = stored(store, filing())
    pended = stored(store, filing(outcome=Outcome.PENDED))
    with store.read(TENANT) as look:
        assert look.cases.by_number(approved.case.number) == approved.case
        assert look.cases.by_number(approved.case.authorization_number) == approved.case
        assert look.cases.by_number("REF-1") == pended.case
        assert look.cases.by_number("T-1") is None
        assert look.cases.by_number("") is None


def test_a_resource_says_where_it_stands_and_who_may_read_it(store: Store) -> None:
    made = stored(store, filing())
    with store.read(TENANT) as look:
        found = look.resources.get("ClaimResponse", str(made.case.id))
        assert found is not None
        assert (found.submitter, found.document) == (SUBMITTER, made.submission.answer)
        assert (found.pointer, found.version) == ("/entry/0/resource", 1)
        assert look.resources.get("Claim", "none") is None


def test_the_newest_version_of_a_resource_is_read(store: Store) -> None:
    made = stored(store, filing())
    with store.write(TENANT) as work:
        first = work.resources.get("ClaimResponse", str(made.case.id))
        assert first is not None
        work.resources.add(replace(first, version=2, pointer="/entry/1/resource"))
    with store.read(TENANT) as look:
        assert look.resources.get("ClaimResponse", first.id) == replace(
            first, version=2, pointer="/entry/1/resource"
        )


def test_an_exception_in_the_block_stores_nothing(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.write(TENANT) as work:
        filing().store(work)
        raise ZeroDivisionError
    assert set(rows(store).values()) == {0}


def test_an_exception_after_a_read_stores_nothing_either(store: Store) -> None:
    made = filing()
    with pytest.raises(ZeroDivisionError), store.write(TENANT) as work:
        made.store(work)
        assert work.cases.get(made.case.id) == made.case
        raise ZeroDivisionError
    assert set(rows(store).values()) == {0}


def test_a_row_that_breaks_a_rule_takes_the_whole_submit_with_it(store: Store) -> None:
    made = filing()
    waiting = replace(made.case, state=CaseState.IN_REVIEW, due=None)
    with pytest.raises(Broken), store.write(TENANT) as work:
        replace(made, case=waiting).store(work)
    assert set(rows(store).values()) == {0}


def test_a_block_sees_its_own_writes(store: Store) -> None:
    made = filing()
    with store.write(TENANT) as work:
        made.store(work)
        assert work.cases.items(made.case.id) == made.items
        more = made.event(EventKind.REPEATED, {})
        work.events.append(more)
        assert work.events.of(made.case.id)[-1] == more
    assert rows(store)["events"] == 5


def test_events_continue_the_log_of_an_older_case(store: Store) -> None:
    made = stored(store, filing())
    for _ in range(2):
        with store.write(TENANT) as work:
            work.events.append(made.event(EventKind.REPEATED, {"n": 1}))
            work.events.append(made.event(EventKind.CLOCK_STARTED, {"n": 2}))
    with store.read(TENANT) as look:
        log = look.events.of(made.case.id)
    assert [event.kind.value for event in log[4:]] == ["repeated", "clock-started"] * 2
    assert log[-1].data == {"n": 2}
    assert log[-1].at == NOW


def test_the_second_use_of_an_identifier_is_told_apart_and_stores_nothing(store: Store) -> None:
    first = stored(store, filing("twice"))
    before = rows(store)
    with pytest.raises(Taken), store.write(TENANT) as work:
        filing("twice").store(work)
    assert rows(store) == before
    with store.read(TENANT) as look:
        found = look.submissions.find(SUBMITTER, first.submission.transaction)
        assert found == first.submission


def test_identifiers_of_other_systems_and_submitters_are_other_identifiers(store: Store) -> None:
    made = filing("a")
    for submitter, system, value in (
        ("x", "urn:a", "bc"),
        ("x", "urn:ab", "c"),
        ("x", "", "urn:abc"),
        ("y", "urn:a", "bc"),
    ):
        new = filing()
        submission = replace(
            new.submission, submitter=submitter, transaction=Identifier(system, value)
        )
        stored(store, replace(new, submission=submission))
    assert rows(store)["submissions"] == 4
    with store.read(TENANT) as look:
        assert look.submissions.find("x", made.submission.transaction) is None


def test_an_identifier_of_any_length_and_with_odd_characters_works(store: Store) -> None:
    for value in ("long" * 2_000, "nul\0inside", "é\u2028\U0001f600", "'; drop table cases; --"):
        made = stored(store, filing(value))
        with store.read(TENANT) as look:
            found = look.submissions.find(SUBMITTER, made.submission.transaction)
        assert found is not None
        assert found.case_id == made.case.id


def test_a_senders_endless_numbers_do_not_break_the_indexes(store: Store) -> None:
    made = filing()
    item = replace(made.items[0], traces=(Identifier("urn:x", "9" * 9_000),))
    case = replace(made.case, member_id="M\0" * 9_000, requestor_npi="1" * 9_000)
    stored(store, replace(made, items=(item,), case=case))
    assert rows(store)["cases"] == 1


def test_nothing_of_another_tenant_is_seen(store: Store) -> None:
    made = stored(store, filing())
    with store.read("other") as look:
        assert look.submissions.find(SUBMITTER, made.submission.transaction) is None
        assert look.cases.get(made.case.id) is None
        assert look.cases.by_number(made.case.number) is None
        assert look.cases.items(made.case.id) == ()
        assert look.decisions.of(made.case.id) == ()
        assert look.events.of(made.case.id) == ()
        assert look.documents.get(made.submission.answer) is None
        assert look.resources.get("ClaimResponse", str(made.case.id)) is None
    with store.write("other") as work:
        other = filing(made.submission.transaction.value)
        replace(other, case=replace(other.case, tenant="other")).store(work)


def test_an_event_of_a_case_that_is_not_there_is_refused(store: Store) -> None:
    with pytest.raises(Broken), store.write(TENANT) as work:
        work.events.append(Event(uuid7(), uuid.uuid4(), EventKind.DECIDED, NOW, "machine", {}))


@pytest.mark.parametrize("table", ["events", "decisions", "inquiries", "inquiry_cases"])
@pytest.mark.parametrize("change", ["UPDATE {} SET tenant = 'x'", "DELETE FROM {}"])
def test_the_logs_and_the_decisions_cannot_be_changed(
    store: Store, table: str, change: str
) -> None:
    made = stored(store, filing())
    asked = AskedAbout(uuid7(), NOW, Guide.V22, "ehr", ("FW1",), ("1",), shown=(made.case.id,))
    with store.write(TENANT) as work:
        work.inquiries.add(asked)
    before = rows(store)
    with pytest.raises(Exception, match="written once"), store.engines.write.begin() as connection:
        connection.execute(text(change.format(table)))
    assert rows(store) == before


def test_no_error_repeats_what_was_stored(store: Store) -> None:
    made = stored(store, filing())
    again = replace(made, submission=replace(made.submission, transaction=Identifier("s", "v")))
    wrong = replace(made.items[0], sequence=-7)
    with pytest.raises(Broken) as same_key, store.write(TENANT) as work:
        again.store(work)
    with pytest.raises(Broken) as bad_row, store.write(TENANT) as work:
        replace(filing(), items=(wrong,)).store(work)
    for caught in (same_key, bad_row):
        told = str(caught.value)
        assert "FW100001" not in told
        assert str(made.case.id) not in told
        assert caught.value.__cause__ is None


def test_a_long_case_is_stored_whole(store: Store) -> None:
    made = filing()
    items = tuple(replace(made.items[0], sequence=n) for n in range(1, 401))
    stored(store, replace(made, items=items))
    with store.read(TENANT) as look:
        assert look.cases.items(made.case.id) == items


def test_instants_keep_their_microseconds_and_come_back_in_utc(store: Store) -> None:
    made = filing()
    eastern = NOW.astimezone(tz=None) + timedelta(microseconds=1)
    stored(store, replace(made, case=replace(made.case, received_at=eastern)))
    with store.read(TENANT) as look:
        case = look.cases.get(made.case.id)
    assert case is not None
    assert case.received_at == eastern
    assert case.received_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize("reads", [False, True])
def test_others_may_work_once_only_the_disk_is_due(store: Store, reads: bool) -> None:
    """Not before: the one who holds SQLite's only writer must not wait for those who compute."""
    committed = int(store.engines.is_sqlite)
    told: list[dict[str, int]] = []
    store.when_waiting(lambda: told.append(rows(store)))
    with store.write(TENANT) as work:
        filing().store(work)
        if reads:
            work.cases.get(uuid7())
        assert not told
    assert [each["cases"] for each in told] == [committed]
    assert rows(store)["cases"] == 1
