"""A machine approves, asks, hands over, or states a benefit fact. It never denies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from app.determine import decide as deciding
from app.determine.decide import decide
from app.determine.explain import explain
from app.domain.coverage import EligibilityProblem, NotEligible
from app.domain.decision import BusinessProblem, Decision, Outcome, PendCause, ReviewKind
from app.domain.facts import Truth
from app.rulebook import Rulebook
from app.rulebook.cases import Case
from app.rulebook.trial import moment_at

from .conftest import EN_ES, policy

Answer = Callable[..., Decision]
CHILD = {"plan": "FW-MCD-01", "born": "2013-05-05"}


def codes(decision: Decision) -> list[str]:
    return [reason.code for reason in decision.items[0].reasons]


@pytest.mark.parametrize(
    ("facts", "outcome", "cause", "clinical"),
    [
        ({"ill": "yes"}, Outcome.APPROVED, None, Truth.MET),
        ({"ill": "no"}, Outcome.PENDED, PendCause.CLINICAL_REVIEW, Truth.UNMET),
        ({}, Outcome.PENDED, PendCause.MISSING_FACTS, Truth.UNKNOWN),
    ],
)
def test_met_approves_unmet_goes_to_a_person_unknown_asks(
    answer: Answer,
    facts: dict[str, str],
    outcome: Outcome,
    cause: PendCause | None,
    clinical: Truth,
) -> None:
    line = answer(policy(), facts=facts).items[0]
    assert (line.outcome, line.pend_cause, line.clinical) == (outcome, cause, clinical)


def test_a_grant_begins_on_the_day_of_service_and_has_a_number(answer: Answer) -> None:
    made = policy(grant={"units": 2, "period": "90 days", "next_review": "7 days"})
    decision = answer(made, facts={"ill": "yes"}, units=2)
    grant = decision.items[0].grant
    assert grant is not None and grant.units is not None
    assert (grant.period.start, grant.period.end) == (date(2026, 12, 1), date(2027, 2, 28))
    assert (grant.units.value, grant.next_review) == (2, date(2026, 12, 8))
    assert grant.number.startswith("FA-") and decision.number.startswith("FA-")
    assert decision.period == grant.period


def test_what_was_asked_is_granted_when_the_policy_names_no_number(answer: Answer) -> None:
    line = answer(policy(grant={"period": "30 days"}), facts={"ill": "yes"}, units=17).items[0]
    assert line.grant is not None and line.grant.units is not None
    assert line.grant.units.value == 17
    line = answer(policy(grant={"period": "30 days"}), facts={"ill": "yes"}).items[0]
    assert line.grant is not None and line.grant.units is None


def test_more_than_the_grant_goes_to_a_person(answer: Answer) -> None:
    decision = answer(policy(), facts={"ill": "yes"}, units=3)
    assert (decision.items[0].outcome, codes(decision)[0]) == (Outcome.PENDED, "beyond-grant")


REDUCING = policy(grant={"units": 2, "period": "90 days", "beyond": "reduce", "cite": "rule 4"})


def test_a_cited_coverage_rule_reduces_the_number(answer: Answer) -> None:
    decision = answer(REDUCING, facts={"ill": "yes"}, units=3)
    line = decision.items[0]
    assert line.outcome is Outcome.MODIFIED and line.grant and line.grant.units
    assert line.grant.units.value == 2
    assert codes(decision)[0] == "reduced-to-rule"
    assert line.reasons[0].citations[0].section == "4"


def test_no_number_is_reduced_for_a_child_on_medicaid(answer: Answer) -> None:
    decision = answer(REDUCING, facts={"ill": "yes"}, units=3, **CHILD)
    assert (decision.items[0].outcome, codes(decision)[0]) == (Outcome.PENDED, "child-protected")
    unknown_age = answer(REDUCING, facts={"ill": "yes"}, units=3, plan="FW-MCD-01")
    assert unknown_age.items[0].outcome is Outcome.PENDED


def test_the_number_may_come_from_a_fact(answer: Answer) -> None:
    made = policy(
        facts={
            "ill": {"label": EN_ES, "type": "yes-no", "ask": EN_ES},
            "kilos": {"label": EN_ES, "type": "number", "unit": "kg"},
            "vials": {
                "label": EN_ES,
                "type": "number",
                "derive": {"ceiling": {"ratio": ["kilos", 10]}},
            },
        },
        grant={"units": {"fact": "vials"}, "period": "90 days"},
    )
    line = answer(made, facts={"ill": "yes", "kilos": "81"}, units=9).items[0]
    assert line.outcome is Outcome.APPROVED and line.grant and line.grant.units
    line = answer(made, facts={"ill": "yes", "kilos": "81"}, units=10).items[0]
    assert line.pend_cause is PendCause.CLINICAL_REVIEW
    line = answer(made, facts={"ill": "yes"}, units=1).items[0]
    assert line.pend_cause is PendCause.CLINICAL_REVIEW


def test_a_services_own_grant_and_a_pathways_grant_come_first(answer: Answer) -> None:
    scope = {"id": "a", "review": "prior-authorization", "services": ["X1000"], "cite": "rule"}
    way = {"id": "way", "label": EN_ES, "criteria": [{"fact": "ill", "is": True, "cite": "rule"}]}
    own = policy(applies=[{**scope, "grant": {"units": 5, "period": "1 day"}}])
    line = answer(own, facts={"ill": "yes"}).items[0]
    assert line.grant and line.grant.units and line.grant.units.value == 5
    with_way = {**own, "pathways": [{**way, "grant": {"units": 7, "period": "1 day"}}]}
    line = answer(with_way, facts={"ill": "yes"}).items[0]
    assert line.grant and line.grant.units and line.grant.units.value == 7
    assert line.pathway == "way"


def test_a_pathway_that_is_not_looked_at_asks_nothing(answer: Answer) -> None:
    facts = {
        "tested": {"label": EN_ES, "type": "number"},
        "better": {"label": EN_ES, "type": "yes-no", "ask": EN_ES},
    }
    way = {
        "id": "way",
        "label": EN_ES,
        "when": {"fact": "tested", "known": True},
        "criteria": [{"fact": "better", "is": True, "cite": "rule"}],
    }
    made = policy(facts=facts, pathways=[way])
    del made["criteria"]
    closed = answer(made).items[0]
    assert (closed.clinical, closed.needed) == (Truth.UNMET, ())
    opened = answer(made, facts={"tested": "1"}).items[0]
    assert [need.fact for need in opened.needed] == ["better"]


def test_a_pathway_whose_criteria_are_not_in_force_is_left_out(answer: Answer) -> None:
    later = {"fact": "ill", "is": True, "cite": "rule", "from": "2027-01-01"}
    ways = [
        {"id": "later", "label": EN_ES, "criteria": later},
        {"id": "now", "label": EN_ES, "criteria": {"fact": "ill", "is": False, "cite": "rule"}},
    ]
    made = policy(pathways=ways)
    del made["criteria"]
    line = answer(made, facts={"ill": "no"}).items[0]
    assert line.pathway == "now" and line.finding is not None
    assert [part.rule for part in line.finding.parts[0].parts] == ["now"]


def test_nobody_is_asked_about_a_consequence_while_its_condition_is_open(answer: Answer) -> None:
    facts = {
        name: {"label": EN_ES, "type": "yes-no", "ask": EN_ES} for name in ("if-so", "then-this")
    }
    criteria = [
        {
            "if": {"fact": "if-so", "is": True},
            "then": {"fact": "then-this", "is": True},
            "cite": "rule",
        }
    ]
    made = policy(facts=facts, criteria=criteria)
    assert [each.fact for each in answer(made).items[0].needed] == ["if-so"]
    opened = answer(made, facts={"if-so": "yes"}).items[0]
    assert [each.fact for each in opened.needed] == ["then-this"]
    assert answer(made, facts={"if-so": "no"}).items[0].outcome is Outcome.APPROVED


NEVER = {"id": "never-this", "when": {"fact": "ill", "is": False}, "text": EN_ES, "cite": "rule 9"}


def test_a_benefit_fact_is_not_covered_and_says_its_rule(answer: Answer) -> None:
    offer = {"service": "X2000", "text": EN_ES}
    decision = answer(policy(never=[{**NEVER, "offer": offer}]), facts={"ill": "no"})
    line = decision.items[0]
    assert (line.outcome, line.benefit) == (Outcome.NOT_COVERED, "rule")
    assert codes(decision) == ["benefit-rule", "offered-instead"]
    assert line.reasons[0].citations[0].section == "9"


def test_a_benefit_fact_that_a_clinician_signs_waits(answer: Answer) -> None:
    decision = answer(policy(never=[{**NEVER, "signed": True}]), facts={"ill": "no"})
    assert decision.items[0].outcome is Outcome.PENDED
    assert codes(decision) == ["provider-signature", "benefit-rule"]


def test_a_benefit_fact_never_decides_for_a_child_on_medicaid(answer: Answer) -> None:
    decision = answer(policy(never=[NEVER]), facts={"ill": "no"}, **CHILD)
    assert (decision.items[0].outcome, codes(decision)[0]) == (Outcome.PENDED, "child-protected")


def test_an_unknown_benefit_fact_holds_an_approval_back_and_is_asked(answer: Answer) -> None:
    facts = {
        "ill": {"label": EN_ES, "type": "yes-no", "ask": EN_ES},
        "second": {"label": EN_ES, "type": "yes-no", "ask": EN_ES},
    }
    never = [{**NEVER, "when": {"fact": "second", "is": True}}]
    line = answer(policy(facts=facts, never=never), facts={"ill": "yes"}).items[0]
    assert (line.outcome, line.clinical) == (Outcome.PENDED, Truth.MET)
    assert [need.fact for need in line.needed] == ["second"]


def test_a_route_to_a_person_names_its_reason(answer: Answer) -> None:
    route = {"id": "gap", "when": {"fact": "ill", "is": False}, "text": EN_ES}
    decision = answer(policy(clinician=[route]), facts={"ill": "no"})
    assert (decision.items[0].pend_cause, codes(decision)) == (PendCause.CLINICAL_REVIEW, ["gap"])
    met = {**route, "when": {"fact": "ill", "is": True}}
    assert (
        answer(policy(clinician=[met]), facts={"ill": "yes"}).items[0].outcome is Outcome.APPROVED
    )
    always = answer(policy(clinician=[{**met, "always": True}]), facts={"ill": "yes"})
    assert codes(always) == ["gap"]


def test_an_exemption_inside_a_policy_needs_no_review(answer: Answer) -> None:
    exempt = [{"id": "lately", "when": {"fact": "ill", "is": False}, "text": EN_ES, "cite": "rule"}]
    decision = answer(policy(exempt=exempt), facts={"ill": "no"})
    assert (decision.items[0].outcome, codes(decision)) == (Outcome.NOT_REQUIRED, ["exempt"])


@pytest.mark.parametrize(
    ("outcomes", "facts", "outcome", "cause"),
    [
        ({"met": "not-required"}, {"ill": "yes"}, Outcome.NOT_REQUIRED, None),
        ({"met": "clinician"}, {"ill": "yes"}, Outcome.PENDED, PendCause.CLINICAL_REVIEW),
        ({"met": "not-covered"}, {"ill": "yes"}, Outcome.NOT_COVERED, None),
        ({"unmet": "not-covered"}, {"ill": "no"}, Outcome.NOT_COVERED, None),
        ({"unknown": "clinician"}, {}, Outcome.PENDED, PendCause.CLINICAL_REVIEW),
    ],
)
def test_a_policy_may_say_what_its_truths_lead_to(
    answer: Answer,
    outcomes: dict[str, str],
    facts: dict[str, str],
    outcome: Outcome,
    cause: PendCause | None,
) -> None:
    line = answer(policy(outcomes=outcomes), facts=facts).items[0]
    assert (line.outcome, line.pend_cause) == (outcome, cause)
    child = answer(policy(outcomes=outcomes), facts=facts, **CHILD).items[0]
    assert child.outcome is not Outcome.NOT_COVERED


def test_a_policy_for_which_a_person_always_decides_needs_no_criteria(answer: Answer) -> None:
    made = policy(outcomes={"unknown": "clinician"})
    del made["criteria"]
    assert answer(made).items[0].pend_cause is PendCause.CLINICAL_REVIEW


def test_a_contradiction_goes_to_a_person(answer: Answer) -> None:
    facts = {
        "ill": {
            "label": EN_ES,
            "type": "yes-no",
            "ask": EN_ES,
            "find": [{"observation": ["75325-1"]}],
        }
    }
    evidence = [
        {"observation": "75325-1", "value": "yes", "at": "2026-11-01"},
        {"observation": "75325-1", "value": "no", "at": "2026-11-01"},
    ]
    decision = answer(policy(facts=facts), evidence=evidence)
    assert codes(decision) == ["facts-conflict"]


def test_unknown_with_nothing_to_ask_goes_to_a_person(answer: Answer) -> None:
    facts = {"ill": {"label": EN_ES, "type": "yes-no"}}
    assert codes(answer(policy(facts=facts))) == ["no-rule-in-force"]


def test_what_a_computed_fact_lacks_is_asked_and_given_facts_get_a_question(answer: Answer) -> None:
    facts = {
        "kilos": {"label": EN_ES, "type": "number", "unit": "kg", "ask": EN_ES},
        "metres": {"label": EN_ES, "type": "number", "unit": "cm", "ask": EN_ES},
        "bmi": {
            "label": EN_ES,
            "type": "number",
            "unit": "kg/m2",
            "derive": {"bmi": ["kilos", "metres"]},
        },
    }
    criteria = [
        {"fact": "bmi", "at_least": 35, "cite": "rule"},
        {"fact": "place", "code_in": ["11"], "cite": "rule"},
    ]
    documents = [{"id": "note", "label": EN_ES, "loinc": "11506-3", "pwk": "PN"}]
    made = policy(facts=facts, criteria=criteria, documents=documents)
    line = answer(made, facts={"kilos": "100"}).items[0]
    assert [(need.fact, need.loinc, need.pwk) for need in line.needed] == [
        ("metres", "11506-3", "PN"),
        ("place", "11506-3", "PN"),
    ]
    assert "place of service" in line.needed[1].question["en"]


@pytest.mark.parametrize(
    ("review", "outcome"),
    [
        ("none", Outcome.NOT_REQUIRED),
        ("not-covered", Outcome.NOT_COVERED),
        ("recommended-clinical-review", Outcome.NOT_REQUIRED),
        ("concurrent", Outcome.APPROVED),
    ],
)
def test_the_review_kind_decides_what_happens(
    answer: Answer, review: str, outcome: Outcome
) -> None:
    scope = {"id": "a", "review": review, "services": ["X1000"], "text": EN_ES, "cite": "rule"}
    line = answer(policy(applies=[scope]), facts={"ill": "yes"}).items[0]
    assert (line.outcome, line.review_kind) == (outcome, ReviewKind(review))


def test_a_service_that_is_never_covered_goes_to_a_person_for_a_child(answer: Answer) -> None:
    scope = {
        "id": "a",
        "review": "not-covered",
        "services": ["X1000"],
        "text": EN_ES,
        "cite": "rule",
    }
    line = answer(policy(applies=[scope]), **CHILD).items[0]
    assert (line.outcome, line.benefit) == (Outcome.PENDED, "excluded")


def test_a_delegate_is_named_with_its_disclosure(answer: Answer) -> None:
    scope = {
        "id": "a",
        "review": "delegated",
        "delegate": "clearview-imaging",
        "services": ["X1000"],
    }
    decision = answer(policy(applies=[scope]))
    line = decision.items[0]
    assert (line.pend_cause, line.delegate) == (PendCause.DELEGATE, "clearview-imaging")
    assert codes(decision) == ["delegated", "delegate-disclosure"]
    assert "1-800" in line.reasons[0].text["en"]


def test_an_optional_opinion_is_judged_and_never_an_authorization(answer: Answer) -> None:
    scope = {
        "id": "a",
        "review": "recommended-clinical-review",
        "services": ["X1000"],
        "cite": "rule",
    }
    made = policy(applies=[scope])
    decision = answer(made, facts={"ill": "yes"}, use="predetermination")
    assert decision.items[0].outcome is Outcome.APPROVED
    assert decision.items[0].grant is None and decision.number == ""
    assert "not-a-guarantee" in codes(decision)
    required = answer(policy(), facts={"ill": "yes"}, use="predetermination")
    assert {"not-a-guarantee", "authorization-required"} <= set(codes(required))
    assert required.items[0].grant is None


def test_a_past_service_is_reviewed_afterwards_and_the_missed_request_said_apart(
    answer: Answer,
) -> None:
    past = {"service_day": "2026-11-01", "service_end": "2026-11-01"}
    decision = answer(policy(), facts={"ill": "yes"}, **past)
    line = decision.items[0]
    assert (line.outcome, line.review_kind) == (Outcome.APPROVED, ReviewKind.POST_SERVICE)
    assert codes(decision)[-1] == "post-service"
    assert line.penalty is not None and "was not asked for in time" in line.penalty.text["en"]
    assert any("Apart from necessity: " in told for told in explain(decision))
    earlier = answer(policy(), facts={"ill": "yes"}, previous_number="FA-1", **past)
    assert codes(earlier)[-1] == "post-service" and earlier.items[0].penalty is None
    running = answer(
        policy(), facts={"ill": "yes"}, service_day="2026-11-01", service_end="2026-11-25"
    )
    assert running.items[0].review_kind is ReviewKind.PRIOR_AUTHORIZATION
    free = {"id": "a", "review": "none", "services": ["X1000"]}
    none = answer(policy(applies=[free]), service_day="2026-11-01")
    assert none.items[0].review_kind is ReviewKind.NONE


PLAN = """
id: FW-MA-01
name: Plan
payer: FAIRWATER
line: {line}
sources: {{book: {{title: The certificate, url: "https://payer.example/book"}}}}
unlisted: {unlisted}
cite: book
exclusions:
  - {{id: toys, text: {{en: Toys, es: Juguetes}}, services: [X5000], cite: book 5, to: 2026-12-31}}
