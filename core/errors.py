"""The two expected kinds of "no". Anything else that is raised is a bug and is caught at an entrance."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias, TypeVar


class Refused(Exception):
    """A rule says no: a code for the entrance to find words for, and the facts those words need."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class Noted(Refused):
    """A no that the rule wrote down: the entrance commits, then finds words. Rolled back, it would never have been."""


T = TypeVar("T")
Outcome: TypeAlias = bool | Refused
"""What one of many comes to: whether it changes anything, or why it may not be."""


def outcomes(judge: Callable[[T], bool], many: Iterable[T]) -> list[Outcome]:
    """What each comes to; `judge` raises Refused."""

    def outcome(one: T) -> Outcome:
        try:
            return judge(one)
        except Refused as refused:
            return refused

    return [outcome(one) for one in many]


def all_are_right(found: Iterable[Outcome]) -> bool:
    """Whether none was refused."""
    return not any(isinstance(one, Refused) for one in found)


def changed(found: Iterable[Outcome]) -> int:
    """How many change anything. Raises Refused where one was."""
    count = 0
    for outcome in found:
        if isinstance(outcome, Refused):
            raise outcome
        count += outcome
    return count
