"""A server of the demo payer with some policies of its own, for what no demo policy shows alone."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from app import resources
from tests.world import World, new_world


def made_world(folder: Path, policies: Mapping[str, str], **tables: str) -> World:
    """The demo rulebook with these texts as `<topic>/policy.yaml`, and `tables` as `_<name>.yaml`."""
    rules = folder / "rules"
    shutil.copytree(resources.data("policies"), rules)
    for topic, text in policies.items():
        (rules / topic).mkdir(exist_ok=True)
        (rules / topic / "policy.yaml").write_text(text, "utf-8")
    for name, text in tables.items():
        (rules / f"_{name}.yaml").write_text(text, "utf-8")
    return new_world(folder, FORTHWITH_POLICIES=str(rules))
