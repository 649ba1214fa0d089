"""examples/README.md is true: every bundle is listed, validates, and gets the answer that it says."""

from __future__ import annotations

import re

import pytest

from app import resources
from app.domain.guide import Guide
from app.fhir.urls import profile
from tests.spec.reading import Json, action, error_codes, items
from tests.world import World, example, examples

ROW = re.compile(r"^\| ([a-z-]+) \| [^|]+ \| (REST|urn) \| ([^|]+) \|$")


def listed() -> dict[tuple[Guide, str], tuple[str, str]]:
    """(version, file) → (form of its addresses, answer) of the tables."""
    text = (resources.data("examples") / "README.md").read_text()
    found: dict[tuple[Guide, str], tuple[str, str]] = {}
    for section in text.split("\n## ")[1:]:
        guide = next(each for each in Guide if f"`pas/{each.value}`" in section)
        for line in section.splitlines():
            row = ROW.match(line)
            if row:
                found[guide, row[1]] = (row[2], row[3])
    return found


LISTED = listed()
CHAIN = re.compile(
    r"^\| ([a-z-]+) \| ([a-z/-]+) \| [^|]+ \| ((?:A\d|C|error \d+)(?: [^|]+)?) \|$", re.M
)
UPDATES = {
    f"update/{name}": (after, answer)
    for name, after, answer in CHAIN.findall(
        (resources.data("examples") / "README.md").read_text().partition("\n## Updates ")[2]
    )
}


def before(name: str) -> list[str]:
    """What must have been sent before an example, in this order."""
    after = UPDATES[name][0] if name in UPDATES else "-"
    return [] if after == "-" else [*before(after), after]


@pytest.mark.parametrize("guide", list(Guide))
def test_the_table_of_updates_names_every_one_of_them(guide: Guide) -> None:
    folder = resources.data("examples") / "pas" / guide.value / "update"
    assert {f"update/{path.stem}" for path in folder.glob("*.json")} == set(UPDATES)


@pytest.mark.parametrize("name", UPDATES)
@pytest.mark.parametrize("guide", list(Guide))
def test_each_update_is_valid_and_answered_as_listed(world: World, guide: Guide, name: str) -> None:
    for earlier in before(name):
        world.answer(example(earlier, guide), guide)
    bundle = example(name, guide)
    issues = world.context.validators[guide].bundle(bundle, profile.REQUEST_BUNDLE)
    assert [issue for issue in issues if issue.is_error] == []
    assert told(world.answer(bundle, guide)) == UPDATES[name][1]


def test_the_tables_name_every_example_and_no_other() -> None:
    assert set(LISTED) == {(guide, name) for guide in Guide for name in examples(guide)}


@pytest.mark.parametrize(("guide", "name"), LISTED, ids=str)
def test_each_example_is_valid_and_answered_as_listed(
    world: World, guide: Guide, name: str
) -> None:
    form, said = LISTED[guide, name]
    bundle = example(name, guide)
    assert bundle["entry"][0]["fullUrl"].startswith("urn:uuid:") is (form == "urn")
    issues = world.context.validators[guide].bundle(bundle, profile.REQUEST_BUNDLE)
    assert [issue for issue in issues if issue.is_error] == []
    assert told(world.answer(bundle, guide)) == said


def told(answer: Json) -> str:
    """The review action of each line, then the business errors."""
    actions = [action(item) for _, item in sorted(items(answer).items())]
    return " ".join(actions + [f"error {reason}" for reason, _ in error_codes(answer)])
