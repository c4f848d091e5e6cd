"""What a message does to an open draft: each function gives the turn that follows. Entered by forms/engine.py."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.replies import Say, Tap
from bot.texts import forms as texts
from forms import asking, words
from forms.answers import Answers
from forms.draft import SUMMARY, Draft, State, next_id
from forms.fields.base import Either, Field, Got, Heard, More, Unheard
from forms.fields.picks import pick
from forms.form import Form
from forms.survey import Item, Survey, survey
from forms.words import Word

EXAMPLE_AFTER, PERSON_AFTER = 2, 3
"""Wrong answers in a row to one question after which an example is shown, and a person offered."""


class Outcome(enum.Enum):
    """What a message did to a form."""

    ASKED = "asked"  # a question is pending; `says` has it
    SUBMIT = "submit"  # all is answered; `answers` has it. Then call `done`, or `refuse`
    CANCELLED = "cancelled"
    HANDED_OVER = "handed_over"  # queue the draft for staff
    EXPIRED = "expired"  # too late to be an answer; `says` offers to go on
    MIGRATED = "migrated"  # the form changed meanwhile; the question is asked again
    CLOSED = "closed"  # the draft cannot go on; `says` tells why
    ALREADY = "already"  # it was submitted before; `says` has the first result
    PASSED = "passed"  # not for the form: the router goes on, then calls `repeat`


@dataclass(frozen=True, slots=True)
class Turn:
    """What came of one message. `reason` is a code for metrics, without anything personal."""

    draft: Draft | None
    says: tuple[Say, ...]
    outcome: Outcome
    answers: Answers | None = None
    reason: str = ""


def hear_open(draft: Draft, seen: Survey, text: str, tap: str, *, is_old: bool) -> Turn:
    """A message while a question is pending."""
    form, said = seen.form, words.plain(text)
    if asking.is_form_tap(tap) and tap != asking.tap_id(draft, draft.at) and not is_old:
        return _same(draft, seen, lead=texts.STALE_TAP, reason="stale_tap")
    word = words.GLOBAL.get(said)
    if word in (Word.MENU, Word.HELP):
        return Turn(draft, (), Outcome.PASSED)
    if word is Word.CANCEL or said == words.plain(form.leave):
        return Turn(None, (Say(texts.cancelled(form.title)),), Outcome.CANCELLED)
    if word is Word.PERSON:
        kept = replace(_alive(form, draft, seen.given.now), state=State.HANDED_OVER)
        return Turn(kept, (Say(texts.handed_over(form.title), (Tap(texts.RESUME),)),), Outcome.HANDED_OVER)
    if word is Word.RESTART:
        return _restart(draft, seen)
    moved = settled(draft, seen)
    if is_old or moved is not draft:
        return go(moved, seen, moved.at, lead=texts.migrated(form.title), outcome=Outcome.MIGRATED)
    if word is Word.BACK:
        return _back(draft, seen)
    if said in words.RESUME or not said:
        return _same(draft, seen, lead=texts.GO_ON)
    item = seen.item(draft.at)
    if item is None:
        return _hear_summary(draft, seen, text, said)
    if said == texts.SUBMIT:  # typed too early; it is nobody's name
        return _same(draft, seen, lead=texts.NOT_YET)
    return _answer(draft, seen, item, text)


def _relook(seen: Survey, draft: Draft) -> Survey:
    return survey(seen.form, draft, seen.given.now, seen.given.context)


def settled(draft: Draft, seen: Survey) -> Draft:
    """The draft at a step that there is: what is asked may have changed since."""
    if draft.at == SUMMARY or seen.item(draft.at) is not None:
        return draft
    return replace(draft, at=seen.after(draft.at, draft.until), offers=(), is_change=False)


def _alive(form: Form, draft: Draft, now: datetime) -> Draft:
    """The draft with its time running from now."""
    deadline = now + form.deadline
    return replace(draft, deadline_at=deadline, keep_until=deadline + form.keep)


def go(
    draft: Draft,
    seen: Survey,
    to: str,
    *,
    lead: str = "",
    reason: str = "",
    outcome: Outcome = Outcome.ASKED,
    is_change: bool = False,
) -> Turn:
    """Ask a step anew; instead of the summary, what does not hold any more."""
    still = seen.first_open() if to == SUMMARY else None
    if still is not None:
        to, lead = still.field.key, "\n".join(line for line in (lead, still.sentence) if line)
    item = seen.item(to)
    offers: tuple[tuple[str, Any], ...] = ()
    if item is not None and not item.field.has_fixed_options:
        offers = tuple((option.label, option.value) for option in item.field.options(seen.given))
    draft = replace(
        _alive(seen.form, draft, seen.given.now),
        at=to,
        until="" if seen.place(to) >= seen.place(draft.until) else draft.until,
        offers=offers,
        is_change=is_change,
        wrong=0,
    )
    return Turn(draft, (asking.step(draft, seen, lead),), outcome, reason=reason)


def _same(draft: Draft, seen: Survey, *, lead: str, reason: str = "") -> Turn:
    """The pending step once more, as it stands."""
    draft = _alive(seen.form, draft, seen.given.now)
    return Turn(draft, (asking.step(draft, seen, lead),), Outcome.ASKED, reason=reason)


def onward(draft: Draft, seen: Survey, key: str, lead: str = "") -> Turn:
    """From an answered question to what comes next."""
    to = seen.after(key, draft.until)
    if to == SUMMARY and seen.form.confirm is None:
        return _submit(replace(_alive(seen.form, draft, seen.given.now), at=SUMMARY), seen)
    item = seen.item(to)
    lost = item.sentence if item else ""
    return go(draft, seen, to, lead="\n".join(line for line in (lead, lost) if line))


def _back(draft: Draft, seen: Survey) -> Turn:
    """One step back; all answers stay, and are offered again on the way forward."""
    if draft.is_change and seen.first_open() is None:
        return go(draft, seen, SUMMARY, lead=_unless_gathered(seen.item(draft.at), texts.UNCHANGED))
    to = seen.before(draft.at)
    if to is None:
        return _same(draft, seen, lead=texts.ALREADY_FIRST)
    until = max(draft.until, draft.at, key=seen.place)
    return go(replace(draft, until=until), seen, to)


def _restart(draft: Draft, seen: Survey) -> Turn:
    """From the first question, under a new id, so that old taps are known as old."""
    again = Draft(
        next_id(draft.id),
        draft.form,
        draft.version,
        draft.title,
        "",
        seen.given.now,
        draft.deadline_at,
        draft.keep_until,
        prefilled=draft.prefilled,
    )
    for key in draft.prefilled:
        again = again.put(key, draft.stored(key), sensitive=key in draft.secrets)
    return onward(again, _relook(seen, again), "", texts.FROM_THE_START)


def _submit(draft: Draft, seen: Survey) -> Turn:
    """Hand over the answers that apply, or ask again for what does not hold any more."""
    still = seen.first_open()
    if still is not None:
        return go(draft, seen, still.field.key, lead=still.sentence, reason="no_longer_holds")
    answers = Answers({item.field.key: item.value for item in seen.items})
    return Turn(_alive(seen.form, draft, seen.given.now), (), Outcome.SUBMIT, answers)


def _hear_summary(draft: Draft, seen: Survey, text: str, said: str) -> Turn:
    if said in words.SUBMIT:
        return _submit(draft, seen)
    change = _change(text, said, seen)
    if change is None:
        return _wrong(draft, seen, texts.NOT_UNDERSTOOD_SUMMARY)
    number, value = change
    if not 1 <= number <= len(seen.items):
        return _same(draft, seen, lead=texts.no_such_item(len(seen.items)), reason="no_such_item")
    item = seen.items[number - 1]
    opened = go(draft, seen, item.field.key, is_change=True)
    return _answer(opened.draft, seen, item, value) if value and opened.draft else opened


def _change(text: str, said: str, seen: Survey) -> tuple[int, str] | None:
    """Which item a message at the summary changes, by number or by name, and the new value if it has one."""
    if (found := words.change(text)) is not None:
        return found
    if said.isdecimal() and len(said) <= 2:
        return int(said), ""
    for number, item in enumerate(seen.items, start=1):
        for verb in ("改", "修改", "改一下"):
            if text.strip().startswith(verb + item.field.label):
                return number, text.strip().removeprefix(verb + item.field.label).strip(" ，,：:成为")
    return None


def _answer(draft: Draft, seen: Survey, item: Item, text: str) -> Turn:
    """An answer to the pending question."""
    one, said = item.field, words.plain(text)
    default = asking.default_of(item, seen) if said in words.KEEP else None
    if default is not None:
        return _take(draft, seen, item, default[1])
    if one.optional and (said in words.SKIP or said == words.plain(one.skip)):
        return _take(draft, seen, item, None)
    heard = _narrowed(_heard(draft, one, text, seen), one, seen)
    if isinstance(heard, Unheard):
        return _wrong(draft, seen, heard.sentence, is_clear=heard.is_clear)
    if isinstance(heard, Either):
        offers = tuple((label, one.dump(value)) for label, value in heard.options)
        return _same(replace(draft, offers=offers, wrong=0), seen, lead="", reason="ambiguous")
    if isinstance(heard, More):
        kept = _kept(draft, one, heard.value) if heard.value else draft.without(one.key)
        return go(kept, _relook(seen, kept), one.key, is_change=draft.is_change)
    if beside := one.beside(heard.value, text, seen.given):
        for key, stored in beside.items():
            draft = draft.put(key, stored, sensitive=seen.form.by_key[key].sensitive)
        draft = replace(draft, until="")  # what was said just now is not offered to keep
        seen = _relook(seen, draft)
        item = seen.item(one.key) or item
    return _take(draft, seen, item, heard.value)


def _heard(draft: Draft, one: Field, text: str, seen: Survey) -> Heard:
    """Read an answer; numbers count in the list that was shown, whatever it would be by now."""
    if not draft.offers:
        return one.hear(text, seen.given)
    others = {repr(option.value): option.words for option in one.options(seen.given)}
    picked = pick(text, [(label, value, others.get(repr(value), ())) for label, value in draft.offers])
    if picked is None:
        return (one.hear if one.has_fixed_options else one.hear_beyond)(text, seen.given)
    try:
        return Got(one.load(picked[0], seen.given))
    except ValueError:
        return Unheard(one.lost)


def _narrowed(heard: Heard, one: Field, seen: Survey) -> Heard:
    """Only meanings that pass the checks: one is the answer, several are asked about, none is wrong."""
    if isinstance(heard, Unheard | More):
        return heard
    options = heard.options if isinstance(heard, Either) else (("", heard.value),)
    problems = [one.problem(value, seen.given) for _, value in options]
    right = [option for option, sentence in zip(options, problems, strict=True) if sentence is None]
    if not right:
        return Unheard(next((sentence for sentence in problems if sentence), one.invalid))
    return Got(right[0][1]) if len(right) == 1 else Either(tuple(right))


def _take(draft: Draft, seen: Survey, item: Item, value: Any) -> Turn:
    """Keep a right answer and go on."""
    one, lead = item.field, texts.CHANGED if draft.is_change else ""
    if item.is_good and value == item.value:
        return onward(
            draft, seen, one.key, _unless_gathered(item, texts.UNCHANGED) if draft.is_change else ""
        )
    kept = _kept(draft, one, value)
    return onward(kept, _relook(seen, kept), one.key, lead)


def _kept(draft: Draft, one: Field, value: Any) -> Draft:
    kept = draft.put(one.key, None if value is None else one.dump(value), sensitive=one.sensitive)
    return replace(kept, prefilled=tuple(key for key in draft.prefilled if key != one.key))


def _unless_gathered(item: Item | None, lead: str) -> str:
    """Of what is gathered nobody knows any more whether it was the same before."""
    return "" if item is not None and item.field.is_gathered else lead


def _wrong(draft: Draft, seen: Survey, sentence: str, *, is_clear: bool = False) -> Turn:
    """Say what was not right; the second time with an example, from the third on with a person to ask."""
    wrong = 0 if is_clear else draft.wrong + 1
    item = seen.item(draft.at)
    if item is not None and not item.field.has_fixed_options:
        options = item.field.options(seen.given)
        draft = replace(draft, offers=tuple((option.label, option.value) for option in options))
    elif draft.offers:
        draft = replace(draft, offers=())
    draft = replace(_alive(seen.form, draft, seen.given.now), wrong=wrong)
    example = item.field.shown_example(seen.given) if item else ""
    lines = [sentence]
    if wrong >= EXAMPLE_AFTER and example:
        lines.append(texts.example(example))
    if wrong >= PERSON_AFTER:
        lines.append(texts.OFFER_A_PERSON)
    shown = asking.step(draft, seen).taps if item is None else asking.taps(draft, seen, item)
    if wrong >= PERSON_AFTER:
        shown = (*shown, Tap(texts.PERSON))
    return Turn(draft, (Say("\n".join(lines), shown),), Outcome.ASKED, reason="unclear")
