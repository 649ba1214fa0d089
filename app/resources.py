"""Where the data folders are: in the wheel under `app/_data`, in a checkout beside `app`."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def data(name: str) -> Path:
    """The folder `profiles`, `capability`, `policies` or `examples`; KeyError for another name."""
    if name not in ("profiles", "capability", "policies", "examples"):
        raise KeyError(name)
    packed = _PACKAGE / "_data" / name
    return packed if packed.is_dir() else _PACKAGE.parent / name
