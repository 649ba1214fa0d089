"""The tree in the docstring of app/errors.py is the tree of its classes, with their statuses."""

from __future__ import annotations

import re
from pathlib import Path

from app import errors
from tools.reference import refusals

ROOT = Path(__file__).resolve().parents[2]


def drawn() -> list[tuple[int, str, str]]:
    """(depth, name, status or remark) of each line of the tree in the docstring."""
    lines = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^    ([│├└─ ]*)([A-Z]\w+)\s*(.*)$", line)
        if found:
            lines.append((len(found[1]) // 4, found[2], found[3]))
    return lines


def defined(kind: type[errors.ForthwithError], depth: int = 0) -> list[tuple[int, str]]:
    found = [(depth, kind.__name__)]
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            found += defined(child, depth + 1)
    return found


def test_the_drawn_tree_is_the_tree_of_classes() -> None:
    assert [(depth, name) for depth, name, _ in drawn()] == defined(errors.ForthwithError)


def test_each_drawn_status_is_the_status_of_the_class() -> None:
    for _, name, remark in drawn():
        status = re.search(r"\b([45]\d\d)$", remark)
        if status:
            assert getattr(errors, name).status == int(status[1]), name


def test_each_refusal_has_a_code_of_its_own_and_a_status_for_callers() -> None:
    codes = [kind.code for kind in refusals()]
    assert len(codes) == len(set(codes))
    assert all(400 <= kind.status < 500 for kind in refusals())


def test_other_modules_only_narrow_a_leaf_of_the_tree() -> None:
    """So whatever escapes them has a status and a place on the reference page."""
    names = [name for _, name, _ in drawn()]
    inner = "|".join(name for name in names if len(defined(getattr(errors, name))) > 1)
    for path in (ROOT / "app").rglob("*.py"):
        added = re.search(rf"^class \w+\((errors\.)?({inner})\)", path.read_text("utf-8"), re.M)
        assert not added or path.name == "errors.py", f"{path}: {added and added[0]}"
