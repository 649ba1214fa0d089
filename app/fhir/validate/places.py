"""Where an extension may stand: its definition's contexts against the place where it is found."""

from __future__ import annotations

import re
from typing import Any, Final

from app.fhir.validate.run import Path, Run

_CHOICE: Final = re.compile(r"\.ofType\(\w+\)$")
_EVERY_ELEMENT: Final = frozenset({"Element", "Resource", "DomainResource", "Any", "*"})


def element_path(path: Path, run: Run) -> tuple[str, str]:
    """The element path of a place from its resource (`Claim.item`), and its last step's name."""
    names: list[str] = []
    here: Any = path
    while here is not None and here is not run.resource_path:
        names.append(_CHOICE.sub("", here[1]))
        here = here[0]
    kind = run.resource.get("resourceType")
    return ".".join([kind if isinstance(kind, str) else "", *reversed(names)]), names[
        0
    ] if names else ""


def allowed(
    contexts: list[dict[str, str]], kinds: tuple[str, ...], holder: Any, path: Path, run: Run
) -> bool:
    """Whether any context fits.

    `kinds` are the type of the holding element and the types above it, and its path inside its own
    type (`Timing.repeat`); `holder` is the element itself, `path` its place.
    """
    where = ""
    for context in contexts:
        expression = context["expression"]
        if context["type"] == "extension":
            if isinstance(holder, dict) and holder.get("url") == expression:
                return True
        elif context["type"] == "fhirpath" or expression in kinds:
            return True
        else:
            where = where or element_path(path, run)[0]
            if where == expression.removesuffix("[x]").partition("#")[2] or (
                where == expression.removesuffix("[x]")
            ):
                return True
    return False
