"""Whatever a form or a record says, every shipped policy can judge it: no exception, no denial."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from app import resources
from app.determine.match import match
from app.determine.outcome import draft
from app.determine.subject import gather, subject
from app.domain.decision import Outcome
from app.domain.facts import Evidence, EvidenceKind, Source
from app.domain.policy import Policy
from app.domain.values import Coding, Concept, Period, Quantity, Scalar
from app.rulebook import load
from app.rulebook.cases import cases

FOLDER = resources.data("policies")
BOOK = load(FOLDER)
CASE = cases(FOLDER / "home-oxygen", BOOK.policy("home-oxygen"), BOOK.terms, BOOK.plans)[0]
URLS = {name: url for url, name in BOOK.terms.systems.items()}
TODAY = date(2026, 11, 25)
POLICIES = sorted(name for name, policy in BOOK.policies.items() if policy.versions[0].facts)

DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))
INSTANTS = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)) | st.datetimes(
    datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)
)
NUMBERS = st.decimals(
    -(10**9), 10**9, allow_nan=False, allow_infinity=False, places=3
) | st.integers(-(10**9), 10**9).map(Decimal)
UNITS = st.sampled_from(
    ["", "%", "kg", "[lb_av]", "cm", "mm[Hg]", "kPa", "1", "{events}/h", "nonsense"]
)
CONCEPTS = st.lists(
    st.sampled_from(["Y", "N", "k3", "rest", "373066001", "E1390", ""]), max_size=3
).map(lambda found: Concept(tuple(Coding("urn:x", code) for code in found), "words"))
SCALARS: st.SearchStrategy[Scalar | None] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**9), 10**9),
    NUMBERS,
    st.text(max_size=8),
    DAYS,
    INSTANTS,
    st.builds(Quantity, NUMBERS, UNITS, UNITS),
    CONCEPTS,
)
PERIODS = st.none() | st.tuples(st.none() | DAYS, st.none() | DAYS).map(lambda ends: Period(*ends))


@st.composite
def evidence_for(draw: st.DrawFn, policy: Policy) -> tuple[Evidence, ...]:
    """Some evidence about facts of the policy, of any shape."""
    version = draw(st.sampled_from(policy.versions))
    names = sorted(version.facts)
    found = []
    for name in draw(st.lists(st.sampled_from(names), max_size=8)):
        spec = version.facts[name]
        concept = Concept((Coding("urn:q", f"{policy.id}/{name}"),))
        kind = EvidenceKind.ANSWER
        for place in draw(st.permutations(spec.find)):
            if place.codes.exact:
                system, code = sorted(place.codes.exact)[0]
                concept, kind = Concept((Coding(URLS.get(system, system), code),)), place.kind
        attributes = draw(
            st.dictionaries(
                st.sampled_from(["method", "component:activity", "component:3150-0", "kind"]),
                SCALARS.filter(lambda value: value is not None),
                max_size=2,
            )
        )
        found.append(
            Evidence(
                kind,
                concept,
                Source("urn:uuid:x", "Observation"),
                draw(SCALARS),
                draw(st.none() | DAYS | INSTANTS),
                draw(PERIODS),
                attributes,
            )
        )
    return tuple(found)


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(POLICIES), st.data())
def test_no_evidence_breaks_a_shipped_policy(name: str, data: st.DataObject) -> None:
    policy = BOOK.policy(name)
    scopes = [scope for scope in policy.versions[0].scopes if scope.services.codes.exact]
    codes = data.draw(st.sampled_from(scopes)).services.codes if scopes else None
    system, code = data.draw(st.sampled_from(sorted(codes.exact))) if codes else ("HCPCS", "99285")
    item = replace(
        CASE.request.items[0],
        service=Concept((Coding(URLS[system], code),)),
        serviced=data.draw(PERIODS),
        quantity=data.draw(st.none() | st.builds(Quantity, NUMBERS, UNITS)),
    )
    request = replace(
        CASE.request, items=(item,), evidence=data.draw(evidence_for(policy)), diagnoses=()
    )
    plan = data.draw(st.sampled_from(sorted(BOOK.plans)))
    coverage = replace(CASE.coverage, plan=BOOK.plan(plan), birth_date=data.draw(st.none() | DAYS))
    line = subject(
        request,
        item,
        coverage,
        TODAY,
        BOOK.terms,
        gather(request, BOOK.terms),
        BOOK.benefits.get(plan),
        BOOK.gold_cards,
    )
    made = draft(line, match(line, BOOK), BOOK)
    assert made.outcome is not Outcome.DENIED
    if made.outcome is Outcome.NOT_COVERED:
        assert made.reasons[0].citations, "a benefit fact says its rule"
