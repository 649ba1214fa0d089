"""A new rulebook answers the next request without a restart; old cases keep theirs."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from app import resources
from app.domain.decision import Outcome
from app.domain.guide import Guide
from app.flows.replay import past_cases
from app.rulebook import Shelf, load
from tests.world import example, new_world

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def stand(shelf: Shelf, folder: Path) -> str:
    """Put a rulebook on the shelf without its checks."""
    sha256 = load(folder).sha256
    shutil.copytree(folder, shelf.place(sha256))
    return sha256


def test_the_next_request_is_judged_by_the_new_rulebook(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "shelf")
    shelf.home.mkdir()
    first = stand(shelf, resources.data("policies"))
    shelf.activate(first, NOW, "ana")
    world = new_world(tmp_path, FORTHWITH_POLICIES=str(shelf.home))
    world.answer(example("oxygen-approved", Guide.V22), Guide.V22)

    stricter = tmp_path / "policies"
    shutil.copytree(resources.data("policies"), stricter)
    path = stricter / "home-oxygen" / "policy.yaml"
    path.write_text(path.read_text().replace("at_most: 88", "at_most: 80"))
    second = stand(shelf, stricter)
    shelf.activate(second, NOW, "ana")
    world.answer(example("oxygen-approved", Guide.V22), Guide.V22)
    shelf.roll_back(NOW, "bo")
    world.answer(example("oxygen-approved", Guide.V22), Guide.V22)

    context = world.context
    past = list(
        past_cases(context.store, context.settings.tenant, context.limits, [context.rulebook])
    )
    assert [each.decision.items[0].outcome for each in past] == [
        Outcome.APPROVED,
        Outcome.PENDED,
        Outcome.APPROVED,
    ]
    assert [each.decision.rulebook for each in past] == [first, second, first]
    assert [each.case.rulebook for each in past] == [first, second, first]
    assert context.in_force.of(second) is not None