waiting:
  - {{id: teeth, text: {{en: Teeth, es: Dientes}}, services: [X6000], months: 12, cite: book 6}}
limits:
  - {{id: visits, label: {{en: 20 visits, es: 20 visitas}}, services: [X1000, X7000], amount: 20, unit: visits, cite: book 7}}
  - {{id: days, label: {{en: 5 days, es: 5 días}}, services: [X7000], amount: 5, unit: days, cite: book 8}}
"""


@pytest.fixture
def planned(answer: Answer) -> Answer:
    """Like `answer`, under a plan with benefits of its own."""

    def given(
        made: dict[str, Any], line: str = "commercial", unlisted: str = "none", **said: Any
    ) -> Decision:
        files = {"_plans/FW-MA-01.yaml": PLAN.format(line=line, unlisted=unlisted)}
        return answer(made, files=files, **said)

    return given


def test_an_excluded_service_is_a_benefit_fact(planned: Answer) -> None:
    decision = planned(policy(), service="X5000")
    assert (decision.items[0].outcome, decision.items[0].benefit) == (
        Outcome.NOT_COVERED,
        "excluded",
    )
    assert decision.items[0].reasons[0].citations[0].section == "5"
    assert planned(policy(), service="X5000", service_day="2027-01-01").items[0].outcome is (
        Outcome.NOT_REQUIRED
    )
    child = planned(policy(), line="medicaid", service="X5000", born="2013-05-05")
    assert codes(child)[0] == "child-protected"


def test_the_clinical_verdict_is_kept_beside_an_exclusion(planned: Answer) -> None:
    scope = {"id": "a", "review": "prior-authorization", "services": ["X5000"], "cite": "rule"}
    line = planned(policy(applies=[scope]), service="X5000", facts={"ill": "yes"}).items[0]
    assert (line.outcome, line.clinical, line.benefit) == (
        Outcome.NOT_COVERED,
        Truth.MET,
        "excluded",
    )


def test_a_waiting_period_counts_from_the_first_day_of_coverage(planned: Answer) -> None:
    early = planned(policy(), service="X6000", covered_from="2025-12-02")
    assert codes(early) == ["waiting-period"]
    late = planned(policy(), service="X6000", covered_from="2025-12-01")
    assert late.items[0].outcome is Outcome.NOT_REQUIRED
    assert planned(policy(), service="X6000").items[0].outcome is Outcome.NOT_REQUIRED


def test_a_yearly_limit_reduces_or_ends_the_benefit(planned: Answer) -> None:
    made = policy(grant={"period": "90 days"})
    full = planned(made, facts={"ill": "yes"}, units=20)
    assert full.items[0].outcome is Outcome.APPROVED
    partly = planned(made, facts={"ill": "yes"}, units=20, used={"visits": 15})
    line = partly.items[0]
    assert line.outcome is Outcome.MODIFIED and line.grant and line.grant.units
    assert (line.grant.units.value, codes(partly)[0]) == (5, "limit-reduced")
    assert partly.accumulated[0][0] == "visits"
    spent = planned(made, facts={"ill": "yes"}, used={"visits": 20})
    assert (spent.items[0].outcome, codes(spent)[0]) == (Outcome.NOT_COVERED, "limit-reached")
    assert spent.items[0].clinical is Truth.MET
    asked = planned(made, used={"visits": 20})
    assert asked.items[0].outcome is Outcome.PENDED


def test_a_limit_also_ends_services_that_need_no_authorization(planned: Answer) -> None:
    tightest = planned(policy(), service="X7000", used={"visits": 3, "days": 5})
    assert (tightest.items[0].outcome, tightest.items[0].benefit) == (Outcome.NOT_COVERED, "limit")
    other = planned(policy(), service="X7000", used={"visits": 19, "days": 0})
    assert other.items[0].outcome is Outcome.NOT_REQUIRED
    open_still = planned(policy(), service="X7000", used={"visits": 3, "days": 4})
    assert open_still.items[0].outcome is Outcome.NOT_REQUIRED


def test_no_limit_decides_for_a_child_on_medicaid(planned: Answer) -> None:
    made = policy(grant={"period": "90 days"})
    child = {"line": "medicaid", "born": "2013-05-05", "facts": {"ill": "yes"}}
    partly = planned(made, units=20, used={"visits": 15}, **child)
    spent = planned(made, units=20, used={"visits": 20}, **child)
    for decision in (partly, spent):
        assert (decision.items[0].outcome, codes(decision)[0]) == (
            Outcome.PENDED,
            "child-protected",
        )


def test_a_service_that_nobody_names_follows_the_plans_rule(planned: Answer) -> None:
    assert codes(planned(policy(), service="Z0000")) == ["not-listed"]
    reviewed = planned(policy(), unlisted="review", service="Z0000")
    assert (reviewed.items[0].pend_cause, codes(reviewed)) == (PendCause.NO_POLICY, ["no-policy"])


def test_a_technology_under_assessment_names_the_missing_evidence(answer: Answer) -> None:
    register = """
