"""Python source for an invariant: one expression over plain JSON, true where the invariant holds.

Two questions are written for each tree, `true` (is it true?) and `false` (is it false?), so that
FHIRPath's third value costs nothing: what is neither is empty. `a implies b` is
`false(a) or true(b)`, `a.not()` is `false(a)`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import model
from .collections_code import Code, NotFast, Writer, named_text, whole_number
from .elements import truth
from .evaluate import compiled, evaluated
from .nodes import Ast, Context
from .runtime import NAMES
from .texts import pattern

_NUMBERS = frozenset(("integer", "positiveInt", "unsignedInt", "decimal"))
_STRINGS = model.TEXTS
_COMPARE = {"<": "<", "<=": "<=", ">": ">", ">=": ">=", "=": "==", "!=": "!="}
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!=", "!=": "="}
_TESTS = {"startsWith": "startswith", "endsWith": "endswith"}


class CheckWriter(Writer):
    """Writes the two questions of a tree."""

    def __init__(self, root_type: str) -> None:
        super().__init__(root_type, self.true)

    def true(self, tree: Ast, this: Code) -> str:
        """Source of: the tree is true."""
        return self._asked(tree, this, True)

    def false(self, tree: Ast, this: Code) -> str:
        """Source of: the tree is false."""
        return self._asked(tree, this, False)

    def _asked(self, tree: Ast, this: Code, want: bool) -> str:
        try:
            return self._written(tree, this, want)
        except NotFast:
            if this.text != "n" or tree is self.whole:
                raise
            return f"{self.constant(_on_plain_road(tree, self.root_type, want))}(n, c)"

    def _written(self, tree: Ast, this: Code, want: bool) -> str:
        kind = tree[0]
        if kind == "op":
            return self._operation(tree, this, want)
        if kind == "bool":
            return str(tree[1] is want)
        if kind == "is":
            return self._is(tree, this, want)
        if kind == "fn":
            written = self._function(tree, this, want)
            if written is not None:
                return written
        return f"(tri({self._raw(self.collection(tree, this))}) is {want})"

    def _raw(self, given: Code) -> str:
        if given.shape == "raw" and given.primitive:
            return self.listed(given)
        return given.text

    # Operators --------------------------------------------------------------------------------

    def _operation(self, tree: Ast, this: Code, want: bool) -> str:
        sign, left, right = tree[1], tree[2], tree[3]
        if sign in ("and", "or", "implies", "xor"):
            return self._logic(sign, left, right, this, want)
        if sign == "in":
            return self._membership(left, right, this, want)
        if sign == "contains":
            return self._membership(right, left, this, want)
        if sign in _COMPARE:
            return self._comparison(sign, left, right, this, want)
        raise NotFast(sign)

    def _logic(self, sign: str, left: Ast, right: Ast, this: Code, want: bool) -> str:
        if sign == "xor":
            return self._xor(left, right, this, want)
        # `a implies b` is `not a or b`: all three-valued.
        joined = "and" if (sign == "and") is want else "or"
        first = self._asked(left, this, want if sign != "implies" else not want)
        return f"({first} {joined} {self._asked(right, this, want)})"

    def _xor(self, left: Ast, right: Ast, this: Code, want: bool) -> str:
        if self.total(left) and self.total(right):
            word = "!=" if want else "=="
            return f"(bool({self.true(left, this)}) {word} bool({self.true(right, this)}))"
        pairs = ((True, not want), (False, want))
        either = [
            f"({self._asked(left, this, one)} and {self._asked(right, this, other)})"
            for one, other in pairs
        ]
        return f"({either[0]} or {either[1]})"

    def total(self, tree: Ast) -> bool:
        """Whether the tree is always true or false, never empty."""
        if tree[0] == "fn":
            return tree[2] in ("exists", "empty", "all", "hasValue", "isDistinct") or (
                tree[2] == "not" and self.total(tree[1])
            )
        if tree[0] == "op" and tree[1] in ("and", "or", "xor", "implies"):
            return self.total(tree[2]) and self.total(tree[3])
        return str(tree[0]) == "bool"

    def _membership(self, item: Ast, group: Ast, this: Code, want: bool) -> str:
        given = self.collection(item, this)
        if not given.all_in(_STRINGS):
            raise NotFast("membership of something else than strings")
        value = self._text(given)
        name = self.fresh("v")
        word = "in" if want else "not in"
        return f"(({name} := {value}) is not None and {name} {word} {self._group(group, this)})"

    def _group(self, tree: Ast, this: Code) -> str:
        literals = _string_literals(tree)
        if literals is not None:
            return self.constant(frozenset(literals))
        given = self.collection(tree, this)
        if not given.all_in(_STRINGS):
            raise NotFast("membership in something else than strings")
        return self.listed(given)

    def _comparison(self, sign: str, left: Ast, right: Ast, this: Code, want: bool) -> str:
        if sign in ("=", "!="):
            if self.total(left) and self.total(right):
                word = "==" if (sign == "=") is want else "!="
                return f"(bool({self.true(left, this)}) {word} bool({self.true(right, this)}))"
            alike = want if sign == "=" else not want
            constant = named_text(right)
            if constant is not None:
                return self._text_equality(left, constant, this, alike)
            if right[0] == "bool":
                return f"(tri({self._raw(self._booleans(left, this))}) is {right[1] is alike})"
        return self._ordered(sign if want else _OPPOSITE[sign], left, right, this)

    def _booleans(self, tree: Ast, this: Code) -> Code:
        given = self.collection(tree, this)
        if given.types != {"boolean"}:
            raise NotFast("a boolean beside something else")
        return given

    def _text_equality(self, left: Ast, constant: str, this: Code, alike: bool) -> str:
        given = self.collection(left, this)
        if not given.types & _STRINGS:
            raise NotFast("a string beside something else")
        if given.spellings:
            value = f"one({given.text})"
            if alike:
                return f"({value} == {constant!r})"
            name = self.fresh("v")
            return f"(({name} := {value}) is not None and {name} != {constant!r})"
        if given.shape == "node":
            return f"(text({given.text}) {'==' if alike else '!='} {constant!r})"
        if given.shape == "list":
            if alike:
                return f"({given.text} == {self.constant([constant])})"
            name = self.fresh("v")
            return f"(({name} := {given.text}) and {name} != {self.constant([constant])})"
        if alike:
            return f"({given.text} in {self.constant((constant, [constant]))})"
        name, others = self.fresh("v"), self.constant((constant, [constant], []))
        beside = f"{'_' + given.name!r} in {given.owner}"
        return f"({name} not in {others} if ({name} := {given.text}) is not None else {beside})"

    def _ordered(self, sign: str, left: Ast, right: Ast, this: Code) -> str:
        word = _COMPARE[sign]
        one, other = self._number(left, this), self._number(right, this)
        if one is not None and other is not None:
            if one[1] and other[1]:
                return f"({one[0]} {word} {other[0]})"
            first, second = self.fresh("v"), self.fresh("v")
            return (
                f"(({first} := {one[0]}) is not None and ({second} := {other[0]}) is not None"
                f" and {first} {word} {second})"
            )
        if sign in ("=", "!="):
            raise NotFast("equality of collections")
        before, after = self.collection(left, this), self.collection(right, this)
        if not (before.all_in(model.MOMENTS) and after.all_in(model.MOMENTS)):
            raise NotFast("order of something else than numbers and dates")
        name = self.fresh("v")
        return f"(({name} := moments({self._raw(before)}, {self._raw(after)})) is not None and {name} {word} 0)"

    def _number(self, tree: Ast, this: Code) -> tuple[str, bool] | None:
        """Source of a number and whether it is always there."""
        whole = whole_number(tree)
        if whole is not None:
            return str(whole), True
        if tree[0] == "op" and tree[1] == "+":
            one, other = self._number(tree[2], this), self._number(tree[3], this)
            return (
                (f"({one[0]} + {other[0]})", True)
                if one and other and one[1] and other[1]
                else None
            )
        if tree[0] == "fn" and tree[2] == "count":
            return self.counted(self.collection(tree[1], this)), True
        if tree[0] == "fn" and tree[2] == "length":
            return self._length(tree[1], this), False
        if tree[0] in (".", "this"):
            given = self.collection(tree, this)
            if given.all_in(_NUMBERS):
                return f"figure({self._raw(given)})", False
        return None

    def _length(self, tree: Ast, this: Code) -> str:
        given = self._string(tree, this)
        name = self.fresh("v")
        return f"(None if ({name} := {given}) is None else len({name}))"

    def _string(self, tree: Ast, this: Code) -> str:
        """Source of a single string, None without one."""
        written = tree[0] == "fn" and tree[2] == "toString"
        given = self.collection(tree[1] if written else tree, this)
        wanted = _STRINGS | model.MOMENTS | {"time"} if written else _STRINGS
        if not given.all_in(wanted):
            raise NotFast("not a string")
        return self._text(given)

    def _text(self, given: Code) -> str:
        """Source of the single string of a collection; of a plain property without a call."""
        usual = f"text({self._raw(given)})"
        if given.shape != "raw" or not given.primitive or given.spellings:
            return usual
        name = self.fresh("v")
        return f"({name} if type({name} := {given.text}) is str else {usual})"

    # Types and functions ----------------------------------------------------------------------

    def _is(self, tree: Ast, this: Code, want: bool) -> str:
        given, name = self.collection(tree[1], this), str(tree[2])
        if not model.known(name):
            raise NotFast("a type outside R4")
        if given.types <= {"Resource", "DomainResource"}:
            if model.is_resource(name) and name not in ("Resource", "DomainResource"):
                stated = self.fresh("v")
                source = f"({stated} := stated({given.text}))"
                # Equality is enough: no R4 resource derives from a concrete one.
                return f"({source} == {name!r})" if want else f"({source} not in (None, {name!r}))"
            raise NotFast("an abstract type")
        fits = {one: model.is_a(one, name) for one in given.types}
        if given.shape == "node" and len(fits) == 1:
            return str(fits.popitem()[1] is want)
        if not given.spellings:
            raise NotFast("a type only known from the document")
        keys = {key for key, one in given.spellings if fits[one] is want}
        group = self.constant(frozenset(keys) | {"_" + key for key in keys})
        return f"(not {group}.isdisjoint({given.owner}))"

    def _function(self, tree: Ast, this: Code, want: bool) -> str | None:
        name, arguments = tree[2], tree[3:]
        if name == "not":
            return self._asked(tree[1], this, not want)
        if name in ("exists", "empty"):
            return self._existence(tree, this, (name == "exists") is want)
        if name == "all" and len(arguments) == 1:
            return self._all(tree, this, want)
        if name == "hasValue":
            return self._has_value(tree, this, want)
        if name in ("matches", "contains", *_TESTS):
            return self._text_test(tree, this, want)
        return None

    def _existence(self, tree: Ast, this: Code, want: bool) -> str:
        source = tree[1]
        if len(tree) > 3:
            source = ["fn", tree[1], "where", tree[3]]
        there = self.there(self.collection(source, this))
        return f"({there})" if want else f"(not {there})"

    def _all(self, tree: Ast, this: Code, want: bool) -> str:
        inner = self.collection(tree[1], this)
        item = self.fresh("x")
        holds = self.true(tree[3], Code(item, "node", inner.types))
        source = f"all([{holds} for {item} in {self.listed(inner)}])"
        return source if want else f"(not {source})"

    def _has_value(self, tree: Ast, this: Code, want: bool) -> str:
        given = self.collection(tree[1], this)
        if not given.all_in(model.TEXTS | model.MOMENTS | {"time"}):
            raise NotFast("hasValue() of something else than text")
        held = f"(type({given.text}) is str)"
        return held if want else f"(not {held})"

    def _text_test(self, tree: Ast, this: Code, want: bool) -> str:
        if len(tree) != 4 or (constant := named_text(tree[3])) is None or not constant:
            raise NotFast("a pattern that is not a literal")
        value, name = self._string(tree[1], this), self.fresh("v")
        if tree[2] == "matches":
            # HL7's engine never matches an empty string.
            test = f"({name} and {self.constant(pattern(constant).search)}({name}))"
        elif tree[2] == "contains":
            test = f"{constant!r} in {name}"
        else:
            test = f"{name}.{_TESTS[tree[2]]}({constant!r})"
        held = test if want else f"not ({test})"
        return f"(({name} := {value}) is not None and {held})"


def _string_literals(tree: Ast) -> list[str] | None:
    if tree[0] == "op" and tree[1] == "|":
        left, right = _string_literals(tree[2]), _string_literals(tree[3])
        return None if left is None or right is None else left + right
    return [str(tree[1])] if tree[0] == "str" else None


def _on_plain_road(tree: Ast, type_name: str, want: bool) -> Callable[[Any, Context], bool]:
    evaluate = compiled(tree)

    def asked(node: Any, context: Context) -> bool:
        return truth(evaluated(evaluate, node, type_name, context)) is want

    return asked


def source_of(
    tree: Ast, type_name: str, writer: CheckWriter | None = None
) -> tuple[str, dict[str, Any]]:
    """Source of `true(tree)` for an element `n` in context `c`, and what it names; or NotFast.

    Give the same `writer` to several trees of one function.
    """
    if type_name in ("Resource", "DomainResource", "Element", "BackboneElement"):
        raise NotFast("an abstract type")
    writer = writer or CheckWriter(type_name)
    writer.whole = tree
    text = writer.true(tree, Code("n", "node", frozenset((type_name,))))
    return text, {**NAMES, **writer.constants}
