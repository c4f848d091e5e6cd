"""The page face of forms: what a page shows of a draft. Answers go through `forms.engine` like those of the chat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.texts import forms as texts
from forms import asking, engine
from forms.draft import Draft, State
from forms.fields import Choice, Date, Money, Number, Phone, Photos, Text, TimeOfDay
from forms.fields.base import Field
from forms.fields.photos import PHOTOS
from forms.form import Confirm, Form
from forms.survey import Item, Survey

LONG = 30
"""A text that may be longer than this gets several lines."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A form in the list of pages."""

    form: str
    about: str


@dataclass(frozen=True, slots=True)
class Pick:
    """One button: what it shows, the remark beside it, and what it says."""

    label: str
    note: str
    says: str


@dataclass(frozen=True, slots=True)
class Question:
    """The question that is asked now. `kind` is how it is written: "", if only a choice will do.

    `typed` fills the field; it is never an answer that the form keeps apart. `photos` are those given so far, each
    with whether it can be shown already.
    """

    key: str
    words: str
    label: str
    kind: str
    picks: tuple[Pick, ...] = ()
    hint: str = ""
    longest: int = 0
    keep: str = ""
    skip: str = ""
    is_sensitive: bool = False
    typed: str = field(default="", repr=False)
    photos: tuple[tuple[int, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One answer in the summary: its number, the question, what it shows (masked), and the words that change it."""

    label: str
    shown: str
    change: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A draft whose question waits. `question` is None when all is answered and only the submit is missing."""

    tap: str
    step: int
    steps: int
    lines: tuple[Line, ...]
    question: Question | None
    is_first: bool
    head: str
    after: tuple[str, ...]
    said: str
    """What the chat would say at this step."""


def sheet(form: Form, draft: Draft, *, now: datetime, context: Mapping[str, Any]) -> Sheet | None:
    """What a page shows of the draft; None when no question waits (it rests, or is over)."""
    found = engine.pending(form, draft, now=now, context=context)
    if found is None:
        return None
    draft, seen = found
    item = seen.item(draft.at)
    confirm = form.confirm or Confirm()
    is_whole = item is None and seen.first_open() is None
    shows = confirm.shows(seen.given) if confirm.shows and is_whole else {}
    after = confirm.after(seen.given) if confirm.after and is_whole else ""
    return Sheet(
        tap=asking.tap_id(draft, draft.at),
        step=seen.position(draft.at),
        steps=len(seen.items),
        lines=_lines(seen, item, shows),
        question=_question(draft, seen, item) if item else None,
        is_first=seen.before(draft.at) is None,
        head=confirm.head,
        after=tuple(after.split("\n")) if after else (),
        said=asking.step(draft, seen).text,
    )


def rests(draft: Draft, now: datetime) -> bool:
    """Whether the draft waits to be taken up again: it was left, or handed to a person, and is kept still."""
    is_asleep = draft.state is State.OPEN and now >= draft.deadline_at
    return (is_asleep or draft.state in (State.EXPIRED, State.HANDED_OVER)) and now < draft.keep_until


def lead(said: str, page: Sheet) -> str:
    """What was said before the question itself, which the page shows in its own way."""
    words = said.removesuffix(page.said).strip().replace(texts.OFFER_A_PERSON, texts.OFFER_HELP)
    return "" if words == texts.GO_ON else words


def _lines(seen: Survey, here: Item | None, shows: Mapping[str, str]) -> tuple[Line, ...]:
    lines = []
    for number, item in enumerate(seen.items, start=1):
        if not item.is_good or (here is not None and item.field.key == here.field.key):
            continue
        one = item.field
        shown = texts.left_out("") if item.value is None else _bare(one, item.value, seen)
        lines.append(Line(one.label, shows.get(one.key, shown).strip(), texts.change(number)))
    return tuple(lines)


def _bare(one: Field, value: Any, seen: Survey) -> str:
    """The answer without its label, which stands beside it."""
    shown = one.masked(value, seen.given) if one.sensitive else one.show(value, seen.given)
    return shown.removeprefix(one.label).strip("（） ") if shown.startswith(one.label) else shown


def _question(draft: Draft, seen: Survey, item: Item) -> Question:
    one = item.field
    choices = asking.choices_of(draft, seen, item)
    picks = [Pick(label, note, label) for label, note in choices]
    if not choices:
        picks = [Pick(words, "", words) for words in one.suggested(seen.given)]
    default = asking.default_of(item, seen)
    words = asking.question_of(draft, seen, item)
    return Question(
        key=one.key,
        words=words,
        label=one.label,
        kind="" if isinstance(one, Photos) and one.is_full(seen.given) else _kind(one, bool(choices)),
        picks=tuple(picks),
        hint="" if choices or texts.EXAMPLE in words else one.shown_example(seen.given),
        longest=one.longest if isinstance(one, Text) else 0,
        keep=_bare(one, default[1], seen) if default and default[1] is not None else "",
        skip=one.skip if one.optional else "",
        is_sensitive=one.sensitive,
        typed=_typed(item),
        photos=_photos(one, seen),
    )


def _photos(one: Field, seen: Survey) -> tuple[tuple[int, bool], ...]:
    there = seen.given.context.get(PHOTOS, {})
    return (
        tuple((number, there[number]) for number in one.kept(seen.given)) if isinstance(one, Photos) else ()
    )


def _kind(one: Field, has_choices: bool) -> str:
    if has_choices:
        return "other" if isinstance(one, Choice) and one.beyond else ""
    if isinstance(one, Text):
        return "lines" if one.longest > LONG else "text"
    kinds = (
        (Photos, "photos"),
        (Phone, "tel"),
        (Date, "date"),
        (TimeOfDay, "time"),
        (Money, "text"),
        (Number, "number"),
    )
    return next((kind for what, kind in kinds if isinstance(one, what)), "text")


def _typed(item: Item) -> str:
    """The earlier answer as it may be changed, where it is one's own words and no secret."""
    one, value = item.field, item.value
    if one.sensitive or value is None:
        return ""
    if isinstance(one, Date):
        return str(value.isoformat())
    return str(value) if isinstance(one, Text | Number) and not isinstance(one, Money) else ""
