"""Codes: membership in value sets, existence in code systems, shapes where content is licensed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from app.fhir import urls
from app.fhir.validate import primitives
from app.fhir.validate.facts import Facts, ValueSet
from app.fhir.validate.run import NONE, Check, Path, Run
from app.fhir.validate.wording import word

Json = dict[str, Any]

# What codes of licensed or unlisted systems look like; a mismatch is a warning.
_SHAPES: Final[dict[str, re.Pattern[str]]] = {
    urls.system.CPT: re.compile(r"[0-9]{4}[0-9A-Z]"),
    urls.system.HCPCS: re.compile(r"[A-Z0-9][0-9]{3}[A-Z0-9]|[A-Z0-9]{2}"),
    urls.system.ICD_10_CM: re.compile(r"[A-Z][0-9][0-9A-Z](\.?[0-9A-Z]{1,4})?"),
    urls.system.ICD_10_PCS: re.compile(r"[0-9A-HJ-NP-Z]{7}"),
    urls.system.LOINC: re.compile(r"[0-9]{1,7}-[0-9]|L[PAGL][0-9]+-[0-9]"),
    urls.system.SNOMED: re.compile(r"[0-9]{6,18}"),
    urls.system.NDC: re.compile(r"[0-9]{10,11}|[0-9]{4,5}-[0-9]{3,4}-[0-9]{1,2}"),
    urls.system.RXNORM: re.compile(r"[0-9]{1,8}"),
    urls.system.NUCC: re.compile(r"[0-9A-Z]{9}X"),
    urls.system.PLACE_OF_SERVICE: re.compile(r"[0-9]{2}"),
}
_MOST_SYSTEMS: Final = 500
_PLAIN: Final = re.compile("[!-~]+")
_X12_SET: Final = re.compile(re.escape(urls.system.X12_VALUE_SETS) + r".*/([0-9]{1,6})")
# X12 elements whose codes are lists of NUBC and NUCC, under those bodies' addresses.
_KEPT_ELSEWHERE: Final = frozenset({"127", "1314", "1315", "1352"})
_CODED: Final = frozenset({"code", "string", "uri", "url", "canonical"})
_LANGUAGES: Final = urls.core.VALUE_SET + "languages"
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_MIME: Final = re.compile(r"[A-Za-z0-9][\w.+\-]*/[\w.+\-]+(\s*;.*)?|json|xml|ttl")
_TEXT_SHAPES: Final = {
    "all-languages": _LANGUAGE,
    "languages": _LANGUAGE,
    "mimetypes": _MIME,
    "currencies": re.compile(r"[A-Z]{3}"),
}


class Terms:
    """Answers about codes, from the facts of one guide."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._sets: dict[str, ValueSet | None] = {}

    def value_set(self, canonical: str) -> ValueSet | None:
        """The value set, read once."""
        if canonical not in self._sets:
            self._sets[canonical] = self._facts.value_set(canonical) or _x12(canonical)
        return self._sets[canonical]

    def bound_text(self, element: Json, code: str) -> ValueSet | None:
        """The value set that must have the bare code of a primitive element; None without one."""
        binding = element.get("binding")
        bound = self.value_set(binding["values"]) if binding and code in _CODED else None
        if not binding or bound is None:
            return None
        firm = binding["strength"] == "required" or bound.url == _LANGUAGES
        return bound if firm else None

    def systems(self) -> frozenset[str]:
        """Addresses of the complete code systems."""
        return self._facts.systems()

    def system(self, url: str) -> frozenset[str] | None:
        """Codes of a complete code system; None for one that is not known."""
        return self._facts.code_system(url)

    def member_of(self, node: Any, canonical: str) -> bool | None:
        """FHIRPath memberOf on a code, Coding or CodeableConcept; None when not decidable."""
        values = self.value_set(canonical)
        if values is None or values.open:
            return None
        if isinstance(node, str):
            return any(node in codes for codes in values.codes.values()) or (
                None if values.undecided else False
            )
        if not isinstance(node, dict):
            return False
        listed = node.get("coding", [node])
        return any(coding_in(values, c) for c in listed if isinstance(c, dict))


def _x12(canonical: str) -> ValueSet | None:
    """A value set of X12, which no package lists: the data element at its end names the system."""
    match = _X12_SET.fullmatch(canonical.partition("|")[0])
    if match is None or match[1] in _KEPT_ELSEWHERE:
        return None
    system = urls.x12(int(match[1]))
    return ValueSet(match[0], {}, frozenset({system}), open=False, licensed=True)


def coding_in(values: ValueSet, coding: Json) -> bool:
    """Whether a coding is in the set, or of a system in it whose codes we cannot list."""
    system, code = coding.get("system"), coding.get("code")
    if not isinstance(system, str) or not isinstance(code, str):
        return False
    return code in values.codes.get(system, ()) or system in values.undecided


