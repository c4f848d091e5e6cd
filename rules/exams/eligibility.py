"""Who may sit an exam: requirements as data, each with the words that explain it.

A requirement is {"kind": ..., "words": ...} and what its kind needs. An "age" is checked against the ID number; what
nobody can look up yet ("prior" level, months of "service", anything "other") is agreed to by the person, word by word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from core.errors import Refused
from core.visible import tidy

Requirement = Mapping[str, Any]
NUMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "age": ("least",),
    "prior": ("level",),
    "service": ("months",),
    "other": (),
}
"""The kinds there are, and the numbers that each has."""


def checked(requirements: Sequence[Requirement]) -> list[dict[str, Any]]:
    """The requirements as they are stored. Raises Refused("bad_requirement") for one that does not explain itself."""
    kept = []
    for one in requirements:
        numbers = NUMBERS.get(one.get("kind", ""))
        if numbers is None or not tidy(str(one.get("words", ""))):
            raise Refused("bad_requirement")
        if not all(isinstance(one.get(name), int) and one[name] > 0 for name in numbers):
            raise Refused("bad_requirement")
        kept.append(dict(one))
    return kept


def unmet(requirements: Sequence[Requirement], *, born: date, on: date) -> str | None:
    """The words of the first requirement that somebody born then does not meet on the day of the exam."""
    for one in requirements:
        if one["kind"] == "age" and _age(born, on) < one["least"]:
            return str(one["words"])
    return None


def stated(requirements: Sequence[Requirement]) -> list[str]:
    """The words of what the person has to state, because nothing here can tell."""
    return [str(one["words"]) for one in requirements if one["kind"] != "age"]


def _age(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
