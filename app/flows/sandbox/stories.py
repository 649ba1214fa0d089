"""The stories that can be tried: examples/stories.yaml, each a few steps over the demo payer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from typing import Any

import yaml

from app import resources
from app.domain.guide import Guide
from app.domain.values import Text
from app.errors import NotFound
from app.sealed import sealed


class Send(StrEnum):
    """The door that a step goes to."""

    SUBMIT = "submit"
    PREDETERMINE = "predetermine"
    INQUIRE = "inquire"
    HOOK = "hook"


@sealed(frozen=True, slots=True)
class Step:
    """One request of a story: the example of each guide version, and what is done to it.

    `spoil` are faults put in on purpose, each "set POINTER VALUE" or "remove POINTER" (RFC 6901).
    `about_sent`: it asks about what the step before sent.
    """

    send: Send
    examples: Mapping[Guide, str]
    spoil: tuple[str, ...] = ()
    about_sent: bool = False


@sealed(frozen=True, slots=True)
class Story:
    """A story with its title, what happens, and what to look at, in English and Spanish."""

    id: str
    title: Text
    about: Text
    look: tuple[Text, ...]
    steps: tuple[Step, ...]


@cache
def stories() -> Mapping[str, Story]:
    """Every story by its id, in the order of the list."""
    path = resources.data("examples") / "stories.yaml"
    listed = yaml.safe_load(path.read_text("utf-8"))
    return {each["id"]: _story(each) for each in listed}


def story(name: str) -> Story:
    """The story of that id; raises NotFound."""
    found = stories().get(name)
    if found is None:
        raise NotFound("There is no such story; GET /sandbox lists them.")
    return found


def _story(told: Mapping[str, Any]) -> Story:
    steps: Sequence[Mapping[str, Any]] = told["steps"]
    return Story(
        told["id"], told["title"], told["about"], tuple(told["look"]), tuple(map(_step, steps))
    )


def _step(told: Mapping[str, Any]) -> Step:
    return Step(
        Send(told["send"]),
        {guide: told[guide.value] for guide in Guide},
        tuple(told.get("spoil", ())),
        told.get("about") == "sent",
    )
