"""Generated questions settle what is sound and nothing else: with or without them, the same issues."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import orjson
import pytest

from app import resources
from app.fhir.urls import profile
from app.fhir.validate import Validator
from app.fhir.validate.compiler import Compiler
from app.fhir.validate.facts import load
from app.fhir.validate.invariants import Invariants
from app.fhir.validate.run import Run, Sound
from app.fhir.validate.sound import Sounds
from app.fhir.validate.sound_code import Notes
from app.fhir.validate.sound_shape import Part
from conformance import mutations, verdicts

SAMPLE = 1500
GUIDES = ("2.2", "2.0")
Json = dict[str, Any]


class Unasked(Sounds):
    """Writes no question, so that every value takes the long road."""

    def sound(self, part: Part, value: Any, run: Run, notes: Notes | None = None) -> Sound | None:
        """None."""
        return None


def long_road(guide: str) -> Validator:
    compiler = Compiler(load(guide), Invariants())
    compiler.sounds = Unasked(
        compiler.library, compiler.terms, compiler.invariants, compiler.matchers
    )
    return Validator(compiler)


def documents(guide: str) -> Iterator[tuple[str, Callable[[], Json], str | None]]:
    """Our examples, the sound seeds, and a sample of what is wrong or unusual in one place."""
    for path in sorted((resources.data("examples") / "pas" / guide).glob("*.json")):
        yield path.name, partial(orjson.loads, path.read_bytes()), profile.REQUEST_BUNDLE
    for seed in mutations.seeds(guide):
        yield seed.name, partial(copy.deepcopy, seed.document), None
    for mutation in verdicts.sample(guide, SAMPLE):
        yield mutation.id, mutation.build, None


@pytest.mark.parametrize("guide", GUIDES)
def test_questions_change_no_issue(guide: str) -> None:
    """Whatever came first: a question is written for the first value that it sees."""
    slow, listed = long_road(guide), list(documents(guide))
    told = {name: slow.resource(build(), asked) for name, build, asked in listed}
    for order in (listed, listed[::-1]):
        quick = Validator.fresh(guide)
        for name, build, asked in order:
            assert quick.resource(build(), asked) == told[name], name
