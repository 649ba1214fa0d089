"""Python source for FHIRPath collections over plain JSON, where the types are known beforehand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from app.fhir.urls import core, system
from app.sealed import sealed

from . import model
from .evaluate import literal
from .nodes import Ast

_NUMBERS = frozenset(("integer", "positiveInt", "unsignedInt", "decimal"))
_ABSTRACT = ("Resource", "DomainResource")
_URLS = {"ucum": system.UCUM, "sct": system.SNOMED, "loinc": system.LOINC}


class NotFast(Exception):
    """This expression has no fast form: it runs on the plain road."""


@sealed(frozen=True, slots=True)
class Code:
    """Source of a collection.

    `shape`: "node" one existing value; "raw" what dict.get gave; "list" a list of values.
    `types`: what its items can be. `owner`, `name`: for a raw child, where it hangs.
    `spellings`: for a raw choice, JSON name to type.
    """

    text: str
    shape: Literal["node", "raw", "list"]
    types: frozenset[str]
    owner: str = ""
    name: str = ""
    spellings: tuple[tuple[str, str], ...] = ()

    @property
    def primitive(self) -> bool:
        """Whether any item can be a primitive."""
        return bool(self.types & model.PRIMITIVES)

    def all_in(self, names: frozenset[str]) -> bool:
        """Whether every item is of one of these types."""
        return self.types <= names


@dataclass(slots=True)
class Writer:
    """Collects what generated source refers to: constants, fresh names, and the type of its root.

    `condition(tree, this)` is source of: the tree is true of `this`.
    """

    root_type: str
    condition: Callable[[Ast, Code], str]
    constants: dict[str, Any] = field(default_factory=dict)
    names: int = 0
    whole: Ast = field(default_factory=list)

    def fresh(self, letter: str) -> str:
        """A name that nothing else uses."""
        self.names += 1
        return f"{letter}{self.names}"

    def constant(self, value: Any) -> str:
        """A name for a value that the source refers to."""
        name = self.fresh("K")
        self.constants[name] = value
        return name

    # Collections ------------------------------------------------------------------------------

    def collection(self, tree: Ast, this: Code) -> Code:
        """Source for a tree that gives elements; NotFast if it has no such form."""
        kind = tree[0]
        if kind == "this":
            return this
        if kind == ".":
            return self._child(self.collection(tree[1], this), str(tree[2]))
        if kind == "var":
            return self._variable(str(tree[1]))
        if kind in ("as", "ofType"):
            return self._of_type(self.collection(tree[1], this), str(tree[2]))
        if kind == "fn":
            return self._call(tree, this)
        raise NotFast(kind)

    def _variable(self, name: str) -> Code:
        if name in ("resource", "rootResource"):
            top = self.root_type.split(".")[0]
            known = top if model.is_resource(top) else "Resource"
            attribute = "resource" if name == "resource" else "root"
            return Code(f"c.{attribute}", "node", frozenset((known,)))
        raise NotFast(f"%{name}")

    def _child(self, parent: Code, name: str) -> Code:
        if name[:1].isupper():
            if parent.shape == "node" and parent.types == {name}:
                return parent
            raise NotFast("a type name")
        if name in ("extension", "id") and parent.primitive:
            raise NotFast("inside a primitive")
        choice = [found for one in parent.types if (found := self._choices(one, name))]
        if choice:
            return self._choice(parent, choice)
        real = [one for one in parent.types if model.listed(one, name)]
        types = frozenset(model.type_of(one, name) for one in real or parent.types)
        if not real:
            # An element that R4 does not know may as well be a primitive.
            types |= {"string"}
        leaf = bool(types & model.PRIMITIVES)
        if parent.shape == "node":
            return Code(f"{parent.text}.get({name!r})", "raw", types, parent.text, name)
        if leaf:
            return Code(f"walk_leaf({parent.text}, {name!r}, {'_' + name!r})", "list", types)
        return Code(f"walk({parent.text}, {name!r})", "list", types)

    @staticmethod
    def _choices(type_name: str, name: str) -> dict[str, str] | None:
        if type_name in _ABSTRACT and not model.listed(type_name, name):
            raise NotFast("the type is only known from the document")
        return model.choices(type_name, name)

    def _choice(self, parent: Code, choice: list[dict[str, str]]) -> Code:
        if len(parent.types) != 1 or len(choice) != 1:
            raise NotFast("a choice in one of several types")
        spellings = choice[0]
        keys = self.constant(frozenset(spellings) | {"_" + key for key in spellings})
        types = frozenset(spellings.values())
        if parent.shape == "node":
            text = f"pick({parent.text}, {keys})"
            return Code(text, "raw", types, parent.text, keys, tuple(spellings.items()))
        return Code(f"picks({parent.text}, {keys})", "list", types)

    def _of_type(self, given: Code, name: str) -> Code:
        if not model.known(name) or name in _ABSTRACT:
            raise NotFast("a type outside R4")
        if not given.spellings:
            if len(given.types) == 1 and not given.types & set(_ABSTRACT):
                (only,) = given.types
                fits = only == name or (only not in model.PRIMITIVES and model.is_a(only, name))
                return given if fits else Code("[]", "list", frozenset((name,)))
            raise NotFast("a type only known from the document")
        fitting = {
            key: one
            for key, one in given.spellings
            if one == name or (one not in model.PRIMITIVES and model.is_a(one, name))
        }
        if len(fitting) == 1:
            (key,) = fitting
            text = f"{given.owner}.get({key!r})"
            return Code(text, "raw", frozenset(fitting.values()), given.owner, key)
        keys = self.constant(frozenset(fitting) | {"_" + key for key in fitting})
        text = f"pick({given.owner}, {keys})"
        types = frozenset(fitting.values())
        return Code(text, "raw", types, given.owner, keys, tuple(fitting.items()))

    def _call(self, tree: Ast, this: Code) -> Code:
        name, arguments = tree[2], tree[3:]
        if name == "first" and not arguments:
            inner = self.collection(tree[1], this)
            if inner.shape == "node":
                return inner
            return Code(f"{self.listed(inner)}[:1]", "list", inner.types)
        if name == "where" and len(arguments) == 1:
            inner = self.collection(tree[1], this)
            item = self.fresh("x")
            holds = self.condition(arguments[0], Code(item, "node", inner.types))
            return Code(
                f"[{item} for {item} in {self.listed(inner)} if {holds}]", "list", inner.types
            )
        if name == "extension" and len(arguments) == 1 and arguments[0][0] == "str":
            inner = self.collection(tree[1], this)
            if inner.primitive:
                raise NotFast("inside a primitive")
            text = f"extensions({inner.text}, {arguments[0][1]!r})"
            return Code(text, "list", frozenset(("Extension",)))
        if name == "trace":
            return self.collection(tree[1], this)
        raise NotFast(f"{name}()")

    def listed(self, given: Code) -> str:
        """Source of a list of the items."""
        if given.shape == "list":
            return given.text
        if given.shape == "node":
            return f"[{given.text}]"
        if given.primitive and not given.spellings:
            return f"leaf({given.owner}, {given.name!r}, {'_' + given.name!r})"
        return f"spread({given.text})"

    def there(self, given: Code) -> str:
        """Source of: the collection has an item."""
        if given.shape == "node":
            return "True"
        if given.shape == "list":
            return given.text
        if given.spellings:
            return f"(not {given.name}.isdisjoint({given.owner}))"
        if given.primitive:
            return f"({given.text} not in NOTHING or {'_' + given.name!r} in {given.owner})"
        return given.text

    def counted(self, given: Code) -> str:
        """Source of the number of items."""
        if given.shape == "node":
            return "1"
        if given.shape == "list" or given.primitive:
            return f"len({self.listed(given)})"
        return f"count({given.text})"


def named_text(tree: Ast) -> str | None:
    """The text of a string literal or of a variable that stands for a url."""
    if tree[0] == "str":
        return str(tree[1])
    if tree[0] == "var":
        name = str(tree[1])
        if name[:3] == "vs-":
            return core.VALUE_SET + name[3:]
        if name[:4] == "ext-":
            return core.STRUCTURE_DEFINITION + name[4:]
        return _URLS.get(name)
    return None


def whole_number(tree: Ast) -> int | None:
    """The value of an integer literal."""
    if tree[0] != "num" or "." in tree[1]:
        return None
    found = literal(tree)
    return found if isinstance(found, int) else None


__all__ = ["Code", "NotFast", "Writer", "named_text", "whole_number"]
