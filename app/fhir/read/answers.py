"""The answers of a QuestionnaireResponse as `Evidence`: one for each answer, at any depth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from app.domain.facts import Evidence, EvidenceKind
from app.domain.values import Coding, Concept
from app.fhir.read.attributes import Attributes
from app.fhir.read.clinical import made, result
from app.fhir.read.dates import When, when
from app.fhir.read.entries import Entries, Entry
from app.fhir.read.values import extended, extension, parts, text
from app.fhir.urls import ext

_COUNTED = frozenset({"completed", "amended", "in-progress"})
_AUTHORED = ("authored",)


def answers(entry: Entry, entries: Entries) -> list[Evidence]:
    """Every answer of the form in `entry`; forms in error or stopped give none."""
    form = entry.resource
    if text(form, "status") not in _COUNTED:
        return []
    head = Attributes(entry, entries)
    head.codes(form, "status")
    head.text("questionnaire", form.get("questionnaire"))
    head.actor("author", form.get("author"))
    reading = _Form(entry, entries, head, when(form, "", _AUTHORED))
    reading.read(form, "", "")
    return reading.found


class _Form:
    """One form being read: what all its answers share, and those found so far."""

    __slots__ = ("dated", "entries", "entry", "found", "head", "system")

    def __init__(self, entry: Entry, entries: Entries, head: Attributes, dated: When) -> None:
        self.entry = entry
        self.entries = entries
        self.head = head
        self.dated = dated
        self.system = text(entry.resource, "questionnaire").split("|", 1)[0]
        self.found: list[Evidence] = []

    def read(self, node: Mapping[str, Any], path: str, group: str) -> None:
        """Find the answers below `node`, whose FHIRPath is `path`, in the repeating `group`."""
        items = parts(node, "item")
        links = [text(item, "linkId") for item in items]
        times = Counter(links) if len(set(links)) < len(links) else None
        seen: dict[str, int] = {}
        for position, item in enumerate(items):
            here = f"{path}item[{position}]."
            inside = group
            if times is not None and times[link := links[position]] > 1:
                inside = f"{link}#{seen.get(link, 0)}"
                seen[link] = seen.get(link, 0) + 1
            if "answer" in item:
                for index, answer in enumerate(parts(item, "answer")):
                    there = f"{here}answer[{index}]"
                    self._one(item, answer, there, group)
                    if "item" in answer:
                        self.read(answer, there + ".", inside)
            if "item" in item:
                self.read(item, here, inside)

    def _one(
        self, item: Mapping[str, Any], answer: Mapping[str, Any], there: str, group: str
    ) -> None:
        name, value = result(answer)
        if not name or value is None:
            return
        attributes = Attributes(self.entry, self.entries)
        attributes.found.update(self.head.found)
        attributes.text("group", group)
        attributes.text("origin", _origin(answer) or _origin(item))
        said = Concept((Coding(self.system, text(item, "linkId"), text(item, "text")),))
        element = f"{there}.value"
        self.found.append(made(EvidenceKind.ANSWER, said, element, self.dated, attributes, value))


def _origin(node: Mapping[str, Any]) -> str:
    """How the answer came about (DTR information-origin): `auto`, `override` or `manual`."""
    told = extension(node, ext.INFORMATION_ORIGIN) if "extension" in node else None
    named = extended(told, "source", "valueCode") if told else None
    if not isinstance(named, str):
        return ""
    return "auto" if named.startswith("auto") else named
