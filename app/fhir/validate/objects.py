"""JSON objects: known properties, required ones, choices, invariants."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from app.fhir.validate.run import NONE, Check, Field, Path, Run, Sound
from app.fhir.validate.sound_code import Walk
from app.fhir.validate.sound_shape import Part
from app.fhir.validate.wording import shape
from app.sealed import sealed

Json = dict[str, Any]

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


@sealed(frozen=True, slots=True)
class Choice:
    """A choice element: its stem, its property names, whether one is due, which ones are due."""

    stem: str
    keys: frozenset[str]
    required: bool
    needed: tuple[str, ...]


@sealed(frozen=True, slots=True)
class Table:
    """The properties of an object: the field of each, and the question that may settle it first.

    `groups` are the properties of which only one may be there, or no question settles anything.
    `walker` makes a function that goes through a whole object, when it first sees one, from what the
    properties are (`parts`).
    """

    fields: dict[str, Field]
    sounds: dict[str, Sound]
    groups: list[frozenset[str]]
    parts: dict[str, Part]
    walker: Callable[[Any, Run], Walk | None] | None = None


def plain_object(
    table: Table,
    required: frozenset[str],
    choices: Sequence[Choice],
    rules: Sequence[Check],
    *,
    stands_alone: bool = True,
) -> Check:
    """A JSON object: known properties, required ones, invariants.

    One that does not stand alone (the `_x` beside a value) may hold an id and nothing else.
    """
    due = [choice for choice in choices if choice.required or choice.needed]
    more = bool(due or rules)
    fields, asked, groups = table.fields, table.sounds.get, table.groups
    walker, walks = table.walker, list[Walk | None]()

    def other(key: str, item: Any, path: Path, run: Run, holder: Json) -> None:
        field = fields.get(key)
        if field is None:
            _unknown(key, choices, path, run)
        else:
            field(item, path, run, holder)

    def each(value: Json, path: Path, run: Run) -> None:
        ask: Callable[[str], Sound | None] = asked
        for group in groups:
            if len(group & value.keys()) > 1:
                ask = _nothing
        if walker is not None and ask is not _nothing:
            if not walks:
                walks.append(walker(value, run))
            if (walk := walks[0]) is not None:
                walk(value, path, run, other)
                return
        for key, item in value.items():
            sound = ask(key)
            if sound is None or not sound(item, run):
                other(key, item, path, run, value)

    def check(value: Any, path: Path, run: Run) -> None:
        if type(value) is not dict or not value:
            no_object(value, path, run)
            return
        each(value, path, run)
        if not value.keys() >= required:
            _missing(value, required, path, run)
        if len(value) == 1 and stands_alone and "id" in value:
            run.error("empty-object", path, "an id and nothing else")
        if more:
            if due:
                _missing_choice(value, due, path, run)
            for rule in rules:
                rule(value, path, run)

    return check


def _nothing(_key: str) -> None:
    return None


def extension_object(
    table: Table,
    required: frozenset[str],
    choices: Sequence[Choice],
    rules: Sequence[Check],
) -> Check:
    """An extension: as any object, and a value or nested extensions (ext-1)."""
    inner = plain_object(table, required, choices, rules)
    values = frozenset(key for key in table.fields if key[:5] == "value" or key[:6] == "_value")

    def check(value: Any, path: Path, run: Run) -> None:
        inner(value, path, run)
        if type(value) is dict and value.keys().isdisjoint(values) is not ("extension" in value):
            # a value of a type that is not allowed has been reported as such
            both = "extension" in value
            found = "both value and extension" if both else "neither value nor extension"
            if both or not any(key[:5] == "value" for key in value):
                run.error("extension-content", path, found)

    return check


def no_object(value: Any, path: Path, run: Run) -> None:
    if value is None:
        run.error("null-value", path, "null")
    elif type(value) is list:
        run.error("not-single", path, "array")
    elif type(value) is dict:
        run.error("empty-object", path, "empty object")
    else:
        run.error("not-object", path, f"{shape(value)} where an object is due")


def _unknown(key: str, choices: Sequence[Choice], path: Path, run: Run) -> None:
    name = key if _NAME.fullmatch(key) else "?"
    for choice in choices:
        stem = choice.stem
        rest = key.removeprefix("_")[len(stem) :]
        if key.removeprefix("_").startswith(stem) and rest[:1].isupper():
            found = f"{stem}[x] of a type that is not allowed"
            run.error("type-not-allowed", (path, name, NONE), found)
            return
    run.error("unknown-element", (path, name, NONE), f"unknown element {name}")


def _missing(value: Json, required: frozenset[str], path: Path, run: Run) -> None:
    for name in sorted(required - value.keys()):
        if "_" + name not in value:
            run.error("missing", (path, name, NONE), f"{name} is required and absent")


def _missing_choice(value: Json, due: Sequence[Choice], path: Path, run: Run) -> None:
    for choice in due:
        keys = choice.keys
        if choice.required and keys.isdisjoint(value) and not any("_" + k in value for k in keys):
            found = f"{choice.stem}[x] is required and absent"
            run.error("missing", (path, choice.stem, NONE), found)
        for key in choice.needed:
            if key not in value and "_" + key not in value:
                run.error(
                    "slice-missing", (path, choice.stem, NONE), f"{key} is required and absent"
                )
