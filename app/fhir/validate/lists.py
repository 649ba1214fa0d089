"""The closures that the compiler puts together: objects, properties, lists, slices, extensions.

Everything here runs for every element of every document. The common, sound case takes the shortest
way; findings are worded only when there is something to find.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.fhir.bundle import rest_parts
from app.fhir.validate import matching, places
from app.fhir.validate.run import NONE, Check, Field, Path, Run

Json = dict[str, Any]

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_SHAPES: Final = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice element: its stem, its property names, whether one is due, which ones are due."""

    stem: str
    keys: frozenset[str]
    required: bool
    needed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """A slice of a list: how its entries are known, their check and how many are due."""

    name: str
    test: Callable[[Any, Run], bool]
    check: Check
    min: int
    max: int | None


@dataclass(frozen=True, slots=True)
class Slot:
    """An extension that a profile names at a place."""

    check: Check
    min: int
    max: int | None
    contexts: list[dict[str, str]]
    known: bool


def shape(value: object) -> str:
    """The JSON type of a value, in a word."""
    return _SHAPES.get(type(value), "number")


def nothing(value: Any, path: Path, run: Run) -> None:
    """A check without rules."""


def skip(value: Any, path: Path, run: Run, holder: Json) -> None:
    """A property that was looked at elsewhere."""


def all_of(checks: Sequence[Check]) -> Check:
    """One check that makes several."""
    if len(checks) == 1:
        return checks[0]
    if len(checks) == 2:
        first, second = checks

        def both(value: Any, path: Path, run: Run) -> None:
            first(value, path, run)
            second(value, path, run)

        return both
    if not checks:
        return nothing

    def every(value: Any, path: Path, run: Run) -> None:
        for check in checks:
            check(value, path, run)

    return every


def any_of(checks: Sequence[Check]) -> Check:
    """A check that is content when one of several is; otherwise it reports the closest one's."""
    if len(checks) < 2:
        return all_of(checks)

    def some(value: Any, path: Path, run: Run) -> None:
        best: list[Any] | None = None
        least = 0
        for check in checks:
            mark = run.mark()
            check(value, path, run)
            errors = run.errors_since(mark)
            if not errors:
                return
            taken = run.cut(mark)
            if best is None or errors < least:
                best, least = taken, errors
        run.put(best or [])

    return some


# values ----------------------------------------------------------------------------------------


def fixed(expected: Any) -> Check:
    """Exactly this value."""

    def check(value: Any, path: Path, run: Run) -> None:
        if not matching.same(expected, value):
            run.error("not-fixed", path, f"not the fixed value {_brief(expected)}")

    return check


def pattern(expected: Any) -> Check:
    """A value with everything that the pattern has."""

    def check(value: Any, path: Path, run: Run) -> None:
        if not matching.contains(expected, value):
            run.error("not-pattern", path, f"does not contain the pattern {_brief(expected)}")

    return check


def _brief(expected: Any) -> str:
    """A value of a profile (never of a document) as short text."""
    if isinstance(expected, dict):
        listed = expected.get("coding")
        if isinstance(listed, list) and listed:
            return _brief(listed[0])
        if "code" in expected:
            return f"{expected.get('system', '')}#{expected['code']}"
        return ", ".join(f"{key} {_brief(part)}" for key, part in expected.items())
    return str(expected).lower() if isinstance(expected, bool) else str(expected)


def ruled(rules: Sequence[Check]) -> Check:
    """The invariants of an element."""
    return all_of(rules)


def primitive(
    test: Callable[[Any], str | None],
    element: Json,
    allowed: Callable[[str], bool] | None,
    value_set: str,
    rules: Sequence[Check],
) -> Check:
    """Format, limits, fixed value, pattern, binding and invariants of a primitive."""
    limits = {k: v for k, v in element.items() if k[:8] in ("maxLengt", "minValue", "maxValue")}
    expected = element.get("fixed", element.get("pattern"))
    is_fixed = "fixed" in element
    if expected is None and allowed is None and not rules and not limits:

        def plain(value: Any, path: Path, run: Run) -> None:
            wrong = test(value)
            if wrong is not None:
                _bad(value, wrong, path, run)

        return plain

    def check(value: Any, path: Path, run: Run) -> None:
        wrong = test(value)
        if wrong is not None:
            _bad(value, wrong, path, run)
            return
        if expected is not None and not matching.same(expected, value):
            kind = "fixed value" if is_fixed else "pattern"
            run.error(
                "not-fixed" if is_fixed else "not-pattern",
                path,
                f"not the {kind} {_brief(expected)}",
            )
        elif allowed is not None and not allowed(value):
            name = value_set.rpartition("/")[2]
            run.error("code-not-in-set", path, f"code {_word(value)} is not in the set {name}")
        if limits:
            _limit(value, limits, path, run)
        for rule in rules:
            rule(value, path, run)

    return check


