"""Single changes to sound documents, made from the facts: harmful ones and harmless ones.

Each mutation has an id that stays the same as long as the facts do
(`2.2/claim/0:remove:entry.0.resource.item.0.category`), the kind of change, and the place where a
validator should point. None is picked by hand: every spot that the facts describe gets every kind
of change that the facts make harmful (or harmless) there.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from app.fhir.validate.facts import Facts, load
from conformance import bundles, invariants
from conformance.bundles import Seed
from conformance.seeds import COMPLEX, Place, Pointer, get

Json = dict[str, Any]
VARIANTS: Final = (0, 1, 2)

_FOREIGN: Final = "https://fairwater.example/system/none"
_MISPLACED: Final = {
    "url": bundles.PAS + "extension-errorPath",
    "valueString": "Bundle.entry[0]",
}
_ALLOWED: Final = {
    "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
    "valueCode": "unknown",
}
_BAD: Final[dict[str, list[Any]]] = {
    "base64Binary": ["Y", "@@@@"],
    "canonical": ["has space"],
    "code": [" lead", "two  blanks"],
    "date": ["2026-13-01", "2026-02-30", "26-01-01", "2026/01/01"],
    "dateTime": ["2026-02-30", "2026-01-01T10:00:00", "2026-01-01T25:00:00Z", "2026-1-1"],
    "decimal": ["2.5", True],
    "id": ["has_underscore", "x" * 65],
    "instant": ["2026-01-01", "2026-01-01T10:00:00"],
    "integer": [1.5, "1", 2147483648],
    "markdown": [7],
    "oid": ["urn:oid:x"],
    "positiveInt": [0, -1, "1", 1.5],
    "string": [7, True],
    "time": ["25:00:00", "9:00"],
    "unsignedInt": [-1, "1"],
    "uri": ["has space"],
    "url": ["has space"],
    "uuid": ["urn:uuid:xyz"],
    "boolean": ["true", 1],
}


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change; `at` is the expression to point to, `build` makes the changed document."""

    id: str
    guide: str
    kind: str
    at: str
    build: Callable[[], Json]
    harmful: bool = True


def seeds(guide: str) -> Iterator[Seed]:
    """All sound documents of a guide."""
    for profile in bundles.profiles(guide):
        for variant in VARIANTS:
            yield bundles.seed(guide, profile, variant)


def all_of(guide: str) -> Iterator[Mutation]:
    """Every mutation of a guide, each id once."""
    facts = load(guide)
    seen: set[str] = set()
    for seed in seeds(guide):
        for mutation in _of_seed(seed, facts):
            if mutation.id not in seen:
                seen.add(mutation.id)
                yield mutation


def _of_seed(seed: Seed, facts: Facts) -> Iterator[Mutation]:
    for pointer, place in seed.places.items():
        spot = _Spot(seed, facts, pointer, place)
        for make in (*_HARMFUL, *_HARMLESS):
            yield from make(spot)
    yield from _whole(seed)


class _Spot:
    """One place of a seed, with what mutations ask about it."""

    def __init__(self, seed: Seed, facts: Facts, pointer: Pointer, place: Place) -> None:
        self.seed, self.facts, self.pointer = seed, facts, pointer
        self.node, self.parent = place.node, place.parent
        self.value = get(seed.document, pointer)
        self.name = str(pointer[-1] if isinstance(pointer[-1], str) else pointer[-2])
        self.in_list = isinstance(pointer[-1], int)
        self.around = get(seed.document, pointer[:-1])

    @property
    def sliced(self) -> bool:
        """Whether the node is one slice of its list."""
        whole = self.parent.children.get(self.name)
        return whole is not None and whole is not self.node and self.node in whole.slices.values()

    @property
    def code(self) -> str:
        """The type of the value here."""
        types = [t["code"] for t in self.node.types]
        for code in types:
            if self.name.lower().endswith(code.lower()):
                return str(code)
        return str(types[0]) if types else ""

    def make(
        self,
        kind: str,
        change: Callable[[Json], None],
        at: Pointer,
        tag: str = "",
        *,
        harmful: bool = True,
    ) -> Mutation:
        """A mutation of this spot."""
        document = self.seed.document

        def build() -> Json:
            changed = copy.deepcopy(document)
            change(changed)
            return changed

        dotted = ".".join(map(str, self.pointer))
        name = f"{self.seed.name}:{kind}{tag}:{dotted}"
        return Mutation(name, self.seed.guide, kind, expression(self.seed, at), build, harmful)

    def put(self, value: Any) -> Callable[[Json], None]:
        """A change that sets the value here."""

        def change(document: Json) -> None:
            get(document, self.pointer[:-1])[self.pointer[-1]] = copy.deepcopy(value)

        return change


