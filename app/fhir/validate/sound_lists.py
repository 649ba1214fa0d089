"""Questions about what was not seen when a function was written: asked one by one, by look-up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.fhir.validate.run import NONE, Check, Path, Question, Run, Sound
from app.fhir.validate.sound_code import Notes
from app.fhir.validate.sound_shape import Group, Part, Shape, Slot


class Rest(dict[str, Question]):
    """The questions about what an object may hold, by key; found out when one is first wanted.

    What it may not hold is None.
    """

    __slots__ = ("_parts", "_question")

    def __init__(
        self, parts: Callable[[], Mapping[str, Part]], question: Callable[[Part], Question]
    ) -> None:
        super().__init__()
        self._parts = parts
        self._question = question

    def __missing__(self, key: str) -> Question | None:
        part = self._parts().get(key)
        if part is None:
            return None
        self[key] = question = self._question(part)
        return question


def others(rest: Rest, handled: Sequence[str], shape: Shape) -> Sound:
    """Whether all other properties of an object are sound, none is missing, no choice is double."""
    done, due, groups = frozenset(handled), frozenset(shape.due), shape.groups

    def sound(value: Any, run: Run) -> bool:
        for key, item in value.items():
            if key not in done:
                question = rest[key]
                if question is None or not question.ask(item, run):
                    return False
        return value.keys() >= due and all(_chosen(group, value) for group in groups)

    return sound


def chosen(group: Group) -> Sound:
    """Whether an object has as many of a choice as it may and must have."""
    return lambda value, _run: _chosen(group, value)


def _chosen(group: Group, value: Any) -> bool:
    count = sum(key in value for key in group.keys)
    return count == 1 or (not count and not group.required)


def content(options: Rest) -> Sound:
    """Whether an extension has nothing but its url and one sound value, or sound extensions."""

    def sound(value: Any, run: Run) -> bool:
        if len(value) != 2:
            return False
        for key, item in value.items():
            if key != "url":
                question = options[key]
                return question is not None and question.ask(item, run)
        return False

    return sound


def extensions(questions: Rest, slots: Sequence[Slot], least: int, most: int | None) -> Sound:
    """Whether all extensions of a list are known, sound and as many as they should be."""
    counts = [(slot.url, slot.min, slot.max) for slot in slots]

    def sound(listed: Any, run: Run) -> bool:
        seen = []
        for item in listed:
            url = item.get("url") if type(item) is dict else None
            question = questions[url] if type(url) is str else None
            if question is None or not question.ask(item, run):
                return False
            seen.append(url)
        for url, fewest, highest in counts:
            count = seen.count(url)
            if count < fewest or (highest is not None and count > highest):
                return False
        return 0 < len(seen) >= least and (most is None or len(seen) <= most)

    return sound


def noted(key: str) -> Notes:
    """What reports the warnings that the question about a resource's property took note of.

    Their places are looked for in the value, where each must be once.
    """

    def report(value: Any, noted: Any, run: Run) -> bool:
        due: dict[int, Check] = {}
        while noted is not None:
            check, one, noted = noted
            due[id(one)] = check
        found: list[tuple[Any, Path]] = []
        _find(key, value, run.place, due, found)
        if len(found) != len(due):
            return False
        for one, path in found:
            due[id(one)](one, path, run)
        return True

    return report


def _find(
    key: str, value: Any, path: Path, due: Mapping[int, Check], found: list[tuple[Any, Path]]
) -> None:
    items = [(NONE, value)] if type(value) is dict else ()
    for index, item in enumerate(value) if type(value) is list else items:
        if type(item) is dict:
            here = (path, key, index)
            for name, part in item.items():
                if type(part) is dict or type(part) is list:
                    _find(name, part, here, due, found)
            if id(item) in due:
                found.append((item, here))
