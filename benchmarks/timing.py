"""Medians and percentiles of repeated calls."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence


def milliseconds(call: Callable[[], object], repeats: int = 200, warm: int = 20) -> list[float]:
    """How long each of `repeats` calls took, sorted, in milliseconds."""
    for _ in range(warm):
        call()
    gc.collect()
    taken = []
    for _ in range(repeats):
        began = time.perf_counter()
        call()
        taken.append((time.perf_counter() - began) * 1000)
    return sorted(taken)


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of sorted values lie; 0.0 of none."""
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
