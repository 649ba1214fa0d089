"""Extension lists: what the profile names, what is known otherwise, and what is not known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.fhir import urls
from app.fhir.validate import places
from app.fhir.validate.objects import no_object
from app.fhir.validate.properties import count_is, no_list
from app.fhir.validate.run import NONE, Check, Field, Path, Run
from app.fhir.validate.slices import slice_count
from app.fhir.validate.wording import tail

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Slot:
    """An extension that a profile names at a place."""

    check: Check
    min: int
    max: int | None
    contexts: list[dict[str, str]]
    known: bool


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
            no_list(value, (path, name, NONE), run)
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
        if (required or len(seen) > 1) and _miscounted(seen, path, run):
            return
        if len(seen) < least or (most is not None and len(seen) > most):
            count_is(len(seen), least, most, (path, name, NONE), run)

    def _other(item: Any, url: Any, here: Path, path: Path, holder: Any, run: Run) -> None:
        if type(url) is not str:
            if type(item) is dict and item:
                run.error(
                    "missing" if url is None else "wrong-json-type", (here, "url", NONE), "no url"
                )
            else:
                no_object(item, here, run)
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
            run.error("extension-context", here, f"{tail(url)} is not allowed on {where}")

    def _stranger(item: Any, url: str, here: Path, run: Run) -> None:
        if modifies:
            run.error("modifier-unknown", here, "unknown modifier extension")
        elif ":" not in url and kinds[0] == "Extension" and not slots:
            pass  # a part of an extension that is not known itself
        elif ":" not in url:
            run.error(
                "extension-url", (here, "url", NONE), "relative url that nothing defines here"
            )
        elif url.startswith(urls.core.HL7):  # mistyped, or of another version of a guide
            run.add("warning", "extension-unknown", here, f"no extension {tail(url)} in this guide")
        else:
            run.add("information", "extension-unknown", here, "unknown extension")
        base = known("")
        if base is not None:
            base.check(item, here, run)

    def _miscounted(seen: list[Any], path: Path, run: Run) -> bool:
        wrong = False
        for url, slot in slots.items():
            count = seen.count(url)
            if count < slot.min or (slot.max is not None and count > slot.max):
                slice_count(tail(url), count, slot.min, slot.max, (path, name, NONE), run)
                wrong = True
        return wrong

    return field
