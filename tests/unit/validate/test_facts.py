"""Fact files: extracted without prose, merged over their bases, complete for both guides."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app import resources
from app.errors import BadData
from app.fhir import urls
from app.fhir.validate import facts
from app.fhir.validate.extract import extract
from app.fhir.validate.packages import Row, Source, choose, read_rows
from app.fhir.validate.shelf import Package, Taken

Json = dict[str, Any]

_PROSE = (
    "short",
    "definition",
    "comment",
    "requirements",
    "human",
    "description",
    "display",
    "text",
)


def _definition(**more: Any) -> Json:
    return {
        "resourceType": "StructureDefinition",
        "id": "thing",
        "url": "http://example.org/thing",
        "version": "1.0",
        "kind": "complex-type",
        "type": "Thing",
        "derivation": "specialization",
        "snapshot": {
            "element": [
                {"id": "Thing", "path": "Thing", "min": 0, "max": "*", "short": "prose"},
                {
                    "id": "Thing.part",
                    "path": "Thing.part",
                    "min": 0,
                    "max": "*",
                    "base": {"path": "Thing.part", "min": 0, "max": "*"},
                    "definition": "prose",
                    "type": [{"code": "code"}],
                    "binding": {
                        "strength": "required",
                        "description": "prose",
                        "valueSet": "http://example.org/set",
                    },
                    "constraint": [
                        {"key": "t-1", "severity": "error", "human": "prose", "expression": "true"},
                        {"key": "ele-1", "severity": "error", "expression": "x"},
                    ],
                },
            ]
        },
        **more,
    }


_SET = {
    "resourceType": "ValueSet",
    "url": "http://example.org/set",
    "compose": {
        "include": [
            {"system": "http://example.org/whole"},
            {"system": "http://example.org/listed", "concept": [{"code": "a", "display": "prose"}]},
            {"system": "http://example.org/tree", "filter": [
                {"property": "concept", "op": "is-a", "value": "top"}]},
            {"system": "http://example.org/licensed"},
        ]
    },
}  # fmt: skip
_WHOLE = {
    "resourceType": "CodeSystem",
    "url": "http://example.org/whole",
    "content": "complete",
    "concept": [{"code": "w", "display": "prose"}],
}
_TREE = {
    "resourceType": "CodeSystem",
    "url": "http://example.org/tree",
    "content": "complete",
    "concept": [{"code": "top", "concept": [{"code": "under"}]}, {"code": "beside"}],
}


def _made(*resources_: Json) -> dict[str, list[Json]]:
    package = Package("example", "1.0", resources_)
    files = extract([[Taken(package, "all")]])["example/1.0"].files()
    return {name: [json.loads(line) for line in raw.splitlines()] for name, raw in files.items()}


def test_extraction_keeps_facts_and_leaves_prose() -> None:
    made = _made(_definition(), _SET, _WHOLE, _TREE)
    header, root, part = made["structures.jsonl"]
    assert header["invariants"] == {"t-1": {"severity": "error", "expression": "true"}}
    assert root == {"id": "Thing"}
    assert part == {
        "id": "Thing.part",
        "max": "*",
        "list": True,
        "types": [{"code": "code"}],
        "binding": {"strength": "required", "values": "http://example.org/set"},
        "invariants": ["t-1"],
    }
    assert "prose" not in json.dumps(made)


def test_a_value_set_is_listed_whole_or_undecided_by_system() -> None:
    lines = _made(_definition(), _SET, _WHOLE, _TREE)["terminology.jsonl"]
    value_set = next(line for line in lines if "valueset" in line)
    assert value_set["codes"] == {
        "http://example.org/listed": ["a"],
        "http://example.org/tree": ["top", "under"],
    }
    assert value_set["whole"] == ["http://example.org/whole"]
    assert value_set["undecided"] == ["http://example.org/licensed"]


def test_a_profile_holds_only_what_differs_from_its_base() -> None:
    base = _definition()
    profile = _definition(
        id="narrow",
        url="http://example.org/narrow",
        derivation="constraint",
        baseDefinition="http://example.org/thing",
    )
    profile["snapshot"] = json.loads(json.dumps(base["snapshot"]))
    profile["snapshot"]["element"][1]["max"] = "2"
    lines = _made(base, profile)["structures.jsonl"]
    start = next(n for n, line in enumerate(lines) if line.get("structure") == profile["url"])
    assert [line.get("id") for line in lines[start + 1 :] if "id" in line][:1] == ["Thing.part"]


def test_missing_packages_are_named() -> None:
    with pytest.raises(BadData, match=r"a#1\.0"):
        choose([Row("2.2", "a", "1.0", "all")], [Source(Package("b", "1.0", ()), "")])


def test_committed_facts_hold_no_prose() -> None:
    for path in resources.data("profiles").glob("*/*/*.jsonl"):
        for line in path.read_bytes().splitlines():
            assert not set(json.loads(line)) & set(_PROSE), path


@pytest.mark.parametrize("guide", ["2.2", "2.0"])
def test_every_named_profile_and_extension_of_urls_is_in_the_facts(guide: str) -> None:
    known = facts.load(guide)
    version = urls.GUIDES[guide]
    named = [v for k, v in vars(urls.ext).items() if k.isupper() and "davinci-pas" in v]
    missing = [url for url in named if version.knows(url) != known.knows(url)]
    assert missing == []


@pytest.mark.parametrize("guide", ["2.2", "2.0"])
def test_every_structure_merges_over_its_base(guide: str) -> None:
    known = facts.load(guide)
    for url in known.canonicals():
        structure = known.structure(url)
        assert structure is not None
        assert structure.type in structure.elements


def test_a_version_that_is_not_there_is_not_known() -> None:
    known = facts.load("2.2")
    assert known.knows(urls.PAS_22.versioned(urls.profile.CLAIM))
    assert not known.knows(urls.PAS_20.versioned(urls.profile.CLAIM))


def test_guides_table_is_sound() -> None:
    rows = read_rows(resources.data("profiles") / "guides.tsv")
    assert {row.guide for row in rows} >= {"2.2", "2.0"}
    for row in rows:
        assert (resources.data("profiles") / row.package / row.version).is_dir(), row


def test_types_have_only_the_elements_that_r4_publishes() -> None:
    """An archive that other software had enriched must not widen R4: no Meta.author, for one."""
    known = facts.load("2.2")
    for name, stray in (("Meta", "author"), ("Binary", "url"), ("DeviceDefinition", "bodySite")):
        structure = known.structure(urls.core_type(name))
        assert structure is not None
        assert f"{name}.{stray}" not in structure.elements
        assert f"{name}.id" in structure.elements
