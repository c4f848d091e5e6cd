"""What every field has: the question, how an answer is read, checked, stored and shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, ClassVar, TypeAlias

from bot.texts import answers as texts
from forms.answers import Answers, Given, Json
from forms.understand.outcome import Ambiguous, Reading, Understood


@dataclass(frozen=True, slots=True)
class Got:
    """The answer was read: a typed value."""

    value: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class Either:
    """The answer may mean one of these; ask which."""

    options: tuple[tuple[str, Any], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unheard:
    """The answer could not be read: what to say about it (never the answer itself).

    `is_clear`: it was understood and is not enough, as a no to a consent; nobody is shown how to say something else.
    """

    sentence: str
    is_clear: bool = False


@dataclass(frozen=True, slots=True)
class More:
    """A part of the answer, together with the parts before: keep it, and ask on. An empty one is no answer."""

    value: Any = field(repr=False)


Heard: TypeAlias = Got | Either | More | Unheard
Check: TypeAlias = Callable[[Any, Given], str | None]
"""Looks at a typed answer and at earlier ones, and says in one kind sentence what is wrong, or None."""


@dataclass(frozen=True, slots=True)
class Option:
    """One choice: the value that is kept, what is shown, a remark beside it, and other words that mean it."""

    value: Json
    label: str
    note: str = ""
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Field:
    """One question. Subclasses read (`hear`), store (`dump`, `load`) and show (`show`) their kind of answer.

    `depends_on` names the earlier fields that the prompt, the choices, `when` and the checks look at.
    `when` says whether the question is asked at all; it must cope with answers that are None.
    `default` is a typed value, or a function, offered as "回复 0". `skip` is the tap of an optional question;
    `suggest` are answers worth a tap where people write freely. `style` frames the answer where it is shown.
    A sensitive answer is kept apart, shown masked, and never part of a repr. `invalid` replaces the general
    sentence for what cannot be read, `said` the one of a single code; `lost` is said when a stored answer is
    none any more. `samples` are typed answers
    that the linter tries beside the example, where a later `when` looks at an answer that is not a choice.
    """

    key: str
    label: str
    prompt: str | Callable[[Given], str]
    _: KW_ONLY
    example: str = ""
    depends_on: tuple[str, ...] = ()
    when: Callable[[Answers], bool] | None = None
    optional: bool = False
    skip: str = "跳过"
    suggest: tuple[str, ...] = ()
    style: str = "{}"
    default: Any = None
    sensitive: bool = False
    checks: tuple[Check, ...] = ()
    invalid: str = texts.UNCLEAR
    lost: str = texts.LOST
    said: Mapping[str, str] = field(default_factory=dict)
    samples: tuple[Any, ...] = ()
    is_gathered: ClassVar[bool] = False
    """Whether several messages make the answer; then the question itself says what there is so far."""

    def question(self, given: Given) -> str:
        """The words that ask for it."""
        return self.prompt if isinstance(self.prompt, str) else self.prompt(given)

    def hear(self, text: str, given: Given) -> Heard:
        """Read what somebody wrote."""
        raise NotImplementedError

    def hear_beyond(self, text: str, given: Given) -> Heard:
        """Read what was none of the choices shown, where those are made for the moment."""
        return Unheard(self.invalid)

    def beside(self, value: Any, text: str, given: Given) -> Mapping[str, Json]:
        """What the words of a right answer say of later fields too, stored, by key; {} by default."""
        return {}

    def options(self, given: Given) -> Sequence[Option]:
        """What can be chosen; empty where people write freely."""
        return ()

    def suggested(self, given: Given) -> tuple[str, ...]:
        """What is worth a tap where people write freely."""
        return self.suggest

    @property
    def has_fixed_options(self) -> bool:
        """Whether the choices are the same for everybody at any time."""
        return True

    def dump(self, value: Any) -> Json:
        """The typed value as JSON."""
        stored: Json = value
        return stored

    def load(self, stored: Json, given: Given) -> Any:
        """The typed value of what was stored. Raises ValueError when it is not (any more) one of this field."""
        raise NotImplementedError

    def show(self, value: Any, given: Given) -> str:
        """The value in a summary."""
        return str(value)

    def masked(self, value: Any, given: Given) -> str:
        """A sensitive value in a summary: enough to recognise one's own, too little for anybody else."""
        return f"{self.label}（已填）"

    def shown(self, value: Any, given: Given) -> str:
        """What the summary may show of the value."""
        return self.style.format(self.masked(value, given) if self.sensitive else self.show(value, given))

    def usual(self, given: Given) -> Any:
        """The default, None when there is none."""
        return self.default(given) if callable(self.default) else self.default

    def shown_example(self, given: Given) -> str:
        """An answer that would be right."""
        return self.example

    def tried(self, given: Given) -> tuple[Any, ...]:
        """Typed answers for the linter: every choice, or the example, and `samples`."""
        options = self.options(given)
        if options:
            return tuple(option.value for option in options)
        heard = self.hear(self.example, given)
        return (*((heard.value,) if isinstance(heard, Got) else ()), *self.samples)

    def sentence(self, code: str, facts: Mapping[str, Any]) -> str:
        """What is said about something that could not be read."""
        return self.said.get(code) or texts.unclear(code, facts)

    def problem(self, value: Any, given: Given) -> str | None:
        """The first thing the checks find wrong."""
        return next((sentence for check in self.checks if (sentence := check(value, given))), None)


def named(value: str, kind: str) -> ValueError:
    """The error of `load`, which never tells the value."""
    return ValueError(f"{value}: stored answer is not {kind}")


def from_reading(reading: Reading[Any], sentence: Callable[[str, Mapping[str, Any]], str]) -> Heard:
    """What `forms.understand` made of a text, as a field says it."""
    if isinstance(reading, Understood):
        return Got(reading.value)
    if isinstance(reading, Ambiguous):
        return Either(tuple((option.label, option.value) for option in reading.options))
    return Unheard(sentence(reading.code, reading.facts))