register:
  - id: tech
    label: {en: Tech}
    services: [Z1000]
    evidence:
      government-rule: {status: missing}
      technology-assessment: {status: supports, source: ECRI, dated: 2026-01-01}
      fda: {status: supports, source: FDA, dated: 2026-01-01}
      literature: {status: developing, source: File, dated: 2026-01-01}
"""
    files = {"_new_technology.yaml": register}
    decision = answer(policy(), files=files, service="Z1000")
    assert codes(decision) == ["new-technology"]
    assert "government-rule, literature" in decision.items[0].reasons[0].text["en"]
    proven = register.replace("missing", "supports, source: CMS, dated: 2026-01-01").replace(
        "developing", "supports"
    )
    assert codes(answer(policy(), files={"_new_technology.yaml": proven}, service="Z1000")) == [
        "not-listed"
    ]


def test_a_route_may_name_what_the_register_lacks(answer: Answer) -> None:
    register = """
register:
  - id: tech
    label: {en: Tech}
    services: [X1000]
    evidence:
      government-rule: {status: missing}
      technology-assessment: {status: supports, source: ECRI, dated: 2026-01-01}
      fda: {status: supports, source: FDA, dated: 2026-01-01}
      literature: {status: supports, source: File, dated: 2026-01-01}
"""
    route = {
        "id": "young",
        "when": {"fact": "ill", "is": False},
        "text": EN_ES,
        "technology": "tech",
    }
    files = {"_new_technology.yaml": register}
    decision = answer(policy(clinician=[route]), files=files, facts={"ill": "no"})
    assert codes(decision) == ["young", "new-technology"]
    assert answer(policy(clinician=[route]), files=files, facts={"ill": "yes"}).items[
        0
    ].outcome is (Outcome.APPROVED)


def test_an_exempt_provider_needs_no_review(answer: Answer) -> None:
    cards = """
