"""Generated questions settle what is sound and nothing else: with or without them, the same issues."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from app import resources
from app.fhir.urls import profile
from app.fhir.validate import Validator
from app.fhir.validate.compiler import Compiler
from app.fhir.validate.facts import load
from app.fhir.validate.invariants import Invariants
from app.fhir.validate.run import Sound
from app.fhir.validate.sound import Sounds
from app.fhir.validate.tree import Node
from conformance import mutations, verdicts

SAMPLE = 1500
GUIDES = ("2.2", "2.0")
Json = dict[str, Any]


class Unasked(Sounds):
    """Writes no question, so that every value takes the long road."""

    def property(self, node: Node, kind: Json | None) -> Sound | None:
        """None."""
        return None

    def value(self, node: Node, kind: Json | None) -> Sound | None:
        """None."""
        return None


def long_road(guide: str) -> Validator:
    compiler = Compiler(load(guide), Invariants())
    compiler.sounds = Unasked(compiler.library, compiler.terms, compiler.invariants)
    return Validator(compiler)


def documents(guide: str) -> Iterator[tuple[str, Json, str | None]]:
    """Our examples, the sound seeds, and a sample of what is wrong or unusual in one place."""
    for path in sorted((resources.data("examples") / "pas" / guide).glob("*.json")):
        yield path.name, orjson.loads(path.read_bytes()), profile.REQUEST_BUNDLE
    for seed in mutations.seeds(guide):
        yield seed.name, seed.document, None
    for mutation in verdicts.sample(guide, SAMPLE):
        yield mutation.id, mutation.build(), None


@pytest.mark.parametrize("guide", GUIDES)
def test_questions_change_no_issue(guide: str) -> None:
    quick, slow = Validator.load(guide), long_road(guide)
    for name, document, asked in documents(guide):
        assert quick.resource(document, asked) == slow.resource(document, asked), name
