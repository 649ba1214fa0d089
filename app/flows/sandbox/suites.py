"""Presets for test suites: our requests in the form that a suite takes, filled in for this server.

examples/test-suites holds them with `{{address}}` and with the numbers open that a server gives to
requests made before: those requests are made now, through the same door as every other.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import orjson

from app import resources
from app.clock import Moment
from app.domain.guide import Guide
from app.domain.principal import Principal
from app.domain.values import Text
from app.errors import NotFound
from app.flows.context import Context
from app.flows.explain_case import explain_case
from app.flows.submit import submit
from app.sealed import sealed

Json = dict[str, Any]
_MEMBER = re.compile(r"FW1000\d\d")


@sealed(frozen=True, slots=True)
class TestSuite:
    """A preset that can be had: what it is for, settings it needs, and the members that it uses."""

    __test__ = False

    id: str
    title: str
    settings: Mapping[str, str]
    note: Text
    members: tuple[str, ...]


@cache
def suites() -> tuple[TestSuite, ...]:
    """Every preset of examples/test-suites."""
    folder = resources.data("examples") / "test-suites"
    return tuple(_suite(path.name.removesuffix(".json.gz")) for path in sorted(folder.glob("*.gz")))


def filled(context: Context, caller: Principal, name: str, moment: Moment) -> bytes:
    """The preset of a suite for this server. Raises NotFound."""
    if name not in [each.id for each in suites()]:
        raise NotFound("There is no preset of that name.")
    document = orjson.loads(_text(name))
    text = orjson.dumps(document["preset"]).decode()
    told = {"address": context.settings.address}
    for each in document["before"]:
        number = _number(context, caller, each, moment)
        if each["gives"]:
            told[each["gives"]] = number
    for word, value in told.items():
        text = text.replace("{{" + word + "}}", value)
    return text.encode()


def _suite(name: str) -> TestSuite:
    text = _text(name)
    document = orjson.loads(text)
    members = tuple(sorted(set(_MEMBER.findall(text.upper()))))
    return TestSuite(name, document["title"], document["settings"], document["note"], members)


def _text(name: str) -> str:
    path = resources.data("examples") / "test-suites" / f"{name}.json.gz"
    return gzip.decompress(path.read_bytes()).decode()


def _number(context: Context, caller: Principal, before: Json, moment: Moment) -> str:
    """The number that the first line of a request got in its first answer: of the authorization, or
    of the review that it waits for. A request that came before gets that answer again."""
    raw = orjson.dumps(before["body"])
    answer = orjson.loads(submit(context, caller, raw, Guide(before["version"]), moment))
    response = str(answer["entry"][0]["resource"]["id"])
    story = explain_case(context.store, caller.tenant, response)
    item = story.decisions[0].decision.items[0]
    return item.grant.number if item.grant else item.review_reference
