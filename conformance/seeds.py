"""Sound resources made from the facts of a profile: the ground that mutations are sown on.

`Grower.resource(profile)` builds one resource with every element that the profile and its base
have, one entry per slice, each extension where it may stand; `variant` picks other choice types.
While it builds it notes where each element definition went (`Grown.places`), so that a mutation
knows what the facts say about the spot that it spoils.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from app.fhir import urls
from app.fhir.validate.facts import Facts, Structure, load
from app.fhir.validate.tree import Node, grow

Json = dict[str, Any]
Pointer = tuple[str | int, ...]

_R4: Final = "http://hl7.org/fhir/StructureDefinition/"
_NPI: Final = "1900003009"
_PRIMITIVES: Final[dict[str, Any]] = {
    "base64Binary": "YQ==",
    "boolean": True,
    "canonical": "https://fairwater.example/fhir/Questionnaire/one",
    "code": "en",
    "date": "2026-11-02",
    "dateTime": "2026-11-02",
    "decimal": 2.5,
    "id": "one",
    "instant": "2026-11-02T09:00:00Z",
    "integer": 2,
    "markdown": "words",
    "oid": "urn:oid:1.2.3",
    "positiveInt": 1,
    "string": "words",
    "time": "09:00:00",
    "unsignedInt": 2,
    "uri": "https://fairwater.example/one",
    "url": "https://fairwater.example/one",
    "uuid": "urn:uuid:0b7a7f4e-6f0f-4f61-9f43-3d0f1a3c0a10",
    "xhtml": '<div xmlns="http://www.w3.org/1999/xhtml"><p>words</p></div>',
    "http://hl7.org/fhirpath/System.String": "one",
}
COMPLEX: Final[dict[str, Any]] = {
    "Address": {"line": ["1 Main St"], "city": "Dayton", "state": "OH", "postalCode": "45402"},
    "Age": {"value": 60, "unit": "a", "system": "http://unitsofmeasure.org", "code": "a"},
    "Annotation": {"text": "words"},
    "Attachment": {"contentType": "text/plain", "data": "YQ=="},
    "CodeableConcept": {"text": "words"},
    "Coding": {"display": "words"},
    "ContactDetail": {"name": "words"},
    "ContactPoint": {"system": "phone", "value": "555-0100", "use": "work"},
    "Count": {"value": 2, "system": "http://unitsofmeasure.org", "code": "1"},
    "Dosage": {"text": "words"},
    "Duration": {"value": 2, "unit": "d", "system": "http://unitsofmeasure.org", "code": "d"},
    "Expression": {"language": "text/fhirpath", "expression": "true"},
    "HumanName": {"family": "Ruiz", "given": ["Ana"], "prefix": ["Dr."], "suffix": ["MD"]},
    "Identifier": {"system": "https://fairwater.example/id", "value": "one"},
    "Money": {"value": 10.5, "currency": "USD"},
    "Narrative": {"status": "generated", "div": _PRIMITIVES["xhtml"]},
    "Period": {"start": "2026-11-02", "end": "2026-11-20"},
    "Quantity": {"value": 2, "unit": "visits"},
    "Range": {"low": {"value": 1, "unit": "d"}, "high": {"value": 2, "unit": "d"}},
    "Ratio": {"numerator": {"value": 1, "unit": "d"}, "denominator": {"value": 2, "unit": "d"}},
    "RelatedArtifact": {"type": "documentation", "label": "1"},
    "SampledData": {"origin": {"value": 1}, "period": 1.0, "dimensions": 1, "data": "1 2"},
    "Signature": {
        "type": [{"system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.1"}],
        "when": "2026-11-02T09:00:00Z",
        "who": {"display": "words"},
    },
    "Timing": {"repeat": {"frequency": 1, "period": 1.0, "periodUnit": "d"}},
    "TriggerDefinition": {"type": "named-event", "name": "one"},
    "UsageContext": {
        "code": {
            "system": "http://terminology.hl7.org/CodeSystem/usage-context-type",
            "code": "venue",
        },
        "valueCodeableConcept": {"text": "words"},
    },
    "Meta": {"lastUpdated": "2026-11-02T09:00:00Z"},
}
# A plausible code where a system's content is licensed or not in any package.
_LICENSED: Final = {
    urls.system.CPT: "99213",
    urls.system.HCPCS: "E1390",
    urls.system.ICD_10_CM: "J44.9",
    urls.system.ICD_10_PCS: "0SG0070",
    urls.system.LOINC: "59408-5",
    urls.system.SNOMED: "13645005",
    urls.system.NDC: "00069015001",
    urls.system.RXNORM: "197361",
    urls.system.NUCC: "207RP1001X",
    urls.system.PLACE_OF_SERVICE: "12",
    urls.system.NPI: _NPI,
}
_ABSENT: Final = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_CDC: Final = "urn:oid:2.16.840.1.113883.6.238"
# Sets whose first code would not do, by the last part of their canonical.
_CHOSEN: Final[dict[str, Json]] = {
    "omb-race-category": {"system": _CDC, "code": "2106-3"},
    "detailed-race": {"system": _CDC, "code": "2108-9"},
    "omb-ethnicity-category": {"system": _CDC, "code": "2135-2"},
    "detailed-ethnicity": {"system": _CDC, "code": "2148-5"},
    "mimetypes": {"system": "urn:ietf:bcp:13", "code": "text/plain"},
    "languages": {"system": "urn:ietf:bcp:47", "code": "en"},
    "all-languages": {"system": "urn:ietf:bcp:47", "code": "en"},
    "simple-language": {"system": "urn:ietf:bcp:47", "code": "en"},
    # VSAC's number of the set of birth sexes, which US Core 7 binds.
    "2.16.840.1.113762.1.4.1021.24": {
        "system": "http://terminology.hl7.org/CodeSystem/v3-AdministrativeGender",
        "code": "F",
    },
    "birthsex": {
        "system": "http://terminology.hl7.org/CodeSystem/v3-AdministrativeGender",
        "code": "F",
    },
    "data-absent-reason": {"system": _ABSENT, "code": "unknown"},
    "subscriber-relationship": {"system": "https://codesystem.x12.org/005010/1069", "code": "18"},
    "coverageInfo": {"system": "", "code": "covered"},
    "coveragePaDetail": {"system": "", "code": "no-auth"},
    "contact-point-use": {"system": "", "code": "work"},
    "address-use": {"system": "", "code": "work"},
    "valid-hl7-attachment-requests": {"system": urls.system.LOINC, "code": "18776-5"},
    "1069": {"system": "https://codesystem.x12.org/005010/1069", "code": "18"},
}
# Optional by cardinality, demanded by an invariant (us-core-21, IdentifierUnlessVO).
_ALWAYS: Final = frozenset(
    {
        "MedicationRequest.requester",
        "CommunicationRequest.identifier",
        "PractitionerRole.telecom",
    }
)
# Parts of coverage-information that can be told together (crd-ci-q1 to q9).
_TOLD: Final = frozenset({"coverage", "covered", "pa-needed", "date", "coverage-assertion-id"})
# Lines within lines: PAS does not profile them, and their content is by reference to other lines.
_DEEP: Final = frozenset({"detail", "subDetail", "timeOfDay", "when", "offset"})
# Slices whose fixed system no package defines: the engine refuses the profile's own value.
_UNJUDGED: Final = frozenset({"TIN", "PI"})
_NEVER: Final = frozenset({"id", "implicitRules", "language", "contained", "text", "meta"})
_NPI_SYSTEM: Final = urls.system.NPI
_CLIA: Final = "urn:oid:2.16.840.1.113883.4.7"
_NAIC: Final = "urn:oid:2.16.840.1.113883.6.300"
_NUMBERS: Final = {_NPI_SYSTEM: _NPI, _CLIA: "36D0123456", _NAIC: "99990"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where an element definition went: its node and the node of the list or object around it."""

    node: Node
    parent: Node


