"""Generated questions settle what is sound and nothing else: with or without them, the same issues."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
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
from app.fhir.validate.sound_code import Notes, Walk
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

    def walk(
        self, parts: Mapping[str, Part], asked: Callable[[str], Sound | None], value: Any, run: Run
    ) -> Walk | None:
        """None."""
        return None


def long_road(guide: str) -> Validator:
    compiler = Compiler(load(guide), Invariants())
    compiler.sounds = Unasked(
        compiler.library, compiler.terms, compiler.invariants, compiler.matchers
    )
    return Validator(compiler)


def documents(guide: str) -> Iterator[tuple[str, Callable[[], Json], str | None]]:
    """Our examples, whole and in parts, the seeds, and a sample of what is unusual in one place."""
    for path in sorted((resources.data("examples") / "pas" / guide).glob("*.json")):
        raw = path.read_bytes()
        away = raw.replace(b'"reference": "', b'"reference": "https://elsewhere.example/')
        yield path.name, partial(orjson.loads, raw), profile.REQUEST_BUNDLE
        yield f"{path.name}, apart", partial(orjson.loads, away), profile.REQUEST_BUNDLE
        for index in range(len(orjson.loads(raw)["entry"])):
            yield f"{path.name}, entry {index}", partial(entry, raw, index), None
    for seed in mutations.seeds(guide):
        yield seed.name, partial(copy.deepcopy, seed.document), None
    for mutation in verdicts.sample(guide, SAMPLE):
        yield mutation.id, mutation.build, None


def entry(raw: bytes, index: int) -> Json:
    resource: Json = orjson.loads(raw)["entry"][index]["resource"]
    return resource


@pytest.mark.parametrize("guide", GUIDES)
def test_questions_change_no_issue(guide: str) -> None:
    """Whatever came first: a question is written for the first value that it sees."""
    slow, listed = long_road(guide), list(documents(guide))
    told = {name: slow.resource(build(), asked) for name, build, asked in listed}
    for quick, order in (
        (Validator.load(guide), listed),
        (Validator.fresh(guide), listed[::-1]),
    ):
        for name, build, asked in order:
            assert quick.resource(build(), asked) == told[name], name
