"""Trees to checks: a generated function where the tree has a fast form, the plain road otherwise.

A generated function falls back to the plain road on any data that it does not expect, so both give
the same verdict; `tests/unit/fhirpath` holds them to that.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, cast

from .collections_code import NotFast
from .elements import Items
from .evaluate import compiled, evaluated, verdict
from .fast import CheckWriter, source_of
from .known import own_check
from .nodes import Ast, BadExpression, Context, NotSupported, PathError
from .runtime import NAMES

Check = Callable[[Any, Context], bool | None]
Expression = Callable[[Any, Context], Items]
Group = Callable[[Any, Context], tuple[tuple[int, bool | None], ...]]

_log = logging.getLogger(__name__)


def compile_ast(tree: Ast, type_name: str = "Resource") -> Expression:
    """A function (node, context) -> items for elements of `type_name`.

    The items are `Element`s or system values. It raises PathError or NotSupported.
    """
    evaluate = compiled(tree)
    return lambda node, context: evaluated(evaluate, node, type_name, context)


def plain_check(tree: Ast, type_name: str) -> Check:
    """The check by the plain road alone: the reference that every faster form must agree with."""
    evaluate = compiled(tree)

    def check(node: Any, context: Context) -> bool | None:
        try:
            return verdict(evaluated(evaluate, node, type_name, context))
        except PathError:
            return False
        except NotSupported:
            return None
        except Exception as broken:  # noqa: BLE001 - a document must never break the validator
            _log.warning("an invariant could not be evaluated: %s", type(broken).__name__)
            return None

    return check


def as_check(tree: Ast, type_name: str, key: str = "") -> Check:
    """A function (node, context) -> True holds, False broken, None could not be evaluated.

    `type_name` is the type of the elements that it will see (see the package docstring). `key`, the
    invariant's id, lets a hand-written equal of `known.py` stand in where it has the same tree.
    """
    plain = plain_check(tree, type_name)
    own = own_check(key, tree)
    if own is not None:
        return cast(Check, _built("own(n, c)", "plain(n, c)", {"own": own, "plain": plain}))
    try:
        source, names = source_of(tree, type_name)
    except NotFast:
        return plain
    names["plain"] = plain
    return cast(Check, _built(f"True if {source} else False", "plain(n, c)", names))


def as_group(checks: Sequence[tuple[str, Ast]], type_name: str) -> Group:
    """One function for all invariants (key, tree) of an element: (node, context) -> () where all hold.

    Otherwise (position in `checks`, False or None) for each that does not. The usual case, nothing
    broken, is one call.
    """
    singles: list[Check] = []

    def findings(node: Any, context: Context) -> tuple[tuple[int, bool | None], ...]:
        # One by one only when something is broken: most processes never build most of these.
        if not singles:
            singles[:] = [as_check(tree, type_name, key) for key, tree in checks]
        verdicts = enumerate(check(node, context) for check in singles)
        return tuple((at, held) for at, held in verdicts if held is not True)

    writer, names, parts = CheckWriter(type_name), dict[str, Any](), []
    for at, (key, tree) in enumerate(checks):
        own = own_check(key, tree)
        try:
            if own is not None:
                raise NotFast("own code")
            parts.append(source_of(tree, type_name, writer)[0])
        except NotFast:
            names[f"check{at}"] = own or plain_check(tree, type_name)
            parts.append(f"check{at}(n, c)")
    names |= {**NAMES, **writer.constants, "findings": findings}
    usual = f"() if {' and '.join(parts) or 'True'} else findings(n, c)"
    return cast(Group, _built(usual, "findings(n, c)", names))


def _built(usual: str, odd: str, names: dict[str, Any]) -> Any:
    # The source is ours: it holds names, literals of the fact files as repr(), nothing of a document.
    text = f"def check(n, c):\n    try:\n        return {usual}\n    except Exception:\n        return {odd}\n"
    names = dict(names)
    exec(compile(text, "<invariant>", "exec"), names)  # noqa: S102 - see above
    return names["check"]


def source(tree: Ast, type_name: str) -> str:
    """The generated source of a check, for people; NotFast where it runs on the plain road."""
    return source_of(tree, type_name)[0]


__all__ = [
    "BadExpression",
    "Check",
    "Expression",
    "Group",
    "NotFast",
    "as_check",
    "as_group",
    "compile_ast",
    "plain_check",
    "source",
]
