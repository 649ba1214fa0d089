"""Writes docs/inferno.md: each suite's tests and results, and why one is not a pass."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import yaml

from conformance.inferno import results
from conformance.inferno.results import GOOD, Run, Test
from conformance.inferno.stage import ROOT
from conformance.inferno.suites import SUITES, Suite

PAGE: Final = ROOT / "docs" / "inferno.md"
HEAD: Final = Path(__file__).with_name("inferno-head.md")
REASONS: Final = Path(__file__).with_name("reasons.yaml")


def write() -> int:
    """Write the page from the kept runs; 0."""
    PAGE.write_text(text(), "utf-8")
    return 0


def text() -> str:
    """The page."""
    parts = [HEAD.read_text("utf-8").rstrip(), "", *_overview()]
    for suite in SUITES.values():
        run = results.read(suite.id)
        if run is not None:
            parts += ["", *_chapter(suite, run)]
    return "\n".join(parts) + "\n"


def argued(test: Test) -> str:
    """Why a test that did not pass should not, in at most two lines; "" where nobody says so.

    A reason is about a message, and about every error below it: a test that says something else is
    open again.
    """
    told = (yaml.safe_load(REASONS.read_text("utf-8")) or {}).get(test.id)
    if told is None or not re.fullmatch(told["says"], test.said):
        return ""
    if not all(re.fullmatch(told.get("errors", ""), each, re.S) for each in test.errors):
        return ""
    return " ".join(str(told["why"]).split())


def open_questions(suite: str) -> list[Test]:
    """Tests of the kept run that did not pass and are not argued."""
    run = results.read(suite)
    if run is None:
        return []
    return [each for each in run.tests if each.result not in GOOD and not argued(each)]


def _overview() -> list[str]:
    rows = [
        "| suite | kit | run on | pass | fail | error | skip | omit |",
        "|---|---|---|---:|---:|---:|---:|---:|",
    ]
    for suite in SUITES.values():
        run = results.read(suite.id)
        if run is None:
            rows.append(f"| `{suite.id}` | {suite.kit} | not yet | | | | | |")
            continue
        words = ("pass", "fail", "error", "skip", "omit")
        counts = " | ".join(str(run.count(word)) for word in words)
        rows.append(
            f"| `{suite.id}` | {f'{suite.kit} {run.kit}'.strip()}, core {run.core} | {run.date} | {counts} |"
        )
    return rows


def _chapter(suite: Suite, run: Run) -> list[str]:
    settings = ", ".join(f"`{name}={value}`" for name, value in suite.settings.items())
    rows = [f"## {suite.title} (`{suite.id}`)", ""]
    if settings:
        rows += [f"Settings beside those of `make run`: {settings}.", ""]
    if suite.left_out:
        rows += [
            f"Not given to Inferno: orders of type {' and '.join(suite.left_out)}. The profile's own "
            "extension is not allowed on them by its context (docs/reference/crd.md), so that the judge "
            "refuses any answer; our own tests show them.",
            "",
        ]
    rows += ["| test | | result | why it is no pass |", "|---|---|---|---|"]
    for each in run.tests:
        why = argued(each)
        if each.result not in GOOD and not why:
            why = f"open: {_cell(each.said)}"
        title = _cell(each.title) + (" (optional)" if each.optional else "")
        rows.append(f"| {each.number} | {title} | {each.result} | {why} |")
    return rows


def _cell(words: str) -> str:
    return words.replace("|", "\\|").replace("<", "&lt;")