def _bad(value: Any, wrong: str, path: Path, run: Run) -> None:
    if value is None:
        run.error("null-value", path, "null")
    elif type(value) is list:
        run.error("not-single", path, "array")
    elif " where a" in wrong:
        run.error("wrong-json-type", path, wrong)
    elif wrong in ("empty text", "blank text"):
        run.error("blank", path, wrong)
    else:
        run.error("bad-value", path, wrong)


def _limit(value: Any, limits: Json, path: Path, run: Run) -> None:
    for name, limit in limits.items():
        if name == "maxLength":
            if isinstance(value, str) and len(value) > limit:
                run.error("too-long", path, f"{len(value)} characters, at most {limit}")
        elif isinstance(value, int | float) and isinstance(limit, int | float):
            over = value < limit if name.startswith("min") else value > limit
            if over:
                run.error("out-of-range", path, f"beyond {name} {limit}")


def _word(value: object) -> str:
    """A code as far as it looks like one: other text is not repeated."""
    return value[:64] if isinstance(value, str) and value[:64].isprintable() else "?"


# properties ------------------------------------------------------------------------------------


def forbidden(name: str) -> Field:
    """A property that the profile leaves out."""

    def field(value: Any, path: Path, run: Run, holder: Json) -> None:
        run.error("not-allowed", (path, name, NONE), "the profile does not allow this element")

    return field


def single(name: str, check: Check) -> Field:
    """A property with one value."""

    def field(value: Any, path: Path, run: Run, holder: Json) -> None:
        check(value, (path, name, NONE), run)

    return field


def many(name: str, check: Check, least: int, most: int | None, *, primitive: bool) -> Field:
    """A property with an array."""
    beside = "_" + name

    def field(value: Any, path: Path, run: Run, holder: Json) -> None:
        if type(value) is not list or not value:
            _no_list(value, (path, name, NONE), run)
            return
        index = 0
        for item in value:
            if item is None and primitive and _excused(holder.get(beside), index):
                pass
            else:
                check(item, (path, name, index), run)
            index += 1
        if index < least or (most is not None and index > most):
            _count(index, least, most, (path, name, NONE), run)

    return field


def _excused(siblings: Any, index: int) -> bool:
    """Whether a null in a primitive array has an object in the array beside it."""
    return (
        isinstance(siblings, list) and index < len(siblings) and isinstance(siblings[index], dict)
    )


def _no_list(value: Any, path: Path, run: Run) -> None:
    if type(value) is list:
        run.error("empty-array", path, "empty array")
    elif value is None:
        run.error("null-value", path, "null")
    else:
        run.error("not-array", path, f"{shape(value)} where an array is due")


def _count(count: int, least: int, most: int | None, path: Path, run: Run) -> None:
    if count < least:
        run.error("missing", path, f"{count} present, at least {least} due")
    if most is not None and count > most:
        run.error("too-many", path, f"{count} present, at most {most} allowed")


def exclusive(field: Field, group: frozenset[str], stem: str) -> Field:
    """A property of a choice: no other of the group may stand beside it."""
    if len(group) < 2:
        return field

    def alone(value: Any, path: Path, run: Run, holder: Json) -> None:
        field(value, path, run, holder)
        if len(group & holder.keys()) > 1:
            run.error("two-choices", (path, stem, NONE), f"several of {stem}[x] at once")

    return alone


def sibling(key: str, name: str, check: Check, *, is_list: bool) -> Field:
    """`_name`, the id and extensions of a primitive or of each of its values."""

    def one(value: Any, path: Path, run: Run, holder: Json) -> None:
        here = (path, name, NONE)
        if type(value) is not dict or not value:
            run.error("sibling-shape", here, f"{shape(value)} in _{key}")
            return
        check(value, here, run)

    def several(value: Any, path: Path, run: Run, holder: Json) -> None:
        here = (path, name, NONE)
        values = holder.get(key)
        if (
            type(value) is not list
            or not value
            or (key in holder and isinstance(values, list) and len(values) != len(value))
        ):
            run.error("sibling-shape", here, f"_{key} is no array of the same length")
            return
        for index, item in enumerate(value):
            if item is not None:
                if type(item) is not dict or not item:
                    run.error("sibling-shape", (path, name, index), f"{shape(item)} in _{key}")
                else:
                    check(item, (path, name, index), run)
            elif not isinstance(values, list) or values[index] is None:
                run.error("null-value", (path, name, index), "null without a value beside it")

    return several if is_list else one