@dataclass(slots=True)
class Grown:
    """A resource and what the facts say about each of its spots; `wanted` names other profiles."""

    resource: Json
    places: dict[Pointer, Place] = field(default_factory=dict)
    wanted: list[tuple[Pointer, list[str]]] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


class Grower:
    """Makes resources for the profiles of one guide."""

    def __init__(self, guide: str, *, rich: bool = True, variant: int = 0) -> None:
        self.facts: Facts = load(guide)
        self.rich = rich
        self.variant = variant
        self._depth = 0

    def resource(self, profile: str) -> Grown:
        """One resource of `profile`, with `resourceType` and `meta.profile`."""
        structure = self._structure(profile)
        root = grow(structure)
        out = Grown({"resourceType": structure.type})
        out.resource["id"] = f"seed-{structure.type.lower()}"
        if "/us/" in profile or "/uv/" in profile:
            out.resource["meta"] = {"profile": [structure.url]}
        self._children(root, out.resource, (), out)
        return out

    def _structure(self, canonical: str) -> Structure:
        found = self.facts.structure(canonical)
        if found is None:
            raise LookupError(canonical)
        return found

    def _children(self, node: Node, into: Json, at: Pointer, out: Grown) -> None:
        for name, child in node.children.items():
            if (name in _NEVER and not at) or name in _DEEP or name == "id" or child.max == 0:
                continue
            if not self._wants(child, at):
                continue
            if name in ("extension", "modifierExtension"):
                self._extensions(child, name, into, at, out, node)
            elif name.endswith("[x]"):
                self._choice(child, name[:-3], into, at, out, node)
            else:
                self._named(child, name, into, at, out, node)

    def _wants(self, child: Node, at: Pointer) -> bool:
        depth = sum(isinstance(part, str) for part in at)
        required = child.min > 0 or any(part.min > 0 for part in child.slices.values())
        required = required or child.path in _ALWAYS
        return required or (self.rich and depth < 3)

    def _named(
        self, child: Node, name: str, into: Json, at: Pointer, out: Grown, parent: Node
    ) -> None:
        if not child.is_list:
            value = self._value(child, (*at, name), out)
            if value is not None:
                into[name] = value
                out.places[(*at, name)] = Place(child, parent)
                if not isinstance(value, dict):
                    self._beside(child, name, into, at, out)
            return
        parts = [
            p
            for name_, p in child.slices.items()
            if p.max != 0 and (self.rich or p.min > 0) and name_ not in _UNJUDGED
        ]
        room = child.max if child.max is not None else 99
        chosen = (parts or [child])[:room]
        if parts and sum(1 for _ in chosen) < child.min:
            chosen.append(child)
        values: list[Any] = []
        for part in chosen:
            spot = (*at, name, len(values))
            value = self._value(part, spot, out)
            if value is not None:
                values.append(value)
                out.places[spot] = Place(part, parent)
        if values:
            into[name] = values

    def _beside(self, child: Node, name: str, into: Json, at: Pointer, out: Grown) -> None:
        """Extensions that a profile puts on a primitive stand in its `_` sibling."""
        held = child.children.get("extension")
        if held is None or not held.slices:
            return
        sibling: Json = {}
        self._extensions(held, "extension", sibling, (*at, "_" + name), out, child)
        if sibling:
            into["_" + name] = sibling

    def _choice(
        self, child: Node, stem: str, into: Json, at: Pointer, out: Grown, parent: Node
    ) -> None:
        options = [p for p in child.slices.values() if p.max != 0] or [child]
        part = options[self.variant % len(options)]
        part.element = {**_stated(child, "binding", "fixed", "pattern"), **part.element}
        types = part.types or child.types
        if not types:
            return
        chosen = types[self.variant % len(types)]
        name = stem + chosen["code"][0].upper() + chosen["code"][1:]
        value = self._typed(part, chosen, (*at, name), out)
        if value is not None:
            into[name] = value
            out.places[(*at, name)] = Place(part, parent)

    def _extensions(
        self, child: Node, name: str, into: Json, at: Pointer, out: Grown, parent: Node
    ) -> None:
        values: list[Any] = []
        for slice_name, part in child.slices.items():
            if part.max == 0 or not (self.rich or part.min > 0):
                continue
            if (
                parent.structure.url.endswith("/ext-coverage-information")
                and slice_name not in _TOLD
            ):
                continue
            profile = next((p for t in part.types for p in t.get("profiles", ())), "")
            if profile and not self._may_stand(profile, parent, out):
                continue
            spot = (*at, name, len(values))
            value = self._extension(part, profile, spot, out)
            if value is not None:
                values.append(value)
                out.places[spot] = Place(part, parent)
        if values:
            into[name] = values

    def _may_stand(self, profile: str, parent: Node, out: Grown) -> bool:
        structure = self.facts.structure(profile)
        if structure is None:
            return False
        contexts = structure.header.get("context", [])
        path = parent.path
        allowed = {c["expression"] for c in contexts}
        here = {path, "Element", parent.structure.url, *(t["code"] for t in parent.types)}
        if "." not in path:
            here |= {"Resource", "DomainResource"}
        if here & allowed:
            return True
        out.skipped.append(f"{path}: {profile}")
        return False

    def _extension(self, part: Node, profile: str, at: Pointer, out: Grown) -> Json | None:
        node = part
        if profile:
            structure = self.facts.structure(profile)
            if structure is None:
                return None
            node = grow(structure)
            _overlay(node, part)
        value: Json = {}
        self._children(node, value, at, out)
        if "extension" not in value and not any(k.startswith("value") for k in value):
            self._force_value(node, value, at, out)
        named = node.children.get("url")
        value["url"] = (named.element if named else {}).get("fixed", profile.partition("|")[0])
        return value if len(value) > 1 else None

    def _force_value(self, node: Node, value: Json, at: Pointer, out: Grown) -> None:
        child = node.children.get("value[x]")
        if child is not None and child.max != 0:
            self._choice(child, "value", value, at, out, node)
        nested = node.children.get("extension")
        if nested is not None and nested.slices and not any(k != "url" for k in value):
            first = next(iter(nested.slices.values()))
            made = self._extension(first, "", (*at, "extension", 0), out)
            if made:
                value["extension"] = [made]

    def _value(self, node: Node, at: Pointer, out: Grown) -> Any:
        types = node.types
        if not types:
            return self._backbone(node, at, out)
        return self._typed(node, types[self.variant % len(types)], at, out)

    def _backbone(self, node: Node, at: Pointer, out: Grown) -> Json | None:
        named = node.element.get("contentReference", "")
        if named:
            referred = grow(node.structure)
            for part in named.rpartition("#")[2].split(".")[1:]:
                referred = referred.children[part]
            node = referred
        value: Json = {}
        self._children(node, value, at, out)
        return value or None

    def _typed(self, node: Node, of: Json, at: Pointer, out: Grown) -> Any:
        code = of["code"]
        set_value = node.element.get("fixed", node.element.get("pattern"))
        if code in _PRIMITIVES:
            return self._primitive(node, code) if set_value is None else set_value
        if code == "Reference":
            return self._reference(node, of, at, out)
        if code in ("BackboneElement", "Element"):
            return self._backbone(node, at, out)
        if code == "Extension":
            return None
        if code == "Resource":
            return None
        value = self._complex(node, of, at, out)
        if isinstance(set_value, dict):
            value = _laid_over(value, set_value)
            if code == "CodeableConcept":
                value = copy.deepcopy(set_value)
        if code == "Identifier" and value.get("system") in _NUMBERS:
            value["value"] = _NUMBERS[value["system"]]
        return value

    def _complex(self, node: Node, of: Json, at: Pointer, out: Grown) -> Json:
        code = of["code"]
        value: Json = copy.deepcopy(COMPLEX.get(code, {}))
        bound = node.element.get("binding", {})
        if code in ("CodeableConcept", "Coding", "Quantity") and bound.get("strength") in (
            "required",
            "extensible",
        ):
            coding = self._coding(bound["values"])
            if coding and code == "CodeableConcept":
                value = {"coding": [coding]}
            elif coding and code == "Coding":
                value = dict(coding)
            elif coding:
                value.update(coding)
        for profile in of.get("profiles", ()):
            structure = self.facts.structure(profile)
            if structure is not None and structure.url != _R4 + code:
                self._fixed_parts(grow(structure), value, at, out)
        self._fixed_parts(node, value, at, out)
        return value

    def _fixed_parts(self, node: Node, value: Json, at: Pointer, out: Grown) -> None:
        """What the profile says inside a data type: required, fixed and patterned children."""
        for name, child in node.children.items():
            stated = "fixed" in child.element or "pattern" in child.element
            deep = any(
                "fixed" in c.element or "pattern" in c.element for c in child.children.values()
            )
            needed = child.min > 0 or any(p.min > 0 for p in child.slices.values())
            bound = child.element.get("binding", {}).get("strength") == "required"
            plain = name in value
            if child.max == 0:
                value.pop(name, None)
            elif name in ("extension", "modifierExtension"):
                if self.rich or needed:
                    self._extensions(child, name, value, at, out, node)
            elif name.endswith("[x]") and (needed or deep):
                self._choice(child, name[:-3], value, at, out, node)
            elif stated or (needed and not plain) or (plain and (child.children or bound)):
                self._named(child, name, value, at, out, node)

    def _primitive(self, node: Node, code: str) -> Any:
        bound = node.element.get("binding", {})
        if bound.get("strength") == "required":
            coding = self._coding(bound["values"])
            if coding and code in ("code", "uri", "string"):
                return coding["code"]
        full_date = "FullDateRule" in node.element.get("invariants", ())
        if code in ("dateTime", "date") and full_date:
            return "2026-11-02"
        return _PRIMITIVES[code]

    def _coding(self, canonical: str) -> Json | None:
        name = canonical.partition("|")[0].rpartition("/")[2]
        if name in _CHOSEN:
            return dict(_CHOSEN[name])
        values = self.facts.value_set(canonical)
        if values is None:
            return {"system": _x12(canonical), "code": "1"} if "x12.org" in canonical else None
        listed = sorted(s for s in values.codes if values.codes[s] and s != _ABSENT)
        if listed:
            codes = sorted(values.codes[listed[0]])
            return {"system": listed[0], "code": codes[self.variant % len(codes)]}
        for system in sorted(values.undecided, key=lambda s: s not in _LICENSED):
            return {"system": system, "code": _LICENSED.get(system, "1")}
        return {"system": _x12(canonical), "code": "1"} if "x12.org" in canonical else None

    def _reference(self, node: Node, of: Json, at: Pointer, out: Grown) -> Json:
        targets = of.get("targets", [])
        known = [t for t in targets if "/davinci-pas/" in t]
        if known:
            out.wanted.append((at, known))
        value: Json = {"display": "words"}
        self._fixed_parts(node, value, at, out)
        return value


