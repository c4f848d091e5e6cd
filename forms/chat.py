"""The chat face of forms: one person's draft lives in what the chat remembers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from bot.chat import Chat
from bot.replies import Say, Tap
from bot.texts import forms as texts
from forms import FORMS, engine
from forms.asking import is_form_tap
from forms.draft import Draft, State
from forms.engine import Outcome, Turn
from forms.fields.photos import Photos, sent
from forms.form import Form
from models.messages import Handover
from models.photos import Photo
from rules.matchmaking import photos

DRAFT = "draft"
"""The name under which the chat remembers the draft."""

REMIND_BEFORE = timedelta(minutes=5)
LONG = 5
"""With so many questions, people are told that there is a page too."""


def begin(chat: Chat, form: Form, *, prefill: Mapping[str, Any] | None = None, anew: bool = False) -> Say:
    """Start a form, or go on with the one of the same name that is unfinished, unless it is to begin `anew`."""
    draft = _draft(chat)
    if (
        draft is not None
        and not anew
        and draft.form == form.name
        and draft.state in (State.OPEN, State.EXPIRED, State.HANDED_OVER)
    ):
        turn = engine.resume(form, draft, now=chat.now, context=_context(chat, form))
        if turn.outcome is not Outcome.CLOSED:
            return _with_page(chat, form, _keep(chat, turn)[0])
    turn = engine.start(form, now=chat.now, prefill=prefill, context=_context(chat, form))
    return _with_page(chat, form, _keep(chat, turn)[0])


def gathers(chat: Chat) -> bool:
    """Whether the unfinished form, also one that rests, is at a question for photos."""
    draft = _draft(chat)
    form = FORMS.get(draft.form) if draft else None
    if draft is None or form is None or draft.state not in (State.OPEN, State.EXPIRED):
        return False
    return isinstance(form.by_key.get(draft.at), Photos)


def hear_photo(chat: Chat, give: Callable[[], Photo], tap: str = "") -> Turn | None:
    """Give a photo to the unfinished form, which may keep it. None: it asks for none."""
    if not gathers(chat):
        return None
    turn = hear(chat, sent(give().id), tap)
    photos.drop_others(chat.db, chat.worker_id, _photos(_draft(chat)))
    return turn


def is_asking(chat: Chat) -> bool:
    """Whether a question is pending."""
    draft = _draft(chat)
    return draft is not None and draft.state is State.OPEN and chat.now < draft.deadline_at


def hear(chat: Chat, text: str, tap: str = "") -> Turn | None:
    """Give the message to the unfinished form. None: there is none, or the message is not for it."""
    draft = _draft(chat)
    if draft is None:
        return engine.orphan() if is_form_tap(tap) else None
    form = FORMS.get(draft.form)
    context = {} if draft.state in (State.SUBMITTED, State.GONE) else _context(chat, form)
    turn = engine.hear(form, draft, text, now=chat.now, tap=tap or None, context=context)
    _keep(chat, turn)
    if turn.outcome is Outcome.PASSED and not turn.says:
        return None
    if turn.outcome is Outcome.HANDED_OVER:
        hand_over(chat, draft.form, draft.to_json())
    return turn


def done(chat: Chat, receipt: str) -> None:
    """What was submitted is taken: forget the answers, remember that it was."""
    draft = _draft(chat)
    if draft is not None:
        _store(chat, engine.done(draft, receipt))


def refuse(chat: Chat, wrong: Mapping[str, str], *, put: Mapping[str, Any] | None = None) -> Say:
    """A rule did not take what was submitted: ask these items again, each after its sentence.

    `put` are answers (typed) that the refusal itself changes, so that the question fits it.
    """
    draft = _draft(chat)
    if draft is None:
        raise LookupError("no draft")
    form = FORMS[draft.form]
    for key, value in (put or {}).items():
        one = form.by_key[key]
        draft = draft.put(key, one.dump(value), sensitive=one.sensitive)
    return _keep(chat, engine.refuse(form, draft, wrong, now=chat.now, context=_context(chat, form)))[0]


def draft_id(chat: Chat) -> str:
    """The id that makes a submit act once."""
    draft = _draft(chat)
    if draft is None:
        raise LookupError("no draft")
    return draft.id


def again(chat: Chat) -> Say | None:
    """The pending question once more, after something else was answered."""
    draft = _draft(chat)
    if draft is None:
        return None
    form = FORMS.get(draft.form)
    return engine.repeat(form, draft, now=chat.now, context=_context(chat, form))


def where(chat: Chat) -> str | None:
    """For 帮助: which form, how far."""
    draft = _draft(chat)
    if draft is None or not is_asking(chat) or draft.form not in FORMS:
        return None
    form = FORMS[draft.form]
    return engine.where(form, draft, now=chat.now, context=_context(chat, form))


def hand_over(chat: Chat, about: str, draft: dict[str, Any] | None = None) -> None:
    """Queue the conversation for a member of staff; asking again keeps the place in the queue."""
    waiting = chat.db.scalar(
        select(Handover)
        .where(Handover.worker_id == chat.worker_id, Handover.about == about, Handover.closed_at.is_(None))
        .limit(1)
    )
    if waiting is not None:
        waiting.draft = draft
        return
    chat.db.add(
        Handover(
            worker_id=chat.worker_id, at=chat.now, about=about, draft=draft, message_key=chat.message.key
        )
    )


def _context(chat: Chat, form: Form | None) -> Mapping[str, Any]:
    return form.look(chat) if form is not None else {}


def _with_page(chat: Chat, form: Form, said: Say) -> Say:
    """With a link to the page where a long form can be filled in as well."""
    if len(form.fields) < LONG:
        return said
    page = f"{chat.config.web.base_url.rstrip('/')}/m/forms/{form.name}"
    return replace(said, taps=(*said.taps, Tap(texts.ON_A_PAGE, url=page)))


def _draft(chat: Chat) -> Draft | None:
    data = chat.state.get(DRAFT)
    return Draft.from_json(data) if data else None


def _keep(chat: Chat, turn: Turn) -> tuple[Say, ...]:
    _store(chat, turn.draft)
    return turn.says


def _photos(draft: Draft | None) -> set[int]:
    """The photos that a draft holds."""
    form = FORMS.get(draft.form) if draft else None
    held = (draft.stored(one.key) for one in form.fields if isinstance(one, Photos)) if draft and form else ()
    return {
        number
        for numbers in held
        if isinstance(numbers, list)
        for number in numbers
        if isinstance(number, int)
    }


def _store(chat: Chat, draft: Draft | None) -> None:
    if _photos(_draft(chat)) - (kept := _photos(draft)):
        photos.drop_others(chat.db, chat.worker_id, kept)
    if draft is None:
        chat.forget(DRAFT)
        chat.forget("remind_at")
        return
    data = draft.to_json()
    if data == chat.state.get(DRAFT):
        return
    chat.remember(DRAFT, data)
    if draft.state is State.OPEN:
        chat.remember("remind_at", (draft.deadline_at - REMIND_BEFORE).isoformat())
    else:
        chat.forget("remind_at")
