"""Words that worry us, at any step: care at once, and somebody on duty is told. Before everything else."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.chat import Chat
from bot.replies import Say
from bot.router import Router
from bot.texts import crisis as texts
from forms import chat as forms
from forms.crisis import CALL_ME
from rules import crisis

router = Router("crisis")

TOLD = "crisis_told_at"
"""What the chat remembers: when somebody on duty was told. Not what was said."""


def answer(chat: Chat) -> Say | None:
    """Care and hotlines for a text that worries us, None for any other. An unfinished form stays as it is."""
    if chat.message.kind != "text" or not crisis.is_worrying(chat.message.text, chat.config.crisis.words):
        return None
    told = chat.state.get(TOLD)
    again = timedelta(minutes=chat.config.crisis.again_minutes)
    if told is None or chat.now - datetime.fromisoformat(told) >= again:
        forms.hand_over(chat, "crisis")
        is_known = crisis.alert(chat.db, chat.worker_id, now=chat.now, crisis=chat.config.crisis) > 0
        if is_known:
            chat.remember(TOLD, chat.now.isoformat())
    else:
        is_known = True
    return texts.care(chat.config.crisis.hotlines, is_known=is_known)


@router.tap("crisis_call")
@router.begins("crisis_call")
def call(chat: Chat, _: Any) -> Say:
    """Please call me."""
    return forms.begin(chat, CALL_ME, anew=True)


@router.submitted("crisis_call")
def number(chat: Chat, answers: Any) -> Say:
    """Where to be called: told to whoever is on duty."""
    config = chat.config.crisis
    crisis.alert(chat.db, chat.worker_id, now=chat.now, crisis=config, phone=answers["phone"])
    forms.done(chat, receipt="")
    return texts.CALLING


@router.tap("crisis_later")
def later(chat: Chat, _: Any) -> Say:
    """Not now."""
    return texts.HERE