# objects ---------------------------------------------------------------------------------------


def plain_object(
    table: dict[str, Field],
    required: frozenset[str],
    choices: Sequence[Choice],
    rules: Sequence[Check],
) -> Check:
    """A JSON object: known properties, required ones, invariants."""
    get = table.get
    due = [choice for choice in choices if choice.required or choice.needed]

    def check(value: Any, path: Path, run: Run) -> None:
        if type(value) is not dict or not value:
            _no_object(value, path, run)
            return
        for key, item in value.items():
            field = get(key)
            if field is None:
                _unknown(key, choices, path, run)
            else:
                field(item, path, run, value)
        if not value.keys() >= required:
            _missing(value, required, path, run)
        if due:
            _missing_choice(value, due, path, run)
        if len(value) == 1 and "id" in value:
            run.error("empty-object", path, "an id and nothing else")
        for rule in rules:
            rule(value, path, run)

    return check


def extension_object(
    table: dict[str, Field],
    required: frozenset[str],
    choices: Sequence[Choice],
    rules: Sequence[Check],
) -> Check:
    """An extension: as any object, and a value or nested extensions (ext-1)."""
    inner = plain_object(table, required, choices, rules)

    def check(value: Any, path: Path, run: Run) -> None:
        inner(value, path, run)
        if type(value) is dict:
            has_value = any(key[:5] == "value" or key[:6] == "_value" for key in value)
            if has_value is ("extension" in value):
                found = "both value and extension" if has_value else "neither value nor extension"
                run.error("extension-content", path, found)

    return check


def _no_object(value: Any, path: Path, run: Run) -> None:
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
            run.error(
                "type-not-allowed", (path, stem, NONE), f"{stem}[x] of a type that is not allowed"
            )
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


# slices ----------------------------------------------------------------------------------------


def sliced(
    name: str,
    parts: Sequence[Slice],
    rest: Check,
    least: int,
    most: int | None,
    *,
    closed: bool,
) -> Field:
    """A list whose entries belong to slices."""
    due = [(number, part) for number, part in enumerate(parts) if part.min or part.max is not None]

    def field(value: Any, path: Path, run: Run, holder: Json) -> None:
        if type(value) is not list or not value:
            _no_list(value, (path, name, NONE), run)
            return
        counts = [0] * len(parts)
        for index, item in enumerate(value):
            here = (path, name, index)
            for number, part in enumerate(parts):
                if part.test(item, run):
                    counts[number] += 1
                    part.check(item, here, run)
                    break
            else:
                rest(item, here, run)
                if closed:
                    run.error("no-slice", here, "belongs to none of the kinds that are allowed")
        if len(value) < least or (most is not None and len(value) > most):
            _count(len(value), least, most, (path, name, NONE), run)
        for number, part in due:
            _slice_count(part.name, counts[number], part.min, part.max, (path, name, NONE), run)

    return field


def _slice_count(part: str, count: int, least: int, most: int | None, path: Path, run: Run) -> None:
    if count < least:
        run.error(
            "slice-missing", path, f"{count} of the kind {part} present, at least {least} due"
        )
    elif most is not None and count > most:
        run.error(
            "slice-too-many", path, f"{count} of the kind {part} present, at most {most} allowed"
        )


# extensions ------------------------------------------------------------------------------------


