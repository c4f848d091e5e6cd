"""Numbers that somebody sends. Anybody can send anything."""

from __future__ import annotations


def whole(said: object, *, digits: int = 15) -> int | None:
    """The number in plain digits, few enough for a database; None for whatever is none."""
    if isinstance(said, str) and said.isascii() and said.isdecimal() and len(said) <= digits:
        return int(said)
    return None
