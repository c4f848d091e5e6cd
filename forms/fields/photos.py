"""Pictures: a question that is answered with several messages."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, Final

from bot.texts import answers as texts
from forms.answers import Given, Json
from forms.fields.base import Field, Got, Heard, More, Unheard, named
from forms.words import SUBMIT, plain

PHOTOS: Final = "photos"
"""Where `Given.context` has what this person gave and did not hand in yet: each number, and whether it is here."""
_SENT = re.compile(r"\[照片 (\d{1,18})\]")
_DONE = SUBMIT | {plain(texts.DONE), "0", "完了", "发完了", "没了", "没有了", "就这些", "可以了"}


def sent(number: int) -> str:
    """How a photo that came in is told to a form. Whoever types this names one of their own, or nothing."""
    return f"[照片 {number}]"


@dataclass(frozen=True)
class Photos(Field):
    """Up to `most` photos, one message each, until 好了. The answer are their numbers (models/photos.py)."""

    _: KW_ONLY
    most: int | Callable[[Given], int] = 6
    style: str = "照片：{}"
    example: str = texts.HOW_TO_SEND
    invalid: str = texts.PHOTO_WANTED
    lost: str = texts.PHOTO_LOST
    is_gathered: ClassVar[bool] = True

    def kept(self, given: Given) -> tuple[int, ...]:
        """Those so far."""
        return given.answers[self.key] or ()

    def is_full(self, given: Given) -> bool:
        """Whether no more are taken."""
        return len(self.kept(given)) >= self._most(given)

    def question(self, given: Given) -> str:
        """What is wanted; later, how many there are."""
        count = len(self.kept(given))
        return texts.photos_so_far(count, self._most(given)) if count else super().question(given)

    def suggested(self, given: Given) -> tuple[str, ...]:
        """That it is enough, or that the last one was the wrong one."""
        return (texts.DONE, texts.NOT_THE_LAST) if self.kept(given) else ()

    def hear(self, text: str, given: Given) -> Heard:
        """One more, one less, or enough."""
        kept, said = self.kept(given), plain(text)
        if (found := _SENT.fullmatch(text)) is not None:
            number = int(found[1])
            if number not in given.context.get(PHOTOS, ()):
                return Unheard(self.invalid)
            if number not in kept and self.is_full(given):
                return Unheard(texts.photos_enough(self._most(given)))
            return More((*kept, *({number} - {*kept})))
        if kept and said == plain(texts.NOT_THE_LAST):
            return More(kept[:-1])
        return Got(kept) if kept and said in _DONE else Unheard(self.invalid)

    def problem(self, value: Any, given: Given) -> str | None:
        """No more than fit, then the checks."""
        most = self._most(given)
        return texts.photos_enough(most) if len(value) > most else super().problem(value, given)

    def dump(self, value: Any) -> Json:
        """The numbers."""
        return list(value)

    def load(self, stored: Json, given: Given) -> tuple[int, ...]:
        """Those that are there still: one that WeChat did not give is gone."""
        there = given.context.get(PHOTOS, ())
        value = (
            tuple(one for one in stored if isinstance(one, int) and one in there)
            if isinstance(stored, list)
            else ()
        )
        if not value:
            raise named(self.key, "photos")
        return value

    def show(self, value: Any, given: Given) -> str:
        """2 张."""
        return f"{len(value)} 张"

    def tried(self, given: Given) -> tuple[Any, ...]:
        """Nobody types a picture."""
        return ()

    def _most(self, given: Given) -> int:
        return self.most(given) if callable(self.most) else self.most
