"""Questions about lists of extensions, and about an extension."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.fhir.validate import sound_lists
from app.fhir.validate.sound_code import Code
from app.fhir.validate.sound_shape import Odd, Part, Slot, keys_seen, shape_of, slots_of, values_of
from app.fhir.validate.sound_values import Writer
from app.fhir.validate.tree import Node, tighten


def write(sounds: Writer, code: Code, part: Part, name: str, seen: list[Any]) -> None:
    """A list of extensions, all of which the profile names."""
    slots = slots_of(part, sounds.library)
    usable = {slot.url: slot.part for slot in slots if slot.part is not None}
    if not usable:
        raise Odd
    node = part.node
    items = [item for value in seen if type(value) is list for item in value]
    questions = sound_lists.Rest(lambda: usable, sounds.question)
    listed = code.value(sound_lists.extensions(questions, slots, node.min, node.max))
    found = [u for item in items if type(item) is dict and type(u := item.get("url")) is str]
    seen_urls = [url for url in dict.fromkeys(found) if url in usable]
    code.unless(f"type({name}) is list")
    if not seen_urls or not code.has_room:
        code.unless(f"{listed}({name}, run)")
        return
    one, url = code.variable(), code.variable()
    counts = {s.url: code.variable() for s in slots if s.min or s.max is not None}
    counts = {u: variable for u, variable in counts.items() if u in seen_urls}
    code.unless(name)
    if counts:
        code.add(f"{' = '.join(counts.values())} = 0")
    with code.block(f"for {one} in {name}:"):
        code.unless(f"type({one}) is dict")
        code.add(f"{url} = {one}.get('url')")
        for number, known in enumerate(seen_urls):
            with code.block(f"{'elif' if number else 'if'} {url} == {known!r}:"):
                if known in counts:
                    code.add(f"{counts[known]} += 1")
                own = [item for item in items if type(item) is dict and item.get("url") == known]
                _one_or_not(sounds, code, usable[known], one, own, known)
        with code.block("else:"):
            code.unless(f"{listed}({name}, run)")
            code.add("break")
    with code.block("else:"):
        for slot in slots:
            _counted(code, slot, counts)
        most = "" if node.max is None else f" <= {node.max}"
        if node.min > 1 or most:
            code.unless(f"{node.min} <= len({name}){most}")
        code.add("pass")


def _counted(code: Code, slot: Slot, counts: Mapping[str, str]) -> None:
    if slot.url in counts:
        most = "" if slot.max is None else f" <= {slot.max}"
        code.unless(f"{slot.min} <= {counts[slot.url]}{most}")
    elif slot.min > 0:
        code.add(code.fail)


def _one_or_not(
    sounds: Writer, code: Code, part: Part, name: str, seen: list[Any], url: str
) -> None:
    start = code.mark()
    try:
        write_one(sounds, code, part, name, seen, url)
    except Odd:
        code.back(start)
        code.add(code.fail)


def write_one(sounds: Writer, code: Code, part: Part, name: str, seen: list[Any], url: str) -> None:
    """An extension, whose url is known to be `url` unless that is "": with one content."""
    node, kind = part.node, part.kind
    structure = sounds.structure(kind or {"code": "Extension"})
    below = sounds.library.tree(structure)
    tree = tighten(below, node) if node.children else below
    options = _options(tree, part.place)
    stated = tree.children["url"]
    if not url or stated.element.get("fixed") != url:
        code.unless(f"type({name}) is dict")
        address = code.variable()
        code.add(f"{address} = {name}.get('url')")
        sounds.values.primitive(code, stated, "System.String", address)
    rest = sound_lists.Rest(lambda: _options(tree, part.place), sounds.question)
    other = f"{code.value(sound_lists.content(rest))}({name}, run)"
    keys = keys_seen(seen, options) if code.has_room else []
    if keys:
        value, start = code.variable(), code.mark()
        try:
            code.add(f"{value} = {name}.get({keys[0]!r})")
            with code.block(f"if {value} is not None and len({name}) == 2:"):
                sounds.part(code, options[keys[0]], value, values_of(seen, keys[0]))
            code.add(f"elif not {other}: {code.fail}")
        except Odd:
            code.back(start)
            code.unless(other)
    else:
        code.unless(other)
    rules = below.element.get("invariants", ())
    sounds.values.ruled(code, rules, structure, "Extension", name)
    sounds.values.stated(code, node, kind, name, {}, structure)


def _options(tree: Node, place: str) -> dict[str, Part]:
    """What an extension may hold beside its url; of all that exactly one (ext-1)."""
    children = {
        key: child for key, child in tree.children.items() if key not in ("id", "modifierExtension")
    }
    shape = shape_of(Node(tree.element, tree.structure, tree.path, children), "Extension", place)
    options = {key: part for key, part in shape.parts.items() if key != "url"}
    due = [key for key in shape.due if key != "url"]
    for group in shape.groups:
        if group.required:
            options = {key: part for key, part in options.items() if key in group.keys}
    return {key: part for key, part in options.items() if due in ([], [key])}
