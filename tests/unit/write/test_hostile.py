"""What was read can be answered, however odd the rest of the bundle is."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from app.domain.guide import Guide
from app.errors import Refused
from app.fhir.read import read_request
from app.fhir.write import write_response
from tests.unit.write.stories import GUIDES, approved, decide, envelope, missing, modified, received

BROKEN: list[Any] = [None, 7, -1.5, True, "x", "", [], {}, [[]], [None], [{}], {"a": {}}]
KINDS = (approved, modified, missing)


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every element."""
    found = []
    for step, inner in node.items() if isinstance(node, dict) else enumerate(node):
        found.append((*path, step))
        if isinstance(inner, dict | list):
            found += places(inner, (*path, step))
    return found


@pytest.mark.parametrize("guide", GUIDES)
@pytest.mark.parametrize("name", ["cpap-modified", "inpatient-no-policy"])
def test_no_broken_element_makes_writing_fail(guide: Guide, name: str) -> None:
    bundle = received(name, guide)
    around = envelope(guide, contested=True, attachments_url="https://x.example")
    answered = 0
    for number, path in enumerate(places(bundle)):
        node: Any = bundle
        for step in path[:-1]:
            node = node[step]
        kept, node[path[-1]] = node[path[-1]], BROKEN[number % 12]
        try:
            request = read_request(bundle, guide)
        except Refused:
            node[path[-1]] = kept
            continue
        made = decide(request, KINDS[number % 3])
        assert orjson.dumps(write_response(made, request, bundle, around))
        answered += 1
        node[path[-1]] = kept
    assert answered > 200
