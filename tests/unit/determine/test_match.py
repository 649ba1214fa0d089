"""The most specific scope line speaks; the same rulebook always gives the same match."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from app.domain.decision import Decision, ItemDecision, Outcome, ReviewKind
from app.domain.values import Coding, Concept
from app.rulebook import Rulebook
from app.rulebook.cases import Case
from app.rulebook.trial import decided

from .conftest import EN_ES, policy

Answer = Callable[..., Decision]


def scope(name: str, review: str = "none", **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "review": review,
        "services": ["X1000"],
        "text": {"en": name},
        "cite": "rule",
        **more,
    }


@pytest.fixture
def chosen(answer: Answer) -> Callable[..., str]:
    """The id of the scope line that spoke (its text is its id)."""

    def found(scopes: list[dict[str, Any]], **said: Any) -> str:
        line = answer(policy(applies=scopes), **said).items[0]
        return line.reasons[0].text["en"] if line.policy else "nobody"

    return found


LINE = scope("line", lines=["medicare-advantage"])
STATE = scope("state", states=["OH"])
PLAN = scope("plan", plans=["FW-MA-01"])


def test_a_plan_beats_a_state_beats_a_line_of_business(chosen: Callable[..., str]) -> None:
    assert chosen([LINE, STATE, PLAN]) == "plan"
    assert chosen([STATE, LINE]) == "state"
    assert chosen([LINE, scope("all")]) == "line"
    assert chosen([scope("all", services="any"), LINE]) == "line"


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"lines": ["medicaid"]}, {}),
        ({"plans": ["FW-FI-01"]}, {}),
        ({"products": ["PPO"]}, {}),
        ({"states": ["TX"]}, {}),
        ({"funding": ["self-funded"]}, {}),
        ({"networks": ["out"]}, {}),
        ({"places": ["11"]}, {"place": "12"}),
        ({"specialties": ["2084N0400X"]}, {"specialty": ["207R00000X"]}),
        ({"modifiers": ["KX"]}, {}),
        ({"without_modifiers": ["KX"]}, {"modifiers": ["KX"]}),
        ({"accompanied_by": ["64615"]}, {"also": ["64642"]}),
        ({"sex": "male"}, {"sex": "female"}),
        ({"age_from": 18}, {"born": "2010-01-01"}),
        ({"age_below": 18}, {"born": "1990-01-01"}),
        ({"from": "2027-01-01"}, {}),
        ({"to": "2025-12-31"}, {}),
    ],
)
def test_a_condition_that_fails_closes_the_line(
    chosen: Callable[..., str], condition: dict[str, Any], said: dict[str, Any]
) -> None:
    assert chosen([scope("only", **condition)], **said) == "nobody"


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"lines": ["medicare-advantage"]}, {}),
        ({"products": ["HMO"]}, {}),
        ({"funding": ["public"]}, {}),
        ({"networks": ["in"]}, {}),
        ({"places": ["12"]}, {"place": "12"}),
        ({"specialties": ["207R00000X"]}, {"specialty": ["207R00000X"]}),
        ({"modifiers": ["KX"]}, {"modifiers": ["KX"]}),
        ({"without_modifiers": ["KX"]}, {}),
        ({"accompanied_by": ["64615"]}, {"also": ["64615"]}),
        ({"sex": "female"}, {"sex": "female"}),
        ({"age_from": 18, "age_below": 65}, {"born": "1990-01-01"}),
        ({"from": "2026-12-01", "to": "2026-12-01"}, {}),
    ],
)
def test_a_condition_that_holds_opens_the_line(
    chosen: Callable[..., str], condition: dict[str, Any], said: dict[str, Any]
) -> None:
    assert chosen([scope("only", **condition)], **said) == "only"


def review(answer: Answer, condition: dict[str, Any], **said: Any) -> ItemDecision:
    made = policy(applies=[scope("only", "prior-authorization", **condition)])
    return answer(made, **said).items[0]


@pytest.mark.parametrize(
    ("condition", "said", "name"),
    [
        ({"places": ["11"]}, {}, "places"),
        ({"specialties": ["207R00000X"]}, {}, "specialties"),
        ({"sex": "female"}, {}, "sex"),
        ({"age_from": 18}, {}, "age"),
        ({"states": ["OH"]}, {"plan": None, "line": "commercial"}, "states"),
        ({"funding": ["public"]}, {"plan": None, "line": "commercial"}, "funding"),
        ({"networks": ["in"]}, {"plan": None, "line": "commercial"}, "networks"),
    ],
)
def test_what_nobody_can_tell_goes_to_a_person(
    answer: Answer, condition: dict[str, Any], said: dict[str, Any], name: str
) -> None:
    line = review(answer, condition, **said)
    assert (line.outcome, line.reasons[0].code) == (Outcome.PENDED, "scope-unclear")
    assert name in line.reasons[0].text["en"]


def test_a_line_that_would_spare_the_review_is_passed_over_when_unsure(answer: Answer) -> None:
    scopes = [scope("spared", places=["23"]), scope("usual", "prior-authorization")]
    line = answer(policy(applies=scopes), facts={"ill": "yes"}).items[0]
    assert (line.outcome, line.review_kind) == (Outcome.APPROVED, ReviewKind.PRIOR_AUTHORIZATION)


def test_the_newer_version_then_the_alphabet_breaks_ties(answer: Answer) -> None:
    first = policy(
        id="a-policy", applies=[scope("a")], versions=[{"version": "1", "from": "2025-01-01"}]
    )
    second = policy(
        id="b-policy", applies=[scope("b")], versions=[{"version": "1", "from": "2026-01-01"}]
    )
    line = answer(first, second).items[0]
    assert line.policy and line.policy.id == "b-policy"
    line = answer(first, {**second, "versions": first["versions"]}).items[0]
    assert line.policy and line.policy.id == "a-policy"


def test_last_years_request_is_judged_by_last_years_version(answer: Answer) -> None:
    made = policy(
        versions=[
            {"version": "new", "from": "2026-01-01"},
            {"version": "old", "to": "2025-12-31", "grant": {"units": 9, "period": "1 year"}},
        ]
    )
    old = answer(made, facts={"ill": "yes"}, service_day="2025-12-31", today="2025-12-01").items[0]
    new = answer(made, facts={"ill": "yes"}, service_day="2026-01-01", today="2025-12-01").items[0]
    assert old.policy and old.policy.version == "old" and old.grant and old.grant.units
    assert old.grant.units.value == 9
    assert new.policy and new.policy.version == "new"


def test_codes_of_a_public_list_hold_in_their_days_and_states(answer: Answer) -> None:
    rows = (
        "code,category,from,to,states,beside,source,read_on\n"
        "X1000,limbs,2026-01-01,2026-06-30,TX OH,,rule,2026-11-01\n"
        "X1000,limbs,2026-10-01,,TX,,rule,2026-11-01\n"
        "X3000,other,,,,X1000,rule,2026-11-01\n"
    )
    made = policy(
        applies=[{**scope("listed"), "services": {"list": "required", "category": "limbs"}}]
    )

    def spoke(**said: Any) -> bool:
        found = answer(made, files={"_lists/required.csv": rows}, plan=None, **said)
        return found.items[0].policy is not None

    assert spoke(state="OH", service_day="2026-06-30")
    assert not spoke(state="OH", service_day="2026-10-01")
    assert spoke(state="TX", service_day="2026-10-01")
    assert not spoke(state="TX", service_day="2026-07-01")


def test_a_list_row_can_need_a_code_beside_it(answer: Answer) -> None:
    rows = (
        "code,category,from,to,states,beside,source,read_on\n"
        "X1000,drug,,,,64612 64615,rule,2026-11-01\n"
    )
    made = policy(applies=[{**scope("listed"), "services": {"list": "required"}}])
    files = {"_lists/required.csv": rows}
    assert answer(made, files=files, also=["64615"]).items[0].policy
    assert not answer(made, files=files, also=["64642"]).items[0].policy


def test_services_may_be_any_or_a_beginning(answer: Answer) -> None:
    anything = policy(applies=[{**scope("any"), "services": "any"}])
    assert answer(anything, service="Z9999").items[0].policy
    some = policy(applies=[{**scope("some"), "services": ["X1-"]}])
    assert answer(some, service="X1999").items[0].policy
    assert not answer(some, service="X2000").items[0].policy


def test_revenue_codes_are_services_too(answer: Answer) -> None:
    stay = policy(applies=[{**scope("stay"), "services": ["REVENUE 0128"]}])
    assert answer(stay, service="Z0000", revenue="0128").items[0].policy
    assert not answer(stay, service="Z0000", revenue="0129").items[0].policy


EXEMPT = policy(
    id="emergency",
    role="exemption",
    applies=[{**scope("er"), "services": "any", "places": ["23"]}],
    facts={"emergency": {"label": EN_ES, "type": "yes-no", "ask": EN_ES}},
    criteria=[{"fact": "emergency", "is": True, "cite": "rule"}],
    tell={"provider-not-required": {"en": "No review in an emergency."}},
)


@pytest.mark.parametrize(
    ("answered", "outcome"),
    [("yes", Outcome.NOT_REQUIRED), ("no", Outcome.APPROVED), (None, Outcome.APPROVED)],
)
def test_an_exemption_is_asked_before_the_policy(
    answer: Answer, answered: str | None, outcome: Outcome
) -> None:
    usual = policy()
    evidence = (
        [{"observation": "75325-1", "value": answered, "at": "2026-11-01"}] if answered else []
    )
    exempt = {
        **EXEMPT,
        "facts": {
            "emergency": {**EXEMPT["facts"]["emergency"], "find": [{"observation": ["75325-1"]}]}
        },
    }
    line = answer(usual, exempt, place="23", facts={"ill": "yes"}, evidence=evidence).items[0]
    assert line.outcome is outcome


def test_an_exclusion_speaks_only_when_its_rule_holds(answer: Answer) -> None:
    exclusion = policy(
        id="cosmetic",
        role="exclusion",
        criteria=None,
        facts={
            "looks": {
                "label": EN_ES,
                "type": "yes-no",
                "otherwise": False,
                "find": [{"diagnosis": ["Z41.1"]}],
            }
        },
        outcomes={"unknown": "clinician"},
        never=[
            {"id": "beauty", "when": {"fact": "looks", "is": True}, "text": EN_ES, "cite": "rule"}
        ],
    )
    del exclusion["criteria"]
    usual = policy()
    assert answer(usual, exclusion, facts={"ill": "yes"}).items[0].outcome is Outcome.APPROVED
    found = answer(usual, exclusion, facts={"ill": "yes"}, diagnoses=["Z41.1"]).items[0]
    assert (found.outcome, found.benefit) == (Outcome.NOT_COVERED, "rule")
    alone = answer(exclusion).items[0]
    assert alone.outcome is Outcome.PENDED


def test_specialties_of_a_line_come_from_qualifications_too(
    book: Callable[..., Rulebook], case: Callable[..., Case]
) -> None:
    neurology = Concept((Coding("http://nucc.org/provider-taxonomy", "2084N0400X"),))
    made = policy(applies=[scope("only", specialties=["2084N0400X"])])
    rulebook = book(made)
    plain = case(rulebook)
    member = replace(plain.request.care_team[0], qualification=neurology)
    request = replace(plain.request, care_team=(member,))
    assert decided(replace(plain, request=request), rulebook).items[0].policy


def test_a_plan_names_the_tier_of_a_provider(
    book: Callable[..., Rulebook], case: Callable[..., Case]
) -> None:
    made = policy(applies=[scope("only", networks=["out"])])
    rulebook = book(made)
    assert decided(case(rulebook, npi="1"), rulebook).items[0].policy
    assert not decided(case(rulebook, npi="1900002001"), rulebook).items[0].policy
