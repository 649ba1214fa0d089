"""What a run found, kept in `results/SUITE.json`: each test with its result, in the suite's order."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

Json = dict[str, Any]

FOLDER: Final = Path(__file__).with_name("results")
GOOD: Final = ("pass", "omit")


@dataclass(frozen=True, slots=True)
class Test:
    """One test of a suite: Inferno's short number, its id, title and result.

    `errors` are the messages of one that did not pass, each once. `requirements` are the statements
    that it looks at, such as `hl7.fhir.us.davinci-pas_2.2.1@spec-54`.
    """

    number: str
    id: str
    title: str
    result: str
    said: str = ""
    optional: bool = False
    errors: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a suite; `core` and `kit` are the versions of Inferno and of the test kit."""

    suite: str
    date: str
    core: str
    tests: tuple[Test, ...]
    kit: str = ""

    def count(self, result: str) -> int:
        """How many tests ended so."""
        return sum(each.result == result for each in self.tests)


def gather(suite: Json, date: str, core: str, found: list[Json]) -> Run:
    """A run from Inferno's description of the suite and its results."""
    by_id: dict[str, Json] = {}
    for each in found:
        if "test_id" in each:
            by_id[each["test_id"]] = each
    tests = tuple(_test(each, by_id) for each in leaves(suite))
    return Run(str(suite["id"]), date, core, tests, str(suite.get("version") or ""))


def leaves(node: Json) -> Iterator[Json]:
    """The tests of a suite or group, in their order."""
    for group in node.get("test_groups", []):
        yield from leaves(group)
    yield from node.get("tests", [])


def _test(described: Json, by_id: Mapping[str, Json]) -> Test:
    found = by_id.get(described["id"], {})
    said = str(found.get("result_message") or "")
    return Test(
        number=str(described.get("short_id", "")),
        id=str(described["id"]),
        title=" ".join(str(described.get("title", "")).split()),
        result=str(found.get("result", "not run")),
        said="" if found.get("result") in GOOD else " ".join(said.split())[:400],
        optional=bool(described.get("optional", False)),
        errors=() if found.get("result") in GOOD else _errors(found),
        requirements=tuple(described.get("verifies_requirements") or ()),
    )


def _errors(found: Json) -> tuple[str, ...]:
    """The error messages, those of one kind about several resources once."""
    told: dict[str, str] = {}
    for each in found.get("messages") or []:
        if each["type"] == "error":
            text = " ".join(str(each["message"]).split())
            told.setdefault(re.sub(r"[0-9a-f-]{36}", "", text), text)
    return tuple(told.values())


def save(run: Run) -> None:
    """Keep a run."""
    FOLDER.mkdir(exist_ok=True)
    told = asdict(run)
    tests = ",\n".join(json.dumps(each, ensure_ascii=False) for each in told.pop("tests"))
    head = json.dumps(told, ensure_ascii=False).removesuffix("}")
    (FOLDER / f"{run.suite}.json").write_text(f'{head}, "tests": [\n{tests}\n]}}\n', "utf-8")


def read(suite: str) -> Run | None:
    """The kept run of a suite."""
    place = FOLDER / f"{suite}.json"
    if not place.is_file():
        return None
    told = json.loads(place.read_text("utf-8"))
    tests = tuple(Test(**_tupled(each)) for each in told.pop("tests"))
    return Run(**told, tests=tests)


def _tupled(told: Json) -> Json:
    return {name: tuple(each) if isinstance(each, list) else each for name, each in told.items()}
