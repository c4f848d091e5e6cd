"""The one engine behind every flow that asks several things, one after another.

Pure: a form, a draft, what was said and the time go in, a `Turn` comes out. Nothing is stored, logged or sent
here. Whoever calls it keeps `Turn.draft` (None: forget it), says `Turn.says` and acts on `Turn.outcome`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.replies import Say, Tap
from bot.texts import forms as texts
from forms import asking, words
from forms.draft import Draft, State, new_id, scrub
from forms.form import Form
from forms.migrate import Misfit, migrate
from forms.moves import Outcome, Turn, go, hear_open, onward, settled
from forms.survey import Survey, survey

__all__ = [
    "Outcome",
    "Turn",
    "done",
    "hear",
    "orphan",
    "pending",
    "refuse",
    "repeat",
    "resume",
    "start",
    "where",
]

Context = Mapping[str, Any]


def start(
    form: Form,
    *,
    now: datetime,
    prefill: Mapping[str, Any] | None = None,
    context: Context | None = None,
    draft_id: str | None = None,
) -> Turn:
    """Begin, and ask the first thing that `prefill` (typed answers by key) does not answer already."""
    draft = Draft(draft_id or new_id(), form.name, form.version, form.title, "", now, now, now)
    for key, value in (prefill or {}).items():
        one = form.by_key[key]
        draft = draft.put(key, one.dump(value), sensitive=one.sensitive)
    return onward(replace(draft, prefilled=tuple(prefill or ())), _look(form, draft, now, context), "")


def hear(
    form: Form | None,
    draft: Draft,
    text: str,
    *,
    now: datetime,
    tap: str | None = None,
    context: Context | None = None,
) -> Turn:
    """Take one message. `form` is the one the draft names, None when there is none of that name any more."""
    if form is None:
        return _closed(draft, "form_unknown")
    if draft.state is State.OPEN and now >= draft.deadline_at:
        draft = replace(draft, state=State.EXPIRED, was_offered=False)
    if draft.state is not State.OPEN:
        return _hear_at_rest(form, draft, words.plain(text), now=now, tap=tap or "", context=context)
    try:
        fitted = migrate(form, draft)
    except Misfit as misfit:
        return _closed(draft, misfit.reason)
    return hear_open(fitted, _look(form, fitted, now, context), text, tap or "", is_old=fitted is not draft)


def repeat(
    form: Form | None,
    draft: Draft,
    *,
    now: datetime,
    context: Context | None = None,
    lead: str = texts.GO_ON,
) -> Say | None:
    """The pending question again, after something else was answered; None when none is pending."""
    found = pending(form, draft, now, context)
    return found and asking.inline(*found, lead)


def where(form: Form | None, draft: Draft, *, now: datetime, context: Context | None = None) -> str | None:
    """For 帮助 in the middle of a form: which one, how far, and the words that always work; else None."""
    found = pending(form, draft, now, context)
    if found is None:
        return None
    fitted, seen = found
    return texts.where(fitted.title, seen.position(fitted.at), len(seen.items))


def resume(form: Form | None, draft: Draft, *, now: datetime, context: Context | None = None) -> Turn:
    """Go on with a draft that expired or was handed over: its pending question, with all the time again."""
    if form is None:
        return _closed(draft, "form_unknown")
    if draft.state in (State.GONE, State.SUBMITTED) or now >= draft.keep_until:
        return Turn(None, (Say(texts.GONE),), Outcome.CLOSED, reason="kept_long_enough")
    try:
        fitted = migrate(form, draft)
    except Misfit as misfit:
        return _closed(draft, misfit.reason)
    seen = _look(form, fitted, now, context)
    at = settled(fitted, seen).at
    lead, outcome = (
        (texts.GO_ON, Outcome.ASKED) if fitted is draft else (texts.migrated(form.title), Outcome.MIGRATED)
    )
    still = seen.first_open()
    if still is not None and seen.place(still.field.key) < seen.place(at):  # it does not hold any more
        at, lead = still.field.key, f"{lead}\n{still.sentence}".strip()
    return go(replace(fitted, state=State.OPEN), seen, at, lead=lead, outcome=outcome)


def refuse(
    form: Form,
    draft: Draft,
    wrong: Mapping[str, str],
    *,
    now: datetime,
    context: Context | None = None,
) -> Turn:
    """After a SUBMIT that a rule did not take: ask these items again, each with its sentence."""
    for key in wrong:
        draft = draft.without(key)
    seen = _look(form, draft, now, context)
    key = min(wrong, key=seen.place)
    return go(draft, seen, key, lead="\n".join(wrong.values()), reason="refused")


def done(draft: Draft, receipt: str = "") -> Draft:
    """After a SUBMIT that was taken: no answers are left, only what a second 提交 is told."""
    return scrub(draft, state=State.SUBMITTED, receipt=receipt)


def orphan() -> Turn:
    """A tap of a form that nobody remembers."""
    return Turn(None, (Say(texts.ORPHAN_TAP),), Outcome.PASSED, reason="stale_tap")


def _look(form: Form, draft: Draft, now: datetime, context: Context | None) -> Survey:
    return survey(form, draft, now, context or {})


def pending(
    form: Form | None, draft: Draft, now: datetime, context: Context | None = None
) -> tuple[Draft, Survey] | None:
    """The draft at the step that waits for an answer and what is answered so far; None when none waits."""
    if form is None or draft.state is not State.OPEN or now >= draft.deadline_at:
        return None
    try:
        fitted = migrate(form, draft)
    except Misfit:
        return None
    seen = _look(form, fitted, now, context)
    return settled(fitted, seen), seen


def _closed(draft: Draft, reason: str) -> Turn:
    if draft.state in (State.SUBMITTED, State.GONE):
        return Turn(None, (), Outcome.PASSED, reason=reason)
    return Turn(None, (Say(texts.closed(draft.title), (Tap(texts.PERSON),)),), Outcome.CLOSED, reason=reason)


def _hear_at_rest(
    form: Form, draft: Draft, said: str, *, now: datetime, tap: str, context: Context | None
) -> Turn:
    """A message while a draft is expired, handed over, submitted or gone."""
    if draft.state is State.SUBMITTED:
        if tap.startswith(f"f.{draft.id}.") or said in words.SUBMIT_PLAINLY:
            return Turn(draft, (Say(texts.already(draft.title, draft.receipt)),), Outcome.ALREADY)
        return Turn(draft, (), Outcome.PASSED)
    if draft.state is not State.GONE and now >= draft.keep_until:
        draft = scrub(draft, state=State.GONE)
    if draft.state is State.GONE:
        if said in words.RESUME:
            return Turn(None, (Say(texts.GONE),), Outcome.CLOSED, reason="kept_long_enough")
        return Turn(draft, (), Outcome.PASSED)
    if said in words.RESUME:
        return resume(form, draft, now=now, context=context)
    if said in words.LEAVE or said == words.plain(form.leave):
        return Turn(None, (Say(texts.cancelled(form.title)),), Outcome.CANCELLED)
    if draft.state is State.HANDED_OVER or draft.was_offered or said in words.GLOBAL:
        return Turn(draft, (), Outcome.PASSED)
    return Turn(replace(draft, was_offered=True), (asking.offer(form, draft),), Outcome.EXPIRED)
