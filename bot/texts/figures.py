"""Numbers of people as they are shown: none that tells of a single one."""

from __future__ import annotations

from rules.figures import LEAST

HIDDEN = f"少于 {LEAST}"


def few(count: int, people: int | None = None) -> str:
    """A count that tells nothing about a single person: below `LEAST` people it is not shown."""
    return HIDDEN if (count if people is None else people) < LEAST else str(count)


def about(count: int, people: int) -> str:
    """A sum, rounded down: taking what else is shown away from it tells nothing."""
    return HIDDEN if people < LEAST else f"{count}" if count < 10 else f"{count // 10 * 10} 多"
