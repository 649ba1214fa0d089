"""Sliced lists: which entry belongs to which slice, and how many of each there are."""

# ruff: noqa: ARG001 - checks and fields share one signature
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from app.fhir.validate.properties import count_is, no_list
from app.fhir.validate.run import NONE, Check, Field, Path, Question, Run
from app.sealed import sealed

Json = dict[str, Any]


@sealed(frozen=True, slots=True)
class Slice:
    """A slice of a list: how its entries are known, their check and how many are due."""

    name: str
    test: Callable[[Any, Run], bool]
    check: Check
    min: int
    max: int | None
    sound: Question


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
            no_list(value, (path, name, NONE), run)
            return
        counts = [0] * len(parts)
        for index, item in enumerate(value):
            for number, part in enumerate(parts):
                if part.test(item, run):
                    counts[number] += 1
                    if not part.sound.ask(item, run):
                        part.check(item, (path, name, index), run)
                    break
            else:
                here = (path, name, index)
                rest(item, here, run)
                if closed:
                    run.error("no-slice", here, "belongs to none of the kinds that are allowed")
        if len(value) < least or (most is not None and len(value) > most):
            count_is(len(value), least, most, (path, name, NONE), run)
        for number, part in due:
            slice_count(part.name, counts[number], part.min, part.max, (path, name, NONE), run)

    return field


def slice_count(part: str, count: int, least: int, most: int | None, path: Path, run: Run) -> None:
    if count < least:
        run.error(
            "slice-missing", path, f"{count} of the kind {part} present, at least {least} due"
        )
    elif most is not None and count > most:
        run.error(
            "slice-too-many", path, f"{count} of the kind {part} present, at most {most} allowed"
        )
