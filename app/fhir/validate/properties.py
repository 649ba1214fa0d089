"""Fields: checks of a property of an object, for single values, arrays, choices and siblings."""

# ruff: noqa: ARG001 - checks and fields share one signature
from __future__ import annotations

from typing import Any

from app.fhir.validate.run import NONE, Check, Field, Path, Run
from app.fhir.validate.wording import shape

Json = dict[str, Any]


def skip(value: Any, path: Path, run: Run, holder: Json) -> None:
    """A property that was looked at elsewhere."""


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
            no_list(value, (path, name, NONE), run)
            return
        index = 0
        for item in value:
            if item is None and primitive and _excused(holder.get(beside), index):
                pass
            else:
                check(item, (path, name, index), run)
            index += 1
        if index < least or (most is not None and index > most):
            count_is(index, least, most, (path, name, NONE), run)

    return field


def contained(check: Check) -> Field:
    """`contained`: as any array, and no id twice."""
    listed = many("contained", check, 0, None, primitive=False)

    def field(value: Any, path: Path, run: Run, holder: Json) -> None:
        listed(value, path, run, holder)
        seen: set[str] = set()
        for index, item in enumerate(value if type(value) is list else ()):
            name = item.get("id") if type(item) is dict else None
            if type(name) is str:
                if name in seen:
                    run.error(
                        "id-duplicate", (path, "contained", index), "an id for the second time"
                    )
                seen.add(name)

    return field


def _excused(siblings: Any, index: int) -> bool:
    """Whether a null in a primitive array has an object in the array beside it."""
    return (
        isinstance(siblings, list) and index < len(siblings) and isinstance(siblings[index], dict)
    )


def no_list(value: Any, path: Path, run: Run) -> None:
    if type(value) is list:
        run.error("empty-array", path, "empty array")
    elif value is None:
        run.error("null-value", path, "null")
    else:
        run.error("not-array", path, f"{shape(value)} where an array is due")


def count_is(count: int, least: int, most: int | None, path: Path, run: Run) -> None:
    if count < least:
        run.error("missing", path, f"{count} present, at least {least} due")
    if most is not None and count > most:
        run.error("too-many", path, f"{count} present, at most {most} allowed")


def exclusive(field: Field, own: str, group: frozenset[str], stem: str) -> Field:
    """A property of a choice: no other of the group may stand beside it; the last one is named."""
    if len(group) < 2:
        return field
    names = group | {"_" + key for key in group}
    others = names - {own, "_" + own}

    def alone(value: Any, path: Path, run: Run, holder: Json) -> None:
        field(value, path, run, holder)
        if not others.isdisjoint(holder):
            several = [key for key in holder if key.removeprefix("_") in group]
            if len({key.removeprefix("_") for key in several}) > 1:
                last = several[-1].removeprefix("_")
                run.error("two-choices", (path, last, NONE), f"several of {stem}[x] at once")

    return alone


def sibling(key: str, name: str, check: Check, *, is_list: bool) -> Field:
    """`_name`, the id and extensions of a primitive or of each of its values."""

    def one(value: Any, path: Path, run: Run, holder: Json) -> None:
        here = (path, name, NONE)
        if type(value) is not dict or not value:
            run.error("sibling-shape", here, f"{shape(value)} in _{key}")
            return
        check(value, here, run)
        if len(value) == 1 and "id" in value and holder.get(key) is None:
            run.error("empty-object", here, "an id and nothing else")

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
                    alone = not isinstance(values, list) or values[index] is None
                    if alone and len(item) == 1 and "id" in item:
                        run.error("empty-object", (path, name, index), "an id and nothing else")
            elif not isinstance(values, list) or values[index] is None:
                run.error("null-value", (path, name, index), "null without a value beside it")

    return several if is_list else one
