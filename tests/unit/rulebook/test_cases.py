"""Cases say a request in a few words; what they cannot mean is refused with its line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from app.domain.facts import EvidenceKind
from app.domain.values import Concept, Quantity
from app.errors import BadData
from app.rulebook import Rulebook, load
from app.rulebook.cases import Case, cases
from app.rulebook.trial import run, uncovered

Read = Callable[[str], Case]


@pytest.fixture
def read(folder: Path) -> Read:
    """The one case of the policy made-up with these words."""

    def found(words: str) -> Case:
        content = f"policy: made-up\ncases:\n  - {{name: a, because: b, service: X1000, expect: {{}}, {words}}}\n"
        (folder / "made-up" / "cases.yaml").write_text(content, encoding="utf-8")
        book = load(folder)
        return cases(folder / "made-up", book.policy("made-up"), book.terms, book.plans)[0]

    return found


def test_a_case_describes_request_and_coverage(read: Read) -> None:
    case = read(
        "plan: FW-FI-01, units: 3, unit: visits, service_end: 2026-12-31, service_day: 2026-12-01, "
        "place: '12', modifiers: [RR, KX], revenue: '0128', born: 1950-01-02, sex: female, "
        "specialty: [207R00000X], npi: '1', urgency: expedited, use: predetermination, "
        "admission: 2026-11-30, discharge: 2026-12-05, used: {visits: 4}, tags: [vip], "
        "covered_from: 2020-01-01, diagnoses: [J44.9, SNOMED 1]"
    )
    item, coverage = case.request.items[0], case.coverage
    assert item.quantity is not None and (item.quantity.value, item.quantity.unit) == (3, "visits")
    assert item.serviced is not None and item.serviced.end == date(2026, 12, 31)
    assert [code for each in item.modifiers for _, code in each.codes()] == ["RR", "KX"]
    assert (coverage.plan.id, coverage.birth_date) == ("FW-FI-01", date(1950, 1, 2))
    assert (coverage.used[0].amount, coverage.tags) == (4, {"vip"})
    assert (str(case.request.use), str(case.request.urgency)) == ("predetermination", "expedited")
    assert case.request.discharge is not None and case.request.discharge.start == date(2026, 12, 5)
    assert len(case.request.diagnoses) == 2


def test_a_case_may_invent_its_plan(read: Read) -> None:
    plan = read("line: medicaid, state: TX, product: HMO, funding: public").coverage.plan
    assert (plan.line, plan.state, plan.product, plan.funding) == (
        "medicaid",
        "TX",
        "HMO",
        "public",
    )


def test_a_case_with_a_line_of_business_drops_the_default_plan(folder: Path) -> None:
    path = folder / "made-up" / "cases.yaml"
    path.write_text(path.read_text().replace("facts:", "line: medicare-ffs\n    facts:"))
    book = load(folder)
    case = cases(folder / "made-up", book.policy("made-up"), book.terms, book.plans)[0]
    assert case.coverage.plan.line == "medicare-ffs"


def test_evidence_of_every_kind_can_be_written(read: Read) -> None:
    case = read(
        "evidence: ["
        "{observation: 29463-7, value: 81, unit: kg, at: 2026-11-01T10:00, with: {status: final, n: 3}}, "
        "{observation: 1-8, code: '5', at: 2026-11-01}, {procedure: 97110, from: 2026-09-01, to: 2026-09-30}, "
        "{medication: 5856, value: yes}, {history: J1745, value: 2026-01-01}]"
    )
    weight, coded, therapy, insulin, paid = case.request.evidence
    assert weight.value == Quantity(weight.value.value, "kg", "kg")  # type: ignore[union-attr]
    assert isinstance(weight.at, datetime)
    assert weight.attributes == {"status": "final", "n": 3}
    assert isinstance(coded.value, Concept)
    assert therapy.period is not None and therapy.at == date(2026, 9, 1)
    assert (insulin.value, insulin.kind) == (True, EvidenceKind.MEDICATION)
    assert paid.value == date(2026, 1, 1)


def test_an_instant_of_receipt_sets_the_day(read: Read) -> None:
    case = read("received: 2026-11-20T10:00:00+00:00")
    assert case.received == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert case.received.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("plan: FW-XX-01", "no plan 'FW-XX-01'"),
        ("without: [ill]", "`without:` names 'ill', which no default gives"),
        ("facts: {units: 3}", "units comes from the request"),
        ("facts: {health: 3}", "the policy has no fact 'health'"),
        ("facts: {ill: perhaps}", "expected yes or no"),
        ("diagnoses: [XYZ 1]", "'XYZ' is no code system"),
        ("evidence: [{value: 3}]", "evidence names one of"),
        ("evidence: [{observation: 1-8, at: soon}]", "expected an instant like"),
        ("wishes: none", "a case has no `wishes:`"),
        ("line: medicare", "'medicare' is not one of"),
    ],
)
def test_a_case_that_means_nothing_is_refused(read: Read, words: str, message: str) -> None:
    with pytest.raises(BadData, match=r"made-up/cases\.yaml:3: ") as fault:
        read(words)
    assert message in str(fault.value)


def test_an_unknown_expectation_is_refused(folder: Path) -> None:
    path = folder / "made-up" / "cases.yaml"
    path.write_text(path.read_text().replace("outcome:", "answer:"))
    book = load(folder)
    with pytest.raises(BadData, match="`expect:` has no 'answer'"):
        list(run(folder, book, book.policies.values()))


def test_cases_belong_to_their_policy_and_have_names_of_their_own(folder: Path) -> None:
    path = folder / "made-up" / "cases.yaml"
    book = load(folder)
    path.write_text("policy: other\ncases: []\n")
    with pytest.raises(BadData, match="these cases belong to the policy made-up"):
        list(run(folder, book, book.policies.values()))
    twice = "  - {name: a, because: b, service: X1000, expect: {}}\n" * 2
    path.write_text(f"policy: made-up\ncases:\n{twice}")
    with pytest.raises(BadData, match="two cases are called 'a'"):
        list(run(folder, book, book.policies.values()))
    path.unlink()
    assert list(run(folder, book, book.policies.values())) == []


def wrong(folder: Path, expect: str) -> tuple[str, ...]:
    content = (
        "policy: made-up\ncases:\n  - {name: a, because: b, service: X1000, plan: FW-MA-01, "
        f"service_day: 2026-12-01, facts: {{ill: yes}}, expect: {expect}}}\n"
    )
    (folder / "made-up" / "cases.yaml").write_text(content, encoding="utf-8")
    book = load(folder)
    return next(run(folder, book, book.policies.values())).wrong


@pytest.mark.parametrize(
    ("expect", "found"),
    [
        ("{outcome: approved}", "outcome: pended, not approved"),
        ("{units: 3}", "units: none, not 3"),
        ("{until: 2026-12-31}", "until: none, not 2026-12-31"),
        ("{needed: [kilos]}", "needed: kilos not there (there: nothing)"),
        ("{reasons: [never]}", "reasons: never not there (there: no-rule-in-force)"),
        (
            "{findings: {is-ill: unmet, nothing: met}}",
            "findings: is-ill is met, nothing is not there",
        ),
        ("{deadline: law}", "deadline: ma-standard-2026, not law"),
        ("{policy: other}", "policy: made-up, not other"),
    ],
)
def test_a_wrong_expectation_says_what_was_found(folder: Path, expect: str, found: str) -> None:
    assert wrong(folder, expect) == (found,)


def test_what_is_asked_although_not_expected_is_named(folder: Path) -> None:
    path = folder / "made-up" / "policy.yaml"
    path.write_text(path.read_text().replace("unit: kg", "unit: kg\n    ask: {en: Weight?}"))
    assert wrong(folder, "{not_needed: [kilos]}") == (
        "not_needed: kilos there although not expected (there: kilos)",
    )


def test_expectations_that_hold_say_nothing(folder: Path) -> None:
    assert (
        wrong(folder, "{pathway: none, cause: clinical-review, due: 2026-12-02, not_needed: [ill]}")
        == ()
    )


def test_branches_without_a_case_are_named(folder: Path) -> None:
    book: Rulebook = load(folder)
    policy = book.policy("made-up")
    found = {
        (each.criterion, str(each.truth)) for each in uncovered(policy, run(folder, book, [policy]))
    }
    assert found == {
        ("is-ill", "unmet"),
        ("is-ill", "unknown"),
        ("heavy", "unmet"),
        ("heavy", "unknown"),
    }


def test_truths_that_cannot_happen_need_no_case(folder: Path) -> None:
    path = folder / "made-up" / "policy.yaml"
    content = (
        path.read_text()
        .replace(
            "criteria:\n",
            "pathways:\n  - id: way\n    label: {en: Way, es: Vía}\n    when: {fact: ill, known: yes}\n"
            "    criteria: {id: guarded, fact: ill, is: no, cite: rule}\n"
            "clinician:\n  - id: late\n    text: {en: Late, es: Tarde}\n"
            "    when: {id: always, fact: service-day, at_least: 2027-01-01}\n"
            "  - id: first\n    text: {en: First, es: Primero}\n"
            "    when: {id: fallback, fact: day, at_least: 2027-01-01}\n"
            "criteria:\n",
        )
        .replace(
            "  kilos:",
            "  day:\n    label: {en: Day, es: Día}\n    type: date\n"
            "    derive: {first-known: [service-end, service-day]}\n  kilos:",
        )
    )
    path.write_text(content)
    book = load(folder)
    policy = book.policy("made-up")
    found = {each.criterion for each in uncovered(policy, []) if str(each.truth) == "unknown"}
    assert found == {"is-ill", "heavy"}


def test_an_exemption_is_judged_on_every_case_whoever_decides(folder: Path) -> None:
    home = folder / "exempt"
    home.mkdir()
    content = (folder / "made-up" / "policy.yaml").read_text().replace("id: made-up", "id: exempt")
    content = content.replace("owner:", "role: exemption\nowner:").replace(
        "review: prior-authorization", "review: none"
    )
    (home / "policy.yaml").write_text(content)
    case = (
        "  - {{name: {name}, because: b, service: X1000, plan: FW-MA-01, service_day: 2026-12-01, "
        "facts: {facts}, gold_card: {{approved: 1, requests: 1, to: 2026-01-01, lines: [chip]}}, "
        "expect: {{}}}}\n"
    )
    facts = ("{ill: no, kilos: 20}", "{}", "{ill: yes, kilos: 60}")
    rows = "".join(case.format(name=n, facts=each) for n, each in enumerate(facts))
    (home / "cases.yaml").write_text(f"policy: exempt\ncases:\n{rows}")
    book = load(folder)
    policy = book.policy("exempt")
    results = list(run(folder, book, [policy]))
    assert list(uncovered(policy, results)) == []
    decided_by = [each.decision.items[0].policy for each in results]
    assert [each.id for each in decided_by if each] == ["made-up", "made-up", "exempt"]
