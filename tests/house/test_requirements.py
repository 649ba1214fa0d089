"""Each numbered statement of the guides that binds the payer has tests, or a written reason."""

from __future__ import annotations

import ast
import csv
import functools
from pathlib import Path

from tools import requirements

ROOT = Path(__file__).resolve().parents[2]

# The statements of the guide's requirement list that bind the payer with SHALL.
SHALL = {
    *(f"conf-{number}" for number in (1, 2, 3, 4, 5, 6, 11, 12, 14, 15, 16)),
    *(f"spec-{number}" for number in (1, 4, 5, 6, 23, 25, 26, 28, 30, 31, 33, 34, 35, 36, 37)),
    *(f"spec-{number}" for number in (39, 43, 44, 46, 47, 48, 51, 52, 53, 54, 55, 56)),
    *(f"spec-{number}" for number in (59, 60, 61, 62, 69, 70, 71, 73)),
    *("use-1", "use-2", "prof-2", "prof-3", "prof-ben-1", "prof-sub-1", "ainfo-3"),
}
# Those of the server in Inferno's list of the statements of PAS 2.0.1, which has no numbers itself.
SHALL_20 = {
    *(1, 2, 3, 5, 6, 7, 15, 17, 18, 19, 20, 25, 26, 27, 28, 29, 31, 32, 33, 35, 36, 37, 38, 44, 46),
    *(48, 56, 63, 64, 66, 72, 89, 91, 92, 93, *range(95, 108), 110, 111, 112, 113, 114, 115, 124),
    *(
        129,
        130,
        131,
        132,
        133,
        136,
        138,
        139,
        141,
        145,
        148,
        149,
        152,
        155,
        176,
        177,
        180,
        181,
        182,
    ),
    *(183, 185, 189, 194, 196, 198, 199, 207, 208, 209, 210, 211, 212, 215, 216, 218),
}


CRD_SHALL = {
    *(f"found-{number}" for number in (2, 9, 11, 13, 14, 15, 24, 29, 32, 33, 34, 37, 38)),
    *(f"conf-{number}" for number in (2, 4, 5, 7, 8, 12, 13, 14)),
    *(f"hook-{number}" for number in (4, 9, 10, 13, 16, 19, 22, 23, 26, 33, 39)),
    *(f"resp-{number}" for number in (3, 4, 5, 13, 14, 17, 18, 19, 22, 23, 24, 25, 26, 28, 29, 30)),
    *(f"resp-{number}" for number in (32, 35, 37, 43, 44, 45, 47, 48, 52, 55, 56, 57, 58, 59, 62)),
    *(f"resp-{number}" for number in (65, 69, 71, 72)),
    *(f"dev-{number}" for number in (1, 2, 4, 5, 6, 7, 8, 14, 15, 17, 20, 24)),
    *("impl-3", "billopt-2", "billopt-3", "sec-1", "sec-2", "sec-5", "sec-6"),
}


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        table = csv.DictReader(file)
        assert table.fieldnames == requirements.COLUMNS
        return list(table)


def tables() -> dict[str, list[dict[str, str]]]:
    """Each table of conformance/requirements by its name."""
    return {path.stem: read(path) for path in requirements.files()}


def test_every_statement_has_one_row() -> None:
    found = tables()
    for rows in found.values():
        ids = [row["id"] for row in rows]
        assert len(ids) == len(set(ids))
    for version, wanted in (("2.2.1", SHALL), ("2.0.1", {str(number) for number in SHALL_20})):
        assert {row["id"] for row in found["pas"] if row["version"] == version} == wanted
    crd = [row for row in found["crd"] if row["duty"].startswith("SHALL")]
    assert {row["id"] for row in crd} >= CRD_SHALL


def test_each_row_names_tests_that_exist_or_a_reason() -> None:
    for row in [row for found in tables().values() for row in found]:
        assert bool(row["shown by"]) != bool(row["why not"]), row
        assert row["fact"], row
        assert row["duty"] in requirements.DUTIES, row
        for test in row["shown by"].split():
            place, _, name = test.partition("::")
            assert name in defined(place), f"{row['id']}: {place} has no {name}"


@functools.cache
def defined(place: str) -> frozenset[str]:
    tree = ast.parse((ROOT / place).read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
