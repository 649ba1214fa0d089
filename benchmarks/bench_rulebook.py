"""How fast a large rulebook loads, and how fast one line is matched and judged.

Synthetic policies (twenty services each, ten facts, a tree of ten criteria with dated values) are
written into a temporary folder and loaded; then lines that reach all of them are judged. The budgets:
1,000 policies over 20,000 codes load in less than 2 s, one line is judged in at most 0.3 ms (median).
"""

from __future__ import annotations

import gc
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

from app import resources
from app.determine.match import match
from app.determine.outcome import draft
from app.determine.subject import gather, subject
from app.domain.facts import Evidence, EvidenceKind, Source
from app.domain.request import PriorAuthRequest
from app.domain.values import Coding, Concept
from app.rulebook import Rulebook, load
from app.rulebook.cases import cases
from app.rulebook.trial import run as run_cases

TITLE = "Rulebook"

_HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
_TODAY = date(2026, 11, 25)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CODES = 20


def run(quick: bool) -> str:
    """The chapter: loading, judging, and all cases of the shipped policies."""
    policies, lines, rounds = (100, 500, 1) if quick else (1000, 20_000, 3)
    with tempfile.TemporaryDirectory() as home:
        folder = synthetic(Path(home) / "policies", policies, _CODES)
        loads = [_timed(folder) for _ in range(rounds)]
        rulebook = load(folder)
        times = sorted(judged(rulebook, policies, _CODES, lines))
    shipped = resources.data("policies")
    own = [_timed(shipped) for _ in range(rounds)]
    book = load(shipped)
    start = time.perf_counter()
    results = list(run_cases(shipped, book, book.policies.values()))
    tested = time.perf_counter() - start
    wall, cpu = min(loads)
    return f"""\
One process, one core; the best of {rounds} loads; {lines:,} lines over all policies, each with 30
observations in its request. Budget: load under 2 s, match and judge at most 0.3 ms (median).

| what | time |
|---|---|
| load {policies:,} synthetic policies over {policies * _CODES:,} codes | {wall:.2f} s ({cpu:.2f} s of CPU) |
| match and judge one line among them, median | {statistics.median(times):.3f} ms |
| … p99 | {times[int(len(times) * 0.99)]:.3f} ms |
| load the {len(book.policies)} shipped policies | {min(own)[0]:.2f} s |
| run their {len(results):,} cases | {tested:.2f} s |
"""


def _timed(folder: Path) -> tuple[float, float]:
    """Seconds on the clock and of CPU to load a rulebook."""
    gc.collect()
    start, used = time.perf_counter(), time.process_time()
    load(folder)
    return time.perf_counter() - start, time.process_time() - used


def synthetic(folder: Path, policies: int, codes: int) -> Path:
    """A rulebook of `policies` policies with `codes` service codes each."""
    source = resources.data("policies")
    folder.mkdir()
    for name in ("_terms.yaml", "_deadlines.yaml", "_delegates.yaml"):
        shutil.copy(source / name, folder / name)
    shutil.copytree(source / "_plans", folder / "_plans")
    for number in range(policies):
        home = folder / f"synthetic-{number:04d}"
        home.mkdir()
        (home / "policy.yaml").write_text(_policy(number, codes), encoding="utf-8")
    return folder


def service(number: int) -> str:
    """The `number`-th service code: a letter and five digits."""
    return f"{_LETTERS[number % 26]}{number:05d}"


def _policy(number: int, codes: int) -> str:
    services = ", ".join(service(number * codes + n) for n in range(codes))
    facts = "\n".join(_fact(n) for n in range(10))
    leaves = "\n".join(_leaf(n, number) for n in range(10))
    return f"""\
id: synthetic-{number:04d}
owner: Bench
title: {{en: Synthetic policy {number}, es: Política sintética {number}}}
summary: {{en: Made for measuring., es: Hecha para medir.}}
sources:
  rule: {{title: Rule {number}, kind: plan, url: "https://payer.example/rule", reviewed: 2026-01-01, next_review: 2027-01-01}}
versions:
  - {{version: "1", from: 2026-01-01}}
applies:
  - {{id: all, review: prior-authorization, services: [{services}], lines: [medicare-advantage, commercial], cite: rule 1}}
facts:
{facts}
criteria:
  all:
{leaves}
grant: {{units: 3, unit: months, period: 90 days}}
"""


def _fact(number: int) -> str:
    return f"""\
  value-{number}:
    label: {{en: Value {number}, es: Valor {number}}}
    type: number
    unit: mm[Hg]
    find:
      - {{observation: [2703-7, 8480-6], where: {{"activity?": rest}}}}
    look_back: 6 months
    ask: {{en: What is value {number}?, es: ¿Cuál es el valor {number}?}}"""


def _leaf(number: int, policy: int) -> str:
    if number % 5 == 4:
        return f"""\
    - id: dated-{number}
      fact: value-{number}
      at_most: [{{value: {60 + policy % 7}, from: 2026-06-01}}, {{value: 50, to: 2026-05-31}}]
      cite: rule {number}"""
    return f"    - {{id: low-{number}, fact: value-{number}, at_most: {90 + policy % 9}, cite: rule {number}}}"


def judged(rulebook: Rulebook, policies: int, codes: int, lines: int) -> Iterator[float]:
    """Milliseconds to match and judge each of many lines (one request with 30 pieces of evidence)."""
    home = resources.data("policies") / "home-oxygen"
    shipped = load(resources.data("policies"))
    case = cases(home, shipped.policy("home-oxygen"), shipped.terms, shipped.plans)[0]
    request: PriorAuthRequest = replace(case.request, evidence=tuple(_evidence()))
    gathered = gather(request, rulebook.terms)
    benefits = rulebook.benefits.get(case.coverage.plan.id)
    for number in range(lines):
        code = service(number * 7919 % (policies * codes))
        item = replace(request.items[0], service=Concept((Coding(_HCPCS, code),)))
        start = time.perf_counter()
        line = subject(request, item, case.coverage, _TODAY, rulebook.terms, gathered, benefits, ())
        draft(line, match(line, rulebook), rulebook)
        yield (time.perf_counter() - start) * 1000


def _evidence() -> Iterator[Evidence]:
    loinc = "http://loinc.org"
    for number in range(30):
        code = "2703-7" if number % 10 == 0 else f"{1000 + number}-5"
        concept = Concept((Coding(loinc, code),))
        source = Source(f"urn:uuid:{number}", "Observation")
        yield Evidence(
            EvidenceKind.OBSERVATION, concept, source, 80, date(2026, 10, 1 + number % 28)
        )