def expression(seed: Seed, pointer: Pointer) -> str:
    """A pointer as the FHIRPath that an issue carries: `value.ofType(Coding)` for `valueCoding`."""
    out = str(seed.document["resourceType"])
    for length, part in enumerate(pointer, 1):
        place = seed.places.get(pointer[:length])
        if isinstance(part, int):
            out += f"[{part}]"
        elif place is not None and place.node.path.endswith("[x]"):
            stem = place.node.path.rpartition(".")[2].removesuffix("[x]")
            kind = part.removeprefix(stem)
            out += f".{stem}.ofType({_type_name(kind)})"
        else:
            out += "." + part.removeprefix("_")
    return out


def _type_name(kind: str) -> str:
    return kind if kind in COMPLEX or kind == "Reference" else kind[0].lower() + kind[1:]


# harmful ------------------------------------------------------------------------------------------


def _remove(spot: _Spot) -> Iterator[Mutation]:
    if not _needed(spot):
        return
    if spot.in_list:
        holder = spot.pointer[:-2]

        def change(document: Json) -> None:
            held = get(document, spot.pointer[:-1])
            del held[spot.pointer[-1]]
            if not held:
                del get(document, holder)[spot.name]

        yield spot.make("remove", change, holder)
    else:

        def drop(document: Json) -> None:
            holder = get(document, spot.pointer[:-1])
            del holder[spot.name]
            holder.pop("_" + spot.name, None)

        yield spot.make("remove", drop, spot.pointer[:-1])


def _needed(spot: _Spot) -> bool:
    whole = spot.parent.children.get(spot.name, spot.node)
    if spot.in_list:
        alone = len(spot.around) <= max(whole.min, 1)
        return (spot.sliced and spot.node.min > 0) or (whole.min > 0 and alone)
    if len(spot.around) == 1:
        return False
    choice = next(
        (
            c
            for n, c in spot.parent.children.items()
            if n.endswith("[x]") and spot.name.startswith(n[:-3])
        ),
        None,
    )
    return spot.node.min > 0 or (
        choice is not None and spot.name not in spot.parent.children and choice.min > 0
    )


def _exceed(spot: _Spot) -> Iterator[Mutation]:
    if not spot.in_list:
        yield spot.make("array", spot.put([spot.value]), spot.pointer)
        return
    whole = spot.parent.children.get(spot.name)
    bounds = [n.max for n in (whole, spot.node) if n is not None and n.max is not None]
    if not bounds or (
        spot.sliced
        and "url" in (spot.value if isinstance(spot.value, dict) else {})
        and spot.node.max is None
    ):
        return
    room = min(bounds)

    def change(document: Json) -> None:
        held = get(document, spot.pointer[:-1])
        held.extend(copy.deepcopy(spot.value) for _ in range(room))

    yield spot.make("exceed", change, spot.pointer[:-1])


def _wrong_type(spot: _Spot) -> Iterator[Mutation]:
    wrong: Any = "words" if isinstance(spot.value, dict) else {"value": "words"}
    if isinstance(spot.value, (int, float)) and not isinstance(spot.value, bool):
        wrong = "words"
    yield spot.make("type", spot.put(wrong), spot.pointer)


def _foreign(spot: _Spot) -> Iterator[Mutation]:
    if isinstance(spot.value, dict):
        yield spot.make(
            "foreign", spot.put({**spot.value, "zzForeign": "words"}), (*spot.pointer, "zzForeign")
        )


def _bad_primitive(spot: _Spot) -> Iterator[Mutation]:
    if isinstance(spot.value, dict):
        return
    for number, bad in enumerate(_BAD.get(spot.code, ())):
        yield spot.make("primitive", spot.put(bad), spot.pointer, str(number))


