"""Writes docs/conformance.md: what was compared with HL7's engine, every difference, and who shows what."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

from app.fhir.validate import Validator
from conformance import agreement, mutations, referee, verdicts
from conformance.inferno import results
from tools import requirements

PAGE: Final = referee.ROOT / "docs" / "conformance.md"
_SUITES: Final = {
    ("pas", "2.2.1"): "davinci_pas_server_suite_v221",
    ("pas", "2.0.1"): "davinci_pas_server_suite_v201",
    ("crd", "2.2.1"): "crd_server_v221",
}
_STATEMENTS: Final = "## Statements of"
HEAD: Final = Path(__file__).with_name("conformance-head.md")


def write() -> int:
    """Measure again and write the page; 0."""
    PAGE.write_text(
        "\n".join([HEAD.read_text(encoding="utf-8").rstrip(), *_body()]) + "\n", "utf-8"
    )
    return 0


def restate() -> int:
    """Write only the statements of the page again, which nothing has to be measured for; 0."""
    kept, mark, _ = PAGE.read_text("utf-8").partition(f"\n{_STATEMENTS}")
    if not mark:
        return write()
    PAGE.write_text(kept + "\n".join(_statements()) + "\n", "utf-8")
    return 0


def _body() -> list[str]:
    out: list[str] = []
    for guide in referee.PACKAGES:
        out += ["", f"## PAS {guide}", "", *_kinds(guide), "", *_differences(guide)]
    return out + _statements()


def _statements() -> list[str]:
    """What the guides ask of a payer: our tests, or why there are none, and which of Inferno's look too."""
    rows = []
    for (guide, version), suite in _SUITES.items():
        rows += ["", f"{_STATEMENTS} {guide.upper()} {version} that bind the payer", ""]
        rows += ["| id | what | shown by | Inferno |", "|---|---|---|---|"]
        looked: dict[str, list[str]] = {}
        run = results.read(suite)
        for test in run.tests if run else ():
            for each in test.requirements:
                looked.setdefault(each, []).append(test.number)
        for row in requirements.table(guide):
            if version in row["version"].split() and row["duty"].startswith("SHALL"):
                also = ", ".join(
                    looked.get(f"hl7.fhir.us.davinci-{guide}_{version}@{row['id']}", [])
                )
                names = [each.rpartition("::")[2] for each in row["shown by"].split()]
                shown = "<br>".join(f"`{name}`" for name in names)
                shown = shown or f"not shown: {row['why not']}"
                rows.append(f"| {row['id']} | {row['fact']} | {shown} | {also} |")
    return rows


def _kinds(guide: str) -> list[str]:
    """A table of all mutations: kind, how many, how many found where they are."""
    validator = Validator.load(guide)
    made: Counter[tuple[bool, str]] = Counter()
    right: Counter[tuple[bool, str]] = Counter()
    missed: list[str] = []
    for mutation in mutations.all_of(guide):
        key = (mutation.harmful, mutation.kind.rstrip("0123456789").rstrip("-"))
        found = [i for i in validator.resource(mutation.build()) if i.is_error]
        good = any(agreement.points_to(i.at, mutation.at) for i in found) == mutation.harmful
        made[key] += 1
        right[key] += good
        if not good:
            missed.append(mutation.id)
    rows = ["| change | | made | right |", "|---|---|---:|---:|"]
    for (harmful, kind), count in sorted(made.items(), key=lambda e: (not e[0][0], e[0][1])):
        word = "harmful" if harmful else "harmless"
        rows.append(f"| {kind} | {word} | {count:,} | {right[harmful, kind]:,} |")
    harmful_made = sum(n for (h, _), n in made.items() if h)
    harmful_right = sum(n for (h, _), n in right.items() if h)
    rows += [
        "",
        f"Harmful changes found at their place: {harmful_right:,} of {harmful_made:,} "
        f"({harmful_right / harmful_made:.2%}). Harmless changes without error: "
        f"{sum(right.values()) - harmful_right:,} of {sum(made.values()) - harmful_made:,}.",
        *([""] if missed else []),
        *(f"- not right: `{name}`" for name in missed[:40]),
    ]
    return rows


def _differences(guide: str) -> list[str]:
    compared = agreement.compare(guide)
    agreed = compared.asked - len(compared.differences)
    rows = [
        f"HL7's engine was asked about {compared.asked:,} of them; the verdict (valid or not) is "
        f"the same on {agreed:,} ({compared.share:.2%}).",
    ]
    if compared.differences:
        rows += ["", "| mutation | ours | engine | who is right |", "|---|---|---|---|"]
    for difference in compared.differences:
        ours = "valid" if difference.ours_valid else "not valid"
        told = difference.engine.partition("@")[0] or "valid"
        rows.append(f"| `{difference.id}` | {ours} | {told} | {difference.reason} |")
    return rows


def asked() -> int:
    """How many verdicts of the engine are kept."""
    return sum(len(verdicts.read(guide)) for guide in referee.PACKAGES)
