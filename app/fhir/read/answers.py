"""The answers of a QuestionnaireResponse as `Evidence`: one for each answer, at any depth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from app.domain.facts import Evidence, EvidenceKind
from app.domain.values import Coding, Concept
from app.fhir.read.attributes import Attributes
from app.fhir.read.clinical import made, result, source
from app.fhir.read.dates import When, when
from app.fhir.read.entries import Entries, Entry
from app.fhir.read.values import extended, extension, parts, text
from app.fhir.urls import ext

_COUNTED = frozenset({"completed", "amended", "in-progress"})


def answers(entry: Entry, entries: Entries) -> Iterator[Evidence]:
    """Every answer of the form in `entry`; forms in error or stopped give none."""
    form = entry.resource
    if text(form, "status") not in _COUNTED:
        return
    head = Attributes(entry, entries)
    head.code(form, "status")
    head.text("questionnaire", form.get("questionnaire"))
    head.actor("author", form.get("author"))
    reading = _Form(entry, entries, head, when(form, "", ("authored",)))
    yield from reading.read(form, "", "")


class _Form:
    """One form being read: what all its answers share."""

    __slots__ = ("dated", "entries", "entry", "head", "system")

    def __init__(self, entry: Entry, entries: Entries, head: Attributes, dated: When) -> None:
        self.entry = entry
        self.entries = entries
        self.head = head
        self.dated = dated
        self.system = text(entry.resource, "questionnaire").split("|", 1)[0]

    def read(self, node: Mapping[str, Any], path: str, group: str) -> Iterator[Evidence]:
        """The answers below `node`, whose FHIRPath is `path`, in the repeating `group`."""
        items = parts(node, "item")
        times = Counter([text(item, "linkId") for item in items])
        seen: Counter[str] = Counter()
        for position, item in enumerate(items):
            here = f"{path}item[{position}]."
            link = text(item, "linkId")
            inside = f"{link}#{seen[link]}" if times[link] > 1 else group
            seen[link] += 1
            for index, answer in enumerate(parts(item, "answer")):
                there = f"{here}answer[{index}]"
                found = self._one(item, answer, there, group)
                if found is not None:
                    yield found
                yield from self.read(answer, there + ".", inside)
            yield from self.read(item, here, inside)

    def _one(
        self, item: Mapping[str, Any], answer: Mapping[str, Any], there: str, group: str
    ) -> Evidence | None:
        name, value = result(answer)
        if not name or value is None:
            return None
        attributes = Attributes(self.entry, self.entries)
        attributes.found.update(self.head.found)
        attributes.text("group", group)
        attributes.text("origin", _origin(answer) or _origin(item))
        said = Concept((Coding(self.system, text(item, "linkId"), text(item, "text")),))
        where = source(self.entry, f"{there}.value")
        return made(EvidenceKind.ANSWER, said, where, self.dated, attributes, value)


def _origin(node: Mapping[str, Any]) -> str:
    """How the answer came about (DTR information-origin): `auto`, `override` or `manual`."""
    told = extension(node, ext.INFORMATION_ORIGIN)
    named = extended(told, "source", "valueCode") if told else None
    if not isinstance(named, str):
        return ""
    return "auto" if named.startswith("auto") else named
