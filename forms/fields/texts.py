"""Questions that are answered in one's own words, and the one that asks for agreement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

from bot.texts import answers as texts
from core.visible import tidy
from forms.answers import Given, Json
from forms.fields.base import Field, Got, Heard, Option, Unheard, named
from forms.fields.picks import YesNo


@dataclass(frozen=True)
class Text(Field):
    """Words. `shortest` and `longest` count characters; `into` tidies or completes what was written."""

    _: KW_ONLY
    shortest: int = 1
    longest: int = 200
    into: Callable[[str], str] = tidy

    def hear(self, text: str, given: Given) -> Heard:
        """The words, when their number fits."""
        value = self.into(tidy(text))
        sentence = self._misfit(value)
        return Got(value) if sentence is None else Unheard(sentence)

    def load(self, stored: Json, given: Given) -> str:
        """Words that still fit."""
        if not isinstance(stored, str) or self._misfit(stored) is not None:
            raise named(self.key, "a text of this length")
        return stored

    def show(self, value: Any, given: Given) -> str:
        """The words."""
        return str(value)

    def _misfit(self, value: str) -> str | None:
        if not value:
            return self.said.get("blank", texts.BLANK)
        if len(value) < self.shortest:
            return self.said.get("too_short", texts.too_short(self.shortest))
        if len(value) > self.longest:
            return self.said.get("too_long", texts.too_long(self.longest, len(value)))
        return None


@dataclass(frozen=True)
class Consent(YesNo):
    """Agreement to a text of a certain version. The answer is that version; a no is met with `refusal`.

    A draft that agreed to an older version is asked again.
    """

    _: KW_ONLY
    version: str = ""
    refusal: str = texts.NO_CONSENT
    choices: tuple[Option, ...] | Callable[[Given], Sequence[Option]] = (
        Option(True, "同意", words=("我同意",)),
        Option(False, "不同意", words=("我不同意",)),
    )

    def hear(self, text: str, given: Given) -> Heard:
        """The version that was agreed to."""
        heard = super().hear(text, given)
        if not isinstance(heard, Got):
            return heard
        return Got(self.version) if heard.value is True else Unheard(self.refusal, is_clear=True)

    def load(self, stored: Json, given: Given) -> str:
        """Only this version."""
        if stored != self.version:
            raise named(self.key, "this version")
        return self.version

    def show(self, value: Any, given: Given) -> str:
        """That it was agreed to."""
        return f"{self.label} 同意"

    def tried(self, given: Given) -> tuple[Any, ...]:
        """The one possible answer."""
        return (self.version,)
