"""Read official packages (`NAME-VERSION.tgz`, `package/*.json`) and the table of guides.

Packages are never unpacked to disk: members are read one by one, in name order, and only the
conformance resources are kept.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterable
from pathlib import Path

import orjson

from app.errors import BadData
from app.fhir.validate.shelf import Json, Package, Taken
from app.sealed import sealed

_KINDS = frozenset({"StructureDefinition", "ValueSet", "CodeSystem"})
_MEMBER_LIMIT = 64 * 1024 * 1024


@sealed(frozen=True, slots=True)
class Row:
    """One row of guides.tsv: a guide takes a package, all of it or what others name in it."""

    guide: str
    package: str
    version: str
    take: str


@sealed(frozen=True, slots=True)
class Source:
    """An archive that was read: which package it is and its SHA-256."""

    package: Package
    sha256: str


def read_rows(table: Path) -> list[Row]:
    """Rows of guides.tsv, the most specific package of a guide first; BadData names the line."""
    rows = []
    for number, line in enumerate(table.read_text("utf-8").splitlines()[1:], start=2):
        cells = line.split("\t")
        if len(cells) != 4 or cells[3] not in ("all", "named", "terms"):
            raise BadData(f"{table.name} line {number}: wants guide, package, version, take")
        rows.append(Row(*cells))
    return rows


def read_archive(archive: Path) -> Source:
    """A package from its archive; BadData when it is none."""
    try:
        raw = archive.read_bytes()
        with tarfile.open(archive, "r:gz") as tar:
            return Source(_package(tar), hashlib.sha256(raw).hexdigest())
    except (OSError, tarfile.TarError, orjson.JSONDecodeError, KeyError) as error:
        raise BadData(f"{archive.name}: not a FHIR package ({type(error).__name__})") from error


def _package(tar: tarfile.TarFile) -> Package:
    members = {m.name.removeprefix("./"): m for m in tar.getmembers() if m.isfile()}
    manifest = _load(tar, members["package/package.json"])
    resources = []
    for name in sorted(members):
        folder, _, file = name.rpartition("/")
        if folder != "package" or not file.endswith(".json") or file.startswith("."):
            continue
        content = _load(tar, members[name])
        if content.get("resourceType") in _KINDS:
            resources.append(content)
    return Package(manifest["name"], manifest["version"], tuple(resources))


def _load(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Json:
    stream = tar.extractfile(member)
    if stream is None or member.size > _MEMBER_LIMIT:
        raise KeyError(member.name)
    content = orjson.loads(stream.read())
    return content if isinstance(content, dict) else {}


def choose(rows: Iterable[Row], sources: Iterable[Source]) -> dict[str, list[Taken]]:
    """The packages of each guide; BadData lists the packages that were not given."""
    given = {(s.package.name, s.package.version): s.package for s in sources}
    guides: dict[str, list[Taken]] = {}
    missing = set()
    for row in rows:
        package = given.get((row.package, row.version))
        if package is None:
            missing.add(f"{row.package}#{row.version}")
        else:
            guides.setdefault(row.guide, []).append(Taken(package, row.take))
    if missing:
        raise BadData("packages named in guides.tsv were not given: " + ", ".join(sorted(missing)))
    return guides
