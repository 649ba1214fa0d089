"""The program keeps the house rules, and each rule catches what it is for."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.house.rules import (
    RULES,
    Rule,
    canonicals_have_one_home,
    environment_has_one_reader,
    imports_at_the_top,
    logs_hold_no_person,
    names_say_something,
    nothing_is_left_undone,
    speaking_is_for_commands,
    the_core_is_plain,
    time_and_chance_are_arguments,
    values_are_sealed,
)

ROOT = Path(__file__).resolve().parents[2]

VIOLATIONS = [
    (imports_at_the_top, "app/flows/x.py", "def f():\n    import json"),
    (
        imports_at_the_top,
        "app/flows/x.py",
        "class C:\n    def f(self):\n        from os import path",
    ),
    (canonicals_have_one_home, "app/flows/x.py", "A = 'http://hl7.org/fhir/Claim'"),
    (canonicals_have_one_home, "app/fhir/read/x.py", "A = 'urn:oid:1.2'"),
    (time_and_chance_are_arguments, "app/flows/x.py", "import datetime\ndatetime.datetime.now()"),
    (time_and_chance_are_arguments, "app/flows/x.py", "from datetime import date\ndate.today()"),
    (time_and_chance_are_arguments, "app/flows/x.py", "from time import time"),
    (time_and_chance_are_arguments, "app/flows/x.py", "import time\nf = time.time_ns"),
    (time_and_chance_are_arguments, "app/flows/x.py", "from uuid import uuid4"),
    (time_and_chance_are_arguments, "app/flows/x.py", "import uuid\nuuid.uuid4()"),
    (time_and_chance_are_arguments, "app/flows/x.py", "import secrets"),
    (time_and_chance_are_arguments, "app/flows/x.py", "from random import Random\nRandom()"),
    (environment_has_one_reader, "app/cli/x.py", "import os\nos.environ['HOME']"),
    (environment_has_one_reader, "app/cli/x.py", "from os import getenv"),
    (the_core_is_plain, "app/domain/x.py", "import orjson"),
    (the_core_is_plain, "app/determine/x.py", "from app.clock import moment"),
    (the_core_is_plain, "app/domain/x.py", "from app.settings import Settings"),
    (names_say_something, "app/store/utils.py", ""),
    (names_say_something, "app/common/x.py", ""),
    (names_say_something, "app/flows/x.py", "class SubmitService: 'x'"),
    (names_say_something, "app/domain/x.py", "class Claim: 'x'"),
    (speaking_is_for_commands, "app/flows/x.py", "print('hello')"),
    (logs_hold_no_person, "app/flows/x.py", "log.info(f'member {name}')"),
    (logs_hold_no_person, "app/flows/x.py", "log.info('member', patient)"),
    (logs_hold_no_person, "app/flows/x.py", "logger.info('member', extra={'member': patient})"),
    (logs_hold_no_person, "app/flows/x.py", "logging.getLogger('x').info(text)\nlog.info(text)"),
    (logs_hold_no_person, "app/flows/x.py", "log.exception('failed')"),
    (logs_hold_no_person, "app/flows/x.py", "log.error('failed', exc_info=True)"),
    (nothing_is_left_undone, "app/flows/x.py", "def f():\n    'Later.'\n    pass"),
    (nothing_is_left_undone, "app/flows/x.py", "def f():\n    raise NotImplementedError"),
    (nothing_is_left_undone, "app/flows/x.py", "def f() -> int:\n    'Later.'"),
    (values_are_sealed, "app/flows/x.py", "@dataclass(frozen=True, slots=True)\nclass A: 'x'"),
    (values_are_sealed, "app/x.py", "@dataclasses.dataclass(frozen=True)\nclass A: 'x'"),
]

HARMLESS = [
    (imports_at_the_top, "app/flows/x.py", "import json\ndef f(): return json"),
    (canonicals_have_one_home, "app/fhir/urls.py", "A = 'http://hl7.org/fhir/Claim'"),
    (canonicals_have_one_home, "app/fhir/x.py", "'''Source: http://hl7.org/fhir/claim.html'''"),
    (time_and_chance_are_arguments, "app/clock.py", "import secrets"),
    (time_and_chance_are_arguments, "app/web/x.py", "import time\ntime.perf_counter()"),
    (time_and_chance_are_arguments, "app/domain/x.py", "from uuid import UUID\nUUID(int=1)"),
    (time_and_chance_are_arguments, "app/x.py", "from random import Random\nRandom(7)"),
    (environment_has_one_reader, "app/settings.py", "import os\nos.environ"),
    (the_core_is_plain, "app/domain/x.py", "from app.errors import Issue\nimport datetime"),
    (logs_hold_no_person, "app/flows/x.py", "log.info('case decided %s %s', case_id, len(items))"),
    (
        logs_hold_no_person,
        "app/flows/x.py",
        "log.error('failed', extra={'error': type(e).__name__})",
    ),
    (speaking_is_for_commands, "app/cli/x.py", "print('hello')"),
    (the_core_is_plain, "app/determine/x.py", "from app.clock import Moment"),
    (nothing_is_left_undone, "app/fhir/x.py", "def f(x) -> None:\n    'A check without rules.'"),
    (nothing_is_left_undone, "app/store/x.py", "def f() -> int:\n    'Shape.'\n    ..."),
    (values_are_sealed, "app/flows/x.py", "@dataclass(slots=True)\nclass A: 'x'"),
    (values_are_sealed, "app/flows/x.py", "@sealed(frozen=True, slots=True)\nclass A: 'x'"),
]


@cache
def modules() -> tuple[tuple[str, ast.Module], ...]:
    """Every module of the program with its path below the repository, parsed once for all rules."""
    return tuple(
        (path.relative_to(ROOT).as_posix(), ast.parse(path.read_text("utf-8")))
        for path in sorted((ROOT / "app").rglob("*.py"))
    )


def rule_name(value: object) -> str:
    return getattr(value, "__name__", "")


@pytest.mark.parametrize("rule", RULES, ids=rule_name)
def test_the_program_keeps_the_rule(rule: Rule) -> None:
    found = [breach for where, tree in modules() for breach in rule(where, tree)]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(("rule", "where", "source"), VIOLATIONS, ids=rule_name)
def test_the_rule_catches_a_deliberate_violation(rule: Rule, where: str, source: str) -> None:
    assert list(rule(where, ast.parse(source)))


@pytest.mark.parametrize(("rule", "where", "source"), HARMLESS, ids=rule_name)
def test_the_rule_leaves_the_harmless_alone(rule: Rule, where: str, source: str) -> None:
    assert not list(rule(where, ast.parse(source)))


def test_every_rule_has_met_a_violation() -> None:
    assert {rule for rule, _, _ in VIOLATIONS} == set(RULES)
