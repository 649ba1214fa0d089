"""Extension lists: what the profile names, what is known otherwise, and what is not known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.fhir import urls
from app.fhir.validate import places
from app.fhir.validate.objects import no_object
from app.fhir.validate.properties import count_is, no_list
from app.fhir.validate.run import NONE, Check, Field, Path, Question, Run
from app.fhir.validate.slices import slice_count
from app.fhir.validate.wording import tail
from app.sealed import sealed

Json = dict[str, Any]


@sealed(frozen=True, slots=True)
class Slot:
    """An extension that a profile names at a place."""

    check: Check
    min: int
    max: int | None
    contexts: list[dict[str, str]]
    sound: Question


@sealed(frozen=True, slots=True)
class ExtensionList:
    """`extension` or `modifierExtension` of a place: the profile's slots, then what else is known.

    `kinds` are the names under which contexts may mean the place; `known` finds definitions.
    """

    name: str
    slots: dict[str, Slot]
    known: Callable[[str], Any]
    kinds: tuple[str, ...]
    least: int
    most: int | None
    closed: bool

    def field(self) -> Field:
        """The check of the property."""
        name, get, kinds = self.name, self.slots.get, self.kinds
        least, most, closed = self.least, self.most, self.closed
        counted = any(slot.min for slot in self.slots.values())

        def field(value: Any, path: Path, run: Run, holder: Json) -> None:
            if type(value) is not list or not value:
                no_list(value, (path, name, NONE), run)
                return
            seen = []
            for index, item in enumerate(value):
                url = item.get("url") if type(item) is dict else None
                seen.append(url)
                slot = get(url) if type(url) is str else None
                here = (path, name, index)
                if slot is None:
                    self._other(item, url, here, holder, run)
                    if closed and type(url) is str:
                        run.error("no-slice", here, "the profile allows no other extension here")
                    continue
                if not slot.sound.ask(item, run):
                    slot.check(item, here, run)
                if slot.contexts and not places.allowed(slot.contexts, kinds, holder, path, run):
                    found = "its definition does not list this place, the profile does"
                    run.add("warning", "extension-context-guide", here, found)
            if (counted or len(seen) > 1) and self._miscounted(seen, path, run):
                return
            if len(seen) < least or (most is not None and len(seen) > most):
                count_is(len(seen), least, most, (path, name, NONE), run)

        return field

    def _other(self, item: Any, url: Any, here: Path, holder: Any, run: Run) -> None:
        """An extension that the profile does not name here."""
        if type(item) is not dict or not item:
            no_object(item, here, run)
            return
        if type(url) is not str:
            code = "missing" if url is None else "wrong-json-type"
            run.error(code, (here, "url", NONE), "no url")
            return
        found = self.known(url)
        if found is None:
            self._stranger(item, url, here, run)
            return
        found.check(item, here, run)
        if found.modifier is not (self.name == "modifierExtension"):
            word = "modifies" if found.modifier else "does not modify"
            run.error("modifier-misplaced", here, f"an extension that {word} stands in {self.name}")
        if not places.allowed(found.contexts, self.kinds, holder, here[0], run):
            where = places.element_path(here[0], run)[0]
            run.error("extension-context", here, f"{tail(url)} is not allowed on {where}")

    def _stranger(self, item: Any, url: str, here: Path, run: Run) -> None:
        """An extension that nothing defines: its content is still FHIR."""
        if self.name == "modifierExtension":
            run.error("modifier-unknown", here, "unknown modifier extension")
        elif ":" not in url:
            if self.slots or self.kinds[0] != "Extension":  # else a part of a stranger
                found = "relative url that nothing defines here"
                run.error("extension-url", (here, "url", NONE), found)
        elif url.startswith(urls.core.HL7):  # mistyped, or of another version of a guide
            run.add("warning", "extension-unknown", here, f"no extension {tail(url)} in this guide")
        else:
            run.add("information", "extension-unknown", here, "unknown extension")
        self.known("").check(item, here, run)

    def _miscounted(self, seen: list[Any], path: Path, run: Run) -> bool:
        wrong = False
        for url, slot in self.slots.items():
            count = seen.count(url)
            if count < slot.min or (slot.max is not None and count > slot.max):
                at = (path, self.name, NONE)
                slice_count(tail(url), count, slot.min, slot.max, at, run)
                wrong = True
        return wrong
