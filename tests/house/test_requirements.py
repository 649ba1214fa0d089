"""Each numbered SHALL of PAS 2.2.1 and CRD 2.2.1 that binds the payer has a test, or a written reason."""

from __future__ import annotations

import ast
import csv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = ["id", "what the payer does, in our words", "shown by", "why not"]

# The statements of the guide's requirement list that bind the payer with SHALL.
SHALL = {
    *(f"conf-{number}" for number in (1, 2, 3, 4, 5, 6, 11, 12, 14, 15, 16)),
    *(f"spec-{number}" for number in (1, 4, 5, 6, 23, 25, 26, 28, 30, 31, 33, 34, 35, 36, 37)),
    *(f"spec-{number}" for number in (39, 43, 44, 46, 47, 48, 51, 52, 53, 54, 55, 56)),
    *(f"spec-{number}" for number in (59, 60, 61, 62, 69, 70, 71, 73)),
    *("use-1", "use-2", "prof-2", "prof-3", "prof-ben-1", "prof-sub-1", "ainfo-3"),
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
TABLES = {"requirements.csv": SHALL, "requirements-crd.csv": CRD_SHALL}


def rows(table_name: str) -> list[dict[str, str]]:
    with (ROOT / "tests/conformance" / table_name).open(encoding="utf-8", newline="") as file:
        table = csv.DictReader(file)
        assert table.fieldnames == COLUMNS
        return list(table)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_statement_has_one_row(name: str) -> None:
    ids = [row["id"] for row in rows(name)]
    assert len(ids) == len(set(ids))
    assert set(ids) == TABLES[name]


@pytest.mark.parametrize(
    "row", [row for name in sorted(TABLES) for row in rows(name)], ids=lambda row: row["id"]
)
def test_the_row_names_a_test_that_exists_or_a_reason(row: dict[str, str]) -> None:
    assert bool(row["shown by"]) != bool(row["why not"])
    assert row[COLUMNS[1]]
    if row["shown by"]:
        place, _, name = row["shown by"].partition("::")
        tree = ast.parse((ROOT / place).read_text("utf-8"))
        found = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert name in found, f"{place} has no {name}"
