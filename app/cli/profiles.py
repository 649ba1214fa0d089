"""Make fact files from official packages, or compare them with packages."""

from __future__ import annotations

import argparse
import difflib
from pathlib import Path

from app import resources
from app.fhir.validate.extract import extract
from app.fhir.validate.fhirpath.grow import trees_of
from app.fhir.validate.packages import Source, choose, read_archive, read_rows
from app.settings import Settings

EXAMPLES = """\
examples:
  forthwith profiles extract ig/*.tgz      write fact files for every guide of guides.tsv
  forthwith profiles verify ig/            extract again and print what differs (exit 1)
"""
_SHOWN = 40


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the action, the packages and the folder."""
    parser.add_argument("action", choices=("extract", "verify"))
    parser.add_argument(
        "packages", nargs="+", type=Path, metavar="PACKAGE.tgz", help="archives, or folders of them"
    )
    parser.add_argument("--out", type=Path, default=None, help="folder (default: profiles)")


def run(args: argparse.Namespace, _settings: Settings) -> int:
    """0 when written or equal, 1 when facts and packages differ; BadData (2) for bad packages."""
    folder = args.out or resources.data("profiles")
    made = _made(args.packages, folder)
    return _write(made, folder) if args.action == "extract" else _compare(made, folder)


def _made(packages: list[Path], folder: Path) -> dict[str, bytes]:
    """Path below the folder to content, for all fact files and sources.tsv."""
    rows = read_rows(folder / "guides.tsv")
    wanted = {(row.package, row.version) for row in rows}
    sources = [source for path in _archives(packages) if (source := _wanted(path, wanted))]
    made = {}
    for package, facts in extract(choose(rows, sources).values()).items():
        for name, content in facts.files().items():
            made[f"{package}/{name}"] = content
    made["trees.jsonl"] = trees_of(text for name, text in made.items() if "/" in name)
    made["sources.tsv"] = _sources(sources)
    return made


def _archives(packages: list[Path]) -> list[Path]:
    return [
        archive
        for path in packages
        for archive in (sorted(path.glob("*.tgz")) if path.is_dir() else [path])
    ]


def _wanted(path: Path, wanted: set[tuple[str, str]]) -> Source | None:
    name, _, version = path.name.removesuffix(".tgz").partition("#")
    if version and (name, version) not in wanted:
        return None
    source = read_archive(path)
    return source if (source.package.name, source.package.version) in wanted else None


def _sources(sources: list[Source]) -> bytes:
    lines = sorted(f"{s.package.name}\t{s.package.version}\t{s.sha256}" for s in sources)
    return ("\n".join(["package\tversion\tsha256", *lines]) + "\n").encode()


def _write(made: dict[str, bytes], folder: Path) -> int:
    for name, content in sorted(made.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        print(f"{name}: {len(content.splitlines())} lines")
    return 0


def _compare(made: dict[str, bytes], folder: Path) -> int:
    kept = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in [*folder.glob("*/*/*.jsonl"), *folder.glob("*.jsonl")]
    }
    kept["sources.tsv"] = (folder / "sources.tsv").read_bytes()
    different = sorted(
        name for name in made.keys() | kept.keys() if made.get(name) != kept.get(name)
    )
    for name in different:
        _print_difference(name, kept.get(name, b""), made.get(name, b""))
    print(f"{len(made)} fact files compared, {len(different)} differ")
    return 1 if different else 0


def _print_difference(name: str, kept: bytes, made: bytes) -> None:
    lines = difflib.unified_diff(
        kept.decode().splitlines(), made.decode().splitlines(), f"kept/{name}", f"made/{name}", n=0
    )
    for number, line in enumerate(lines):
        if number >= _SHOWN:
            print("  more differences follow")
            break
        print(line[:300])
