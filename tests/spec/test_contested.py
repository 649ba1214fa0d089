"""Elements that the guide lists and forbids at once are written only when the operator says so."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from app.domain.guide import Guide
from app.fhir.urls import ext
from tests.spec.changing import Pended
from tests.spec.reading import extensions, items, response_of
from tests.spec.subscribing import subscribed, tell
from tests.subscriber_double import subscriber
from tests.world import Json, example, new_world

GUIDES = pytest.mark.parametrize("guide", list(Guide))


def answered(folder: Path, guide: Guide, **settings: str) -> Json:
    """The one item of the answer to a request that waits for a person.

    Not kept for HL7's engine: it refuses these elements, which is why they are off by default.
    """
    response = new_world(folder, **settings).submit(example("oxygen-clinical-review", guide), guide)
    (item,) = items(orjson.loads(response.data)).values()
    return item


@GUIDES
def test_they_are_left_out_by_default(tmp_path: Path, guide: Guide) -> None:
    """communicatedDiagnosis may not stand on an item by its own definition (its context)."""
    assert extensions(answered(tmp_path, guide), ext.COMMUNICATED_DIAGNOSIS) == []


@GUIDES
def test_they_are_written_when_asked_for(tmp_path: Path, guide: Guide) -> None:
    """A test suite that looks for every listed element finds it."""
    item = answered(tmp_path, guide, FORTHWITH_CONTESTED_EXTENSIONS="on")
    assert extensions(item, ext.COMMUNICATED_DIAGNOSIS)


def test_a_subscriber_is_sent_none_of_them(tmp_path: Path) -> None:
    """Whoever is told checks the bundle as a whole: HL7's engine and Inferno refuse it for one."""
    world = new_world(tmp_path, FORTHWITH_CONTESTED_EXTENSIONS="on")
    pended = Pended(world, Guide.V22)
    root = response_of(pended.answer)
    assert extensions(root, ext.ITEM_AUTHORIZED_PROVIDER)
    with subscriber() as endpoint:
        subscribed(world, Guide.V22, endpoint.url)
        assert tell(world) == 1
        assert pended.change() == 1
        assert tell(world) == 1
    (told,) = [each["resource"] for each in endpoint.got[-1]["entry"][1:]]
    root, (item,) = response_of(told), items(told).values()
    assert extensions(root, ext.ITEM_AUTHORIZED_PROVIDER) == []
    assert extensions(item, ext.COMMUNICATED_DIAGNOSIS) == []
    assert extensions(item, ext.ITEM_TRACE_NUMBER)
