"""Counts as a file: comma-separated rows for a sheet, and one SVG picture for a committee."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from html import escape
from typing import TextIO

from app.rulebook.simulate import Tally, Verdict

_COLOURS = {
    "approved": "#2e7d32",
    "modified": "#9ccc65",
    "not-required": "#90a4ae",
    "pended": "#f9a825",
    "not-covered": "#6d4c41",
    "denied": "#c62828",
    "cancelled": "#bdbdbd",
}
_WIDTH, _LEFT, _BAR, _GAP = 900, 220, 14, 10
_COLUMNS = ("request", "line", "policy", "before", "after", "changed", "why")


def write_csv(verdicts: Iterable[Verdict], out: TextIO) -> None:
    """One row a line of a request, changed or not."""
    rows = csv.writer(out)
    rows.writerow(_COLUMNS)
    for each in verdicts:
        before, after = each.before.outcome, each.after.outcome
        why = "; ".join(each.why)
        changed = "yes" if each.why else "no"
        rows.writerow([each.situation, each.sequence, each.policy, before, after, changed, why])


def svg(tallies: Iterable[Tally]) -> str:
    """Two bars for each policy, before and after, with the share of each outcome."""
    kept = list(tallies)
    height = 60 + len(kept) * (2 * _BAR + 3 * _GAP)
    body = "\n".join(line for place, each in enumerate(kept) for line in _rows(place, each))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" font-size="11" role="img" '
        'aria-label="Outcomes by policy, before and after">\n'
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>\n'
        f"{_legend()}\n{body}\n</svg>\n"
    )


def _legend() -> str:
    parts = []
    for place, (name, colour) in enumerate(_COLOURS.items()):
        x = 10 + place * 120
        parts.append(f'<rect x="{x}" y="12" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{x + 17}" y="22">{name}</text>')
    return "\n".join(parts)


def _rows(place: int, each: Tally) -> Iterator[str]:
    top = 50 + place * (2 * _BAR + 3 * _GAP)
    yield f'<text x="10" y="{top + 10}" font-weight="bold">{escape(each.policy)}</text>'
    yield f'<text x="10" y="{top + 26}">{each.changed} of {each.lines} change</text>'
    for row, (name, counts) in enumerate((("before", each.before), ("after", each.after))):
        y = top + row * (_BAR + 4)
        yield f'<text x="{_LEFT - 45}" y="{y + 11}">{name}</text>'
        x = float(_LEFT)
        for outcome, count in counts.items():
            width = (_WIDTH - _LEFT - 20) * count / each.lines
            yield (
                f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{_BAR}" '
                f'fill="{_COLOURS[outcome]}"><title>{outcome}: {count}</title></rect>'
            )
            x += width
