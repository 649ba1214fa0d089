"""From a source (fullUrl and element) back to a FHIRPath expression from the Bundle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def expression(bundle: Mapping[str, Any], full_url: str, element: str = "") -> str:
    """`Bundle.entry[2].resource.identifier[0]`, or "" when no entry has that address."""
    entries = bundle.get("entry")
    for position, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict) and entry.get("fullUrl") == full_url:
            path = f"Bundle.entry[{position}].resource"
            return f"{path}.{element}" if element else path
    return ""
