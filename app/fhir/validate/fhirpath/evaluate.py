"""Trees to closures that work for every expression: the plain road, beside the fast one of `fast.py`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from app.fhir.urls import core, system

from . import clinical, elements, model, selecting, texts
from .elements import Items, truth
from .nodes import (
    Ast,
    BadExpression,
    Context,
    Element,
    Measure,
    NotSupported,
    PathError,
    temporal,
    time_of_day,
)
from .operators import OPERATORS
from .scope import Evaluate, Scope
from .selecting import Function

FUNCTIONS: dict[str, Function] = {**selecting.FUNCTIONS, **texts.FUNCTIONS, **clinical.FUNCTIONS}
# The left side that makes an answer: false `and`, true `or`, false `implies`.
_SETTLED_BY = {"and": False, "or": True, "implies": False}
_NAMED_TEXTS = {"ucum": system.UCUM, "sct": system.SNOMED, "loinc": system.LOINC}


def compiled(tree: Ast) -> Evaluate:
    """A closure for `tree`; BadExpression if it uses a function or operator that we do not know."""
    kind = tree[0]
    if kind == "op":
        return _operation(str(tree[1]), compiled(tree[2]), compiled(tree[3]))
    if kind == ".":
        return _member(tree)
    if kind == "fn":
        return _call(tree)
    if kind in ("is", "as", "ofType"):
        return _typed(str(kind), compiled(tree[1]), str(tree[2]))
    if kind == "at":
        return _indexed(compiled(tree[1]), compiled(tree[2]))
    if kind == "neg":
        return _operation("-", lambda _scope: [0], compiled(tree[1]))
    if kind == "var":
        return _variable(str(tree[1]))
    if kind == "this":
        return lambda scope: scope.this
    if kind == "index":
        return lambda scope: [scope.index]
    if kind == "total":
        return lambda scope: scope.total
    return _constant(tree)


def _constant(tree: Ast) -> Evaluate:
    items = [] if tree[0] == "none" else [literal(tree)]
    return lambda _scope: items


def literal(tree: Ast) -> Any:
    """The system value of a literal."""
    kind, written = tree[0], tree[1]
    if kind in ("str", "bool"):
        return written
    if kind == "num":
        return Decimal(written) if "." in written else int(written)
    if kind == "qty":
        return Measure(Decimal(written), tree[2])
    value = {"date": temporal, "time": time_of_day}[kind](written.removesuffix("T"))
    if value is None:
        raise BadExpression("not a date or time literal")
    return value


def _operation(sign: str, left: Evaluate, right: Evaluate) -> Evaluate:
    work = OPERATORS.get(sign)
    if work is None:
        raise BadExpression(f"operator {sign} is not known")
    settles = _SETTLED_BY.get(sign)
    if settles is None:
        return lambda scope: work(left(scope), right(scope))
    settled = sign != "and"

    def operation(scope: Scope) -> Items:
        # As in HL7's engine: what the left side settles does not ask the right side.
        first = left(scope)
        return [settled] if truth(first) is settles else work(first, right(scope))

    return operation


def _member(tree: Ast) -> Evaluate:
    inner, name = compiled(tree[1]), str(tree[2])
    # Only a leading capital can name the type of what it stands on (`Task.code`).
    names_type = tree[1] == ["this"] and name[:1].isupper()

    def member(scope: Scope) -> Items:
        found: Items = []
        for item in inner(scope):
            if names_type and model.is_a(elements.type_name(item), name):
                found.append(item)
            else:
                elements.member(item, name, found)
        return found

    return member


def _call(tree: Ast) -> Evaluate:
    inner, name = compiled(tree[1]), str(tree[2])
    function = FUNCTIONS.get(name)
    if function is None:
        raise BadExpression(f"function {name}() is not known")
    arguments = [compiled(argument) for argument in tree[3:]]
    return lambda scope: function(inner(scope), arguments, scope)


def _indexed(inner: Evaluate, index: Evaluate) -> Evaluate:
    def indexed(scope: Scope) -> Items:
        position = selecting.whole(index, scope)
        return inner(scope)[position : position + 1] if position >= 0 else []

    return indexed


def _typed(kind: str, inner: Evaluate, name: str) -> Evaluate:
    def is_of_type(scope: Scope) -> Items:
        items = inner(scope)
        if len(items) > 1:
            return [False]
        return [has_type(item, name) for item in items]

    def of_type(scope: Scope) -> Items:
        return [item for item in inner(scope) if has_type(item, name, exact_primitives=True)]

    return is_of_type if kind == "is" else of_type


def has_type(item: object, name: str, exact_primitives: bool = False) -> bool:
    """Whether an item is of FHIR (or System) type `name`.

    As in HL7's engine: an element is never of a System type, and `as`/`ofType` do not take a
    derived primitive for its parent (a canonical is not selected as uri).
    """
    stated = elements.type_name(item)
    plain = name.removeprefix("System.")
    if plain != name or not model.known(plain):
        return not isinstance(item, Element) and stated == plain[:1].lower() + plain[1:]
    if exact_primitives and stated in model.PRIMITIVES:
        return stated == plain
    return model.is_a(stated, plain)


def _variable(name: str) -> Evaluate:
    if name in _NAMED_TEXTS:
        return lambda _scope: [_NAMED_TEXTS[name]]
    if name[:3] == "vs-":
        return lambda _scope: [core.VALUE_SET + name[3:]]
    if name[:4] == "ext-":
        return lambda _scope: [core.STRUCTURE_DEFINITION + name[4:]]
    if name == "resource":
        return lambda scope: [elements.wrap(scope.context.resource, "Resource")]
    if name == "rootResource":
        return lambda scope: [elements.wrap(scope.context.root, "Resource")]
    if name == "context":
        return lambda scope: scope.start

    def defined(scope: Scope) -> Items:
        if name not in scope.variables:
            raise NotSupported(f"%{name} is not defined")
        return scope.variables[name]

    return defined


def evaluated(evaluate: Evaluate, node: object, type_name: str, context: Context) -> Items:
    """Run a closure on one JSON value; raises PathError or NotSupported."""
    start: Items = [node if isinstance(node, Element) else elements.wrap(node, type_name)]
    try:
        return evaluate(Scope(start, context, start))
    except RecursionError as deep:
        raise NotSupported("the document is nested too deeply") from deep


def verdict(items: Items) -> bool:
    """Whether an invariant with this result holds: empty does not, one boolean is itself."""
    if len(items) == 1:
        item = items[0]
        value = item.value if isinstance(item, Element) else item
        if isinstance(value, bool):
            return value
    return bool(items)


__all__ = ["PathError", "compiled", "evaluated", "has_type", "literal", "verdict"]
