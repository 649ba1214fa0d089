"""Whatever is sent to `$submit`: never a 5xx, never a denial, and what is answered is conformant.

Bundles are our own examples with up to three places changed: removed, replaced by any JSON, doubled,
renamed, emptied. Bytes are examples with some of them cut, flipped or put elsewhere.
"""

from __future__ import annotations

import copy
import functools
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.coverage import Eligibility
from app.domain.decision import Outcome
from app.domain.guide import Guide
from app.domain.request import PriorAuthRequest
from app.domain.values import Identifier
from app.errors import Unavailable
from app.factory import build_app
from tests.world import World, actions, example, examples, new_context, new_world

FEW = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
NAMES = [(guide, name) for guide in Guide for name in examples(guide) if "huge" not in name]
DENIED = "A3"

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.sampled_from(
        ["", " ", "Bundle", "Claim/x", "#", "#x", "urn:uuid:", "2026-02-30", "9999-12-31", "0000",
         "http://[", "https://ehr.northside.example/fhir/Claim/1|2", "{}", "\u0000", "A3"]
    )
)  # fmt: skip
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["id", "url", "value", "code", "system", "reference", "extension", "coding",
                         "resourceType", "resource", "entry", "contained", "valueString", "x"]),
        inner, max_size=3,
    ),
    max_leaves=6,
)  # fmt: skip


@functools.cache
def world() -> World:
    """One server for the whole module: its database only grows."""
    return new_world(Path(tempfile.mkdtemp(prefix="forthwith-hostile-")))


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """(holder, key) of every value inside a document."""
    if isinstance(value, dict | list):
        keys = list(value) if isinstance(value, dict) else range(len(value))
        for key in keys:
            yield value, key
            yield from places(value[key])


@st.composite
def hostile(draw: st.DrawFn) -> tuple[Guide, dict[str, Any]]:
    """An example with one to three places changed."""
    guide, name = draw(st.sampled_from(NAMES))
    bundle = example(name, guide)
    for _ in range(draw(st.integers(1, 3))):
        found = list(places(bundle))
        if not found:
            break
        holder, key = found[draw(st.integers(0, len(found) - 1))]
        change(draw, holder, key)
    return guide, bundle


def change(draw: st.DrawFn, holder: Any, key: Any) -> None:
    """Change one place."""
    how = draw(st.sampled_from(["remove", "replace", "double", "rename", "empty", "list"]))
    if how == "remove":
        del holder[key]
    elif how == "replace":
        holder[key] = draw(JSON)
    elif how == "double" and isinstance(holder, list):
        holder.insert(key, copy.deepcopy(holder[key]))
    elif how == "rename" and isinstance(holder, dict):
        holder[draw(st.sampled_from(["x", "id", "extension", "_" + key, key + "x"]))] = holder.pop(
            key
        )
    elif how == "empty":
        holder[key] = draw(st.sampled_from([[], {}, "", None]))
    else:
        holder[key] = [holder[key]]


def outcomes(bundle: dict[str, Any]) -> set[Outcome]:
    """The outcomes that were stored for a submission."""
    named = bundle["identifier"]
    w = world()
    with w.context.store.read(w.caller.tenant) as look:
        submission = look.submissions.find(
            w.caller.id, Identifier(named.get("system", ""), named["value"])
        )
        assert submission is not None
        stored = look.decisions.of(submission.case_id)
    return {item.outcome for each in stored for item in each.decision.items}


@FEW
@given(hostile())
def test_no_changed_bundle_breaks_the_server_or_is_denied(
    case: tuple[Guide, dict[str, Any]],
) -> None:
    guide, bundle = case
    response = world().submit(bundle, guide)
    assert response.status_code < 500, response.data
    body = orjson.loads(response.data)
    if response.status_code != 200:
        assert body["resourceType"] == "OperationOutcome"
        assert any(issue["severity"] in ("error", "fatal") for issue in body["issue"])
        return
    decided = outcomes(bundle)
    assert Outcome.DENIED not in decided
    if DENIED in actions(body).values():
        assert Outcome.NOT_COVERED in decided
    assert world().errors(body, guide) == []


@FEW
@given(st.sampled_from(NAMES), st.data())
def test_no_bytes_break_the_server(named: tuple[Guide, str], data: st.DataObject) -> None:
    guide, name = named
    raw = bytearray(orjson.dumps(example(name, guide)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(0, len(raw) - 1)))
        how = data.draw(st.sampled_from(["cut", "flip", "insert", "swap"]))
        if how == "cut":
            del raw[at : at + data.draw(st.integers(1, 40))]
        elif how == "flip" and raw:
            raw[at] ^= 1 << data.draw(st.integers(0, 7))
        elif how == "insert":
            raw[at:at] = data.draw(st.binary(min_size=1, max_size=8))
        else:
            raw[at : at + 2] = raw[at : at + 2][::-1]
    response = world().submit(bytes(raw), guide)
    assert response.status_code < 500, response.data


@FEW
@given(JSON)
def test_no_json_breaks_validation(document: Any) -> None:
    body = orjson.dumps({"resourceType": "Patient", "extension": document, "name": document})
    response = world().client.post(
        "/fhir/2.2/Patient/$validate", data=body, content_type="application/fhir+json"
    )
    assert response.status_code in (200, 400, 413)


class _Away:
    """An eligibility system that does not answer."""

    def find(self, _request: PriorAuthRequest, _on: date) -> Eligibility:
        raise Unavailable("away")


@pytest.mark.parametrize(("guide", "name"), NAMES)
def test_an_unreachable_eligibility_system_pends_every_line(
    guide: Guide, name: str, tmp_path: Path
) -> None:
    context = replace(new_context(tmp_path), eligibility=_Away())
    w = World(context, build_app(context).test_client())
    answer = w.answer(example(name, guide), guide)
    assert set(actions(answer).values()) == {"A4"}
