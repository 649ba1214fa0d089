"""Questions about the properties of an object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from app.fhir.validate import sound_lists
from app.fhir.validate.sound_code import Code
from app.fhir.validate.sound_shape import (
    Odd,
    Part,
    Shape,
    code_of,
    keys_seen,
    leads,
    shape_of,
    values_of,
)
from app.fhir.validate.sound_values import Writer

Held = Mapping[str, str]

_HELD: Final = {"Coding": ("system", "code"), "CodeableConcept": ("coding",)}
"""Properties that are looked at together."""
_FEW: Final = 7
"""So many properties are looked up; among more of them, those that are there are gone through."""


def write(sounds: Writer, code: Code, part: Part, name: str, seen: list[Any]) -> Held:
    """All properties of an object; the variables that hold those that are looked up."""
    kind = code_of(part)
    shape = shape_of(part.node, kind, part.place)
    held = [key for key in _HELD.get(kind, ()) if key in shape.parts]
    keys = list(dict.fromkeys([*held, *keys_seen(seen, shape.parts)]))
    code.unless(f"type({name}) is dict and {name}")
    turns = sum(leads(one, sounds.library, sounds.leading) for one in shape.parts.values())
    if held or (len(keys) <= _FEW and turns < 2):
        return _looked_up(sounds, code, part, shape, keys, name, seen)
    _gone_through(sounds, code, part, shape, keys, name, seen)
    return {}


def _looked_up(
    sounds: Writer,
    code: Code,
    part: Part,
    shape: Shape,
    keys: list[str],
    name: str,
    seen: list[Any],
) -> Held:
    held: dict[str, str] = {}
    left, there = code.variable(), 0
    code.add(f"{left} = len({name})")
    for key in keys:
        start, due = code.mark(), key in shape.due
        held[key] = value = code.variable()
        code.add(f"{value} = {name}.get({key!r})")
        try:
            if due:
                sounds.part(code, shape.parts[key], value, values_of(seen, key))
                there += 1
            else:
                with code.block(f"if {value} is not None:"):
                    code.add(f"{left} -= 1")
                    sounds.part(code, shape.parts[key], value, values_of(seen, key))
        except Odd:
            if due:
                raise
            code.back(start)
            del held[key]
    _others(sounds, code, part, shape, held, f"{left} != {there}", name)
    return held


def _others(
    sounds: Writer, code: Code, part: Part, shape: Shape, held: Held, more: str, name: str
) -> None:
    """Where an object has more than was looked up, or lacks what is due."""
    rest = sound_lists.others(_rest(sounds, part), tuple(held), shape)
    other = f"{code.value(rest)}({name}, run)"
    reasons = [more]
    for group in shape.groups:
        chosen = [f"({held[key]} is not None)" for key in group.keys if key in held]
        if group.required or len(chosen) > 1:
            sign = "!= 1" if group.required else "> 1"
            reasons.append(f"{' + '.join(chosen) or '0'} {sign}")
    if any(key not in held for key in shape.due):
        reasons = ["True"]
    with code.block(f"if {' or '.join(reasons)}:"):
        code.unless(other)


def _gone_through(
    sounds: Writer,
    code: Code,
    part: Part,
    shape: Shape,
    keys: list[str],
    name: str,
    seen: list[Any],
) -> None:
    key, value, there, odd = (code.variable() for _ in range(4))
    counts = {group: code.variable() for group in shape.groups}
    names = {one: counts[group] for group in shape.groups for one in group.keys}
    code.add(f"{' = '.join([there, odd, *counts.values()])} = 0")
    word, done = "if", 0
    with code.block(f"for {key}, {value} in {name}.items():"):
        for known in keys:
            start = code.mark()
            try:
                with code.block(f"{word} {key} == {known!r}:"):
                    sounds.part(code, shape.parts[known], value, values_of(seen, known))
                    if known in shape.due:
                        code.add(f"{there} += 1")
                        done += 1
                    if known in names:
                        code.add(f"{names[known]} += 1")
                word = "elif"
            except Odd:
                if known in shape.due:
                    raise
                code.back(start)
        with code.block("else:" if word == "elif" else "if True:"):
            code.add(f"{odd} = {code.value(_rest(sounds, part))}[{key}]")
            code.unless(f"{odd} and {odd}.ask({value}, run)")
    code.unless(f"{there} == {done}")
    for known in shape.due:
        if known not in keys:
            code.unless(f"{known!r} in {name}")
    for group, count in counts.items():
        sign = "!= 1" if group.required else "> 1"
        usual = f"({count} {sign} or {odd})"
        code.unless(f"not {usual} or {code.value(sound_lists.chosen(group))}({name}, run)")


def _rest(sounds: Writer, part: Part) -> sound_lists.Rest:
    return sound_lists.Rest(
        lambda: shape_of(part.node, code_of(part), part.place).parts, sounds.question
    )