def _empty(spot: _Spot) -> Iterator[Mutation]:
    if isinstance(spot.value, dict):
        yield spot.make("empty", spot.put({}), spot.pointer)
    elif isinstance(spot.value, str):
        yield spot.make("empty", spot.put(""), spot.pointer)
    if spot.in_list and spot.pointer[-1] == 0:

        def clear(document: Json) -> None:
            get(document, spot.pointer[:-1]).clear()

        yield spot.make("empty-list", clear, spot.pointer[:-1])
        yield spot.make("null", spot.put(None), spot.pointer)


def _wrong_fixed(spot: _Spot) -> Iterator[Mutation]:
    stated = spot.node.element.get("fixed", spot.node.element.get("pattern"))
    if stated is None or _tells_slice(spot):
        return
    other = _other(stated, spot.code)
    if other is not None:
        yield spot.make("fixed", spot.put(other), spot.pointer)


def _other(stated: Any, code: str) -> Any:
    if isinstance(stated, bool):
        return not stated
    if isinstance(stated, str):
        return "https://fairwater.example/other" if code in ("uri", "url", "canonical") else "other"
    if isinstance(stated, dict) and "coding" in stated:
        return {"coding": [{"system": _FOREIGN, "code": "other"}]}
    return None


def _tells_slice(spot: _Spot) -> bool:
    """Whether the value decides which slice its list entry (or an entry around it) belongs to."""
    for length in range(len(spot.pointer), 0, -1):
        place = spot.seed.places.get(spot.pointer[:length])
        if place is None or not isinstance(spot.pointer[length - 1], int):
            continue
        name = str(spot.pointer[length - 2])
        whole = place.parent.children.get(name)
        if whole is None or not whole.slices or whole is place.node:
            continue
        below = [str(p) for p in spot.pointer[length:] if isinstance(p, str)]
        for _, path in whole.element.get("slicing", {}).get("by", ()):
            heads = re.split(r"[.(]", path)
            if path == "$this" or (below and below[0].startswith(heads[0])):
                return True
    return False


def _wrong_slice(spot: _Spot) -> Iterator[Mutation]:
    """A required slice whose telling value is changed is a slice that is missing."""
    if not (spot.in_list and spot.sliced and spot.node.min > 0 and isinstance(spot.value, dict)):
        return
    whole = spot.parent.children[spot.name]
    for _, path in whole.element.get("slicing", {}).get("by", ()):
        if path == "url":
            changed = {
                **spot.value,
                "url": "https://fairwater.example/fhir/StructureDefinition/none",
            }
            yield spot.make("slice", spot.put(changed), spot.pointer[:-2])
        elif path == "type" and "type" in spot.value:
            changed = {**spot.value, "type": {"coding": [{"system": _FOREIGN, "code": "other"}]}}
            yield spot.make("slice", spot.put(changed), spot.pointer[:-2])


def _unknown_code(spot: _Spot) -> Iterator[Mutation]:
    bound = spot.node.element.get("binding", {})
    if bound.get("strength") != "required" or _tells_slice(spot):
        return
    values = spot.facts.value_set(bound["values"])
    if values is None or values.open:
        return
    listed = any(values.codes.values())
    if isinstance(spot.value, str) and listed and not values.undecided:
        yield spot.make("code", spot.put("zz-unknown"), spot.pointer)
    if isinstance(spot.value, dict) and "coding" in spot.value:
        if listed and not values.undecided:
            system = next(s for s in sorted(values.codes) if values.codes[s])
            changed = {"coding": [{"system": system, "code": "zz-unknown"}]}
            yield spot.make("code", spot.put(changed), spot.pointer)
        yield spot.make(
            "system", spot.put({"coding": [{"system": _FOREIGN, "code": "one"}]}), spot.pointer
        )
        yield spot.make("no-code", spot.put({"text": "words"}), spot.pointer)


def _wrong_target(spot: _Spot) -> Iterator[Mutation]:
    if not (isinstance(spot.value, dict) and "reference" in spot.value):
        return
    targets = [
        t for of in spot.node.types if of["code"] == "Reference" for t in of.get("targets", ())
    ]
    kinds = {_type_of(spot.facts, t) for t in targets}
    if not targets or {"Resource", "", "DomainResource"} & kinds:
        return
    for entry in spot.seed.document.get("entry", ()):
        kind = entry["resource"]["resourceType"]
        if kind not in kinds:
            changed = {**spot.value, "reference": f"{kind}/{entry['resource']['id']}"}
            yield spot.make("target", spot.put(changed), spot.pointer)
            return


