"""Synthetic cases are as whole as real ones: found by number, answered, with sound keys."""

from __future__ import annotations

import random
from pathlib import Path

import orjson
from sqlalchemy import create_engine

from app.auth.door import door
from app.clock import moment
from app.domain.guide import Guide
from app.flows.inquire import inquire
from benchmarks import bench_inquire, fill
from tests.world import new_context


def test_each_copied_case_is_found_by_its_number(tmp_path: Path) -> None:
    context = new_context(tmp_path)
    url, spread = context.settings.database_url, fill.Spread(150)
    fill.fill(url, spread.cases, 1, 1, lambda _more: None)
    with create_engine(url).connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        kinds = dict(bench_inquire.questions(connection, spread, 3, random.Random(1)))
    caller = door(context.settings)("")
    for body in kinds["by authorization number"]:
        answer = orjson.loads(inquire(context, caller, body, Guide.V22, moment()))
        (hit,) = answer["parameter"]
        issues = context.validators[Guide.V22].bundle(hit["resource"])
        assert [issue for issue in issues if issue.is_error] == []
    context.store.close()


def test_npis_of_synthetic_providers_have_their_check_digit() -> None:
    """1234567893 is the example of the standard; ours begin with 19."""
    assert fill.npi(0) == "1900000005"
    assert len({fill.npi(index) for index in range(100)}) == 100
