"""What is in the repository: locks that are current, pages that are current, nobody's addresses."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tools import lock, reference

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted(lock.EXTRAS)

# Written in two halves, so that this file does not find itself.
FOREIGN = [
    "pypi" + ".org",
    "pythonhosted" + ".org",
    "registry." + "npmjs",
    "repo1." + "maven",
    "crates" + ".io",
    "/work" + "/",
    "/root" + "/",
    "/home" + "/",
    "farm" + "-",
    "issues" + " show",
    "shared" + "/spec",
]
USED_WITHOUT_IMPORT = {"psycopg": "the driver that a postgresql+psycopg:// address names"}


def tracked() -> list[Path]:
    """Every committed or new file that is not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_no_file_names_a_package_host_or_somebodys_machine() -> None:
    found = []
    for path in tracked():
        text = path.read_text("utf-8", errors="replace")
        found += [f"{path.relative_to(ROOT)}: {word}" for word in FOREIGN if word in text]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_is_of_the_declared_dependencies(name: str) -> None:
    assert lock.is_current(name), f"{name} is old: run `make lock`"


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_pins_and_hashes_everything_and_names_no_address(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert "://" not in text and "--index" not in text and "--find-links" not in text
    for entry in re.split(r"\n(?=\S)", text):
        if not entry.startswith("#"):
            assert re.match(r"[\w.\-]+(\[[\w,]+\])?==\S+", entry), entry
            assert "--hash=sha256:" in entry, entry


def test_both_locks_pin_the_same_versions_of_the_program() -> None:
    def pins(name: str) -> set[str]:
        return set(
            re.findall(r"^[\w.\-]+(?:\[[\w,]+\])?==[^\s;]+", (ROOT / name).read_text(), re.M)
        )

    assert pins("requirements.lock") <= pins("requirements-dev.lock")


def test_every_dependency_is_imported_and_every_import_is_a_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = {_plain(re.split(r"[\[<>=!~; ]", line)[0]) for line in project["dependencies"]}
    owners = packages_distributions()
    imported = set()
    for path in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            imported |= {
                _plain(each) for name in names for each in owners.get(name.split(".")[0], [])
            }
    imported.discard("forthwith")
    assert imported - declared == set()
    assert declared - imported - set(USED_WITHOUT_IMPORT) == set()


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("page", sorted(reference.PAGES))
def test_the_generated_page_is_current(page: str) -> None:
    made = reference.PAGES[page]()
    assert (reference.FOLDER / page).read_text("utf-8") == made, "run `make docs`"


def test_decisions_are_numbered_once() -> None:
    numbers = [path.name.split("-")[0] for path in (ROOT / "docs" / "adr").glob("[0-9]*.md")]
    assert len(numbers) == len(set(numbers))


def test_every_local_link_of_the_documents_leads_somewhere() -> None:
    broken = []
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
            is_local = "://" not in target and not target.startswith("mailto:")
            if is_local and not (path.parent / target).exists():
                broken.append(f"{path.relative_to(ROOT)} → {target}")
    assert not broken, "\n".join(broken)
