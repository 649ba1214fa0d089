"""Large pages are asked for where Linux has them and memory is in use, and never do harm."""

from __future__ import annotations

from pathlib import Path

from app.huge import PAGE, _places, settle

MAPPING = """{start:x}-{end:x} {kind} 00000000 00:00 0 {name}
Size:{size:>15} kB
KernelPageSize:        4 kB
MMUPageSize:           4 kB
Rss:{rss:>16} kB
Pss:{rss:>16} kB
"""


def mapping(start: int, pages: float, rss: int, kind: str = "rw-p", name: str = "") -> str:
    """A mapping as /proc/self/smaps tells of it; `rss` in hundredths of its size."""
    size = int(pages * PAGE)
    parts = {"size": size // 1024, "rss": size * rss // 102_400}
    return MAPPING.format(start=start, end=start + size, kind=kind, name=name, **parts)


def test_whole_pages_of_full_mappings_are_taken() -> None:
    """Not a stack, which is nearly empty, nor what belongs to a file, nor what cannot be written."""
    smaps = (
        mapping(8 * PAGE + 4096, 3, rss=90)
        + mapping(20 * PAGE, 4, rss=10)
        + mapping(30 * PAGE, 2, rss=100, name="/lib/libpython3.11.so")
        + mapping(40 * PAGE, 2, rss=100, kind="r-xp")
        + mapping(50 * PAGE, 1, rss=80, name="[heap]")
    )
    assert list(_places(smaps)) == [9 * PAGE, 10 * PAGE, 50 * PAGE]


def test_without_linux_nothing_happens(tmp_path: Path) -> None:
    assert settle(tmp_path / "missing") == 0