def _type_of(facts: Facts, canonical: str) -> str:
    structure = facts.structure(canonical)
    return structure.type if structure else ""


def _misplaced(spot: _Spot) -> Iterator[Mutation]:
    if not isinstance(spot.value, dict) or spot.name in ("extension", "modifierExtension"):
        return
    if spot.code in ("Resource",) or (spot.node.path.endswith("ClaimResponse.error")):
        return
    held = spot.value.get("extension", [])
    changed = {**spot.value, "extension": [*held, _MISPLACED]}
    yield spot.make("misplaced", spot.put(changed), (*spot.pointer, "extension", len(held)))


def _no_value(spot: _Spot) -> Iterator[Mutation]:
    """An extension with neither value nor parts (ext-1)."""
    if spot.name == "extension" and isinstance(spot.value, dict):
        yield spot.make("ext-1", spot.put({"url": spot.value["url"]}), spot.pointer)
        both = {**spot.value, "extension": [{"url": "a", "valueString": "b"}], "valueString": "c"}
        yield spot.make("ext-1-both", spot.put(both), spot.pointer)


def _second_choice(spot: _Spot) -> Iterator[Mutation]:
    if spot.in_list or spot.name in spot.parent.children:
        return
    stem = next(
        (
            n[:-3]
            for n in spot.parent.children
            if n.endswith("[x]") and spot.name.startswith(n[:-3])
        ),
        "",
    )
    if stem:
        extra = "String" if not spot.name.endswith("String") else "Boolean"
        value: Any = "words" if extra == "String" else True

        def change(document: Json) -> None:
            get(document, spot.pointer[:-1])[stem + extra] = value

        yield spot.make("choice", change, (*spot.pointer[:-1], stem + extra))


def _broken_rules(spot: _Spot) -> Iterator[Mutation]:
    names = set(spot.node.element.get("invariants", ())) | set(
        invariants.OF_TYPE.get(spot.code, ())
    )
    for name in sorted(names):
        for number, broken in enumerate(invariants.broken(name, spot.value)):
            yield spot.make("rule", spot.put(broken), spot.pointer, f"-{name}-{number}")


_HARMFUL: Final = (
    _remove,
    _exceed,
    _wrong_type,
    _foreign,
    _bad_primitive,
    _empty,
    _wrong_fixed,
    _wrong_slice,
    _unknown_code,
    _wrong_target,
    _misplaced,
    _no_value,
    _second_choice,
    _broken_rules,
)

# harmless -----------------------------------------------------------------------------------------


def _drop_optional(spot: _Spot) -> Iterator[Mutation]:
    if spot.name.startswith("value") or spot.name in ("extension", "url", "reference", "display"):
        return
    if _needed(spot) or invariants.leaned_on(spot.node.path) or len(spot.around) == 1:
        return
    if spot.node.min > 0 or spot.in_list or _tells_slice(spot):
        return

    def drop(document: Json) -> None:
        holder = get(document, spot.pointer[:-1])
        del holder[spot.name]
        holder.pop("_" + spot.name, None)

    yield spot.make("drop", drop, spot.pointer, harmful=False)


def _reorder(spot: _Spot) -> Iterator[Mutation]:
    if isinstance(spot.value, dict) and len(spot.value) > 1:
        turned = dict(reversed(spot.value.items()))
        yield spot.make("reorder", spot.put(turned), spot.pointer, harmful=False)


def _element_id(spot: _Spot) -> Iterator[Mutation]:
    if isinstance(spot.value, dict) and "id" not in spot.value:
        yield spot.make("id", spot.put({**spot.value, "id": "n1"}), spot.pointer, harmful=False)


def _allowed_extension(spot: _Spot) -> Iterator[Mutation]:
    if not isinstance(spot.value, dict) or spot.name in ("extension", "modifierExtension"):
        return
    if spot.node.path.endswith(("Patient.name", ".request")) or "extension" in spot.value:
        return
    changed = {**spot.value, "extension": [_ALLOWED]}
    yield spot.make("extend", spot.put(changed), spot.pointer, harmful=False)


