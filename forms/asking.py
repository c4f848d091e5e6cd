"""How a step looks in chat: the question with its taps, the summary, the offer to go on."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from bot.replies import Say, Tap
from bot.texts import forms as texts
from forms.draft import SUMMARY, Draft
from forms.fields.base import Field
from forms.form import Confirm, Form
from forms.survey import Item, Survey

LINE = 28
"""Columns of a summary line, so that a phone does not break it; a Chinese character takes two."""
RESUME, LEAVE = "resume", "leave"
RESERVED = frozenset({SUMMARY, RESUME, LEAVE})
"""Steps that no field may be called."""


def tap_id(draft: Draft, step: str) -> str:
    """Ties a tap to this draft and step, and one of the summary to these very answers."""
    ending = f".{draft.edits}" if step == SUMMARY else ""
    return f"f.{draft.id}.{step}{ending}"


def is_form_tap(tap: str) -> bool:
    """Whether a tap was made by a form at all."""
    return tap.startswith("f.")


def default_of(item: Item, seen: Survey) -> tuple[str, Any] | None:
    """What "0" would keep: how it is offered, and the value; None when there is nothing to keep."""
    one, given = item.field, seen.given
    if one.is_gathered:
        return None
    if item.is_good:
        shown = texts.left_out(one.label) if item.value is None else one.shown(item.value, given)
        return texts.before(shown), item.value
    usual = one.usual(given)
    if usual is None or one.problem(usual, given) is not None:
        return None
    return texts.usual(one.shown(usual, given)), usual


def step(draft: Draft, seen: Survey, lead: str = "", *, numbered: bool = True) -> Say:
    """The pending step, after what leads to it."""
    item = seen.item(draft.at)
    if item is None:
        return _summary(seen.form.confirm or Confirm(), draft, seen, lead)
    number = texts.number_of(seen.position(draft.at)) + " " if numbered else ""
    question = question_of(draft, seen, item)
    default = default_of(item, seen)
    lines = (lead, f"{number}{question}", default[0] if default else "")
    return Say("\n".join(line for line in lines if line), taps(draft, seen, item))


def inline(draft: Draft, seen: Survey, lead: str) -> Say:
    """The pending step right behind a few words: "接着来：你的手机号？"."""
    if draft.at == SUMMARY:
        return step(draft, seen, lead)
    said = step(draft, seen, numbered=False)
    return Say(lead + said.text, said.taps)


def question_of(draft: Draft, seen: Survey, item: Item) -> str:
    """The words that ask."""
    return texts.WHICH_ONE if _is_which(item.field, draft) else item.field.question(seen.given)


def choices_of(draft: Draft, seen: Survey, item: Item) -> list[tuple[str, str]]:
    """What can be chosen, each with the remark beside it: what was offered last, where that is not fixed."""
    options = item.field.options(seen.given)
    if not draft.offers:
        return [(option.label, option.note) for option in options]
    notes = {repr(option.value): option.note for option in options}
    return [(label, notes.get(repr(value), "")) for label, value in draft.offers]


def taps(draft: Draft, seen: Survey, item: Item) -> tuple[Tap, ...]:
    """What can be tapped at a question."""
    one, here = item.field, tap_id(draft, item.field.key)
    choices = choices_of(draft, seen, item)
    made = [
        Tap(f"{number} {label}" + (f"（{note}）" if note else ""), label, here)
        for number, (label, note) in enumerate(choices, start=1)
    ]
    if not choices:
        made += [Tap(words, id=here) for words in one.suggested(seen.given)]
    if one.optional:
        made.append(Tap(one.skip, id=here))
    if default_of(item, seen) is not None:
        made.append(Tap(f"0 {texts.KEEP}", "0", here))
    return tuple(made)


def offer(form: Form, draft: Draft) -> Say:
    """An unfinished draft of earlier is found again."""
    at = form.by_key.get(draft.at)
    return Say(
        texts.offer(draft.title, at.label if at else ""),
        (
            Tap(texts.RESUME, id=tap_id(draft, RESUME)),
            Tap(form.leave, id=tap_id(draft, LEAVE)),
        ),
    )


def _is_which(one: Field, draft: Draft) -> bool:
    """Whether the last answer had several meanings that are on offer now."""
    return bool(draft.offers) and one.has_fixed_options


def _summary(confirm: Confirm, draft: Draft, seen: Survey, lead: str) -> Say:
    is_whole = seen.first_open() is None
    shows = confirm.shows(seen.given) if confirm.shows and is_whole else {}
    after = confirm.after(seen.given) if confirm.after and is_whole else ""
    hint = seen.position(confirm.hint) if seen.item(confirm.hint) else len(seen.items)
    lines = (lead, confirm.head, listed(seen, shows), after, texts.HOW_TO_CHANGE)
    here = tap_id(draft, SUMMARY)
    return Say(
        "\n".join(line for line in lines if line),
        (Tap(texts.SUBMIT, id=here), Tap(texts.change(hint), id=here)),
    )


def listed(seen: Survey, shows: Mapping[str, str] = MappingProxyType({})) -> str:
    """The answers with their numbers, several to a line; one to a line where something else is shown of some."""
    lines: list[str] = []
    for number, item in enumerate(seen.items, start=1):
        shown = item.field.shown(item.value, seen.given) if item.value is not None else ""
        shown = shows.get(item.field.key, shown)
        entry = f"{number} {shown or texts.left_out(item.field.label)}"
        if lines and not shows and _columns(lines[-1]) + 2 + _columns(entry) <= LINE:
            lines[-1] += f"  {entry}"
        else:
            lines.append(entry)
    return "\n".join(lines)


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
