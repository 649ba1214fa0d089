"""Whatever JSON comes, the validator answers with issues and never raises."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.fhir import urls
from app.fhir.validate import Validator
from tests.unit.validate.test_checks import bundle

Json = dict[str, Any]

_NAMES = [
    "resourceType",
    "id",
    "meta",
    "profile",
    "extension",
    "modifierExtension",
    "url",
    "valueCode",
    "valueString",
    "contained",
    "entry",
    "fullUrl",
    "resource",
    "reference",
    "coding",
    "code",
    "system",
    "text",
    "div",
    "_status",
    "identifier",
    "item",
]
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from(["", " ", "#", "#x", "Patient/1", "Bundle", "Patient", "urn:uuid:x", "\x00"])
    | st.text(max_size=5)
)
_JUNK = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=3)
    ),
    max_leaves=8,
)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield value, key
            yield from _places(inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield value, index
            yield from _places(inner)


@settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))
@given(st.data(), st.sampled_from(["2.2", "2.0"]))
def test_junk_anywhere_in_a_bundle_gives_issues(data: st.DataObject, guide: str) -> None:
    document = copy.deepcopy(bundle())
    for _ in range(data.draw(st.integers(1, 4))):
        places = list(_places(document))
        if not places:
            break
        holder, key = places[data.draw(st.integers(0, len(places) - 1))]
        holder[key] = data.draw(_JUNK)
        if isinstance(holder, dict):
            holder[data.draw(st.sampled_from(_NAMES))] = data.draw(_JUNK)
    issues = Validator.load(guide).resource(document, urls.profile.REQUEST_BUNDLE)
    assert all(issue.message and issue.code for issue in issues)


@settings(deadline=None, max_examples=200)
@given(_JUNK)
def test_junk_itself_gives_issues(document: Any) -> None:
    assert isinstance(Validator.load("2.2").resource(document), list)


def test_references_in_a_circle_end() -> None:
    document = bundle()
    document["entry"][1]["resource"]["link"] = [
        {"other": {"reference": document["entry"][1]["fullUrl"]}, "type": "seealso"}
    ]
    assert Validator.load("2.2").resource(document, urls.profile.REQUEST_BUNDLE) is not None


def test_bundles_inside_bundles_end() -> None:
    inner: Json = bundle()
    for _ in range(30):
        inner = {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [
                {"fullUrl": "urn:uuid:00000000-0000-4000-8000-000000000001", "resource": inner}
            ],
        }
    assert isinstance(Validator.load("2.2").resource(inner), list)


def test_a_flood_of_errors_ends_with_one_issue_that_says_so() -> None:
    document = bundle()
    document["entry"][1]["resource"]["name"] = [{"given": [""] * 5000}]
    issues = Validator.load("2.2").resource(document, urls.profile.REQUEST_BUNDLE)
    assert issues[-1].code == "too-many-issues"
    assert len(issues) < 3000


def test_a_flood_of_remarks_refuses_nothing() -> None:
    document = bundle()
    document["entry"][1]["resource"]["extension"] = [
        {"url": "http://example.org/x", "valueString": "y"} for _ in range(5000)
    ]
    issues = Validator.load("2.2").resource(document, urls.profile.REQUEST_BUNDLE)
    assert not [i for i in issues if i.is_error]


def test_many_contained_resources_cost_what_their_number_says() -> None:
    """Ten times as many take well below a hundred times as long."""

    def seconds(count: int) -> float:
        document = bundle()["entry"][1]["resource"]
        document["contained"] = [
            {"resourceType": "Organization", "id": f"o{n}", "name": "x"} for n in range(count)
        ]
        document["generalPractitioner"] = [{"reference": f"#o{n}"} for n in range(count)]
        began = time.process_time()
        Validator.load("2.2").resource(document)
        return time.process_time() - began

    seconds(10)
    assert seconds(3000) < 30 * seconds(300) + 0.2
