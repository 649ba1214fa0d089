"""Validation: what one bundle costs, beside a plain parse and other people's checks, and its slope."""

from __future__ import annotations

import copy
import gc
import statistics
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from app.fhir import urls
from app.fhir.bundle import Index
from app.fhir.r4 import model
from app.fhir.validate import Limits, Validator
from app.fhir.validate.text import parse

TITLE = "Validate: all rules of the profiles, all issues"
EXAMPLES = Path(__file__).resolve().parents[1] / "examples" / "pas"
ENGINE_MS = 738  # HL7's validation engine, warm, median of such a bundle, two cores (measured once)
Json = dict[str, Any]


def run(quick: bool) -> str:
    """The chapter as Markdown."""
    rounds = 20 if quick else 200
    return "\n\n".join(
        [
            "Parsed JSON goes in, every issue comes out: structure, types, slices, references and "
            "the profiles of what they lead to, extensions, bindings and all invariants. Rounds "
            "are interleaved: each candidate runs in every round; medians of processor time in ms.",
            beside_others(rounds),
            "### Slope",
            slope(3 if quick else 15),
            "### Start",
            starting(),
        ]
    )


def beside_others(rounds: int) -> str:
    """A table of bundles and candidates."""
    lines = [
        "| bundle | bytes | entries | parse | parse with limits | **validate** | validate / parse | "
        "fhir.resources, base R4 only | against HL7's engine |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for line, name in (
        ("2.2", "oxygen-approved-large"),
        ("2.2", "mixed-lines"),
        ("2.0", "mixed-lines"),
    ):
        raw = orjson.dumps(orjson.loads((EXAMPLES / line / f"{name}.json").read_bytes()))
        document = orjson.loads(raw)
        validator = Validator.load(line)
        took = interleaved(
            {
                "parse": lambda raw=raw: orjson.loads(raw),  # type: ignore[misc]
                "limits": lambda raw=raw: parse(raw),  # type: ignore[misc]
                "validate": lambda v=validator, d=document: v.bundle(  # type: ignore[misc]
                    d, urls.profile.REQUEST_BUNDLE
                ),
                "models": lambda d=document: model(d),  # type: ignore[misc]
            },
            rounds,
        )
        lines.append(
            f"| {line} {name} | {len(raw):,} | {len(document['entry'])} | {took['parse']:.3f} | "
            f"{took['limits']:.3f} | **{took['validate']:.2f}** | "
            f"{took['validate'] / took['parse']:.0f} | {took['models']:.2f} "
            f"({took['models'] / took['validate']:.1f} ×) | {ENGINE_MS / took['validate']:.0f} × |"
        )
    lines.append("")
    lines.append(
        f"HL7's engine took {ENGINE_MS} ms (median, warm, two cores) for a 24 KB bundle of this kind; "
        "it is not run here."
    )
    return "\n".join(lines)


def interleaved(candidates: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median milliseconds of each candidate, all of them run in every round."""
    taken: dict[str, list[float]] = {name: [] for name in candidates}
    for call in candidates.values():
        for _ in range(5):
            call()
    gc.collect()
    for _ in range(rounds):
        for name, call in candidates.items():
            began = time.process_time()
            call()
            taken[name].append((time.process_time() - began) * 1000)
    return {name: statistics.median(values) for name, values in taken.items()}


def grown(document: Json, size: int) -> Json:
    """A bundle of about that many bytes: more supporting documents, each with its own entry."""
    out = copy.deepcopy(document)
    first = out["entry"][0]
    claim = first["resource"]
    index = Index(out)
    info = next(i for i in claim["supportingInfo"] if "valueReference" in i)
    target = index.resolve(info["valueReference"]["reference"], first["fullUrl"])
    assert target is not None
    step = len(orjson.dumps(target)) + len(orjson.dumps(info))
    for number in range(max(0, size - len(orjson.dumps(out))) // step):
        url = f"urn:uuid:{uuid.UUID(int=number + 1, version=4)}"
        entry = copy.deepcopy(target)
        entry["fullUrl"] = url
        out["entry"].append(entry)
        more = copy.deepcopy(info)
        more["sequence"] = 1000 + number
        more["valueReference"]["reference"] = url
        claim["supportingInfo"].append(more)
    return out


def slope(rounds: int) -> str:
    """Milliseconds a megabyte, from 24 KB to 5 MB."""
    validator = Validator.load("2.2")
    document = orjson.loads((EXAMPLES / "2.2" / "mixed-lines.json").read_bytes())
    lines = ["| bytes | entries | validate, ms | ms a MB |", "|---|---|---|---|"]
    for size in (25_000, 100_000, 500_000, 1_000_000, 5_000_000):
        larger = grown(document, size)
        raw = orjson.dumps(larger)
        parse(raw, Limits(entries=100_000))
        check = lambda d=larger: validator.bundle(d, urls.profile.REQUEST_BUNDLE)  # noqa: E731
        took = interleaved({"validate": check}, rounds)["validate"]
        per_megabyte = took / (len(raw) / 1e6)
        lines.append(f"| {len(raw):,} | {len(larger['entry'])} | {took:.1f} | {per_megabyte:.1f} |")
    return "\n".join(lines)


def starting() -> str:
    """What the first use costs: reading facts, then compiling what a bundle needs."""
    lines = [
        "| guide | read facts, ms | first bundle (compiles), ms | second, ms |",
        "|---|---|---|---|",
    ]
    for line in ("2.2", "2.0"):
        document = orjson.loads((EXAMPLES / line / "mixed-lines.json").read_bytes())
        began = time.process_time()
        validator = Validator.fresh(line)
        read = time.process_time()
        validator.bundle(document, urls.profile.REQUEST_BUNDLE)
        first = time.process_time()
        validator.bundle(document, urls.profile.REQUEST_BUNDLE)
        second = time.process_time()
        lines.append(
            f"| {line} | {(read - began) * 1000:.0f} | {(first - read) * 1000:.0f} | "
            f"{(second - first) * 1000:.1f} |"
        )
    return "\n".join(lines)
