"""What comes with a tap. Anybody can send anything as one."""

from __future__ import annotations

from core.numbers import whole


def number(text: str) -> int:
    """The id in a tap; -1, which names nothing, for whatever is none."""
    found = whole(text)
    return -1 if found is None else found
