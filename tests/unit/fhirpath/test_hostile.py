"""No JSON makes a check raise, and none of a few hostile shapes makes it slow."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.fhir.validate.fhirpath import Check, Context, as_check, as_group
from tests.unit.fhirpath.generated import invariants

ONE_EACH = {(key, expression): (key, place, tree) for key, place, expression, tree in invariants()}
CHECKS: list[Check] = [as_check(tree, place, key) for key, place, tree in ONE_EACH.values()]
GROUPS = [as_group([(key, tree)], place) for key, place, tree in ONE_EACH.values()]

_WORDS = (
    "resourceType id extension url value valueString valueQuantity _value code coding system type "
    "entry resource fullUrl request contained text div status name given item start end reference "
    "_start meta profile identifier repeat when offset relationship"
)
_NAMES = st.sampled_from(_WORDS.split())
_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(
        ["Bundle", "Claim", "#a", "history", "2024-02-30", "9999-12-31T23:59:60-14:00"]
    ),
    st.text(max_size=5),
)
HOSTILE = st.recursive(
    _LEAVES,
    lambda inside: st.one_of(
        st.lists(inside, max_size=3), st.dictionaries(_NAMES, inside, max_size=5)
    ),
    max_leaves=25,
)


@settings(max_examples=60, deadline=None)
@given(HOSTILE, HOSTILE, HOSTILE)
def test_any_json_gets_a_verdict(node: Any, resource: Any, found: Any) -> None:
    """Whatever the element, its resource and what references lead to, the answer is True, False or None."""
    context = Context(resource, resolve=lambda _: found, member_of=lambda *_: None)
    for check, group in zip(CHECKS, GROUPS, strict=True):
        verdict = check(node, context)
        assert verdict is True or verdict is False or verdict is None
        assert group(node, context) == (() if verdict is True else ((0, verdict),))


def _deep(depth: int) -> dict[str, Any]:
    node: dict[str, Any] = {"url": "x"}
    for _ in range(depth):
        node = {"url": "x", "extension": [node]}
    return node


_MANY = 20_000
SHAPES: dict[str, dict[str, Any]] = {
    "deep": {"resourceType": "Claim", "contained": [_deep(2_000)], "extension": [_deep(2_000)]},
    "contained": {
        "resourceType": "Claim",
        "contained": [{"resourceType": "Patient", "id": f"p{at}"} for at in range(_MANY // 10)],
    },
    "entries": {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": f"urn:uuid:{at}", "resource": {"id": "x"}} for at in range(_MANY)],
    },
    "codings": {
        "resourceType": "Coverage",
        "relationship": {"coding": [{"code": "a" * 50} for _ in range(_MANY)]},
        "identifier": [{"type": {"coding": [{"code": "MB"}]}} for _ in range(_MANY)],
    },
    "answers": {
        "resourceType": "QuestionnaireResponse",
        "item": [
            {"linkId": f"{at}", "_linkId": {"id": "x"}, "answer": [{"valueDate": "2024"}]}
            for at in range(_MANY)
        ],
        "_item": [{"linkId": None}],
    },
    "observations": {
        "resourceType": "Observation",
        "valueString": "a",
        "code": {"coding": [{"code": f"{at}"} for at in range(_MANY)]},
        "component": [{"code": {"coding": [{"code": f"b{at}"} for at in range(_MANY)]}}],
    },
    "text": {"resourceType": "Patient", "text": {"div": "<div>" * _MANY}, "name": [{}] * _MANY},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_no_shape_is_slow(shape: str) -> None:
    """Deep nesting and many items cost time in proportion, not more: 10 s would be far out."""
    node = SHAPES[shape]
    context = Context(node)
    started = time.process_time()
    ran = 0
    for key, place, _, tree in invariants():
        if place in (node["resourceType"], "Identifier", "CodeableConcept"):
            as_check(tree, place, key)(node, context)
            ran += 1
    assert ran > 10
    assert time.process_time() - started < 10