def text_test(values: ValueSet) -> Callable[[str], bool] | None:
    """For a bare code: whether it is in the set; None when nothing can be said."""
    shape = _TEXT_SHAPES.get(values.url.rpartition("/")[2])
    if shape is not None:
        return lambda code: shape.fullmatch(code) is not None
    allowed = text_codes(values)
    return None if allowed is None else allowed.__contains__


def text_codes(values: ValueSet) -> frozenset[str] | None:
    """The bare codes of a set; None where they cannot be listed."""
    if values.open or values.undecided or values.url.rpartition("/")[2] in _TEXT_SHAPES:
        return None
    return frozenset().union(*values.codes.values())


def coded(values: ValueSet, strength: str, type_code: str) -> Check | None:
    """A check of Coding, CodeableConcept or Quantity against a bound value set."""
    if values.open or strength not in ("required", "extensible"):
        return None
    if type_code == "CodeableConcept":
        return _concept(values, strength)
    return _single(values, strength) if type_code in ("Coding", "Quantity") else None


def _concept(values: ValueSet, strength: str) -> Check:
    codes, undecided = values.codes, values.undecided

    def check(value: Any, path: Path, run: Run) -> None:
        listed = value.get("coding") if type(value) is dict else ()
        for coding in listed if type(listed) is list else ():
            if type(coding) is dict:
                system, code = coding.get("system"), coding.get("code")
                if type(system) is not str or type(code) is not str:
                    continue
                if system in undecided or code in codes.get(system, ()):
                    return
        _report(values, strength, listed, path, run)

    return check


def _single(values: ValueSet, strength: str) -> Check:
    def check(value: Any, path: Path, run: Run) -> None:
        if type(value) is dict and "code" in value and not coding_in(values, value):
            _report(values, strength, [value], path, run)

    return check


def _report(values: ValueSet, strength: str, listed: Any, path: Path, run: Run) -> None:
    codings = [c for c in listed if isinstance(c, dict)] if isinstance(listed, list) else []
    name = values.url.rpartition("/")[2]
    found = "; ".join([f"{word(c.get('system'))}#{word(c.get('code'))}" for c in codings[:3]])
    if values.licensed:
        due = " or ".join(sorted(values.undecided))
        found = f"{found or 'no code'} where one of {due} is due"
        run.add("warning", "code-system", path, found)
    elif not any("code" in c for c in codings):
        if strength == "required":
            run.error("code-missing", path, f"no code where the set {name} is required")
    elif strength == "required":
        run.error("code-not-in-set", path, f"{found} is not in the set {name}")
    else:
        run.add("warning", "code-other", path, f"{found} is not in the set {name}")


def known(terms: Terms) -> Callable[[str, str], bool]:
    """Whether nothing is to be said about a code of a system."""
    look_up, complete = terms.system, terms.systems()

    def known(system: str, code: str) -> bool:
        if ":" not in system:
            return False
        if system in complete:
            return code in (look_up(system) or ())
        shape = _SHAPES.get(system)
        return shape is None or shape.fullmatch(code) is not None

    return known


class Known(dict[str, Callable[[str], object]]):
    """Tests of a code, by its system: whether nothing is to be said about either of them.

    It answers for every system, and keeps what it answered for the first ones.
    """

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._terms = terms

    def __missing__(self, system: str) -> Callable[[str], object]:
        if ":" not in system or primitives.uri(system) is not None:
            return _never
        test = self._test(system)
        if len(self) < _MOST_SYSTEMS:
            self[system] = test
        return test

    def _test(self, system: str) -> Callable[[str], object]:
        if system in self._terms.systems():
            codes = self._terms.system(system) or frozenset()
            odd = [code for code in codes if primitives.code(code) is not None]
            return codes.difference(odd).__contains__ if odd else codes.__contains__
        return _SHAPES.get(system, _PLAIN).fullmatch


def _never(_code: str) -> bool:
    return False


def existing(terms: Terms) -> Check:
    """A check of one Coding: a complete, known code system must have its code."""
    is_known, complete = known(terms), terms.systems()

    def check(value: Any, path: Path, run: Run) -> None:
        if type(value) is not dict:
            return
        system, code = value.get("system"), value.get("code")
        if type(system) is not str or type(code) is not str or is_known(system, code):
            return
        if ":" not in system:
            found = f"{word(system)} is a relative address"
            run.add("warning", "coding-system", (path, "system", NONE), found)
        elif system in complete:
            found = f"{word(system)} has no code {word(code)}"
            run.error("code-unknown", (path, "code", NONE), found)
        else:
            found = f"{word(code)} under {word(system)}"
            run.add("warning", "code-shape", (path, "code", NONE), found)

    return check
