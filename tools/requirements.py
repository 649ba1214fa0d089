"""The page of what the guides ask of a payer, made from the tables of conformance/requirements.

Each table has one row for each numbered statement of a guide that binds us: its id, the guide versions
that have it, how strongly it binds, what the payer does in our words, the tests that show it, or why
there are none. A house test holds that these tests exist.
"""

from __future__ import annotations

import csv
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "conformance" / "requirements"
COLUMNS = ["id", "version", "duty", "fact", "shown by", "why not"]
DUTIES = ("SHALL", "SHALL NOT", "SHOULD", "SHOULD NOT", "MAY")


def files() -> list[Path]:
    """The tables, one for each guide."""
    return sorted(FOLDER.glob("*.csv"))


def table(guide: str) -> list[dict[str, str]]:
    """The rows of one guide, such as `pas`."""
    with (FOLDER / f"{guide}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def page() -> str:
    """All tables as Markdown."""
    parts = [
        "# What the guides ask of a payer, and which test shows it\n",
        "One row for each numbered statement that binds the payer's server, in our own words; the guide\n"
        "has the exact text under the same id. PAS 2.0.1 has no numbers of its own: those of Inferno's list\n"
        "of its statements are used. A house test holds that each named test exists.",
    ]
    for path in files():
        rows = table(path.stem)
        shown = sum(bool(row["shown by"]) for row in rows)
        parts.append(
            f"\n## {path.stem.upper()}\n\n{shown} of {len(rows)} statements are shown by a test.\n\n"
            "| id | versions | | what the payer does | shown by |\n|---|---|---|---|---|"
        )
        parts += [_row(row) for row in rows]
    return "\n".join(parts) + "\n"


def _row(row: dict[str, str]) -> str:
    tests = "<br>".join(f"`{each}`" for each in row["shown by"].split())
    told = tests or f"– {row['why not']}"
    return f"| {row['id']} | {row['version']} | {row['duty']} | {row['fact']} | {told} |"
