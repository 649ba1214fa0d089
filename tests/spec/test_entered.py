"""A request that came by fax is kept like any other; what is told of it says that no Claim asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from app.cli import run
from app.domain.guide import Guide
from app.fhir.urls import ext
from app.flows.new_answer import answer_anew, open_stored
from app.flows.submit import submit
from tests.spec.asking import hits, inquiry
from tests.spec.reading import extensions, response_of
from tests.world import World, example, keep, settings

GUIDES = pytest.mark.parametrize("guide", list(Guide))


def entered(world: World, guide: Guide) -> Any:
    """The answer that is kept for a faxed request."""
    raw = orjson.dumps(example("oxygen-approved", guide))
    moment = world.context.moment()
    answer = submit(world.context, world.caller, raw, guide, moment, came_by="fax")
    keep(answer, guide)
    return orjson.loads(answer)


def no_claim(response: Any) -> bool:
    (why,) = extensions(response["request"], ext.DATA_ABSENT_REASON)
    return "reference" not in response["request"] and why["valueCode"] == "not-applicable"


@GUIDES
def test_an_answer_to_a_fax_says_that_no_claim_asked(world: World, guide: Guide) -> None:
    """Spec-44: the data-absent-reason in place of the reference; whoever sent a Claim gets that."""
    answer = entered(world, guide)
    assert world.errors(answer, guide) == []
    assert no_claim(response_of(answer))
    (hit,) = hits(world, inquiry("by-service", guide), guide)
    assert no_claim(hit)
    world.answer(example("oxygen-approved", guide), guide)
    both = hits(world, inquiry("by-service", guide), guide)
    assert ["reference" in each["request"] for each in both] == [True, False]


@GUIDES
def test_a_later_answer_to_a_fax_says_so_as_well(world: World, guide: Guide) -> None:
    name = response_of(entered(world, guide))["id"]
    with world.context.store.write(world.caller.tenant) as work:
        found = work.resources.get("ClaimResponse", name)
        assert found is not None
        assert work.resources.get("Claim", name) is None
        case = work.cases.get(found.case_id)
        assert case is not None
        work.cases.hold(case.id)
        opened = open_stored(world.context, work, case)
        decision = replace(opened.stored.decision, number="FA-ANEW")
        again = answer_anew(
            world.context, work, opened, decision, "machine", world.context.moment()
        )
    assert no_claim(response_of(orjson.loads(again.content)))


def test_the_command_enters_it_and_refuses_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "database.sqlite3"
    environ = {"DATABASE_URL": settings(place).database_url, "FORTHWITH_DEMO": "on"}
    assert run(["migrate"], environ) == 0
    good, bad = tmp_path / "fax.json", tmp_path / "bad.json"
    good.write_bytes(orjson.dumps(example("oxygen-approved", Guide.V22)))
    bad.write_bytes(b'{"resourceType": "Bundle"}')
    assert run(["enter", str(good), "--by", "fax"], environ) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("ClaimResponse/")
    assert run(["enter", str(bad), "--by", "fax"], environ) == 1
    assert "error: " in capsys.readouterr().err
