"""The functions that FHIR adds to FHIRPath: extension, hasValue, resolve, memberOf, htmlChecks."""

from __future__ import annotations

from . import elements
from .elements import Items
from .narrative import has_content, is_safe
from .nodes import Element, NotSupported, PathError
from .scope import Evaluate, Scope
from .selecting import Function


def extension(items: Items, arguments: list[Evaluate], scope: Scope) -> Items:
    """Extensions (and modifier extensions, as HL7's engine does) of that url."""
    wanted = [elements.text(item) for item in arguments[0](scope)]
    found: Items = []
    for item in items:
        elements.member(item, "extension", found)
        elements.member(item, "modifierExtension", found)
    return [one for one in found if isinstance(one.value, dict) and one.value.get("url") in wanted]


def has_value(items: Items, _arguments: list[Evaluate], _scope: Scope) -> Items:
    """One primitive that has a value, not only extensions."""
    return [len(items) == 1 and bool(elements.text(items[0]))]


def get_value(items: Items, _arguments: list[Evaluate], _scope: Scope) -> Items:
    """The system value of one primitive."""
    if len(items) != 1 or not elements.is_primitive(items[0]):
        return []
    item = items[0]
    value = elements.moment(item) or (item.value if isinstance(item, Element) else item)
    return [] if value is None else [value]


def resolve(items: Items, _arguments: list[Evaluate], scope: Scope) -> Items:
    """The resources that references (or uris) point to, as far as the context can find them."""
    found: Items = []
    for item in items:
        value = item.value if isinstance(item, Element) else item
        reference = value.get("reference") if isinstance(value, dict) else value
        if not isinstance(reference, str):
            continue
        target = (
            contained(scope.context.root, reference[1:])
            if reference[:1] == "#"
            else scope.context.resolve(reference)
        )
        if isinstance(target, dict):
            found.append(elements.wrap(target, "Resource"))
    return found


def contained(container: object, wanted: str) -> object:
    """The contained resource of that id, None if there is none; `#` alone is the container."""
    if not isinstance(container, dict) or wanted == "":
        return container
    inside = container.get("contained")
    for one in inside if isinstance(inside, list) else ():
        if isinstance(one, dict) and one.get("id") == wanted:
            return one
    return None


def member_of(items: Items, arguments: list[Evaluate], scope: Scope) -> Items:
    """Whether one code is in a value set; NotSupported where the context cannot tell."""
    given = arguments[0](scope)
    if len(items) != 1 or len(given) != 1:
        return []
    item, value_set = items[0], elements.text(given[0])
    value = item.value if isinstance(item, Element) else item
    verdict = scope.context.member_of(value, value_set) if value_set is not None else None
    if verdict is None:
        raise NotSupported("a value set that cannot be expanded here")
    return [verdict]


def html_checks(items: Items, _arguments: list[Evaluate], _scope: Scope) -> Items:
    """Whether the one item is narrative that FHIR allows (txt-1)."""
    return [is_safe(elements.text(items[0]))] if len(items) == 1 else []


def html_content(items: Items, _arguments: list[Evaluate], _scope: Scope) -> Items:
    """Whether the one item is narrative with something to read (txt-2)."""
    return [len(items) == 1 and has_content(elements.text(items[0]))]


def conforms_to(_items: Items, _arguments: list[Evaluate], _scope: Scope) -> Items:
    raise NotSupported("conformsTo()")


def define_variable(items: Items, arguments: list[Evaluate], scope: Scope) -> Items:
    named = arguments[0](scope)
    name = elements.text(named[0]) if len(named) == 1 else None
    if name is None:
        raise PathError("defineVariable() needs a name")
    scope.variables[name] = arguments[1](scope) if len(arguments) > 1 else items
    return items


FUNCTIONS: dict[str, Function] = {
    "extension": extension,
    "hasValue": has_value,
    "getValue": get_value,
    "resolve": resolve,
    "memberOf": member_of,
    "htmlChecks": html_checks,
    "htmlChecks1": html_checks,
    "htmlChecks2": html_content,
    "conformsTo": conforms_to,
    "defineVariable": define_variable,
}
