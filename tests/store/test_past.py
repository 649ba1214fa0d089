"""One question says whether anything is stored that a request has to do with."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.guide import Guide
from app.domain.values import Identifier
from app.store import DocumentKind, Held, HookCall, Known, NameKind, Names, Store
from app.store.past import MOST_NAMES, asking
from tests.store.made import FHIR, NOW, SUBMITTER, TENANT, filing

NEW = Identifier("s", "new")
MANY = tuple(f"name {place}" for place in range(MOST_NAMES + 1))


def test_each_kind_of_past_is_found_and_nothing_else(store: Store) -> None:
    """Of a submission, an adopted request, a held attachment and a hook call."""
    made = filing()
    kept = uuid.uuid4()
    call = HookCall(uuid.uuid4(), NOW, Guide.V22, "order-sign", 5, 200, {})
    with store.write(TENANT) as work:
        made.store(work)
        work.request_names.add(SUBMITTER, made.case.id, 0, [(NameKind.ADOPTED, "mark")])
        work.documents.put(kept, b"{}", DocumentKind.RECEIVED, FHIR)
        later = NOW + timedelta(days=1)
        work.held.put(Held(uuid.uuid4(), SUBMITTER, Guide.V22, "T1", "m", (), kept, {}, NOW, later))
        work.hooks.add(call, ["assertion"])
    with store.read(TENANT) as look:
        ask = look.past.of
        nothing = Known(submitted=False, adopted=False, held=False, told=False)
        assert ask(SUBMITTER, Names(NEW)) == nothing
        assert ask(SUBMITTER, Names(NEW, "other", ("T2", "T3"), ("another",))) == nothing
        assert ask("somebody", Names(made.submission.transaction, "mark", ("T1",))) == nothing
        assert ask(SUBMITTER, Names(made.submission.transaction)) == replace(
            nothing, submitted=True
        )
        assert ask(SUBMITTER, Names(NEW, "mark")) == replace(nothing, adopted=True)
        assert ask(SUBMITTER, Names(NEW, tracking=("T0", "T1"))) == replace(nothing, held=True)
        assert ask(SUBMITTER, Names(NEW, told=("assertion",))) == replace(nothing, told=True)
        assert ask(SUBMITTER, Names(NEW, "", MANY, MANY)) == replace(nothing, held=True, told=True)


def test_the_question_reads_only_keys(store: Store) -> None:
    """No table is read through, and no index but by the whole of what is asked for."""
    if not store.engines.is_sqlite:
        pytest.skip("PostgreSQL plans by its statistics")
    compiled = str(asking(adopted=True, tracking=2, told=2).compile(store.engines.read))
    with store.engines.read.connect() as link:
        marks = compiled.count("?")
        plan = [
            str(row[-1])
            for row in link.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", ("x",) * marks)
        ]
    searches = [
        line for line in plan if line.startswith(("SCAN", "SEARCH")) and "CONSTANT" not in line
    ]
    keys = ("transaction_key=?)", "kind=?)", "tracking=?)", "kind=?)")
    assert [line.endswith(key) for line, key in zip(searches, keys, strict=True)] == [True] * 4, (
        plan
    )
