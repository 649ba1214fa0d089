"""The compiled evaluator agrees with a naive one on random policies and facts, and keeps three values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app import resources
from app.determine.book import Rulebook, build
from app.determine.decide import decide
from app.domain.decision import Decision, Outcome
from app.domain.facts import Evidence, EvidenceKind, Source, Truth
from app.domain.policy import Criterion, Policy
from app.domain.values import Coding, Concept
from app.rulebook import load
from app.rulebook.cases import Case, cases
from app.rulebook.policy import read
from app.rulebook.trial import moment_at

M, U, N = Truth.MET, Truth.UNMET, Truth.UNKNOWN
SHIPPED = load(resources.data("policies"))
CASE: Case = cases(
    resources.data("policies") / "home-oxygen",
    SHIPPED.policy("home-oxygen"),
    SHIPPED.terms,
    SHIPPED.plans,
)[0]
NUMBERS = [f"n{place}" for place in range(4)]
FLAGS = [f"f{place}" for place in range(3)]
DAYS = ["d0", "d1"]
OPERATORS = ["at_most", "less_than", "at_least", "more_than", "equals", "not_equals"]


@st.composite
def leaf(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["number", "flag", "known", "days", "other", "dated"]))
    if kind == "number":
        return {
            "fact": draw(st.sampled_from(NUMBERS)),
            draw(st.sampled_from(OPERATORS)): draw(st.integers(0, 5)),
        }
    if kind == "dated":
        rows = [{"value": draw(st.integers(0, 5)), "from": "2027-01-01"}]
        rows += draw(st.sampled_from([[], [{"value": 3, "to": "2026-12-31"}]]))
        return {"fact": draw(st.sampled_from(NUMBERS)), "at_most": rows}
    if kind == "flag":
        return {"fact": draw(st.sampled_from(FLAGS)), "is": draw(st.sampled_from(["yes", "no"]))}
    if kind == "known":
        return {
            "fact": draw(st.sampled_from(NUMBERS + FLAGS)),
            "known": draw(st.sampled_from(["yes", "no"])),
        }
    if kind == "other":
        pair = draw(st.permutations(NUMBERS))
        return {"fact": pair[0], "at_least": {"fact": pair[1], "plus": draw(st.integers(-2, 2))}}
    start, end = draw(st.integers(-5, 0)), draw(st.integers(0, 5))
    return {"fact": "d0", "within": {"of": "d1", "from": f"{start} days", "to": f"{end} days"}}


def branch(parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    some = st.lists(parts, min_size=1, max_size=3)
    several = st.lists(parts, min_size=2, max_size=3)
    return st.one_of(
        some.map(lambda each: {"all": each}),
        some.map(lambda each: {"any": each}),
        some.map(lambda each: {"none": each}),
        several.map(lambda each: {"at_least": 2, "of": each}),
        several.map(lambda each: {"if": each[0], "then": each[1]}),
    )


TREES = st.recursive(leaf(), branch, max_leaves=12)
VALUES = st.fixed_dictionaries(
    {},
    optional={
        **{name: st.integers(0, 5) for name in NUMBERS},
        **{name: st.booleans() for name in FLAGS},
        **{name: st.integers(1, 12).map(lambda day: date(2026, 11, day)) for name in DAYS},
    },
)


def written(tree: Any) -> str:
    """A tree as flow YAML."""
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{name}: {written(each)}" for name, each in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(written(each) for each in tree) + "]"
    return str(tree)


def policy(tree: dict[str, Any]) -> Policy:
    facts = "".join(
        f"  {name}: {{label: L, type: {kind}, ask: A}}\n"
        for names, kind in ((NUMBERS, "number"), (FLAGS, "yes-no"), (DAYS, "date"))
        for name in names
    )
    content = (
        "id: drawn\nowner: O\ntitle: T\nsummary: S\n"
        'sources: {s: {title: T, kind: plan, url: "https://s"}}\n'
        "versions: [{version: v}]\n"
        "applies: [{id: a, review: prior-authorization, services: [E1390]}]\n"
        f"facts:\n{facts}criteria: {written(tree)}\ngrant: {{period: 1 month}}\n"
    )
    return read(content, "drawn", SHIPPED.terms, {})


def ruled(drawn: Policy) -> Rulebook:
    return build([drawn], plans=SHIPPED.plans, benefits=SHIPPED.benefits, terms=SHIPPED.terms)


def decided(drawn: Policy, values: Mapping[str, Any], book: Rulebook | None = None) -> Decision:
    evidence = tuple(
        Evidence(
            EvidenceKind.ANSWER,
            Concept((Coding("q", f"drawn/{name}"),)),
            Source("urn:uuid:a", "QuestionnaireResponse"),
            value,
            date(2026, 11, 20),
        )
        for name, value in values.items()
    )
    request = replace(CASE.request, evidence=evidence, diagnoses=())
    return decide(request, CASE.coverage, book or ruled(drawn), moment_at(CASE.received, "UTC"))


def naive(node: Criterion, values: Mapping[str, Any]) -> Truth:
    """What the tree says, worked out as slowly and plainly as possible."""
    if node.kind == "all":
        truths = [naive(part, values) for part in node.parts]
        return U if U in truths else N if N in truths else M
    if node.kind == "any":
        truths = [naive(part, values) for part in node.parts]
        return M if M in truths else N if N in truths else U
    if node.kind == "none":
        truths = [naive(part, values) for part in node.parts]
        return U if M in truths else N if N in truths else M
    if node.kind == "if":
        condition, consequence = (naive(part, values) for part in node.parts)
        if condition is U or consequence is M:
            return M
        return U if condition is M and consequence is U else N
    if node.kind == "at-least":
        truths = [naive(part, values) for part in node.parts]
        worst, best = truths.count(M), truths.count(M) + truths.count(N)
        return M if worst >= node.minimum else N if best >= node.minimum else U
    return naive_leaf(node, values)


def naive_leaf(node: Criterion, values: Mapping[str, Any]) -> Truth:
    test = node.test
    assert test is not None
    if test.operator == "known":
        return M if (test.fact in values) == test.operands[0].value else U
    if test.fact not in values:
        return N
    value: Any = values[test.fact]
    if test.window is not None:
        if test.window.of not in values or test.window.start is None or test.window.end is None:
            return N
        away = (value - values[test.window.of]).days
        return M if test.window.start.days <= away <= test.window.end.days else U
    rows = [row for row in test.operands if row.period.covers(date(2026, 12, 1))]
    if not rows or (rows[0].fact and rows[0].fact not in values):
        return N
    wanted: Any = rows[0].value
    if rows[0].fact:
        wanted = Decimal(values[rows[0].fact]) + rows[0].plus
    holds = {
        "at_most": lambda: value <= wanted,
        "less_than": lambda: value < wanted,
        "at_least": lambda: value >= wanted,
        "more_than": lambda: value > wanted,
        "equals": lambda: value == wanted,
        "is": lambda: value == wanted,
        "not_equals": lambda: value != wanted,
    }[test.operator]()
    return M if holds else U


@settings(max_examples=300, deadline=None)
@given(TREES, VALUES)
def test_compiled_and_naive_evaluators_agree(tree: dict[str, Any], values: dict[str, Any]) -> None:
    drawn = policy(tree)
    criterion = drawn.versions[0].criterion
    assert criterion is not None
    line = decided(drawn, values).items[0]
    assert line.clinical is naive(criterion, values)


@settings(max_examples=200, deadline=None)
@given(TREES, st.lists(VALUES, min_size=2, max_size=5))
def test_earlier_requests_leave_no_trace_in_a_finding(
    tree: dict[str, Any], several: list[dict[str, Any]]
) -> None:
    """Findings over facts that nobody tells are kept by the rulebook, and are those of a new one."""
    drawn = policy(tree)
    book = ruled(drawn)
    for values in (*several, *several):
        again, anew = decided(drawn, values, book), decided(drawn, values)
        assert again.items[0].finding == anew.items[0].finding
        assert again.items[0].needed == anew.items[0].needed


def mentions_known(tree: Any) -> bool:
    if isinstance(tree, dict):
        return "known" in tree or any(mentions_known(each) for each in tree.values())
    return isinstance(tree, list) and any(mentions_known(each) for each in tree)


@settings(max_examples=200, deadline=None)
@given(TREES.filter(lambda tree: not mentions_known(tree)), VALUES, VALUES)
def test_learning_a_fact_never_overturns_what_was_decided(
    tree: dict[str, Any], values: dict[str, Any], more: dict[str, Any]
) -> None:
    drawn = policy(tree)
    before = decided(drawn, values).items[0].clinical
    after = decided(drawn, {**more, **values}).items[0].clinical
    assert before is N or before is after


@settings(max_examples=300, deadline=None)
@given(TREES, VALUES)
def test_no_random_policy_ever_denies_and_only_met_criteria_approve(
    tree: dict[str, Any], values: dict[str, Any]
) -> None:
    line = decided(policy(tree), values).items[0]
    assert line.outcome in (Outcome.APPROVED, Outcome.PENDED)
    assert (line.outcome is Outcome.APPROVED) == (line.clinical is M)
    if line.clinical is not M:
        assert line.grant is None


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(SHIPPED.policies)),
    st.data(),
)
def test_no_shipped_policy_denies_or_states_a_benefit_fact_from_the_unknown(
    name: str, data: st.DataObject
) -> None:
    """With nothing but the service known, nothing is denied, and only listed exclusions are not covered."""
    shipped = SHIPPED.policy(name)
    scope = data.draw(st.sampled_from(shipped.versions[0].scopes))
    codes = sorted(scope.services.codes.exact) or [("HCPCS", "Z9999")]
    system, code = data.draw(st.sampled_from(codes))
    urls = {short: url for url, short in SHIPPED.terms.systems.items()}
    service = Concept((Coding(urls[system], code),))
    item = replace(CASE.request.items[0], service=service, quantity=None)
    member = replace(CASE.request.member, birth_date=None)
    request = replace(
        CASE.request, items=(item,), member=member, evidence=(), diagnoses=(), care_team=()
    )
    plan = data.draw(st.sampled_from(sorted(SHIPPED.plans)))
    born = data.draw(st.sampled_from([None, date(2015, 1, 1), date(1950, 1, 1)]))
    coverage = replace(CASE.coverage, plan=SHIPPED.plan(plan), birth_date=born)
    line = decide(request, coverage, SHIPPED, moment_at(CASE.received, "UTC")).items[0]
    assert line.outcome is not Outcome.DENIED
    if line.outcome is Outcome.NOT_COVERED:
        assert line.reasons[0].citations
        assert not (plan == "FW-MCD-01" and born != date(1950, 1, 1))
