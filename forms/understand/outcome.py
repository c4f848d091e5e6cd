"""What can come of reading an answer: it is understood, it has a few meanings, or it is unclear."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from core.hanzi import fold

T = TypeVar("T")
U = TypeVar("U")

MOST = 120  # characters: nobody writes a date or a phone number longer than this


@dataclass(frozen=True, slots=True)
class Understood(Generic[T]):
    """One meaning."""

    value: T


class Choice(NamedTuple, Generic[T]):
    """One possible meaning, and how to write it on a tap."""

    value: T
    label: str


@dataclass(frozen=True, slots=True)
class Ambiguous(Generic[T]):
    """Two or more meanings, the likelier first: ask which."""

    options: tuple[Choice[T], ...]


@dataclass(frozen=True, slots=True)
class Unclear:
    """No meaning that can be used: a code, and the facts that words for it need (never the answer itself)."""

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)


Reading: TypeAlias = Understood[T] | Ambiguous[T] | Unclear


def settle(values: Iterable[T], label: Callable[[T], str], *, none: Unclear) -> Reading[T]:
    """One value is understood, several are a choice in the given order, none is `none`."""
    found = list(dict.fromkeys(values))
    if not found:
        return none
    if len(found) == 1:
        return Understood(found[0])
    return Ambiguous(tuple(Choice(value, label(value)) for value in found))


def meanings(reading: Reading[T]) -> list[T]:
    """Every value that the reading leaves open."""
    if isinstance(reading, Understood):
        return [reading.value]
    if isinstance(reading, Ambiguous):
        return [option.value for option in reading.options]
    return []


_UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""What a phone puts around a number that is copied from its contacts."""


def tidy(text: str) -> str:
    """Folded to half-width simplified lower case, no outer blanks or closing marks, cut after `MOST` characters.

    A text that is longer keeps a mark that no pattern accepts, so that it is never read in part.
    """
    folded = (
        _UNSEEN.sub("", fold(text[: MOST + 1]))
        .lower()
        .replace("○", "〇")
        .replace("－", "-")
        .replace("—", "-")
    )
    folded = folded.strip(" \t\r\n\u200b\ufeff.,。!?;、~…")
    return folded if len(text) <= MOST else folded + "\0"
