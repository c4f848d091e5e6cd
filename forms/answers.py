"""What has been answered, as the functions of a form see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeAlias

from core.clock import local

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None


class Answers(Mapping[str, Any]):
    """The valid answers so far, typed. What was not answered, or was skipped, is None, never a KeyError.

    Its repr names what was answered, not how: it may hold an ID number.
    """

    __slots__ = ("_values", "_watch")

    def __init__(self, values: Mapping[str, Any] = {}, watch: Callable[[str], None] | None = None) -> None:
        self._values = values
        self._watch = watch

    def __getitem__(self, key: str) -> Any:
        if self._watch is not None:
            self._watch(key)
        return self._values.get(key)

    def get(self, key: str, default: Any = None) -> Any:
        """The answer, or the default where there is none."""
        value = self[key]
        return default if value is None else value

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Answers({', '.join(self._values)})"


@dataclass(frozen=True, slots=True)
class Given:
    """All that a prompt, a list of choices or a check may look at."""

    answers: Answers
    now: datetime
    context: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def today(self) -> date:
        """The date on a calendar here."""
        return local(self.now).date()