def _contain(spot: _Spot) -> Iterator[Mutation]:
    if not isinstance(spot.value, dict) or "reference" in spot.value:
        return
    targets = [
        t for of in spot.node.types if of["code"] == "Reference" for t in of.get("targets", ())
    ]
    kinds = {t.partition("|")[0].rpartition("/")[2] for t in targets if "/us/" not in t}
    kind = next((k for k in ("Organization", "Practitioner", "Patient") if k in kinds), "")
    owner = next((n for n in range(len(spot.pointer), -1, -1) if _resource_at(spot, n)), None)
    if not kind or owner is None:
        return
    inside: Json = {"resourceType": kind, "id": "c1", "active": True}
    if kind == "Organization":
        inside["name"] = "words"

    def change(document: Json) -> None:
        get(document, spot.pointer[:owner])["contained"] = [inside]
        get(document, spot.pointer)["reference"] = "#c1"

    yield spot.make("contain", change, spot.pointer, harmful=False)


def _resource_at(spot: _Spot, length: int) -> bool:
    value = get(spot.seed.document, spot.pointer[:length])
    return isinstance(value, dict) and "resourceType" in value and value["resourceType"] != "Bundle"


_HARMLESS: Final = (_drop_optional, _reorder, _element_id, _allowed_extension, _contain)


# of the whole document ----------------------------------------------------------------------------


def _whole(seed: Seed) -> Iterator[Mutation]:
    document = seed.document
    if document["resourceType"] != "Bundle":
        return

    def of(kind: str, change: Callable[[Json], None], at: str, *, harmful: bool = True) -> Mutation:
        def build() -> Json:
            changed = copy.deepcopy(document)
            change(changed)
            return changed

        return Mutation(f"{seed.name}:{kind}:", seed.guide, kind, at, build, harmful)

    last = len(document["entry"]) - 1
    yield of("bundle-no-type", lambda d: d.pop("type"), "Bundle")
    yield of("bundle-type", lambda d: d.update(type="batch"), "Bundle.type")
    yield of("bundle-no-timestamp", lambda d: d.pop("timestamp"), "Bundle")
    yield of("bundle-no-url", lambda d: d["entry"][last].pop("fullUrl"), f"Bundle.entry[{last}]")
    yield of(
        "bundle-no-resource", lambda d: d["entry"][last].pop("resource"), f"Bundle.entry[{last}]"
    )
    yield of("bundle-total", lambda d: d.update(total=1), "Bundle")
    yield of("bundle-twice", lambda d: d["entry"].append(copy.deepcopy(d["entry"][last])), "Bundle")
    yield of(
        "bundle-search", lambda d: d["entry"][0].update(search={"mode": "match"}), "Bundle.entry[0]"
    )
    yield of(
        "bundle-request",
        lambda d: d["entry"][0].update(request={"method": "POST", "url": "Claim"}),
        "Bundle.entry[0]",
    )
    yield of("bundle-empty", lambda d: d["entry"].clear(), "Bundle.entry")
    yield of(
        "bundle-uuid",
        lambda d: d["entry"][last].update(fullUrl="urn:uuid:not-one"),
        f"Bundle.entry[{last}].fullUrl",
    )
    yield of(
        "bundle-id",
        lambda d: d["entry"][last]["resource"].update(id="another"),
        f"Bundle.entry[{last}]",
    )
    if last > 1:
        yield of(
            "bundle-order",
            lambda d: d["entry"].__setitem__(slice(1, None), d["entry"][:0:-1]),
            "Bundle",
            harmful=False,
        )
    for number in range(last + 1):
        at = f"Bundle.entry[{number}].resource"

        def tag(d: Json, number: int = number) -> None:
            meta = d["entry"][number]["resource"].setdefault("meta", {})
            meta["tag"] = [{"system": _FOREIGN, "code": "one"}]

        def narrate(d: Json, number: int = number) -> None:
            d["entry"][number]["resource"]["text"] = {
                "status": "generated",
                "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>words</p></div>',
            }

        def script(d: Json, number: int = number) -> None:
            d["entry"][number]["resource"]["text"] = {
                "status": "generated",
                "div": '<div xmlns="http://www.w3.org/1999/xhtml"><script>1</script></div>',
            }

        def name(d: Json, number: int = number) -> None:
            d["entry"][number]["resource"]["resourceType"] = "Nothing"

        yield of(f"tag-{number}", tag, at, harmful=False)
        yield of(f"narrate-{number}", narrate, at, harmful=False)
        yield of(f"script-{number}", script, f"{at}.text.div")
        yield of(f"nothing-{number}", name, at)
