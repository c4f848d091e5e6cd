"""What comes with a tap. Anybody can send anything as one."""

from __future__ import annotations


def number(text: str) -> int:
    """The id in a tap; -1, which names nothing, for whatever is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else -1
