"""A server that renames search parameters is asked in its own words, and only about the patient."""

from __future__ import annotations

import pytest

from app.clients.dialect import Dialect, dialect_of
from tests.ehr_double import ehr
from tests.unit.clients.test_ehr import COVERAGE, OBSERVATIONS, access, asking, ids

OTHER = {"resourceType": "Observation", "id": "x", "subject": {"reference": "Patient/p2"}}
NOBODY = {"resourceType": "Observation", "id": "y", "code": {}}


@pytest.mark.parametrize("batch", [False, True])
def test_renamed_parameters_are_translated(batch: bool) -> None:
    renames = {
        "Coverage": {"patient": "member", "status": "state"},
        "Observation": {"patient": "about"},
    }
    queries = ["Coverage?patient=p1&status=active", "Observation?patient=p1&code=a|b"]
    with ehr(COVERAGE, *OBSERVATIONS, OTHER, renames=renames) as one, asking(one, batch) as client:
        found = client.fetch(access(one), queries, 5)
        client.fetch(access(one), queries, 5)
    assert [ids(found[query]) for query in queries] == [["c1"], ["o0", "o1", "o2", "o3", "o4"]]
    if not batch:
        assert sorted(one.asked)[:2] == ["Coverage?member=p1&state=active"] * 2
        assert sorted(one.asked)[2:] == ["Observation?about=p1"] * 2


@pytest.mark.parametrize("version", ["3.1.1", "6.1.0", "7.0.0"])
def test_what_a_us_core_server_does_not_know_is_left_out(version: str) -> None:
    """US Core 7 searches coverages by patient alone; the older ones describe no coverage search."""
    renames = {"Coverage": {"patient": "patient"}} if version == "7.0.0" else {"Patient": {}}
    with ehr(COVERAGE, renames=renames) as one, asking(one) as client:
        found = client.fetch(access(one), ["Coverage?patient=p1&status=active"], 5)
    assert [ids(each) for each in found.values()] == [["c1"]]
    status = "" if version == "7.0.0" else "&status=active"
    assert one.asked == [f"Coverage?patient=p1{status}"]


def test_other_people_are_dropped_even_when_the_server_ignores_the_patient() -> None:
    renames = {"Observation": {"date": "date"}}
    with (
        ehr(*OBSERVATIONS, OTHER, NOBODY, renames=renames) as one,
        asking(one) as client,
    ):
        found = client.fetch(access(one), ["Observation?patient=p1"], 5)
    assert ids(found["Observation?patient=p1"]) == ["o0", "o1", "o2", "o3", "o4"]


def test_a_server_that_searches_by_subject_is_asked_so() -> None:
    dialect = Dialect({"Coverage": {"beneficiary": "beneficiary"}, "Condition": {"subject": "s"}})
    assert dialect.spelled("Coverage?patient=1&status=active") == "Coverage?beneficiary=Patient/1"
    assert dialect.spelled("Condition?patient=1") == "Condition?s=Patient/1"
    assert dialect.spelled("Patient/1") == "Patient/1"


@pytest.mark.parametrize(
    "statement",
    [
        None,
        [],
        {},
        {"rest": 1},
        {"rest": [{"mode": "client"}]},
        {"rest": [{"mode": "server", "resource": [{"type": "Coverage", "searchParam": [{}, 7]}]}]},
    ],
)
def test_what_is_no_statement_changes_nothing(statement: object) -> None:
    query = "Coverage?patient=1&status=active"
    assert dialect_of(statement).spelled(query) == query
