"""The fast road and the plain road give the same verdict, for every invariant of the guides."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from app.fhir.validate.fhirpath import Context, as_check, as_group
from app.fhir.validate.fhirpath.checks import NotFast, plain_check, source
from app.fhir.validate.fhirpath.known import KNOWN, fingerprint, own_check
from tests.unit.fhirpath.generated import Maker, invariants, literals

# Every resource type has the dom- rules: a few places of each expression are enough.
PLACES = 5
EACH = 15
ALL = [
    entry
    for _, group in itertools.groupby(
        sorted(invariants(), key=lambda entry: (entry[0], entry[2], entry[1])),
        key=lambda entry: (entry[0], entry[2]),
    )
    for entry in itertools.islice(group, PLACES)
]


def context_of(node: Any) -> Context:
    resource = (
        node if isinstance(node, dict) and "resourceType" in node else {"resourceType": "Claim"}
    )
    return Context(resource, resolve=lambda reference: {"resourceType": "Patient", "id": reference})


def test_there_is_something_to_show() -> None:
    """The fact files hold the invariants of base R4, US Core and PAS."""
    keys = {key for key, *_ in ALL}
    assert len(ALL) > 150
    assert {
        "bdl-1",
        "dom-2",
        "us-core-17",
        "ClaimFirst",
        "self-beneficiary",
        "FullDateRule",
    } <= keys


@pytest.mark.parametrize("key", sorted({entry[0] for entry in ALL}))
def test_both_roads_agree(key: str) -> None:
    """Generated or hand-written, a check gives what the expression gives, on generated data."""
    for at, (name, place, _, tree) in enumerate(entry for entry in ALL if entry[0] == key):
        fast, plain = as_check(tree, place, name), plain_check(tree, place)
        together = as_group([(name, tree), ("again", tree)], place)
        maker = Maker(at, literals(tree))
        for _ in range(EACH):
            node = maker.node(place)
            context = context_of(node)
            wanted = plain(node, context)
            assert fast(node, context) is wanted, node
            expected = () if wanted is True else ((0, wanted), (1, wanted))
            assert together(node, context) == expected, node


def test_most_expressions_meet_both_verdicts() -> None:
    """The generated data is not all of one kind: most expressions hold on some of it and break on some."""
    met: dict[tuple[str, str], set[bool | None]] = {}
    for key, place, expression, tree in ALL:
        maker, check = Maker(7, literals(tree)), plain_check(tree, place)
        verdicts = met.setdefault((key, expression), set())
        for _ in range(2 * EACH):
            node = maker.node(place)
            verdicts.add(check(node, context_of(node)))
    both = [entry for entry, verdicts in met.items() if verdicts >= {True, False}]
    assert len(both) > 0.6 * len(met), sorted(set(met) - set(both))


def test_most_invariants_have_a_fast_form() -> None:
    """At least nine in ten invariants run as generated or hand-written code."""
    slow = []
    for name, place, _, tree in ALL:
        if own_check(name, tree) is None:
            try:
                source(tree, place)
            except NotFast:
                slow.append((name, place))
    assert len(slow) < 0.1 * len(ALL), slow


def test_each_hand_written_check_belongs_to_a_published_expression() -> None:
    """A fingerprint in known.py is the one of an expression in the fact files, so it is in use."""
    published = {(name, fingerprint(tree)) for name, _, _, tree in ALL}
    assert {(key, own.fingerprint) for key, own in KNOWN.items()} <= published
