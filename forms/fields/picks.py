"""Questions that are answered by choosing: by number, by label, by a tap."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

from bot.texts import answers as texts
from forms.answers import Given, Json
from forms.fields.base import Field, Got, Heard, Option, Unheard, from_reading, named
from forms.understand.numbers import number
from forms.understand.outcome import Understood
from forms.understand.yes_no import yes_no
from forms.words import plain

_COUNT = re.compile(r"(?:我?[选選]|第)*(.{1,4}?)(?:[个号项]|吧)*")
_NUMBERED = re.compile(r"(\d{1,2})[.、:)\s]*(.+)")
_NOT = re.compile("[不没别非无未和或跟与/、?]")


@dataclass(frozen=True)
class Choice(Field):
    """One of a list, fixed or made for the moment (`choices` as a function). The answer is `Option.value`.

    `beyond` reads what names none of the choices, a date for instance where only the next few days are shown.
    """

    choices: tuple[Option, ...] | Callable[[Given], Sequence[Option]] = ()
    _: KW_ONLY
    invalid: str = texts.NOT_A_CHOICE
    lost: str = texts.CHOICE_GONE
    empty: str = texts.NOTHING_TO_CHOOSE
    beyond: Callable[[str, Given], Heard] | None = None

    def question(self, given: Given) -> str:
        """The words that ask; or that there is nothing to choose from right now."""
        return super().question(given) if self.options(given) else self.empty

    def options(self, given: Given) -> Sequence[Option]:
        """The choices at this moment."""
        return self.choices if isinstance(self.choices, tuple) else self.choices(given)

    @property
    def has_fixed_options(self) -> bool:
        """Whether they were declared as a list."""
        return isinstance(self.choices, tuple)

    def hear(self, text: str, given: Given) -> Heard:
        """A number, a label, or words of an option."""
        value = pick(text, named_options(self.options(given)))
        return self.hear_beyond(text, given) if value is None else Got(value[0])

    def hear_beyond(self, text: str, given: Given) -> Heard:
        """What `beyond` makes of it."""
        return self.beyond(text, given) if self.beyond else Unheard(self.invalid)

    def load(self, stored: Json, given: Given) -> Any:
        """Only what can still be chosen."""
        if all(option.value != stored for option in self.options(given)):
            raise named(self.key, "a choice")
        return stored

    def show(self, value: Any, given: Given) -> str:
        """The label."""
        return next((option.label for option in self.options(given) if option.value == value), str(value))

    def shown_example(self, given: Given) -> str:
        """The first choice with its number."""
        if self.example:
            return self.example
        return next((f"1 {option.label}" for option in self.options(given)), "")


@dataclass(frozen=True)
class YesNo(Choice):
    """Yes or no; the answer is a bool."""

    choices: tuple[Option, ...] | Callable[[Given], Sequence[Option]] = (
        Option(True, "是"),
        Option(False, "不是"),
    )

    def hear(self, text: str, given: Given) -> Heard:
        """A label, a number, or any way of saying yes or no."""
        value = pick(text, named_options(self.options(given)), strictly=True)
        return Got(value[0]) if value else from_reading(yes_no(text), self.sentence)

    def show(self, value: Any, given: Given) -> str:
        """What it is about, and the label."""
        return f"{self.label} {super().show(value, given)}"


def named_options(options: Sequence[Option]) -> list[tuple[str, Any, Sequence[str]]]:
    """The options as `pick` takes them."""
    return [(option.label, option.value, option.words) for option in options]


def pick(
    text: str, options: Sequence[tuple[str, Any, Sequence[str]]], *, strictly: bool = False
) -> tuple[Any] | None:
    """The chosen value in a tuple, or None. Options are (label, value, other words).

    `strictly` takes no label out of a longer sentence.
    """
    said = plain(text)
    if not said:
        return None
    for label, value, words in options:
        if said == plain(label) or said in {plain(word) for word in words}:
            return (value,)
    if (position := _position(said, options)) is not None:
        return (options[position][1],) if 0 <= position < len(options) else None
    return None if strictly else _begun(said, options) or _contained(said, options)


def _position(said: str, options: Sequence[tuple[str, Any, Sequence[str]]]) -> int | None:
    """Which one is meant by "2", "第二个", "选2" or "2 女"; None when there is no number in it."""
    if (counted := _COUNT.fullmatch(said)) is not None:
        reading = number(counted[1])
        if isinstance(reading, Understood):
            return reading.value - 1
    if (numbered := _NUMBERED.fullmatch(said)) is not None:
        position = int(numbered[1]) - 1
        if 0 <= position < len(options) and plain(options[position][0]).startswith(numbered[2]):
            return position
    return None


def _begun(said: str, options: Sequence[tuple[str, Any, Sequence[str]]]) -> tuple[Any] | None:
    """The one option whose label begins with what was said (电镀工 for 电镀工（五级）)."""
    found = [value for label, value, _ in options if len(said) >= 2 and plain(label).startswith(said)]
    return (found[0],) if len(found) == 1 else None


def _contained(said: str, options: Sequence[tuple[str, Any, Sequence[str]]]) -> tuple[Any] | None:
    """The one option whose label stands in a short sentence (我是女的), unless it denies, doubts or counts."""
    if re.search(r"\d", said):
        return None
    found = [
        (len(label), value, label)
        for name, value, words in options
        for label in (plain(name), *(plain(word) for word in words))
        if len(label) >= 1 and label in said and len(said) <= len(label) + 4
    ]
    if not found:
        return None
    longest = max(length for length, _, _ in found)
    best = {repr(value): (value, label) for length, value, label in found if length == longest}
    if len(best) != 1:
        return None
    value, label = next(iter(best.values()))
    return None if _NOT.search(said.replace(label, "")) else (value,)
