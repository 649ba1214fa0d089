"""Stored cases can be judged again: by the rulebook of their intake the answer is the same."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from app import resources
from app.cli import run
from app.domain.coverage import Coverage
from app.domain.guide import Guide
from app.flows.replay import past_cases
from app.rulebook import load
from app.rulebook.simulate import simulate
from tests.world import World, example, new_world

EXAMPLES = resources.data("examples") / "pas" / "2.2"
NAMES = ("oxygen-approved", "oxygen-missing-facts", "cpap-modified", "member-not-found")


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = new_world(tmp_path)
    for name in NAMES:
        body = orjson.loads((EXAMPLES / f"{name}.json").read_bytes())
        answer = made.client.post(
            "/fhir/2.2/Claim/$submit", data=orjson.dumps(body), content_type="application/fhir+json"
        )
        assert answer.status_code == 200, answer.text
    return made


def test_every_stored_case_comes_back_with_its_request_and_coverage(world: World) -> None:
    context = world.context
    past = list(
        past_cases(context.store, context.settings.tenant, context.limits, [context.rulebook])
    )
    assert len(past) == len(NAMES)
    assert [each.situation is None for each in past] == [False, False, False, True]
    first = past[0].situation
    assert first is not None and isinstance(first.coverage, Coverage)
    assert first.request.guide is Guide.V22
    rulebook = load(resources.data("policies"))
    situations = [each.situation for each in past if each.situation]
    for verdict, each in zip(simulate(rulebook, rulebook, situations), past, strict=False):
        assert not verdict.why
        assert verdict.after.outcome is each.decision.items[0].outcome
        assert verdict.after.policy == each.decision.items[0].policy


def test_an_updated_case_comes_back_with_its_newest_lines(tmp_path: Path) -> None:
    world = new_world(tmp_path)
    context, chain = world.context, ("add-item", "change-item", "extend-item", "cancel-item")
    world.answer(example("oxygen-approved", Guide.V22), Guide.V22)
    counts = []
    for name in chain:
        world.answer(example(f"update/{name}", Guide.V22), Guide.V22)
        (past,) = past_cases(
            context.store, context.settings.tenant, context.limits, [context.rulebook]
        )
        assert past.situation is not None
        counts.append(len(past.situation.request.items))
    assert counts == [2, 2, 2, 1]


def test_shares_and_simulations_read_stored_cases(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = {"DATABASE_URL": world.context.settings.database_url}
    assert run(["policy", "stats"], environ) == 0
    out = capsys.readouterr().out
    assert "home-oxygen: 2 lines, 100.0 % granted of those decided (granted 1" in out
    assert "not asked for: " in out
    changed = str(resources.data("policies"))
    assert run(["policy", "simulate", changed, "--on", "stored"], environ) == 0
    assert capsys.readouterr().out.endswith("0 of 3 lines change\n")
