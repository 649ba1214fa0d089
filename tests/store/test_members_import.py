"""A member file is taken whole or not at all, in any format, and twice is once."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.determine.eligibility import number_key
from app.domain.coverage import Coverage, LineOfBusiness, NotEligible, Plan
from app.domain.request import CoverageClaim, Person
from app.domain.roster import PaidLine, Rejection
from app.domain.values import Identifier, Period
from app.errors import BadData
from app.flows.eligibility import StoredMembers
from app.flows.member_csv import template
from app.flows.members_import import Import, Report, import_members
from app.store import Store
from app.store.members import Change
from tests.unit.eligibility.stories import request

PLANS = {p: Plan(p, p, "us", LineOfBusiness.COMMERCIAL) for p in ("P1", "P2", "FW-FI-01")}
SYSTEM = "https://us.example/member"
MB = {"coding": [{"code": "MB"}]}


def organization(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Organization",
        "id": "us",
        "name": "Us",
        "identifier": [{"system": "npi", "value": "1900001003"}],
        **more,
    }


def patient(id_: str = "1", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": id_,
        "name": [{"family": "Delgado", "given": ["Rosa"]}],
        "birthDate": "1948-03-14",
        **more,
    }


def coverage(id_: str = "1", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Coverage",
        "id": id_,
        "status": "active",
        "identifier": [{"type": MB, "system": SYSTEM, "value": f"M{id_}"}],
        "beneficiary": {"reference": f"Patient/{id_}"},
        "payor": [{"reference": "Organization/us"}],
        "class": [{"type": {"coding": [{"code": "plan"}]}, "value": "P1"}],
        "period": {"start": "2024-01-01"},
        **more,
    }


def benefit(id_: str = "1", *items: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What was paid: one wheelchair cushion in March 2025, unless told otherwise."""
    cushion = {"productOrService": {"coding": [{"system": HCPCS, "code": "E2601"}]}}
    paid = {
        "servicedDate": "2025-03-07",
        "quantity": {"value": 2},
        "adjudication": [
            {"category": {"coding": [{"code": "benefit"}]}, "amount": {"value": 41.5}},
        ],
    }
    return {
        "resourceType": "ExplanationOfBenefit",
        "id": id_,
        "status": "active",
        "use": "claim",
        "patient": {"reference": "Patient/1"},
        "provider": {"identifier": {"system": NPI, "value": "1900005004"}},
        "item": list(items) or [{**cushion, **paid}],
        **more,
    }


HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
NPI = "http://hl7.org/fhir/sid/us-npi"
GOOD = [coverage(), organization(), patient()]


@pytest.fixture
def take(store: Store, tmp_path: Path) -> Callable[..., tuple[Report, list[Rejection]]]:
    """Import some content: resources as NDJSON, or text or bytes as they are."""

    def run(content: Any, *, format: str = "", **how: Any) -> tuple[Report, list[Rejection]]:
        if isinstance(content, list):
            content = "".join(json.dumps(each) + "\n" for each in content)
        path = tmp_path / "members"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        rejected: list[Rejection] = []
        plan = Import(store, "demo", PLANS.get, reject=rejected.append, **how)
        return import_members(plan, path, format), rejected

    return run


def member_ids(store: Store, *keys: str) -> list[str]:
    with store.read("demo") as look:
        found, _ = look.members.find([number_key(key) for key in keys], PLANS.get)
        return [row.coverage.member_id for row in found]


def is_empty(store: Store) -> bool:
    with store.read("demo") as look:
        return look.members.is_empty() and not look.members.payers()


def bundle(*resources: dict[str, Any], kind: str = "collection", **dumps: Any) -> str:
    entries = [{"fullUrl": f"urn:uuid:{n}", "resource": r} for n, r in enumerate(resources)]
    return json.dumps({"resourceType": "Bundle", "type": kind, "entry": entries}, **dumps)


def test_resources_in_any_order_become_a_member(take, store) -> None:
    report, rejected = take(GOOD)
    assert (report.rows, report.rejected, report.written, report.changed) == (3, 0, True, 3)
    assert rejected == [] and member_ids(store, "M1") == ["M1"]


