"""What HL7's engine said of each resource of a good run, kept in `recorded/SUITE.ndjson.zst`.

All of it is ours: what Inferno sent were our requests, the rest is what the product answered.
`make test` holds our own validator against it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import zstandard

from conformance import referee
from conformance.referee import Found

Json = dict[str, Any]

_CONTEXT: Final = ("Extension_EXTP_Context_Wrong", "Extension_EXTM_Context_Wrong")
_LOADING: Final = "SLICING_CANNOT_BE_EVALUATED"
"""Once in a run of 2.0.1, for the first Patient in a Bundle: the engine has US Core not loaded yet."""
_FOLLOWING: Final = (
    "BUNDLE_BUNDLE_ENTRY_MULTIPLE_PROFILES_NO_MATCH",
    "Reference_REF_CantMatchChoice",
    "Validation_VAL_Profile_NoMatch",
)
FOLDER: Final = Path(__file__).with_name("recorded")


@dataclass(frozen=True, slots=True)
class Judged:
    """A resource, the profile it was held against ("" for its base type), and the engine's errors.

    An error is the engine's message id, place and text.
    """

    profile: str
    resource: Json
    errors: tuple[tuple[str, str, str], ...]

    @property
    def refused(self) -> list[Found]:
        """The errors that count: without those that only say that content is lacking, or that an
        extension which a profile lists is outside its own context, and without what follows from one.
        """
        found = [Found("error", name, at, text) for name, at, text in self.errors]
        causes = [each for each in found if not _follows(each)]
        doubted = (*_CONTEXT, _LOADING)
        left = [e for e in causes if not referee.undecided(e) and e.id not in doubted]
        return left if causes else found


def _follows(error: Found) -> bool:
    """Whether an error only repeats another: a bundle takes two profiles of Claim, and the engine
    reports the one that was not meant as well when the one that was meant has a defect.
    """
    return error.id in _FOLLOWING or error.text.startswith("Claim.related: m")


def keep(suite: str, log: Path) -> int:
    """Keep each resource of the engine's log once; how many there are."""
    lines: dict[str, None] = {}
    with log.open(encoding="utf-8") as told:
        for line in told:
            case = json.loads(line)
            resource = json.loads(case["file"])
            if "resourceType" not in resource:
                continue  # CDS Hooks, held against a logical model: no FHIR resource
            (profile,) = case["profiles"] or [""]
            errors = [
                [each.get("id") or "", each.get("at") or "", each["text"]]
                for each in case["issues"]
                if each["severity"] in ("error", "fatal")
            ]
            lines[json.dumps([profile, resource, errors], separators=(",", ":"))] = None
    FOLDER.mkdir(exist_ok=True)
    text = "".join(f"{line}\n" for line in lines).encode()
    place = FOLDER / f"{suite}.ndjson.zst"
    place.write_bytes(zstandard.ZstdCompressor(level=19, threads=0).compress(text))
    return len(lines)


def read(suite: str) -> Iterator[Judged]:
    """What was kept of a suite's last good run."""
    place = FOLDER / f"{suite}.ndjson.zst"
    if place.is_file():
        text = zstandard.ZstdDecompressor().decompress(place.read_bytes())
        for line in text.decode().splitlines():
            profile, resource, errors = json.loads(line)
            yield Judged(profile, resource, tuple((i, at, said) for i, at, said in errors))
