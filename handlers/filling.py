"""Forms filled in on a page: the same draft, the same handlers as in the chat, but no other door opens."""

from __future__ import annotations

import handlers
from bot.chat import Chat
from bot.replies import Say
from bot.router import all_said
from bot.texts import forms as texts
from core.pictures import Picture
from forms import chat as forms
from forms.engine import Outcome
from forms.paper import Offer
from handlers import crisis
from models.photos import Photo
from rules.matchmaking import photos


def offers() -> list[Offer]:
    """The forms that stand in the list of pages, in the order of the routers."""
    return [Offer(form, about) for form, about in handlers.table().abouts.items()]


def can_begin(form: str) -> bool:
    """Whether a page can begin this form."""
    return form in handlers.table().beginnings


def form_of_tap(tap: str) -> str | None:
    """The form that a tap in a text begins, so that a page can lead there too."""
    table = handlers.table()
    tapped = table.tapped(tap)
    found = (form for form, handler in table.beginnings.items() if tapped and handler is tapped[0])
    return next(found, None)


def begin(chat: Chat) -> tuple[Say, ...]:
    """Begin the form that the act names (and what it is about), or go on with it."""
    form, _, argument = chat.message.text.partition(" ")
    return all_said(handlers.table().beginnings[form](chat, argument))


def hear(chat: Chat) -> tuple[Say, ...]:
    """Take one answer, or 返回, 提交 and the like."""
    if care := crisis.answer(chat):
        return (care,)
    turn = forms.hear(chat, chat.message.text, chat.message.tap)
    if turn is None:
        return (Say(texts.FILL_IN_HERE),)
    if turn.outcome is Outcome.SUBMIT:
        assert turn.draft is not None
        return all_said(handlers.table().forms[turn.draft.form](chat, turn.answers))
    return turn.says


def photo(chat: Chat, picture: Picture) -> tuple[Say, ...]:
    """Take one photo."""

    def give() -> Photo:
        return photos.give(chat.db, chat.worker_id, picture, place=photos.folder(chat.config), now=chat.now)

    turn = forms.hear_photo(chat, give, chat.message.tap)
    return turn.says if turn is not None else (Say(texts.FILL_IN_HERE),)
