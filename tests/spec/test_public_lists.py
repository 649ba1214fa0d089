"""A public list is made once for a rulebook and a day, and anew for another of either."""

from __future__ import annotations

from pathlib import Path

from app.flows.policy_lists import public_list
from tests.spec.made import made_world
from tests.spec.test_history import SCAN
from tests.world import World

NAME = "needs-authorization"


def test_a_list_is_made_once_for_a_rulebook_and_a_day(world: World) -> None:
    first = public_list(world.context, NAME)
    assert public_list(world.context, NAME, "2026-11-25") is first
    assert public_list(world.context, NAME, "2026-11-24").day != first.day
    plan = public_list(world.context, NAME, plan="FW-MA-01")
    assert plan.plan is not None and plan.lines != first.lines
    assert public_list(world.context, NAME, since="2026-01-01").changes


def test_another_rulebook_has_another_list(world: World, tmp_path: Path) -> None:
    other = made_world(tmp_path, {"made-scan": SCAN})
    codes = [
        {line.code for line in public_list(each.context, NAME).lines} for each in (world, other)
    ]
    assert "S8092" in codes[1] - codes[0]