def _x12(canonical: str) -> str:
    number = canonical.partition("|")[0].rstrip("/").rpartition("/")[2]
    return urls.x12(int(number))


def _overlay(node: Node, above: Node) -> None:
    """What the using profile adds inside an extension: fixed values, patterns, cardinalities."""
    for name, child in above.children.items():
        target = node.children.get(name)
        if target is None:
            continue
        target.element = {**target.element, **_stated(child)}
        if name.endswith("[x]"):
            for part in target.slices.values():
                part.element = {**part.element, **_stated(child)}
        _overlay(target, child)
        for slice_name, part in child.slices.items():
            below = target.slices.get(slice_name, target)
            below.element = {**below.element, **_stated(part, "fixed", "pattern", "binding")}
            _overlay(below, part)


def _stated(node: Node, *keys: str) -> Json:
    wanted = keys or ("fixed", "pattern", "binding", "max", "min")
    return {k: v for k, v in node.element.items() if k in wanted}


def _laid_over(value: Json, pattern: Json) -> Json:
    out = {**value}
    for key, part in pattern.items():
        out[key] = (
            _laid_over(value[key], part)
            if isinstance(part, dict) and isinstance(value.get(key), dict)
            else copy.deepcopy(part)
        )
    return out


def walk(value: Any, at: Pointer = ()) -> Iterator[tuple[Pointer, Any]]:
    """Every spot of parsed JSON with its pointer, parents first."""
    yield at, value
    if isinstance(value, dict):
        for key, part in value.items():
            yield from walk(part, (*at, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from walk(part, (*at, index))


def get(value: Any, at: Pointer) -> Any:
    """The part at a pointer."""
    for part in at:
        value = value[part]
    return value


def holds(value: Any, at: Pointer) -> bool:
    """Whether there is a part at a pointer; a pattern laid over a value may have taken it away."""
    try:
        get(value, at)
    except (KeyError, IndexError, TypeError):
        return False
    return True
