"""Invariants written by hand, where an expression is much slower than what it says.

Each is bound to the tree of one expression by a fingerprint, so another expression under the same
id is never replaced; `tests/unit/fhirpath/test_known.py` holds each to its expression on generated
data. A function here may raise on data of a wrong shape: the plain road then answers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from app.sealed import sealed

from . import elements, model
from .nodes import Ast, Context
from .runtime import Slow, spread

Holds = Callable[[Any, Context], bool]


@sealed(frozen=True, slots=True)
class Own:
    """A hand-written invariant: its check, and the fingerprint of the tree that it equals."""

    check: Holds
    fingerprint: str


KNOWN: dict[str, Own] = {}


def fingerprint(tree: Ast) -> str:
    """Twelve hex digits that stand for one tree."""
    return hashlib.sha256(json.dumps(tree, separators=(",", ":")).encode()).hexdigest()[:12]


def own_check(key: str, tree: Ast) -> Holds | None:
    """The hand-written check for invariant `key`, if it has one for exactly this tree."""
    own = KNOWN.get(key)
    return own.check if own is not None and own.fingerprint == fingerprint(tree) else None


def _own(key: str, tree_fingerprint: str) -> Callable[[Holds], Holds]:
    def register(check: Holds) -> Holds:
        KNOWN[key] = Own(check, tree_fingerprint)
        return check

    return register


@_own("dom-3", "2ca8c9bc4a94")
def contained_are_used(node: Any, _context: Context) -> bool:
    """dom-3: every contained resource is referred to from the rest, or refers to its container."""
    inside = node.get("contained")
    if inside is None:
        return True
    holder = elements.wrap(node, "Resource")
    named = _named_addresses(elements.descendants([holder]))
    for one in spread(inside):
        wanted = one.get("id")
        if wanted is not None and "#" + wanted not in named and not _names_container(one):
            return False
    return True


_ADDRESS_TYPES = ("canonical", "uri", "url")


def _named_addresses(everything: Any) -> set[str]:
    found: set[str] = set()
    for item in everything:
        value = item.value
        if type(value) is dict:
            value = value.get("reference")
        elif item.type not in _ADDRESS_TYPES:
            continue
        if type(value) is str:
            found.add(value)
    return found


def _names_container(resource: Any) -> bool:
    for item in elements.descendants([elements.wrap(resource, "Resource")]):
        value = item.value
        if type(value) is dict:
            value = value.get("reference")
        elif item.type != "canonical":
            continue
        if value == "#":
            return True
    return False


@_own("bdl-7", "ffce5902b673")
def full_urls_differ(node: Any, _context: Context) -> bool:
    """bdl-7: no two entries have the same fullUrl and version, except in a history."""
    if node.get("type") == "history":
        return True
    seen = set()
    for entry in spread(node.get("entry")):
        address = entry.get("fullUrl")
        if address is None:
            if "_fullUrl" in entry:
                raise Slow
            continue
        meta = entry["resource"].get("meta") if "resource" in entry else None
        version = meta.get("versionId") if meta is not None else None
        key = address if version is None else address + version
        if key in seen:
            return False
        seen.add(key)
    return True


_ASKS = frozenset(("batch", "transaction", "history"))
_ANSWERS = frozenset(("batch-response", "transaction-response", "history"))


def _present_where_due(node: Any, context: Context, name: str, types: frozenset[str]) -> bool:
    kind = node.get("type")
    if context.resource is not node or type(kind) is not str:
        raise Slow
    due = kind in types
    return not [entry for entry in spread(node.get("entry")) if bool(entry.get(name)) is not due]


@_own("bdl-3", "4f212703fd9f")
def requests_where_due(node: Any, context: Context) -> bool:
    """bdl-3: entries have a request in a batch, transaction or history, and only there."""
    return _present_where_due(node, context, "request", _ASKS)


@_own("bdl-4", "48dd7eaaaa1c")
def responses_where_due(node: Any, context: Context) -> bool:
    """bdl-4: entries have a response in the answers to those, and only there."""
    return _present_where_due(node, context, "response", _ANSWERS)


_ZERO = ord("0")
_TWICE = bytes.maketrans(b"0123456789", b"0246813579")  # twice, and the sum of its digits
# What the prefix 80840 of all US provider numbers adds to the check sum.
_PREFIX = 24


@_own("us-core-17", "cff95fc0fcd4")
def npi_check_digit(node: Any, _context: Context) -> bool:
    """us-core-17: the last digit of a National Provider Identifier is its Luhn check digit."""
    value = node.get("value")
    if type(value) is not str:
        raise Slow
    digits = value[:10]
    if len(digits) < 10 or not digits.isdecimal() or not digits.isascii():
        return False
    octets = digits.encode()
    total = sum(octets[::2].translate(_TWICE)) + sum(octets[1::2]) - 10 * _ZERO
    return (_PREFIX + total) % 10 == 0


@_own("obs-7", "cf5cd2e6a99b")
def component_codes_differ(node: Any, context: Context) -> bool:
    """obs-7: with a value, no component has a code of the observation itself.

    Codings with different codes are not equal, whatever else they say.
    """
    if "component" not in node:
        return True
    taken = {coding["code"] for coding in spread(context.resource["code"]["coding"])}
    for component in spread(node["component"]):
        for coding in spread(component["code"]["coding"]):
            if type(coding["code"]) is not str or coding["code"] in taken:
                raise Slow
    return True


_ANSWER_VALUES = frozenset(
    mark + name
    for name in model.choices("QuestionnaireResponse.item.answer", "value") or ()
    for mark in ("", "_")
)


def _answered_once(nodes: list[Any]) -> bool:
    """Whether no node has two answered items of one linkId, the nodes below included."""
    for node in nodes:
        seen = set()
        for item in spread(node.get("item")):
            nodes.append(item)
            answers = spread(item.get("answer"))
            nodes += answers
            if any(not _ANSWER_VALUES.isdisjoint(answer) for answer in answers):
                link = item.get("linkId")
                if link in seen or (link is None and "_linkId" in item):
                    return _undecided(link)
                seen.add(link)
    return True


def _undecided(link: Any) -> bool:
    if type(link) is not str:
        raise Slow
    return False


@_own("sdcqr-2", "f995b8a2dc78")
def links_answered_once(node: Any, _context: Context) -> bool:
    """sdcqr-2: within one parent, a question is answered in one item only."""
    return _answered_once([node])


@_own("qrs-2", "5b9870c4ce92")
def links_answered_once_below(node: Any, _context: Context) -> bool:
    """qrs-2: the same, below an item."""
    return _answered_once([*spread(node.get("item")), *spread(node.get("answer"))])