def extensions(
    name: str,
    slots: dict[str, Slot],
    known: Callable[[str], Any],
    kinds: tuple[str, ...],
    least: int,
    most: int | None,
    *,
    closed: bool,
) -> Field:
    """`extension` or `modifierExtension`: slots of the profile, then whatever else is known."""
    required = frozenset(url for url, slot in slots.items() if slot.min > 0)
    modifies = name == "modifierExtension"
    get = slots.get

    def field(value: Any, path: Path, run: Run, holder: Json) -> None:
        if type(value) is not list or not value:
            _no_list(value, (path, name, NONE), run)
            return
        seen = []
        for index, item in enumerate(value):
            here = (path, name, index)
            url = item.get("url") if type(item) is dict else None
            seen.append(url)
            slot = get(url) if type(url) is str else None
            if slot is not None:
                slot.check(item, here, run)
                if slot.contexts and not places.allowed(slot.contexts, kinds, holder, path, run):
                    found = "its definition does not list this place, the profile does"
                    run.add("warning", "extension-context-guide", here, found)
            else:
                _other(item, url, here, path, holder, run)
                if closed and type(url) is str:
                    run.error("no-slice", here, "the profile allows no other extension here")
        if required or len(seen) > 1:
            _extension_counts(seen, path, run)
        if len(seen) < least or (most is not None and len(seen) > most):
            _count(len(seen), least, most, (path, name, NONE), run)

    def _other(item: Any, url: Any, here: Path, path: Path, holder: Any, run: Run) -> None:
        if type(url) is not str:
            if type(item) is dict and item:
                run.error(
                    "missing" if url is None else "wrong-json-type", (here, "url", NONE), "no url"
                )
            else:
                _no_object(item, here, run)
            return
        found = known(url)
        if found is None:
            _stranger(item, url, here, run)
            return
        found.check(item, here, run)
        if found.modifier is not modifies:
            word = "modifies" if found.modifier else "does not modify"
            run.error("modifier-misplaced", here, f"an extension that {word} stands in {name}")
        if not places.allowed(found.contexts, kinds, holder, path, run):
            where = places.element_path(path, run)[0]
            run.error("extension-context", here, f"{_tail(url)} is not allowed on {where}")

    def _stranger(item: Any, url: str, here: Path, run: Run) -> None:
        if modifies:
            run.error("modifier-unknown", here, "unknown modifier extension")
        elif ":" not in url:
            run.error(
                "extension-url", (here, "url", NONE), "relative url that nothing defines here"
            )
        else:
            run.add("information", "extension-unknown", here, "unknown extension")
        base = known("")
        if base is not None:
            base.check(item, here, run)

    def _extension_counts(seen: list[Any], path: Path, run: Run) -> None:
        for url, slot in slots.items():
            count = seen.count(url)
            if count < slot.min or (slot.max is not None and count > slot.max):
                _slice_count(_tail(url), count, slot.min, slot.max, (path, name, NONE), run)

    return field


def _tail(url: str) -> str:
    return url.rpartition("/")[2][:64] if url.isprintable() else "?"


# references ------------------------------------------------------------------------------------


def reference(wanted: dict[str, tuple[str, ...]], anything: bool) -> Check:
    """What a Reference points to: there, of an allowed type, conforming to an allowed profile.

    Conformance is asked of the resource itself, so that its defects are named where they are.
    """

    def check(value: Any, path: Path, run: Run) -> None:
        address = value.get("reference") if type(value) is dict else None
        if type(address) is not str or not address:
            stated = value.get("type") if type(value) is dict else None
            if type(stated) is str and not anything and stated not in wanted:
                _wrong_type(stated, path, run)
            return
        if address[0] == "#":
            target = run.contained(address[1:])
            if target is None:
                run.error("reference-contained", path, "no contained resource has this id")
                return
        else:
            target = run.find(address)
        if target is None:
            _absent(address, path, run)
            return
        kind = target.get("resourceType")
        if kind in wanted:
            profiles = wanted[kind]
            job = run.jobs.get(id(target))
            if profiles and job is not None:
                run.want(job, profiles)
        elif not anything and type(kind) is str:
            _wrong_type(kind, path, run)

    def _wrong_type(kind: str, path: Path, run: Run) -> None:
        run.error(
            "reference-type", path, f"refers to {_word(kind)}, allowed: {', '.join(sorted(wanted))}"
        )

    def _absent(address: str, path: Path, run: Run) -> None:
        parts = rest_parts(address)
        if parts:
            if not anything and parts[1] not in wanted:
                _wrong_type(parts[1], path, run)
            elif run.job.scope is not None and not parts[0]:
                run.add("warning", "reference-unresolved", path, "not an entry of this bundle")
        elif address.startswith("urn:"):
            if run.job.scope is not None:
                run.add("warning", "reference-unresolved", path, "not an entry of this bundle")
        elif ":" not in address:
            run.error("reference-format", path, "no form of a reference")

    return check
