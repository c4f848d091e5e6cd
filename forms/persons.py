"""Somebody wants to be forgotten: what goes and stays is read first, then four words are typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.texts import persons as texts
from forms.answers import Given
from forms.fields import Choice, Option, Text
from forms.form import Asker, Form
from forms.words import plain

WORDS = "确认注销"


def look(asker: Asker) -> Mapping[str, Any]:
    """How long what has to stay stays."""
    return {"years": asker.config.persons.exam_years}


def _what_goes(given: Given) -> str:
    return texts.what_goes(given.context.get("years", 0))


def _is_meant(value: str, given: Given) -> str | None:
    return None if plain(value) == WORDS else texts.NOT_SURE


ERASE = Form(
    "erase",
    "注销",
    1,
    (
        Choice(
            "read",
            "看过了",
            _what_goes,
            (Option("yes", "看清楚了，要注销", words=("看清楚了", "要注销", "继续注销")),),
        ),
        Text("sure", "确认", texts.SURE, example=WORDS, longest=20, checks=(_is_meant,)),
    ),
    confirm=None,
    leave="不注销了",
    context=look,
)
