"""FHIRPath for invariants: trees to Python functions over parsed JSON.

How a validator uses it
    build time   app.fhir.validate.fhirpath.parse.parse(expression) -> tree    slow, imports ANTLR
                 A tree is lists, strings and booleans (JSON). Keep it beside the expression in the
                 fact file, or in a built cache; one tree per expression text is enough.
    start        check = as_check(tree, type_name, key="per-1")                fast, no ANTLR
                 `type_name` is the type of the element that carries the invariant: a data type or
                 resource type ("Period", "Claim", "date"), or the path of a backbone element
                 ("Claim.item"). Choices inside it (`value`) are resolved by it.
                 `key` (optional) allows hand-written equals (known.py) and published errata
                 (errata.py: `amended(key, expression)` before parsing).
    per resource context = Context(resource, root, resolve, member_of)
                 `resource` is %resource: the resource that holds the element; `root` is
                 %rootResource: the same, or the container if `resource` is contained.
                 `resolve(reference) -> dict | None`; `member_of(node, value_set) -> bool | None`.
                 `as_group([(key, tree), ...], type_name)` makes one function of all invariants of an
                 element: () where all hold, else ((position, False | None), ...). Prefer it: faster.
    per element  check(node, context) -> True   the invariant holds
                                         False  it is broken
                                         None   it could not be evaluated (report a warning)
                 Never raises, whatever JSON `node` is.

As HL7's engine does: an empty result breaks an invariant, one boolean is itself, any other result
holds; an expression that FHIRPath calls an error (a collection where one item is due) is broken.
Source: FHIRPath N1, FHIR R4 §2.9 and the engine's own `evaluateToBoolean`.
"""

from __future__ import annotations

from .checks import Check, Expression, as_check, as_group, compile_ast
from .errata import amended
from .nodes import Ast, BadExpression, Context, NotSupported, PathError

__all__ = [
    "Ast",
    "BadExpression",
    "Check",
    "Context",
    "Expression",
    "NotSupported",
    "PathError",
    "amended",
    "as_check",
    "as_group",
    "compile_ast",
]