sources: {law: {title: The law, url: "https://law.example"}}
cards:
  - {npi: "1900008008", services: [X1000], from: 2026-01-01, to: 2026-12-31, cite: law 7}
"""
    files = {"_gold_cards.yaml": cards}
    decision = answer(policy(), files=files, npi="1900008008")
    assert (decision.items[0].outcome, codes(decision)) == (
        Outcome.NOT_REQUIRED,
        ["exempt-provider"],
    )
    assert decision.items[0].reasons[0].citations[0].section == "7"
    other = answer(policy(), files=files, npi="1900008008", service_day="2027-01-01")
    assert other.items[0].outcome is Outcome.PENDED


def test_a_card_with_counts_gives_way_to_an_exemption_policy(answer: Answer) -> None:
    number = {"label": EN_ES, "type": "number"}
    judged = policy(
        id="gold-carding",
        role="exemption",
        applies=[{"id": "a", "review": "none", "services": "any", "cite": "rule"}],
        facts={
            "rate": {**number, "derive": {"percent": ["gold-card-approved", "gold-card-requests"]}}
        },
        criteria=[
            {"fact": "rate", "at_least": 90, "cite": "rule"},
            {"fact": "gold-card-requests", "at_least": 5, "cite": "rule"},
        ],
    )

    def outcome(approved: int, requests: int, *policies: Any) -> Outcome:
        card = {
            "approved": approved,
            "requests": requests,
            "from": "2026-01-01",
            "to": "2026-12-31",
        }
        return answer(policy(), *policies, gold_card=card).items[0].outcome

    assert outcome(17, 19) is Outcome.NOT_REQUIRED
    assert outcome(18, 20, judged) is Outcome.NOT_REQUIRED
    assert outcome(17, 19, judged) is Outcome.PENDED
    assert outcome(4, 4, judged) is Outcome.PENDED
    assert answer(policy(), judged).items[0].outcome is Outcome.PENDED


def test_a_card_holds_for_its_plans_and_lines_only(answer: Answer) -> None:
    def exempt(limit: str) -> bool:
        cards = f"""