def test_the_same_file_twice_changes_nothing(take) -> None:
    take(GOOD)
    report, _ = take(GOOD)
    assert report.written and report.changed == 0
    assert report.changes["coverages"] == {Change.UNCHANGED: 1}


def test_a_later_file_changes_what_it_names_and_leaves_the_rest(take, store) -> None:
    take([*GOOD, patient("2"), coverage("2")])
    report, _ = take([patient("2", name=[{"family": "Diaz"}])])
    assert report.changes["persons"] == {Change.CHANGED: 1}
    assert member_ids(store, "M1", "M2") == ["M1", "M2"]


def test_a_coverage_may_come_alone_for_a_stored_person(take, store) -> None:
    take(GOOD)
    assert take([coverage("9", beneficiary={"reference": "Patient/1"})])[0].written
    assert member_ids(store, "M9") == ["M1", "M9"]


@pytest.mark.parametrize(
    ("bad", "kind", "reason"),
    [
        (patient("2", birthDate=None), "Patient", "Patient.birthDate is missing"),
        (patient("2", birthDate="1948"), "Patient", "Patient.birthDate must be a day"),
        (patient("2", birthDate="1948-13-01"), "Patient", "Patient.birthDate must be a day"),
        (patient("2", name=[]), "Patient", "Patient.name.family is missing"),
        (patient("2", gender="f"), "Patient", "Patient.gender must be"),
        (patient("no id!"), "Patient", "Patient.id is missing"),
        (patient("1", gender="male"), "Patient", "the same entry stands in line 3"),
        (organization(id="x", identifier=[]), "Organization", "Organization.identifier"),
        (coverage("2", status="draft"), "Coverage", "Coverage.status"),
        (coverage("2", status="cancelled"), "Coverage", "Coverage.period.end is missing"),
        (coverage("2", beneficiary={}), "Coverage", "Coverage.beneficiary.reference"),
        (coverage("2"), "Coverage", "its person is neither in the file nor in the store"),
        (coverage("1b", **{"class": []}), "Coverage", "Coverage.class of type plan"),
        (
            coverage("2", period={"start": "2026-02-01", "end": "2026-01-01"}),
            "Coverage",
            "Coverage.period ends before it starts",
        ),
        (
            coverage(
                "2",
                beneficiary={"reference": "Patient/1"},
                payor=[{"reference": "Organization/other"}],
            ),
            "Coverage",
            "its payer is neither",
        ),
        (
            coverage(
                "2",
                beneficiary={"reference": "Patient/1"},
                **{"class": [{"type": {"coding": [{"code": "plan"}]}, "value": "P9"}]},
            ),
            "Coverage",
            "the rulebook has no plan P9",
        ),
        (
            coverage("2", beneficiary={"reference": "Patient/1"}, identifier=[]),
            "Coverage",
            "no member number",
        ),
        (
            coverage(
                "2",
                extension=[
                    {
                        "url": "https://forthwith.example/fhir/StructureDefinition/benefit-used",
                        "extension": [{"url": "limit", "valueString": "x"}],
                    }
                ],
            ),
            "Coverage",
            "benefit-used needs",
        ),
        ({"id": "3"}, "row", "resourceType is missing"),
        ("text", "row", "not a JSON object"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_stored(
    take, store, bad: Any, kind: str, reason: str
) -> None:
    report, (rejection,) = take([*GOOD, bad])
    assert (rejection.line, rejection.kind) == (4, kind) and reason in rejection.reason
    assert report.rejected == 1 and not report.written and report.changes == {}
    assert is_empty(store)


def test_what_is_not_json_is_a_rejected_row(take, store) -> None:
    lines = "\n".join([json.dumps(patient()), "{broken", "", json.dumps(coverage())])
    _, rejected = take(lines, format="ndjson")
    assert (rejected[0].line, rejected[0].reason) == (2, "not JSON")
    assert is_empty(store)


def test_skipping_stores_the_good_rows_and_still_names_the_bad(take, store) -> None:
    report, rejected = take([*GOOD, coverage("7"), patient("8", name=[])], skip_rejected=True)
    assert report.written and report.rejected == len(rejected) == 2
    assert member_ids(store, "M1", "M7") == ["M1"]


def test_a_dry_run_tells_all_and_stores_nothing(take, store) -> None:
    report, _ = take(GOOD, dry_run=True)
    assert not report.written and report.changes["coverages"] == {Change.NEW: 1}
    assert is_empty(store)


def test_other_resources_are_passed_over_and_counted(take) -> None:
    provider = organization(id="x", type=[{"coding": [{"code": "prov"}]}])
    report, _ = take([*GOOD, {"resourceType": "OperationOutcome"}, provider])
    assert report.written and report.ignored == 2


def test_a_withdrawn_coverage_is_removed(take, store) -> None:
    take(GOOD)
    gone = {"resourceType": "Coverage", "id": "1", "status": "entered-in-error"}
    assert take([gone])[0].changes["coverages"] == {Change.WITHDRAWN: 1}
    assert member_ids(store, "M1") == []


@pytest.mark.parametrize("kind", ["collection", "transaction", "searchset"])
@pytest.mark.parametrize("dumps", [{}, {"indent": 2}])
def test_a_bundle_is_read_whatever_its_type(take, store, kind: str, dumps: dict[str, int]) -> None:
    report, rejected = take(bundle(*GOOD, kind=kind, **dumps))
    assert (report.format, report.written, rejected) == ("bundle", True, [])
    assert member_ids(store, "M1") == ["M1"]


def test_entries_may_refer_by_full_url_and_have_no_id(take, store) -> None:
    own = [{"type": MB, "system": SYSTEM, "value": "M5"}]
    person = patient(identifier=own)
    del person["id"]
    card = coverage(
        "5", beneficiary={"reference": "urn:uuid:0"}, payor=[{"reference": "urn:uuid:2"}]
    )
    content = bundle(person, card, organization())
    assert take(content)[0].written and take(content)[0].changed == 0
    assert member_ids(store, "M5") == ["M5"]


def test_absolute_references_name_the_same_resource(take) -> None:
    card = coverage(beneficiary={"reference": "https://us.example/fhir/Patient/1/_history/3"})
    assert take([card, organization(), patient()])[0].written


def test_the_line_of_a_bad_entry_is_named_in_an_indented_bundle(take) -> None:
    content = bundle(*GOOD, {"id": "x"}, indent=1)
    _, (rejection,) = take(content)
    line = content.split("\n")[rejection.line - 1]
    assert line.strip() == "{" and content.split("\n")[rejection.line].strip().startswith(
        '"fullUrl'
    )


def test_one_bad_entry_of_a_bundle_on_one_line_is_told_from_the_others(take, store) -> None:
    report, rejected = take(bundle(*GOOD, coverage("2")), skip_rejected=True)
    assert report.written and [(r.line, r.kind) for r in rejected] == [(1, "Coverage")]
    assert member_ids(store, "M1", "M2") == ["M1"]


def test_gzip_is_understood_in_every_format(take) -> None:
    text = "".join(json.dumps(each) + "\n" for each in GOOD)
    assert take(gzip.compress(text.encode()))[0].written
    assert take(gzip.compress(bundle(*GOOD).encode()))[0].changed == 0
    assert take(gzip.compress(template().encode()))[0].written


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<Bundle/>",
        b"[1]",
        b"\x00\x01",
        gzip.compress(b"{}" * 1000)[:-20],
        b'{"resourceType": "Bundle"}\n{',
        b'{"resourceType": "Bundle", "entry": [{"resource": {}}',
        b'{"resourceType": "Bundle", "entry": [}',
        b'{\n"resourceType": "Patient"\n}',
        b'{"resourceType": "Bundle", "type": "\xff"}',
        b'{"resourceType": "Bundle", "type": "collection"}',
        "member_id,family\nM1,Núñez\n".encode(),
        b"member_id,family,birth_date,plan,colour\n",
        "member_id,family,birth_date,plan\nM1,Nú,1990-01-01,P1\n".encode("latin-1"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence_and_stores_nothing(
    take, store, content: bytes
) -> None:
    with pytest.raises(BadData) as fault:
        take(content)
    assert "\n" not in str(fault.value)
    assert is_empty(store)


def test_a_missing_file_is_one_sentence(store, tmp_path) -> None:
    with pytest.raises(BadData, match="No such file"):
        import_members(Import(store, "demo", PLANS.get), tmp_path / "none.csv")


def test_csv_rows_become_members(take, store) -> None:
    content = (
        "member_id,family,given,birth_date,gender,language,state,plan,starts,ends,subscriber_id,"
        "dependent,group,order,tags,used\n"
        "M1,Delgado,Rosa,1948-03-14,FEMALE,es-US,oh,P1,2024-01-01,,,no,,1,esrd hospice,\n"
        'M2,"Ruiz, Jr",Leo,2015-08-17,,,TX,P2,,2026-12-31,S9,yes,G1,,,visits:2026:12.5 pt:2026:3\n'
    )
    report, rejected = take(content)
    assert (report.format, report.rows, report.written, rejected) == ("csv", 2, True, [])
    with store.read("demo") as look:
        (first,), (second,) = (look.members.find([key], PLANS.get)[0] for key in ("M1", "S9"))
    one, two = first.coverage, second.coverage
    assert (one.gender, one.language, one.state) == ("female", "es", "OH")
    assert one.tags == {"esrd", "hospice"} and first.order == 1
    assert one.period == Period(date(2024, 1, 1), None)
    assert (two.family, two.dependent, second.group) == ("Ruiz, Jr", True, "G1")
    assert [(u.limit, str(u.amount), u.year) for u in two.used] == [
        ("visits", "12.5", 2026),
        ("pt", "3", 2026),
    ]


HEAD = "member_id,family,birth_date,plan,starts,ends,dependent,order,gender,used\n"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",Delgado,1948-03-14,P1,,,,,,", "member_id is empty"),
        ("M1,,1948-03-14,P1,,,,,,", "family is empty"),
        ("M1,Delgado,14.3.1948,P1,,,,,,", "birth_date must be a day"),
        ("M1,Delgado,1948-03-14,,,,,,,", "plan is empty"),
        ("M1,Delgado,1948-03-14,P9,,,,,,", "no plan P9"),
        ("M1,Delgado,1948-03-14,P1,2024-01-01,2023-01-01,,,,", "ends is before starts"),
        ("M1,Delgado,1948-03-14,P1,20240101,,,,,", "starts must be a day"),
        ("M1,Delgado,1948-03-14,P1,,,maybe,,,", "dependent must be"),
        ("M1,Delgado,1948-03-14,P1,,,,first,,", "order must be"),
        ("M1,Delgado,1948-03-14,P1,,,,,x,", "gender must be"),
        ("M1,Delgado,1948-03-14,P1,,,,,,visits", "used must be"),
        ("M1,Delgado,1948-03-14,P1,,,,,,visits:2026:-1", "used must be"),
        ("M1,Delgado,1948-03-14,P1,,,,,,visits:2026:NaN", "used must be"),
        ("M1,Delgado,1948-03-14,P1", "more or fewer fields"),
        ("M1,Delgado,1948-03-14,P1,,,,,,,,", "more or fewer fields"),
    ],
)
def test_a_bad_csv_row_is_named_and_nothing_is_stored(take, store, row: str, reason: str) -> None:
    report, (rejection,) = take(f"{HEAD}M0,Kim,1962-02-28,P1,,,,,,\n{row}\n")
    assert rejection.line == 3 and reason in rejection.reason
    assert not report.written and is_empty(store)


def test_the_template_is_a_file_that_can_be_imported(take, store) -> None:
    assert take(template())[0].written
    assert member_ids(store, "FW100003") == ["FW100003"]


def test_a_person_under_two_plans_is_two_csv_rows(take, store) -> None:
    content = HEAD + "".join(f"M1,Kim,1962-02-28,{plan},,,,,,\n" for plan in ("P1", "P2"))
    report, rejected = take(content)
    assert report.written and rejected == []
    assert len(member_ids(store, "M1")) == 2


def test_a_dependent_without_own_number_is_known_by_the_familys(take, store) -> None:
    card = coverage(
        "1",
        identifier=[],
        subscriberId="FAM1",
        relationship={"coding": [{"code": "child"}]},
    )
    take([organization(), patient(), card])
    person = Person((), "Delgado", "Rosa", date(1948, 3, 14))
    asked = request(person, CoverageClaim((Identifier("", "FAM1", "MB"),)))
    found = StoredMembers(store, "demo", PLANS.get).find(asked, date(2026, 11, 25))
    assert isinstance(found, Coverage) and found.dependent and found.member_id == "FAM1"


def test_eligibility_reads_what_was_imported(take, store) -> None:
    take(GOOD)
    source = StoredMembers(store, "demo", PLANS.get)
    person = Person((), "Delgado", "Rosa", date(1948, 3, 14))
    card = CoverageClaim((Identifier(SYSTEM, "M1", "MB"),))
    assert isinstance(source.find(request(person, card), date(2026, 11, 25)), Coverage)
    stranger = CoverageClaim((Identifier(SYSTEM, "M2", "MB"),))
    assert isinstance(source.find(request(person, stranger), date(2026, 11, 25)), NotEligible)


def test_progress_is_told_for_each_step(take) -> None:
    told: list[tuple[str, int, int]] = []
    take(GOOD, progress=lambda *step: told.append(step))
    assert {step for step, _, _ in told} == {"read", "check", "store"}
    assert all(0 <= done <= of for _, done, of in told)


def paid(store: Store, number: str = "M1", **other: Any) -> list[tuple[str, PaidLine]]:
    with store.read("demo") as look:
        (row,), _ = look.members.find([number_key(number)], PLANS.get)
        return list(look.members.paid(replace(row.coverage, **other)))


def test_what_was_paid_comes_back_with_its_amounts(take, store) -> None:
    report, _ = take([*GOOD, benefit()])
    assert report.changes["paid claims"] == {Change.NEW: 1}
    ((ref, service),) = paid(store)
    assert (ref, [each.code for each in service.codings]) == ("ExplanationOfBenefit/1", ["E2601"])
    day = date(2025, 3, 7)
    assert (service.period, service.npi) == (Period(day, day), "1900005004")
    assert (service.units, service.paid) == (Decimal(2), Decimal("41.5"))
    assert take([benefit()])[0].changed == 0


def test_a_reversed_claim_is_paid_no_more(take, store) -> None:
    take([*GOOD, benefit(), benefit("2")])
    take([benefit(status="cancelled")])
    assert [ref for ref, _ in paid(store)] == ["ExplanationOfBenefit/2"]


def test_a_family_number_shows_the_claims_of_one_person_alone(take, store) -> None:
    """Both are known by the subscriber's number."""
    take([*GOOD, benefit()])
    assert len(paid(store)) == 1
    assert paid(store, given="Luz") == paid(store, birth_date=date(1990, 1, 1)) == []


def test_a_refused_line_was_not_paid(take, store) -> None:
    code = {"productOrService": {"coding": [{"system": HCPCS, "code": "E0601"}]}}
    refusal = {"category": {"coding": [{"code": "denialreason"}]}}
    refused = {**code, "servicedDate": "2025-01-01", "adjudication": [refusal]}
    take([*GOOD, benefit("1", refused), benefit("2", {**refused, "adjudication": []})])
    ((ref, service),) = paid(store)
    assert (ref, service.paid) == ("ExplanationOfBenefit/2", None)


def test_predeterminations_and_drafts_are_passed_over(take, store) -> None:
    report, _ = take([*GOOD, benefit(use="predetermination"), benefit("2", status="draft")])
    assert report.ignored == 2 and paid(store) == []


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (benefit(patient={}), "ExplanationOfBenefit.patient.reference is missing"),
        (benefit(patient={"reference": "Patient/9"}), "its person is neither in the file nor"),
        (benefit("1", {"servicedDate": "2025-01-01"}), "item[0].productOrService has no code"),
        (
            benefit("1", {"productOrService": {"coding": [{"code": "E0601"}]}}),
            "item[0].serviced[x] is missing",
        ),
    ],
)
def test_a_claim_that_cannot_be_used_is_named(take, store, bad, reason) -> None:
    report, (rejection,) = take([*GOOD, bad])
    assert not report.written and rejection.kind == "ExplanationOfBenefit"
    assert reason in rejection.reason and is_empty(store)