sources: {{law: {{title: The law, url: "https://law.example"}}}}
cards:
  - {{npi: "7", services: [X1000], from: 2026-01-01, to: 2026-12-31, cite: law 7, {limit}}}
"""
        found = answer(policy(), files={"_gold_cards.yaml": cards}, npi="7")
        return found.items[0].outcome is Outcome.NOT_REQUIRED

    assert exempt("plans: [FW-MA-01]") and not exempt("plans: [FW-FI-01]")
    assert exempt("lines: [medicare-advantage]") and not exempt("lines: [medicare-ffs]")


def test_who_is_no_member_gets_a_business_error(
    book: Callable[..., Rulebook], case: Callable[..., Case]
) -> None:
    rulebook = book(policy())
    made = case(rulebook)
    found = NotEligible(EligibilityProblem.NOT_ACTIVE, "Bundle.entry[0]")
    decision = decide(made.request, found, rulebook, moment_at(made.received, "UTC"))
    assert decision.items == ()
    assert decision.errors[0].problem is BusinessProblem.COVERAGE_NOT_ACTIVE
    assert (decision.errors[0].at, decision.rulebook) == ("Bundle.entry[0]", rulebook.sha256)


def test_every_eligibility_problem_has_its_answer() -> None:
    assert set(deciding._PROBLEMS) == set(EligibilityProblem)


def test_a_fault_of_ours_goes_to_a_person_and_spares_the_other_lines(
    answer: Answer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = deciding.draft

    def broken(line: Any, found: Any, rulebook: Rulebook) -> Any:
        if line.item.sequence == 1:
            raise RuntimeError("the name of a patient")
        return real(line, found, rulebook)

    monkeypatch.setattr(deciding, "draft", broken)
    decision = answer(policy(), also=["Z0000"], facts={"ill": "yes"})
    assert (decision.items[0].outcome, decision.items[0].pend_cause) == (
        Outcome.PENDED,
        PendCause.SYSTEM,
    )
    assert decision.items[1].outcome is Outcome.NOT_REQUIRED
    assert "patient" not in caplog.text


def test_evidence_that_breaks_us_goes_to_a_person(
    answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(deciding, "gather", broken)
    decision = answer(policy(), also=["Z0000"], facts={"ill": "yes"})
    assert [line.pend_cause for line in decision.items] == [PendCause.SYSTEM] * 2


def test_the_same_arguments_give_the_same_decision(answer: Answer) -> None:
    one = answer(policy(), facts={"ill": "yes"}, units=1)
    assert one == answer(policy(), facts={"ill": "yes"}, units=1)
    assert one.items[0].policy and len(one.items[0].policy.sha256) == 64
    assert one.items[0].trace and one.items[0].trace.value.startswith("FT-")


def test_a_pended_line_has_a_reference_and_a_deadline(answer: Answer) -> None:
    decision = answer(policy(), received="2026-11-25T15:00:00+00:00")
    assert decision.items[0].review_reference.startswith("FR-")
    assert decision.due and decision.deadline_rule == "ma-standard-2026"
    approved = answer(policy(), facts={"ill": "yes"})
    assert approved.due is None and approved.items[0].review_reference == ""


@pytest.mark.parametrize(
    ("urgency", "said", "rule"),
    [
        ("drug", {}, "ma-drug-standard"),
        ("drug", {"urgency": "expedited"}, "ma-drug-expedited"),
        ("expedited", {}, "ma-expedited"),
        ("standard", {"urgency": "expedited"}, "ma-expedited"),
    ],
)
def test_drugs_and_urgent_services_have_shorter_clocks(
    answer: Answer, urgency: str, said: dict[str, str], rule: str
) -> None:
    scope = {
        "id": "a",
        "review": "prior-authorization",
        "services": ["X1000"],
        "urgency": urgency,
        "cite": "rule",
    }
    assert answer(policy(applies=[scope]), **said).deadline_rule == rule
